import { expect, test } from "@jest/globals";
import { sha256 } from "../../../core/digest.ts";
import { known, unknown } from "../../../core/known.ts";
import { decidePull } from "../../../core/pull/pull.ts";
import { pullContext } from "../../builders/pull-context.ts";
import { change, facts } from "../../builders/pull-facts.ts";

const forbidden = "version: 1\ngates: { forbidden-paths: { deny: [governance/**] } }";
const tested = `version: 1
people: { approvers: ["@quinn"] }
gates: { manual-test: { when: { paths: ["web/**"] } } }`;

const overviewOf = (...[judged, over = {}]: [Parameters<typeof facts>[0], object?]) =>
  decidePull(pullContext(facts(judged), { number: 3, ...over })).overview;

test.each([
  ["nothing blocks", {}, {}, { state: "success", needs: null, step: "Merge it.", who: "anyone who may merge" }],
  ["a gate fails", { policy: forbidden, changes: [change("governance/a")] }, {}, { state: "failure", needs: null }],
  [
    "a person has to try it",
    { policy: tested, changes: [change("web/a.ts")] },
    {},
    { state: "pending", needs: "needs-sign-off", step: expect.stringContaining("/sign-off"), who: "@quinn" },
  ],
  [
    "a fact was not read, so it asks nobody for a word yet",
    { policy: tested, changes: [change("web/a.ts")], texts: unknown("GitHub is away") },
    {},
    { needs: null },
  ],
  [
    "it is merged",
    {},
    { state: "closed", merged: { commit: "e".repeat(40), tree: "f".repeat(40), by: null } },
    { state: "merged", open: false },
  ],
  ["it is closed", {}, { state: "closed" }, { state: "closed", open: false, verdict: null }],
])("%s", (_, judged, over, expected) => {
  expect(overviewOf(judged, over)).toMatchObject({ title: "A change", ...expected });
});

test("its verdict is the one that the ledger has the digest of, and the check leads to its page", () => {
  const decision = decidePull(pullContext(facts({ secrets: known([]) }), { number: 3 }));
  const given = decision.drafts.find((draft) => draft.kind === "verdict.given");
  expect(given?.kind === "verdict.given" && given.body.verdictSha256).toBe(sha256(decision.overview?.verdict ?? ""));
  expect(decision.effects.find(({ type }) => type === "ensure-check")).toMatchObject({ pull: 3 });
});

test("a repository without a policy is shown nowhere", () => {
  const policy = known({ state: "absent" as const, ref: "b".repeat(40), removedBy: null });
  expect(decidePull(pullContext(facts({}), { number: 3, policy })).overview).toBeUndefined();
});
