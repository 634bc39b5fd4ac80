import { expect, test } from "@jest/globals";
import { subjectProblem } from "../../../core/ledger/subject.ts";

const commit = "c".repeat(40);
const about = (sha: string) => [{ digest: { sha256: "a".repeat(64) } }, { digest: { gitCommit: sha } }];

// Other tools look for these entries by their commit.
test.each([
  ["checkpoint.recorded", "head"],
  ["change.committed", "commit"],
  ["pull.opened", "head"],
  ["pull.closed", "head"],
  ["verdict.given", "head"],
  ["group.judged", "head"],
  ["sign-off.given", "sha"],
  ["waiver.given", "sha"],
  ["review.observed", "sha"],
  ["rework.opened", "head"],
  ["change.adopted", "head"],
  ["adoption.sealed", "commit"],
  ["evidence.sealed", "commit"],
  ["merge.observed", "head"],
  ["merge.observed", "merged"],
  ["prompt.completed", "merged"],
  ["source.verified", "head"],
  ["source.verified", "merged"],
])("T152: an entry %s is about the commit that its body names as `%s`", (kind, field) => {
  expect(subjectProblem(kind, about(commit), { [field]: commit })).toBeNull();
  expect(subjectProblem(kind, about("d".repeat(40)), { [field]: commit })).toBe(
    `is about ${commit} as its body has it, and no subject of it is that commit`,
  );
});

test("an entry that names no commit, or of a kind that is about none, may have any subject", () => {
  expect(subjectProblem("review.observed", about(commit), { sha: null })).toBeNull();
  expect(subjectProblem("command", about(commit), { head: "d".repeat(40) })).toBeNull();
});
