import type { Change, Content } from "../facts.ts";
import { matcher } from "./patterns.ts";

/**
 * The changes that bring a regular file whose content is new, at a path that matches. A deletion, a link and a change of
 * the mode alone bring nothing. Anyone who can push a branch chose path and content.
 */
export function addedFiles(changes: readonly Change[], patterns: readonly string[]): Change[] {
  const wanted = matcher(patterns, "allow");
  return changes.filter(
    ({ path, before, after }) =>
      after?.mode.startsWith("100") && after.sha !== before?.sha && wanted.matches(path) !== null,
  );
}

/** Whether a text holds a letter or a digit: blanks, marks and invisible characters alone say nothing. */
export function hasContent(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}

/** Why a file that a rule asks for is as good as none, to stand after "the file"; null when it is a text that says something. */
export function emptyReason(content: Content): string | null {
  if (content.state === "absent") return "is not there";
  if (content.state === "opaque") return `cannot be read as text (${content.why})`;
  return hasContent(content.text) ? null : "is empty";
}
