import { describe, expect, test } from "@jest/globals";
import type { CommitFact, PullFacts } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
import type { AdoptedPlan, Adoption } from "../../../core/pull-record.ts";
import { ask, table } from "../../builders/gate-table.ts";
import {
  author,
  change,
  earlier,
  facts,
  forMain,
  head,
  policyOf,
  recordOf,
  signOff,
  tester,
  text,
} from "../../builders/pull-facts.ts";

const robot = { id: 77, login: "coder[bot]", type: "Bot" } as const;
const max = { id: 30, login: "max", type: "User" } as const;
const trailers = "Co-authored-by: A model <m@example.com>\nSallyport-Run: run-7-1\nSallyport-Prompt: 8";
const commit = (sha: string): CommitFact => ({ sha, parents: [], tree: "a".repeat(40), message: trailers });
const adoption = (commits: string[], over: Partial<Adoption> = {}): Adoption => {
  return { commits, reason: "I read it", by: max, seq: 9, ...forMain, ...over };
};
const both = known([commit(earlier), commit(head)]);

/** A pull request that no run made, of two commits. */
function foreign(of: string | null, adoptions: Adoption[], over: Partial<PullFacts> = {}): PullFacts {
  const policy = of === null ? "version: 1" : `version: 1\ngates:\n  trace: { of: ${of} }`;
  const pull = { number: 3, author: robot, title: "A change", body: trailers, labels: [] };
  return { ...facts({ policy, pull, commits: both, record: recordOf({ adoptions }) }), ...over };
}
const byPerson = { pull: { number: 3, author, title: "A change", body: trailers, labels: [] } };

describe("trace of a change that no run made", () => {
  const whole = [adoption([earlier, head])];
  table("trace", [
    ["is not asked for by default", foreign(null, []), "not-applicable", ["no-run"]],
    ["is not asked for of runs alone", foreign("runs", []), "not-applicable", ["no-run"]],
    [
      "T103: of a bot's is asked for with `agents`, whatever its trailers claim",
      foreign("agents", []),
      "fail",
      ["no-run"],
    ],
    ["of a person's is not, with `agents`", foreign("agents", [], byPerson), "not-applicable", ["no-run"]],
    ["of a person's is, with `all`", foreign("all", [], byPerson), "fail", ["no-run"]],
    [
      "T099: goes by the account's type, not by a login that looks like a person's",
      foreign("agents", [], {
        pull: { ...byPerson.pull, author: { id: 78, login: "Copilot", type: "Bot" } },
      }),
      "fail",
      ["no-run"],
    ],
    ["of nobody knows whose is asked for", foreign("agents", [], { pull: null }), "fail", ["no-run"]],
    ["leads to the person who adopted all of it", foreign("agents", whole), "pass", ["adopted"]],
    ["of a person's leads there too", foreign("all", whole, byPerson), "pass", ["adopted"]],
    ["is told where nobody asks for it", foreign("runs", whole), "pass", ["adopted"]],
    [
      "may be by two people, one after the other",
      foreign("agents", [adoption([earlier]), adoption([head], { by: tester, seq: 12 })]),
      "pass",
      ["adopted"],
    ],
    [
      "T091: fails for a commit that was pushed after the adoption",
      foreign("agents", [adoption([earlier])]),
      "fail",
      ["untraced-commit"],
    ],
    [
      "fails for a commit below the adopted head that nobody adopted",
      foreign("agents", [adoption([head])]),
      "fail",
      ["untraced-commit"],
    ],
    ["of a part is nothing where nobody asks", foreign("runs", [adoption([earlier])]), "not-applicable", ["no-run"]],
    [
      "T066: does not count for another branch",
      foreign("agents", [adoption([earlier, head], { baseRef: "other" })]),
      "fail",
      ["untraced-commit", "untraced-commit"],
    ],
    ["of no commits is none", foreign("agents", whole, { commits: known([]) }), "fail", ["no-run"]],
  ]);

  test("T018: is unknown while its commits are", () => {
    const cut = { commits: unknown("cut short") };
    expect(ask("trace", foreign("agents", whole, cut)).codes).toEqual(["commits-unknown"]);
    expect(ask("trace", foreign("runs", [], cut)).status).toBe("not-applicable");
  });

  test("names the next step, and in passing says what is not recorded", () => {
    const [asked] = ask("trace", foreign("agents", [])).reasons;
    expect(asked).toMatchObject({ policyLine: 3, next: { step: expect.stringContaining(`/adopt ${head}`) } });
    const [passed] = ask("trace", foreign("agents", whole)).reasons;
    expect(passed?.message).toContain("no prompt and no approval lead to it");
    expect(passed?.message).toContain("@max (entry 9)");
  });
});

