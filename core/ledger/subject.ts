import type { StatementSubject } from "../../schemas/ledger.ts";

/** The fields of each kind's body that name the entry's commit. */
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
  ["rework.opened", ["head"]],
  ["change.adopted", ["head"]],
  ["adoption.sealed", ["commit"]],
  ["evidence.sealed", ["commit"]],
  ["merge.observed", ["head", "merged"]],
  ["prompt.completed", ["merged"]],
  ["source.verified", ["head", "merged"]],
]);

/**
 * What is wrong with a statement's subjects; null if they include the commits that the body names. Other tools find
 * statements about a commit by subject, our own readers by body, so both must name the same one.
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
