/** The one hook that runs in the sandbox's repositories: git runs it before it moves a ref for a push. */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { State } from "../state/memory.ts";

const UPDATE = `#!/bin/sh
ref=$1 old=$2 new=$3
zero=0000000000000000000000000000000000000000
deny() {
  echo "error: GH006: Protected branch update failed for $ref." >&2
  echo "error: $1" >&2
  exit 1
}
if [ -n "$SANDBOX_NO_WORKFLOWS" ] && [ "$new" != "$zero" ]; then
  known=$old filter=ACDMRT
  if [ "$old" = "$zero" ]; then
    known=$(git rev-parse --quiet --verify HEAD) || known=$new
    filter=AMT
  fi
  for path in $(git diff --name-only --no-renames --diff-filter=$filter "$known" "$new" -- .github/workflows); do
    echo "refusing to allow a GitHub App to create or update workflow '$path' without 'workflows' permission" >&2
    exit 1
  done
fi
case " $SANDBOX_CLOSED " in
  *" $ref "*) deny "Changes must be made through a pull request." ;;
esac
case " $SANDBOX_GUARDED " in
  *" $ref "*)
    [ "$new" != "$zero" ] || deny "Cannot delete this protected branch"
    [ "$old" = "$zero" ] || git merge-base --is-ancestor "$old" "$new" ||
      deny "Cannot force-push to this protected branch"
    ;;
esac
exit 0
`;

/** Writes the hook and returns its directory. */
export async function hooksDirectory(state: State): Promise<string> {
  const dir = join(state.dir, "hooks");
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, "update"), UPDATE);
  await chmod(join(dir, "update"), 0o755);
  return dir;
}
