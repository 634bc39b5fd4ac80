import { expect, test } from "@jest/globals";
import { known } from "../../../core/known.ts";
import { judge } from "../../../core/verdict/judge.ts";
import { change, facts, forMain, head, recordOf, runRecord, signOff, tester, text } from "../../builders/pull-facts.ts";
import { review } from "../../builders/reviews.ts";

/** Asked for by ada; grace, linus and ada hold every duty, and the gates that wait need one who did not ask. */
const policyOf = (gates: string, separation = "strict") =>
  `version: 1
people: { approvers: ["@Ada", "@grace", "@linus"], architects: ["@Ada", "@grace", "@linus"], separation: ${separation} }
gates: { ${gates} }
roles: { web: { allow: ["web/**"] } }
tiers: { light: { role: web, files: 2, lines: 30 } }
waivers: { gates: [diff-size], days: 7, people: 2 }
`;
const light = { files: 2, lines: 30 };
const ada = { id: 1, login: "ada", type: "User" } as const;
const byLight = { approval: { digest: "1".repeat(64), by: ada, seq: 5, light } };
const decision = change("docs/adr/1.md", { before: null });
const waived = {
  ...{ gate: "diff-size" as const, sha: head, until: "2026-11-28", reason: "Generated.", by: tester, seq: 30 },
  ...forMain,
};

const reviewing = "review: { count: 2 }";
const testing = "manual-test: { when: { always: true } }";
const deciding = "adr: { when: [web], files: docs/adr }";
const ofSize = "diff-size: { files: 1 }";
test.each<[string, string, Parameters<typeof facts>[0], string]>([
  ["a review", "review", { policy: policyOf(reviewing) }, "approvers (@grace, @linus)"],
  ["a second review", "review", { policy: policyOf(reviewing), reviews: known([review()]) }, "approvers (@linus)"],
  [
    "a review of one's own pull request, which GitHub never takes",
    "review",
    { policy: policyOf(reviewing, "solo") },
    "approvers (@grace, @linus)",
  ],
  [
    "a test by a team of one",
    "manual-test",
    { policy: policyOf(testing).replaceAll(', "@grace", "@linus"', ""), record: runRecord() },
    "nobody else yet: name somebody else under `people.approvers` in the policy",
  ],
  ["a test", "manual-test", { policy: policyOf(testing), record: runRecord() }, "@grace, @linus"],
  [
    "a test, where the policy lets who asked do it",
    "manual-test",
    { policy: policyOf(testing, "solo"), record: runRecord() },
    "@Ada, @grace, @linus",
  ],
  [
    "a decision",
    "adr",
    {
      policy: policyOf(deciding),
      changes: [change("web/a", { before: null }), decision],
      texts: known([text("docs/adr/1.md", "We use queues")]),
    },
    "@grace, @linus",
  ],
  [
    "a protected file",
    "protected",
    { policy: policyOf("protected: { paths: [AGENTS.md] }"), changes: [change("AGENTS.md")] },
    "@grace, @linus",
  ],
  [
    "a change of the light tier",
    "approval",
    { policy: policyOf(testing), record: runRecord(byLight, { signOffs: [signOff({ by: ada })] }) },
    "@grace, @linus",
  ],
  [
    "a second waiver",
    "diff-size",
    {
      policy: policyOf(ofSize),
      changes: [change("web/a"), change("web/b")],
      record: recordOf({ waivers: [waived] }),
    },
    "@linus",
  ],
])("the next step of %s names nobody who cannot take it", (_, gate, given, who) => {
  const found = judge(facts(given), { settle: "all" }).gates.find((one) => one.gate === gate);
  expect(found?.reasons.at(-1)?.next?.who).toBe(who);
});
