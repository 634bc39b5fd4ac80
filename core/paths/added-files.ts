import type { Change, Content } from "../facts.ts";
import { matcher } from "./patterns.ts";

/**
 * The changes that add or rewrite a regular file at a matching path. A deletion, a link or a change of the mode alone
 * does not count. Anyone who can push a branch chose path and content.
 */
export function addedFiles(changes: readonly Change[], patterns: readonly string[]): Change[] {
  const wanted = matcher(patterns, "allow");
  return changes.filter(
    ({ path, before, after }) =>
      after?.mode.startsWith("100") && after.sha !== before?.sha && wanted.matches(path) !== null,
  );
}

/** Whether a text contains a letter or a digit: blanks, marks and invisible characters alone are no content. */
export function hasContent(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}

/** Why a required file counts as missing, as the end of a sentence about it; null if it is a text with content. */
export function emptyReason(content: Content): string | null {
  if (content.state === "absent") return "is not there";
  if (content.state === "opaque") return `cannot be read as text (${content.why})`;
  return hasContent(content.text) ? null : "is empty";
}
