import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { gates } from "../../../core/gates/registry.ts";
import { unknown } from "../../../core/known.ts";
import { ask, table } from "../../builders/gate-table.ts";
import { change, facts, policyOf, recordOf, renamed, runRecord } from "../../builders/pull-facts.ts";

const policy = (current: string) => `version: 1
people: { architects: ["@acme/architects"] }
phases:
  current: ${current}
  of:
    design:
      allow: ["docs/**", "evidence/phase0"]
      deny:
        - "docs/contracts"
    build: { deny: ["governance/**"] }
    open: {}
    frozen: { allow: [] }
    sealed: { allow: ["docs/**"], deny: [".github"] }
`;
const given = (current: string, ...changes: ReturnType<typeof change>[]) => facts({ policy: policy(current), changes });
const steering = change(".github/sallyport.yml");

describe("phase", () => {
  table("phase", [
    [
      "passes inside the phase",
      given("design", change("docs/a.md"), change("evidence/phase0/a.json")),
      "pass",
      ["open-in-phase"],
    ],
    ["fails outside the phase", given("design", change("src/a.ts")), "fail", ["outside-phase"]],
    [
      "tells every file",
      given("design", change("src/a.ts"), change("docs/a.md"), change("src/b.ts")),
      "fail",
      ["outside-phase", "outside-phase"],
    ],
    [
      "fails on what the phase closes inside what it allows",
      given("design", change("docs/contracts/a.md")),
      "fail",
      ["closed-in-phase"],
    ],
    [
      "without a list of what it allows, a phase allows the rest",
      given("build", change("src/a.ts")),
      "pass",
      ["open-in-phase"],
    ],
    [
      "without a list, what is closed stays closed",
      given("build", change("governance/a")),
      "fail",
      ["closed-in-phase"],
    ],
    [
      "T026: what is closed is closed in every case",
      given("build", change("Governance/a")),
      "fail",
      ["closed-in-phase"],
    ],
    ["T027: and in every disguise", given("build", change("govern\u200Bance/a")), "fail", ["closed-in-phase"]],
    ["what is allowed is allowed as it is written", given("design", change("Docs/a.md")), "fail", ["outside-phase"]],
    ["T028: a hostile name is outside", given("design", change("docs/a\nb")), "fail", ["outside-phase"]],
    [
      "T001: a file moved in is outside where it was",
      given("design", ...renamed("src/a.md", "docs/a.md")),
      "fail",
      ["outside-phase"],
    ],
    [
      "T001: a file moved out is outside where it is",
      given("design", ...renamed("docs/a.md", "src/a.md")),
      "fail",
      ["outside-phase"],
    ],
    ["deleting a file touches it", given("design", change("src/a.ts", { after: null })), "fail", ["outside-phase"]],
    ["another phase's list does not count", given("build", change("docs/contracts/a.md")), "pass", ["open-in-phase"]],
    ["a phase that says nothing allows everything", given("open", change("governance/a")), "pass", ["open-in-phase"]],
    ["T039: an empty list allows nothing", given("frozen", change("docs/a.md")), "fail", ["outside-phase"]],
    ["the policy can change, or no phase would end", given("frozen", steering), "pass", ["open-in-phase"]],
    ["the policy's neighbours cannot", given("frozen", change(".github/sallyport.yml.md")), "fail", ["outside-phase"]],
    ["nor can its twin", given("frozen", change(".github/Sallyport.yml")), "fail", ["outside-phase"]],
    ["a phase may close the policy too", given("sealed", steering), "fail", ["closed-in-phase"]],
    [
      "holds for a run and for a person alike",
      facts({ policy: policy("design"), changes: [change("src/a.ts")], record: runRecord({ role: "web" }) }),
      "fail",
      ["outside-phase"],
    ],
    ["does not apply without phases", facts(), "not-applicable", ["not-configured"]],
  ]);

  test("T018: unread changes are unknown", () => {
    expect(ask("phase", { ...given("open", change("a")), changes: unknown("cut short") })).toMatchObject({
      status: "unknown",
      codes: ["changes-unknown"],
    });
  });

  test("says the phase, the rule and its line, and that architects may move the phase", () => {
    const { reasons } = ask("phase", given("design", change("docs/contracts/a"), change("src/a.ts")));
    const next = { step: expect.stringContaining("edit `phases` in the policy"), who: "@acme/architects" };
    expect(reasons).toEqual([
      {
        code: "closed-in-phase",
        message: "In the phase `design`, `docs/contracts` is closed.",
        path: "docs/contracts/a",
        policyLine: 9,
        next,
      },
      {
        code: "outside-phase",
        message: "This file is outside what may change in the phase `design`.",
        path: "src/a.ts",
        policyLine: 7,
        next,
      },
    ]);
  });

  test("its lists say in which phase a path is open or closed, and which phase is the current one", () => {
    const lists = gates.phase.lists?.(policyOf(policy("build")).policy) ?? [];
    expect(lists.map(({ key, meaning }) => [key, meaning])).toMatchObject([
      ["phases.of.design.allow", "it is open in the phase `design`"],
      ["phases.of.design.deny", "it is closed in the phase `design`"],
      ["phases.of.build.allow", "it is open in the current phase, `build`"],
      ["phases.of.build.deny", "it is closed in the current phase, `build`"],
      ...lists.slice(4).map(() => expect.anything()),
    ]);
    expect(gates.phase.lists?.(policyOf("version: 1").policy)).toEqual([]);
  });

  test.each(["gone", "toString"])("a phase that is not described allows nothing: %s", (current) => {
    const loaded = policyOf(policy("open"));
    const phases = { current, of: loaded.policy.phases?.of ?? {} };
    const broken = { ...loaded, policy: { ...loaded.policy, phases } };
    expect(gates.phase.judge(facts(), broken)).toMatchObject({
      status: "fail",
      reasons: [{ code: "no-such-phase", policyLine: 4, next: { who: "@acme/architects" } }],
    });
  });

  test("no change passes in a phase when one of its files alone does not", () => {
    const path = fc.constantFrom(
      "docs/a",
      "docs/contracts/a",
      "src/a",
      "governance/a",
      "evidence/phase0/a",
      ".github/a",
    );
    const phase = fc.constantFrom("design", "build", "open", "frozen", "sealed");
    fc.assert(
      fc.property(phase, fc.uniqueArray(path, { minLength: 1 }), (current, paths) => {
        const changes = paths.map((one) => change(one));
        const alone = changes.every((one) => ask("phase", given(current, one)).status === "pass");
        expect(ask("phase", given(current, ...changes)).status).toBe(alone ? "pass" : "fail");
      }),
    );
  });

  test("nothing that the ledger says opens a phase", () => {
    const made = given("design", change("src/a.ts"));
    for (const record of [runRecord({ paths: ["**"], laterPaths: ["**"] }), recordOf()])
      expect(ask("phase", { ...made, record: { known: true, value: record } }).status).toBe("fail");
  });
});
