import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { PullFacts } from "../../../core/facts.ts";
import {
  alwaysOn,
  authorOf,
  defineGate,
  forRuns,
  notConfigured,
  result,
  unknownResult,
} from "../../../core/gates/gate.ts";
import { gateNames, gates } from "../../../core/gates/registry.ts";
import { unknown } from "../../../core/known.ts";
import { waivable } from "../../../schemas/policy.ts";
import { anyFacts } from "../../builders/any-facts.ts";
import { fullPolicy } from "../../builders/full-policy.ts";
import { change, facts, policyOf, recordOf, runRecord } from "../../builders/pull-facts.ts";

const told = (message: string) => result("links", "pass", { code: "told", message });
const policy = policyOf("version: 1\ngates: { links: { allow: [web] } }\n");
const short = ({ status, reasons }: ReturnType<typeof told>) => [status, reasons[0]?.code, reasons[0]?.message];

test("an unread fact that the author can mend says how, and any other is a maintainer's to look into", () => {
  const wait = "Wait: it is read again at the next event. If it stays so, see what stands in the way.";
  const next = (fact: Parameters<typeof unknownResult>[2]) => unknownResult("links", "x", fact).reasons[0]?.next;
  expect(next("cut short")).toEqual({ step: wait, who: "a maintainer" });
  expect(next({ why: "cut short" })).toEqual({ step: wait, who: "a maintainer" });
  expect(next({ why: "too much", step: "Split it." })).toEqual({ step: "Split it.", who: "the author of the change" });
});

test("a next step is the author's, also where no pull request says who that is", () => {
  expect([authorOf(facts()), authorOf({ pull: null })]).toEqual(["@ada, the author", "the author of the change"]);
});

describe("the lists of patterns that gates judge by", () => {
  const listsOf = (text: string) => gateNames.flatMap((name) => gates[name].lists?.(policyOf(text).policy) ?? []);

  test("what forbids or asks for more also matches names that look alike, what is let through only the name itself", () => {
    expect(listsOf(fullPolicy).map(({ key, mode, mayBeAbsent }) => [key, mode, mayBeAbsent])).toEqual([
      ["gates.forbidden-paths.deny", "deny", false],
      ["gates.links.allow", "allow", false],
      ["gates.diff-size.ignore", "allow", false],
      ["gates.tests.0.when", "deny", false],
      ["gates.tests.0.need", "allow", false],
      ["gates.tests.1.when", "deny", false],
      ["gates.tests.1.need", "allow", false],
      ["gates.secrets.ignore", "allow", false],
      ["gates.harness.files", "deny", false],
      ["gates.remediation.surfaces", "deny", false],
      ["gates.remediation.files", "allow", true],
      ["gates.manifest.0.when", "deny", false],
      ["gates.manifest.0.need", "allow", false],
      ["gates.content.0.paths", "deny", false],
      ["phases.of.build.allow", "allow", false],
      ["phases.of.build.deny", "deny", false],
      ["gates.evidence.files", "deny", true],
      ["gates.evidence.require.0.when.paths", "deny", false],
      ["gates.evidence.require.0.files", "allow", true],
      ["gates.evidence.require.0.coverage.paths", "deny", false],
      ["gates.protected.paths", "deny", false],
      ["gates.adr.when", "deny", false],
      ["gates.adr.files", "allow", true],
      ["gates.review.paths", "deny", false],
      ["gates.manual-test.when.paths", "deny", false],
    ]);
    for (const { meaning } of listsOf(fullPolicy)) expect(meaning).toMatch(/\S/);
  });

  test("are empty where the policy has none", () => {
    expect(listsOf("version: 1").flatMap(({ patterns }) => patterns)).toEqual([]);
  });
});

