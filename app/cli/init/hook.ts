import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../../../core/errors.ts";
import { type Known, known, unknown } from "../../../core/known.ts";

/** The line that identifies our hook, so that a newer one may replace it. */
const mark = "# Installed by `sallyport init --hook`.";

/**
 * The hook's text, for any POSIX shell. git gives it a line for each pushed ref: `local-ref local-id remote-ref
 * remote-id`. Source: githooks(5), "pre-push".
 */
export const hookText = `#!/bin/sh
${mark}
# Judges each pushed branch by the policy of the default branch. A failed gate stops the push; so does a question that
# cannot be decided, unless SALLYPORT_HOOK=warn. \`git push --no-verify\` leaves it out: the check on GitHub still stands.
default_ref=$(git symbolic-ref --quiet refs/remotes/origin/HEAD)
for ref in refs/heads/main refs/heads/master; do
  if [ -z "$default_ref" ] && git show-ref --verify --quiet "$ref"; then default_ref=$ref; fi
done
default_name=\${default_ref#refs/heads/}
default_name=\${default_name#refs/remotes/origin/}
status=0
while read -r local_ref local_id remote_ref remote_id; do
  # Only branches are judged; an id of nothing but zeros is a deletion.
  case "$remote_ref" in refs/heads/*) ;; *) continue ;; esac
  case "$local_id" in *[!0]*) ;; *) continue ;; esac
  set --
  if [ "$remote_ref" = "refs/heads/$default_name" ]; then
    # What enters the default branch itself is compared with where it stands; its first push with nothing.
    case "$remote_id" in *[!0]*) set -- --base "$remote_id" ;; *) continue ;; esac
  elif [ -n "$default_ref" ] && git merge-base --is-ancestor "$local_id" "$default_ref" 2>/dev/null; then
    continue
  fi
  echo "sallyport: judging $local_ref" >&2
  npx --no-install sallyport check "$@" --head "$local_id" </dev/null >&2
  case $? in
    0) ;;
    2)
      if [ "$SALLYPORT_HOOK" = warn ]; then
        echo "sallyport: $local_ref could not be judged; it is pushed because SALLYPORT_HOOK=warn" >&2
      else
        echo "sallyport: $local_ref could not be judged; SALLYPORT_HOOK=warn pushes it nevertheless" >&2
        status=1
      fi
      ;;
    *) status=1 ;;
  esac
done
exit $status
`;

/** The state of the hook afterwards: a `kept` one is somebody else's, which is never replaced. */
export type Installed = { state: "written" | "there" | "kept"; path: string };

/**
 * Writes the hook into git's hooks folder, by the user's own settings (`core.hooksPath` too). Unknown when git cannot
 * name the folder, or the file cannot be written.
 */
export async function installHook(top: string, env: Record<string, string | undefined>): Promise<Known<Installed>> {
  try {
    const argv = ["-C", top, "rev-parse", "--path-format=absolute", "--git-path", "hooks"];
    const { stdout } = await promisify(execFile)("git", argv, { env });
    const folder = stdout.replace(/\n$/, "");
    const path = join(folder, "pre-push");
    const old = await readFile(path, "utf8").catch(() => null);
    if (old === hookText) return known({ state: "there", path });
    if (old !== null && !old.includes(mark)) return known({ state: "kept", path });
    await mkdir(folder, { recursive: true });
    await writeFile(path, hookText, { mode: 0o755, flag: old === null ? "wx" : "w" });
    return known({ state: "written", path });
  } catch (error) {
    const [line = ""] = messageOf(error).split("\n");
    return unknown(`the hook could not be written: ${line}`);
  }
}
