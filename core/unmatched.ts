import type { Remark } from "./lint-warning.ts";
import { matcher } from "./paths.ts";
import type { PatternList } from "./policy-lists.ts";

/** The part of a pattern before its first name with a wildcard. */
function fixedPart(pattern: string): string[] {
  const segments = pattern.replace(/\/$/, "").split("/");
  const wild = segments.findIndex((segment) => /[*?[\]{}]/.test(segment));
  return wild === -1 ? segments : segments.slice(0, wild);
}

/** Why a pattern may match nothing and what to do: another case, or a folder that is not there. */
function cure(pattern: string, files: readonly string[]): string {
  const other = matcher([pattern], "deny");
  const near = files.find((path) => other.matches(path) !== null);
  if (near !== undefined) return `Write it as the tree does: \`${near}\` differs only in case or form.`;
  const fixed = fixedPart(pattern);
  for (let length = 1; length <= fixed.length; length += 1) {
    const folder = fixed.slice(0, length).join("/");
    if (files.some((path) => path === folder || path.startsWith(`${folder}/`))) continue;
    return `There is no \`${folder}\`: mend the pattern, or take it out.`;
  }
  return "Mend the pattern, or take it out.";
}

/**
 * The patterns of a list that match no file; and those with brackets that match by both of their meanings, since
 * `app/[id]/page.tsx` is the file of that name and also `app/i/page.tsx`.
 */
export function unmatched({ key, patterns, mode, toCome }: PatternList, files: readonly string[]): Remark[] {
  return patterns.flatMap((pattern, place): Remark[] => {
    const own = matcher([pattern], mode);
    const at = `${key}.${place}`;
    if (!files.some((path) => own.matches(path) !== null)) {
      if (toCome) return [];
      const message = `\`${pattern}\` matches no file of the repository.`;
      return [{ code: "matches-nothing", key: at, message, next: cure(pattern, files) }];
    }
    if (!pattern.includes("[")) return [];
    const literal = matcher([pattern.replaceAll("[", "[[]")], mode);
    const named = files.find((path) => literal.matches(path) !== null);
    const asClass = files.find((path) => own.matches(path) !== null && literal.matches(path) === null);
    if (named === undefined || asClass === undefined) return [];
    const message = `The brackets of \`${pattern}\` are read both as a name and as a set of characters: it matches \`${named}\` and \`${asClass}\`.`;
    const next = `If only the name is meant, write it with \`[[]\` in place of \`[\`.`;
    return [{ code: "read-two-ways", key: at, message, next }];
  });
}
