import { execFile } from "node:child_process";
import { lstat, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { readPlainFile, type WorkTree } from "../../../collect/git/work-tree.ts";
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
set +e # husky starts hooks with -e
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
    *)
      status=1
      # npx ends the same when it finds none, and says so in words of its own.
      [ -x node_modules/.bin/sallyport ] || command -v sallyport >/dev/null ||
        echo 'sallyport: if npx found no sallyport, this brings it: npm install --save-dev sallyport' >&2
      ;;
  esac
done
exit $status
`;

/**
 * The state of the hook afterwards. A `kept` file is somebody else's and never replaced: `add` says what a person adds
 * to it, and the command that makes it count.
 */
export type Installed =
  | { state: "written" | "there"; path: string }
  | { state: "kept"; path: string; add: string; command: string | null };

/** For hooks that hand on no pushed branches: what is checked out is judged. */
const check = "npx --no-install sallyport check </dev/null";

/** Tools that write git's hooks anew from a settings file of theirs, so that a hook of ours would not last. */
const managers: { settings: RegExp; add: string; command: string }[] = [
  {
    settings: /^\.?(?:config\/)?lefthook\.(?:ya?ml|toml|json)$/,
    add: `pre-push:\n  commands:\n    sallyport:\n      run: ${check}`,
    command: "npx lefthook install",
  },
  {
    settings: /^\.pre-commit-config\.yaml$/,
    add: "  - repo: local\n    hooks:\n      - id: sallyport\n        name: sallyport\n        entry: npx --no-install sallyport check\n        language: system\n        stages: [pre-push]\n        pass_filenames: false\n        always_run: true",
    command: "pre-commit install --hook-type pre-push",
  },
  {
    settings: /^(?:package\.json|\.?simple-git-hooks\.(?:json|[cm]?js))$/,
    add: `"pre-push": "${check}"`,
    command: "npx simple-git-hooks",
  },
];

async function managed({ top, files }: WorkTree): Promise<Installed | null> {
  for (const { settings, add, command } of managers) {
    for (const path of files.filter((one) => settings.test(one))) {
      const text = (await readPlainFile(join(top, path)))?.toString("utf8") ?? "";
      // Of a package.json only the part of that name holds hooks.
      if (path === "package.json" && !/"simple-git-hooks"\s*:\s*\{/.test(text)) continue;
      if (text.includes("sallyport")) return { state: "there", path };
      return { state: "kept", path, add, command };
    }
  }
  return null;
}

/** Git's hooks folder by the user's own settings, `core.hooksPath` too; husky's own copy of it is made anew by each install. */
async function hooksFolder(top: string, env: Record<string, string | undefined>): Promise<string> {
  const argv = ["-C", top, "rev-parse", "--path-format=absolute", "--git-path", "hooks"];
  const { stdout } = await promisify(execFile)("git", argv, { env });
  const folder = stdout.replace(/\n$/, "");
  const husky = join(top, ".husky");
  const isHusky = (await lstat(husky).catch(() => null))?.isDirectory() === true;
  return isHusky || folder === join(husky, "_") ? husky : folder;
}

/**
 * Writes the hook where the repository's hooks come from: git's folder, or husky's. Unknown when git cannot name the
 * folder, or the file cannot be written.
 */
export async function installHook(tree: WorkTree, env: Record<string, string | undefined>): Promise<Known<Installed>> {
  try {
    const other = await managed(tree);
    if (other !== null) return known(other);
    const folder = await hooksFolder(tree.top, env);
    const path = join(folder, "pre-push");
    const old = (await readPlainFile(path))?.toString("utf8") ?? null;
    if (old === hookText) return known({ state: "there", path });
    if (old !== null && !old.includes(mark))
      return known({ state: "kept", path, add: `${check} || exit 1`, command: null });
    await mkdir(folder, { recursive: true });
    await writeFile(path, hookText, { mode: 0o755, flag: old === null ? "wx" : "w" });
    return known({ state: "written", path });
  } catch (error) {
    const [line = ""] = messageOf(error).split("\n");
    return unknown(`the hook could not be written: ${line}`);
  }
}