describe("a gate", () => {
  const gate = defineGate({
    name: "links",
    group: "content",
    settings: ({ gates: { links } }) => links ?? notConfigured("The policy asks for nothing."),
    needs: ["mergeBase", "changes"],
    judge: ({ mergeBase, changes, record }, _policy, { allow }) =>
      told([mergeBase.length, changes[0]?.path, record.known, ...allow].join(" ")),
  });
  const given = facts({ changes: [change("web/a.ts")], record: runRecord() });

  test("gets the facts it needs as they were read, the others as they are, and its settings", () => {
    expect(short(gate.judge(given, policy))).toEqual(["pass", "told", "40 web/a.ts true web"]);
  });

  test("is unknown by the first of its facts that was not read", () => {
    const one = { ...given, changes: unknown<never>("cut short") };
    expect(short(gate.judge(one, policy))).toEqual(["unknown", "changes-unknown", "cut short"]);
    const both = { ...one, mergeBase: unknown<never>("no answer") };
    expect(short(gate.judge(both, policy))).toEqual(["unknown", "merge-base-unknown", "no answer"]);
  });

  test("waits for no fact that it does not need", () => {
    const record = unknown<never>("no ledger");
    expect(short(gate.judge({ ...given, record }, policy))).toEqual(["pass", "told", "40 web/a.ts false web"]);
  });

  test("does not apply where the policy does not ask for it, whatever was read", () => {
    const silent = policyOf("version: 1\n");
    const lost = { ...given, changes: unknown<never>("cut short") };
    for (const one of [given, lost])
      expect(short(gate.judge(one, silent))).toEqual([
        "not-applicable",
        "not-configured",
        "The policy asks for nothing.",
      ]);
  });
});

describe("a gate for runs", () => {
  const gate = forRuns({
    name: "links",
    group: "record",
    settings: alwaysOn,
    needs: ["changes"],
    others: ({ record }) => (record.adoptions.length > 0 ? unknownResult("links", "adopted", "by somebody") : null),
    judge: ({ run, changes }) => told(`${run.run} ${changes.length}`),
  });
  const cut = unknown<never>("cut short");
  const adoption = {
    commits: [],
    reason: "",
    by: { id: 5, login: "edna", type: "User" as const },
    seq: 9,
    baseRef: null,
    at: "",
  };
  const noRun = ["not-applicable", "no-run", "No run of an agent made this pull request."];

  test.each<[string, PullFacts, (string | undefined)[]]>([
    ["gets the run", facts({ record: runRecord(), changes: [] }), ["pass", "told", "run-7-1 0"]],
    [
      "needs its facts",
      { ...facts({ record: runRecord() }), changes: cut },
      ["unknown", "changes-unknown", "cut short"],
    ],
    [
      "needs the record before all",
      { ...facts(), changes: cut, record: unknown("no ledger") },
      ["unknown", "record-unknown", "no ledger"],
    ],
    ["does not apply to others", facts(), noRun],
    ["waits for nothing then", { ...facts(), changes: cut }, noRun],
    [
      "says what it says of others",
      facts({ record: recordOf({ adoptions: [adoption] }) }),
      ["unknown", "adopted", "by somebody"],
    ],
  ])("%s", (_, given, expected) => {
    expect(short(gate.judge(given, policy))).toEqual(expected);
  });

  test("tells all that it needs", () => {
    expect(gate.needs).toEqual(["record", "changes"]);
  });
});

test("every gate is unknown by each fact that it needs, and says which", () => {
  fc.assert(
    fc.property(anyFacts, fc.constantFrom(...gateNames), (given, name) => {
      if (!given.policy.known || given.policy.value.state !== "loaded" || !given.record.known)
        throw new Error("these facts are all read");
      const { needs } = gates[name];
      const isForRuns = given.record.value.run === null && needs[0] === "record";
      for (const need of needs) {
        const answer = gates[name].judge({ ...given, [need]: unknown("no answer") }, given.policy.value);
        const code = need === "mergeBase" ? "merge-base-unknown" : `${need}-unknown`;
        if (need === "record" || !isForRuns) expect(short(answer)).toEqual(["unknown", code, "no answer"]);
      }
    }),
  );
});

test("docs/gates.md has a section for every gate in order, and says which can be waived", () => {
  const text = readFileSync(join(import.meta.dirname, "../../../docs/gates.md"), "utf8");
  const sections = text.split(/^## /m).slice(1);
  expect(sections.map((section) => section.split("\n")[0])).toEqual(gateNames);
  for (const section of sections)
    expect(section).toMatch(/^[\w-]+\n\n[\s\S]*^- Cannot see: [\s\S]*^- Waived: (?:yes|no)\b/m);
  const waived = sections
    .filter((section) => section.includes("- Waived: yes"))
    .map((section) => section.split("\n")[0]);
  expect(waived.toSorted()).toEqual([...waivable].sort());
});
