import { itemsOf, type Located, nodeAt, stringOf } from "../../yaml.ts";

/** A hook of pre-commit: its id, where it stands, whether it runs by itself, and which files it leaves out. */
export type Hook = { id: string; line: number; runs: boolean; excludes: string[] };

/** Hooks that look after blanks and the like: one of them stands for none that checks code. */
const basic =
  /^(?:check-|end-of-file|trailing-whitespace|mixed-line-ending|detect-|debug-statements|fix-|no-commit|pretty-format|requirements-txt|double-quote|file-contents|forbid-|destroyed|name-tests|sort-simple|text-unicode|rst-|python-)/;

/** The alternatives of a pattern; one that holds alternatives of its own is taken as it is. */
function pieces(pattern: string | undefined): string[] {
  if (pattern === undefined) return [];
  const plain = pattern
    .replace(/\(\?x\)|\s+/g, "")
    .replace(/^\^/, "")
    .replace(/\$$/, "");
  const inner = /^\(([^()]*)\)$/.exec(plain)?.[1] ?? plain;
  return /[()]/.test(inner) ? [inner] : inner.split("|").filter((one) => one !== "");
}

/** The hooks that a `.pre-commit-config.yaml` lists. Source: pre-commit.com, "Adding pre-commit plugins". */
export function hooksOf(root: Located): Hook[] {
  const stages = (node: Located | undefined, key: string) => itemsOf(nodeAt(node, key)).map(stringOf);
  const isManual = (all: (string | undefined)[]) => all.length > 0 && all.every((stage) => stage === "manual");
  const fallback = isManual(stages(root, "default_stages"));
  const skipped = stages(nodeAt(root, "ci"), "skip");
  const whole = pieces(stringOf(nodeAt(root, "exclude")));
  return itemsOf(nodeAt(root, "repos"))
    .flatMap((repo) => itemsOf(nodeAt(repo, "hooks")))
    .flatMap((hook) => {
      const id = stringOf(nodeAt(hook, "id"));
      if (id === undefined) return [];
      const own = stages(hook, "stages");
      const runs = !(own.length === 0 ? fallback : isManual(own));
      const excludes = [...whole, ...pieces(stringOf(nodeAt(hook, "exclude")))];
      return [
        {
          id,
          line: hook.at.line,
          runs,
          excludes: skipped.includes(id) ? [...excludes, "pre-commit.ci"] : excludes,
        },
      ];
    });
}

/**
 * Of the earlier hooks those that are gone or no longer run, and those that leave more out. A new tool may stand for
 * gone ones.
 */
export function lostHooks(before: readonly Hook[], after: readonly Hook[], added: readonly string[]) {
  const young = new Map(after.map((hook) => [hook.id, hook]));
  const old = new Set(before.map(({ id }) => id));
  const fresh = after.filter(({ id, runs }) => !old.has(id) && runs);
  const isReplaced = (id: string) => fresh.some((one) => basic.test(id) || !basic.test(one.id)) && !young.has(id);
  // What the change itself adds was looked at by nothing before.
  const isNew = (pattern: string) => {
    const fixed = /^\^?\(?([\w./\\-]{2,200})/.exec(pattern)?.[1]?.replaceAll("\\", "");
    return fixed !== undefined && added.some((path) => path.includes(fixed));
  };
  const running = before.filter(({ runs }) => runs);
  const gone = running.filter(({ id }) => young.get(id)?.runs !== true);
  const narrowed = running.flatMap((hook) => {
    const now = young.get(hook.id);
    const more = now?.excludes.filter((one) => !hook.excludes.includes(one) && !isNew(one)) ?? [];
    // A pattern that is written anew may name the same files.
    const isAnew = hook.excludes.some((one) => !now?.excludes.includes(one));
    return now?.runs === true && more.length > 0 && !isAnew ? [{ ...now, more }] : [];
  });
  return { gone: gone.filter(({ id }) => !isReplaced(id)), narrowed };
}
