import { foldConfusables } from "../file-names.ts";
import type { PatternList } from "../paths/pattern-list.ts";
import { matcher } from "../paths/patterns.ts";
import type { LintDraft } from "./warning.ts";

/**
 * A file's path and its folded form, in which look-alikes are equal: folded once, because every pattern goes through
 * the tree.
 */
export type NamedFile = { path: string; folded: string };

/** Folds the paths of a tree for `unmatched`. */
export function namedFiles(paths: readonly string[]): NamedFile[] {
  return paths.map((path) => ({ path, folded: foldConfusables(path) }));
}

/** The part of a pattern before its first name with a wildcard. */
function fixedPart(pattern: string): string[] {
  const segments = pattern.replace(/\/$/, "").split("/");
  const wild = segments.findIndex((segment) => /[*?[\]{}]/.test(segment));
  return wild === -1 ? segments : segments.slice(0, wild);
}

/** The files that start with a pattern's fixed part, in folded form: a cheap filter before the real match. */
function candidates(pattern: string, files: readonly NamedFile[]): string[] {
  const start = foldConfusables(fixedPart(pattern).join("/"));
  return files.flatMap(({ path, folded }) => (folded.startsWith(start) ? [path] : []));
}

/** The next step for a pattern that matches nothing: its case differs from the tree's, or a folder does not exist. */
function fixFor(pattern: string, near: readonly string[], files: readonly NamedFile[]): string {
  const wide = matcher([pattern], "deny");
  const alike = near.find((path) => wide.matches(path) !== null);
  if (alike !== undefined) return `Write it as the tree does: \`${alike}\` differs only in case or form.`;
  const fixed = fixedPart(pattern);
  for (let length = 1; length <= fixed.length; length += 1) {
    const folder = fixed.slice(0, length).join("/");
    if (files.some(({ path }) => path === folder || path.startsWith(`${folder}/`))) continue;
    return `There is no \`${folder}\`: mend the pattern, or take it out.`;
  }
  return "Mend the pattern, or take it out.";
}

/**
 * Warns about patterns that match no file, and patterns with brackets that match in both readings: `app/[id]/page.tsx`
 * is the file of that name and also `app/i/page.tsx`.
 */
export function unmatched({ key, patterns, mode, mayBeAbsent }: PatternList, files: readonly NamedFile[]): LintDraft[] {
  return patterns.flatMap((pattern, index): LintDraft[] => {
    const own = matcher([pattern], mode);
    const near = candidates(pattern, files);
    const at = `${key}.${index}`;
    if (!near.some((path) => own.matches(path) !== null)) {
      if (mayBeAbsent) return [];
      const message = `\`${pattern}\` matches no file of the repository.`;
      return [{ code: "matches-nothing", key: at, message, next: fixFor(pattern, near, files) }];
    }
    if (!pattern.includes("[")) return [];
    const literal = matcher([pattern.replaceAll("[", "[[]")], mode);
    const named = near.find((path) => literal.matches(path) !== null);
    const asClass = near.find((path) => own.matches(path) !== null && literal.matches(path) === null);
    if (named === undefined || asClass === undefined) return [];
    const message = `The brackets of \`${pattern}\` are read both as a name and as a set of characters: it matches \`${named}\` and \`${asClass}\`.`;
    const next = `If only the name is meant, write it with \`[[]\` in place of \`[\`.`;
    return [{ code: "read-two-ways", key: at, message, next }];
  });
}