describe("evidence of an adopted head", () => {
  const files = { policy: "version: 1\ngates: { evidence: { files: ['evidence/*.json'] } }" };
  const file = (content: string) => ({
    changes: [change("evidence/a.json")],
    texts: known([text("evidence/a.json", content)]),
  });
  const whole = [adoption([earlier, head])];
  table("evidence", [
    ["is none: claims are none", foreign(null, whole), "not-applicable", ["adopted"]],
    ["of another head is not spoken of", foreign(null, [adoption([earlier])]), "not-applicable", ["not-asked"]],
    [
      "does not spare it the check of evidence files",
      facts({ ...files, ...file("{"), record: recordOf({ adoptions: whole }) }),
      "fail",
      ["evidence-not-json"],
    ],
  ]);

  test("is never called recorded", () => {
    const passed = ask("evidence", facts({ ...files, ...file("{}"), record: recordOf({ adoptions: whole }) }));
    expect(passed.status).toBe("pass");
    for (const given of [passed, ask("evidence", foreign(null, whole))]) {
      expect(given.reasons[0]?.message).toMatch(/^No prompt or answer is recorded for/);
      expect(given.reasons[0]?.message).toContain("claims, which nobody checked");
    }
  });
});

describe("a change that was adopted for a story", () => {
  const plan: AdoptedPlan = {
    ...{ story: 7, digest: "1".repeat(64), paths: ["web/**"], risk: "high", needsManualTest: false },
    approval: { by: tester, seq: 5 },
    requesters: [author],
  };
  const of = (over: Partial<AdoptedPlan> = {}, more: Partial<PullFacts> = {}) =>
    foreign(null, [], {
      record: known(recordOf({ adoptions: [adoption([earlier, head])], adoptedFor: { ...plan, ...over } })),
      ...more,
    });
  const byTester = (...commits: string[]) => ({
    record: known(recordOf({ adoptions: [adoption([head]), adoption(commits, { by: tester })], adoptedFor: plan })),
  });
  const with_ = (policy: string) => ({ policy: known({ state: "loaded" as const, ...policyOf(policy) }) });
  const solo = with_("version: 1\npeople: { separation: solo }");
  const risky = with_("version: 1\ngates: { manual-test: { when: { risk: [high] } } }");

  table("scope", [
    ["stays inside its plan's paths", of(), "pass", ["in-scope"]],
    [
      "does not leave them",
      of({}, { changes: known([change("web/a.ts"), change("api/b.ts")]) }),
      "fail",
      ["outside-declared"],
    ],
    ["has no hostile name", of({}, { changes: known([change("web/a\u202e.ts")]) }), "fail", ["hostile-name"]],
    ["is unknown while its changes are", of({}, { changes: unknown("cut") }), "unknown", ["changes-unknown"]],
  ]);
  table("approval", [
    ["has the plan's approval, and not one of its own", of(), "pass", ["approved"]],
    ["T102: fails where the approver adopted it", of({}, byTester(head)), "fail", ["own-approval"]],
    ["T102: fails where the approver adopted another part", of({}, byTester(earlier)), "fail", ["own-approval"]],
    ["T102: fails where the approver had asked for the plan", of({ requesters: [tester] }), "fail", ["own-approval"]],
    ["says so of a lone maintainer", of({}, { ...byTester(head), ...solo }), "pass", ["approved-solo"]],
  ]);

  test("T102: an approval by who adopted it names the line of the policy that forbids it", () => {
    const strict = with_("version: 1\npeople:\n  separation: strict\n");
    const said = ask("approval", of({}, { ...byTester(head), ...strict })).reasons;
    expect(said).toMatchObject([{ code: "own-approval", policyLine: 3, next: { who: "an executor of the policy" } }]);
  });
  table("manual-test", [
    ["is tried where the plan says so", of({ needsManualTest: true }), "pending", ["not-signed-off"]],
    ["is tried where its risk asks for it", of({}, risky), "pending", ["not-signed-off"]],
    ["is not where nothing does", of(), "not-applicable", ["not-needed"]],
  ]);

  test.each([
    ["T102: who adopted it", max],
    ["T102: who asked for the plan", author],
  ])("%s does not sign it off", (_, by) => {
    const adoptions = [adoption([earlier, head])];
    const record = recordOf({ adoptions, adoptedFor: plan, signOffs: [signOff({ by })] });
    expect(ask("manual-test", of({}, { ...risky, record: known(record) })).status).toBe("pending");
    const other = { ...record, signOffs: [signOff({ by: tester })] };
    expect(ask("manual-test", of({}, { ...risky, record: known(other) })).status).toBe("pass");
  });
});
