import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { groupSubject, repositorySubject, type Subject, subjectKey, subjectOf } from "../../core/subject.ts";

const base = "b".repeat(40);
const ref = `refs/heads/gh-readonly-queue/release/1.x/pr-12-${base}`;

test("a subject can be told from its key again", () => {
  const number = fc.integer({ min: 1, max: 9_999_999 });
  const branch = fc.constantFrom("main", "release/1.x", "a/b/c", "pr-1-x");
  const one: fc.Arbitrary<Subject | null> = fc.oneof(
    fc.record({ kind: fc.constantFrom("issue" as const, "pull" as const), repository: number, number }),
    number.map(repositorySubject),
    fc
      .tuple(number, branch, number)
      .map(([repository, name, pull]) =>
        groupSubject(repository, `refs/heads/gh-readonly-queue/${name}/pr-${pull}-${base}`),
      ),
  );
  fc.assert(
    fc.property(one, (subject) => {
      expect(subject).not.toBe(null);
      if (subject !== null) expect(subjectOf(subjectKey(subject))).toEqual(subject);
    }),
  );
});

test("a group is known by its whole ref", () => {
  expect(groupSubject(5, ref)).toEqual({ kind: "group", repository: 5, number: 12, ref });
  expect(groupSubject(5, "refs/heads/main")).toBe(null);
});

test.each([
  "",
  "pull/5",
  "pull/5/x",
  "pull/x/5",
  "epic/5/5",
  "repository/5/6",
  "group/5/refs/heads/main",
  `pull/5/${ref}`,
])("%j is no subject's key", (key) => {
  expect(subjectOf(key)).toBe(null);
});
