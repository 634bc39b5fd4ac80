import { describe, expect, test } from "@jest/globals";
import type { ReviewFact } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
import type { SignOff } from "../../../core/pull-record.ts";
import { ask, table } from "../../builders/gate-table.ts";
import { author, change, facts, head, policyOf, runRecord, signOff, tester } from "../../builders/pull-facts.ts";

const policy = [
  "version: 1",
  'people: { executors: ["@ada"], approvers: ["@grace"] }',
  'roles: { web: { allow: ["web/**"] } }',
  'gates: { diff-size: { files: 50, ignore: ["**/*.lock"] } }',
  "tiers: { light: { role: web, files: 2, lines: 30 } }",
].join("\n");
const light = { files: 2, lines: 30 };
const review = (over: Partial<ReviewFact> = {}): ReviewFact => ({
  id: 1,
  by: tester,
  state: "approved",
  sha: head,
  at: "2026-11-21T08:00:00Z",
  permission: known({ role: "write", duties: ["approvers"] }),
  ...over,
});
const given = (reviews: ReviewFact[], signOffs: SignOff[] = [], text = policy) =>
  facts({
    policy: text,
    record: runRecord({ approval: { digest: "1".repeat(64), by: author, seq: 5, light } }, { signOffs }),
    reviews: known(reviews),
  });

describe("D1: a change of the light tier is passed by somebody else than who took the issue", () => {
  table("approval", [
    ["waits at first", given([]), "pending", ["not-signed-off"]],
    ["an approver's review", given([review()]), "pass", ["approved"]],
    ["an approver's sign-off", given([], [signOff()]), "pass", ["signed-off"]],
    ["not the labeller's own review", given([review({ by: author })]), "pending", ["not-signed-off"]],
    ["not the labeller's own sign-off", given([], [signOff({ by: author })]), "pending", ["not-signed-off"]],
    [
      "the labeller's own under `separation: solo`",
      given([], [signOff({ by: author })], policy.replace("people: {", "people: { separation: solo,")),
      "pass",
      ["signed-off"],
    ],
    ["not a review of another commit", given([review({ sha: "9".repeat(40) })]), "pending", ["not-signed-off"]],
    ["not a sign-off of another commit", given([], [signOff({ sha: "9".repeat(40) })]), "pending", ["not-signed-off"]],
    [
      "not a review without the duty",
      given([review({ permission: known({ role: "write", duties: [] }) })]),
      "pending",
      ["not-signed-off"],
    ],
    ["not a sign-off for another branch", given([], [signOff({ baseRef: "next" })]), "pending", ["not-signed-off"]],
    [
      "a failed test blocks, whoever reviews",
      given([review()], [signOff({ result: "fail" })]),
      "fail",
      ["test-failed"],
    ],
    [
      "a failed test of another branch too",
      given([], [signOff({ result: "fail", baseRef: "next" })]),
      "fail",
      ["test-failed"],
    ],
    ["not a bot's sign-off", given([], [signOff({ by: { ...tester, type: "Bot" } })]), "pending", ["not-signed-off"]],
    [
      "T066: a sign-off whose branch could not be read is unknown",
      { ...given([], [signOff({ baseRef: null })]), retargetedAt: unknown("HTTP 502") },
      "unknown",
      ["retarget-unknown"],
    ],
    [
      "T108: so is a review by somebody whose standing could not be read",
      given([review({ permission: unknown("HTTP 403") })]),
      "unknown",
      ["standing-unknown"],
    ],
    ["a newer sign-off counts", given([], [signOff({ result: "fail" }), signOff({ seq: 11 })]), "pass", ["signed-off"]],
  ]);

  test("says who passed it and who asked for it, or who can pass it and how", () => {
    const said = (...all: Parameters<typeof given>) => ask("approval", given(...all)).reasons;
    const next = {
      step: `Review ${head} and approve it on GitHub, or \`/sign-off ${head} pass manual\`.`,
      who: "@grace",
    };
    expect(said([])).toEqual([
      {
        code: "not-signed-off",
        message: "@ada took the issue as it stood, under the light tier, so somebody else passes this commit.",
        next,
      },
    ]);
    expect(said([review()])).toEqual([{ code: "approved", message: `@grace approved ${head}; @ada asked for it.` }]);
    expect(said([], [signOff()])).toEqual([
      { code: "signed-off", message: `@grace tested \`manual\` on ${head}: pass.` },
    ]);
    expect(said([], [signOff({ result: "fail" })])[0]?.message).toBe(`@grace tested \`manual\` on ${head}: fail.`);
  });

  test("reviews that could not be read are no approval", () => {
    expect(ask("approval", { ...given([]), reviews: unknown("away") }).status).toBe("unknown");
  });
});

describe("D1: a change of the light tier has its size", () => {
  const sized = (changes: ReturnType<typeof change>[]) =>
    facts({ policy, changes, record: runRecord({ approval: { digest: "1".repeat(64), by: author, seq: 5, light } }) });
  const file = (name: string, added = 10) => change(`web/${name}`, { added });
  const cut = change("web/cut", { uncounted: { known: false, why: "cut" } });
  table("scope", [
    ["within", sized([file("a.ts"), file("b.ts", 20)]), "pass", ["in-scope"]],
    ["too many files", sized([file("a"), file("b"), file("c")]), "fail", ["too-many-files"]],
    ["too many lines", sized([file("a", 31)]), "fail", ["too-many-lines"]],
    ["without what the policy does not count", sized([file("a"), file("a.lock", 900)]), "pass", ["in-scope"]],
    [
      "lines that were not counted of a change that is too large",
      sized([...["a", "b"].map((one) => file(one)), cut]),
      "fail",
      ["too-many-files"],
    ],
    ["as much as it may", sized([file("a.ts", 30)]), "pass", ["in-scope"]],
    ["lines that were not counted", sized([cut]), "unknown", ["size-unknown"]],
  ]);

  test("D1: says by how much it is too large, by which line of the policy, and what the label does", () => {
    const lined = policy.replace(
      "{ role: web, files: 2, lines: 30 } }",
      "\n    { role: web,\n    files: 2,\n    lines: 30 } }",
    );
    const { reasons } = ask("scope", {
      ...sized([file("a", 31)]),
      policy: known({ state: "loaded", ...policyOf(lined) }),
    });
    expect(reasons).toEqual([
      {
        code: "too-many-lines",
        message: "The change has 31 lines; the light tier allows 30.",
        path: undefined,
        policyLine: 8,
        next: {
          step: "Make it smaller, or close this, put the label `story` on #7 and have it planned.",
          who: "@sallyport[bot], the author",
        },
      },
    ]);
  });

  test("a change that no run of the light tier made may be of any size, and uncounted", () => {
    const many = ["a", "b", "c"].map((name) => file(name, 900));
    const given = facts({ policy, changes: [...many, cut], record: runRecord() });
    expect(ask("scope", given).codes).toEqual(["in-scope"]);
  });
});
