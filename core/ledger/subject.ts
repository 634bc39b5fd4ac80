import type { StatementSubject } from "../../schemas/ledger.ts";

/** Where the body of a kind names the commit that the entry is about. */
const commitFields: ReadonlyMap<string, readonly string[]> = new Map([
  ["checkpoint.recorded", ["head"]],
  ["change.committed", ["commit"]],
  ["pull.opened", ["head"]],
  ["pull.closed", ["head"]],
  ["verdict.given", ["head"]],
  ["group.judged", ["head"]],
  ["sign-off.given", ["sha"]],
  ["waiver.given", ["sha"]],
  ["review.observed", ["sha"]],
  ["change.adopted", ["head"]],
  ["adoption.sealed", ["commit"]],
  ["evidence.sealed", ["commit"]],
  ["merge.observed", ["head", "merged"]],
  ["prompt.completed", ["merged"]],
  ["source.verified", ["head", "merged"]],
]);

/**
 * What is wrong with a statement's subject: whoever looks for statements about a commit finds them by their subjects, and
 * our own readers by their bodies, so both have to name the same one. Null: they do, or the body names none.
 */
export function subjectProblem(
  kind: string,
  subject: readonly StatementSubject[],
  body: Readonly<Record<string, unknown>>,
): string | null {
  for (const field of commitFields.get(kind) ?? []) {
    const commit = body[field];
    if (typeof commit !== "string" || subject.some(({ digest }) => digest.gitCommit === commit)) continue;
    return `is about ${commit} as its body has it, and no subject of it is that commit`;
  }
  return null;
}
