import { matcher } from "./patterns.ts";

/** Wildcards stand for these in the examples of a pattern: a name that no pattern is likely to spell out. */
const name = "zqxj";

/** A pattern with its folder form made plain: `dir`, `dir/` and `dir/**` are one. */
function bare(pattern: string): string {
  return pattern.replace(/(?:\/\*\*)*\/?$/, "");
}

/** Characters, classes and alternatives that an example cannot stand for. */
function isIntricate(pattern: string): boolean {
  return /[[\]{}]/.test(pattern) || pattern.includes(name.slice(0, 2));
}

/** How many folders a `**` is tried with: a pattern of single stars can match some depths and not others. */
const depths = [0, 1, 2, 9];

/** Paths that a pattern matches, from the shortest to a long one, and for a folder some below each. */
function examples(pattern: string): string[] {
  const segments = bare(pattern).split("/");
  const filled = depths
    .flatMap((depth) => ["", name].map((stars) => ({ folders: Array<string>(depth).fill(name), stars })))
    .map(({ folders, stars }) =>
      segments
        .flatMap((segment) => {
          if (segment === "**") return folders;
          const text = segment.replace(/\*+/g, stars).replaceAll("?", "z");
          return [text === "" ? "z" : text];
        })
        .join("/"),
    );
  const isFolder = bare(pattern) !== pattern || !/[*?]/.test(segments.at(-1) ?? "");
  const below = isFolder ? depths.flatMap((depth) => filled.map((path) => within(path, depth))) : [];
  return [...filled, ...below].filter((path) => path !== "");
}

/** A path that lies so many folders below another. */
function within(path: string, depth: number): string {
  return [path, ...Array<string>(depth).fill(name)].filter((part) => part !== "").join("/");
}

/**
 * Whether every path that `narrow` matches is matched by `wide` too, so that beside `wide` it changes nothing. Says no
 * where that cannot be told. Both must have passed `problems`.
 */
export function covers(wide: string, narrow: string): boolean {
  if (bare(wide) === bare(narrow)) return isFolderForm(wide) || wide === narrow;
  if (bare(wide) === "**") return true;
  if (isPlain(bare(wide)) && isFolderForm(wide)) return bare(narrow).startsWith(`${bare(wide)}/`);
  if (isIntricate(wide) || isIntricate(narrow)) return false;
  const wider = matcher([wide], "allow");
  return examples(narrow).every((path) => wider.matches(path) !== null);
}

function isPlain(pattern: string): boolean {
  return !/[*?[\]{}]/.test(pattern);
}

/** A name without wildcards is a folder too; one with wildcards only if it says so. */
function isFolderForm(pattern: string): boolean {
  return isPlain(pattern) || bare(pattern) !== pattern;
}
