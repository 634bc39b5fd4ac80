import { foldConfusables } from "../file-names.ts";
import { matcher } from "./patterns.ts";

/** Replaces wildcards in the examples of a pattern: a name that no pattern is likely to contain. */
const name = "zqxj";

/** A pattern without its folder suffix: `dir`, `dir/` and `dir/**` are the same. */
function bare(pattern: string): string {
  return pattern.replace(/(?:\/\*\*)*\/?$/, "");
}

/** Whether a pattern has brackets or braces, or contains the example name: examples cannot represent it. */
function isIntricate(pattern: string): boolean {
  return /[[\]{}]/.test(pattern) || pattern.includes(name.slice(0, 2));
}

/** The numbers of folders that replace a `**`: a pattern of single stars can match some depths and not others. */
const depths = [0, 1, 2, 9];

/** Example paths that a pattern matches, at several depths; for a folder also paths inside it. */
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

/** A path that lies `depth` folders below another. */
function within(path: string, depth: number): string {
  return [path, ...Array<string>(depth).fill(name)].filter((part) => part !== "").join("/");
}

/**
 * Whether every path that `narrow` matches is matched by `wide` too, so that `narrow` is redundant beside `wide`. False
 * if that cannot be decided. Both must have passed `problems`.
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

/**
 * Whether a pattern also matches a folder's content: without wildcards always, with wildcards only if it ends in `/` or
 * `/**`.
 */
function isFolderForm(pattern: string): boolean {
  return isPlain(pattern) || bare(pattern) !== pattern;
}

/**
 * Whether two patterns may match the same file: one's part before its first wildcard leads to the other's. Says yes
 * where it cannot tell.
 */
export function mayOverlap(one: string, other: string): boolean {
  const fixed = (pattern: string) => {
    const names = foldConfusables(pattern.replace(/\/$/, "")).split("/");
    const wild = names.findIndex((name) => /[*?[\]{}()!+@]/.test(name));
    return wild === -1 ? names : names.slice(0, wild);
  };
  const [first, second] = [fixed(one), fixed(other)];
  return first.every((name, index) => index >= second.length || name === second[index]);
}
