import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { policyReading } from "../../../collect/policy/file.ts";
import { type Crash, crashText } from "../../../core/errors.ts";
import type { CheckFact, PullFacts } from "../../../core/facts.ts";
import type { Gate } from "../../../core/gates/gate.ts";
import { type GateName, gateNames, gates } from "../../../core/gates/registry.ts";
import { known, unknown } from "../../../core/known.ts";
import type { EvidenceRecord } from "../../../core/pull-record.ts";
import { engine } from "../../../core/verdict/engine.ts";
import { judge, verdictText } from "../../../core/verdict/judge.ts";
import { Verdict } from "../../../schemas/verdict.ts";
import {
  base,
  change,
  earlier,
  evidenceOfHead,
  facts,
  head,
  recordOf,
  runRecord,
  signOff,
  text as textOf,
} from "../../builders/pull-facts.ts";

const all = { settle: "all" } as const;
const policy = `version: 1
extends: default
people: { approvers: ["@acme/qa"] }
roles: { web: { allow: ["web/**"], deny: ["web/vendor"] } }
gates:
  forbidden-paths: { deny: ["governance/**"] }
  diff-size: { files: 3, lines: 100 }
  manual-test: { when: { paths: ["web/ui/**"] } }
  evidence: { files: ["evidence/**/*.json"] }
`;

describe("the conclusion", () => {
  const cases: [string, PullFacts, string][] = [
    ["a person's change in order", facts({ policy }), "success"],
    ["a run's change in order", facts({ policy, record: runRecord() }), "success"],
    ["the smallest policy", facts(), "success"],
    ["a forbidden path", facts({ policy, changes: [change("governance/a")] }), "failure"],
    ["a sign-off to wait for", facts({ policy, changes: [change("web/ui/a")] }), "pending"],
    [
      "a failed gate beside one that waits",
      facts({ policy, changes: [change("web/ui/a"), change("governance/a")] }),
      "failure",
    ],
    ["T041: nothing changed", facts({ changes: [] }), "failure"],
    ["a listing that was cut short", { ...facts(), changes: unknown("cut short") }, "pending"],
  ];
  test.each(cases)("%s", (_, given, conclusion) => {
    const verdict = judge(given, all);
    expect(verdict.conclusion).toBe(conclusion);
    expect(verdict).toMatchObject({ base, head, deferred: [] });
    expect(verdict.gates.map((gate) => gate.gate)).toEqual([...gateNames]);
    expect(Verdict.parse(JSON.parse(verdictText(verdict)))).toEqual(verdict);
  });
});

test("what is listed in another order is judged in the same bytes", () => {
  const commit = (sha: string) => ({ sha, parents: [base], tree: base, message: "A change" });
  const secret = (path: string) => ({ rule: "aws", where: "file" as const, commit: null, path, line: 1 });
  const review = (id: number) => ({
    ...{ id, state: "changes_requested" as const, sha: head, at: "2026-11-21T08:00:00Z" },
    by: { id, login: `reviewer-${id}`, type: "User" as const },
    permission: known({ role: "write" as const, duties: ["approvers" as const] }),
  });
  const check = (id: number) => ({
    ...{ id, suite: id, name: "test", app: "github-actions", status: "completed", conclusion: "failure" },
  });
  const lists = {
    commits: [commit("1".repeat(40)), commit("2".repeat(40)), commit("3".repeat(40))],
    secrets: [secret("a"), secret("b"), secret("c")],
    reviews: [review(2), review(3), review(4)],
    checks: [check(1), check(2), check(3)],
  };
  const gated =
    'version: 1\nroles: { web: { allow: ["**"] } }\ngates: { secrets: {}, review: {}, ci: { checks: ["@github-actions/test"] } }';
  const bytesOf = (order: <T>(list: T[]) => T[]) => {
    const { commits, secrets, reviews, checks } = lists;
    return verdictText(
      judge(
        facts({
          ...{ policy: gated, record: runRecord(), commits: known(order(commits)), secrets: known(order(secrets)) },
          ...{ reviews: known(order(reviews)), checks: known(order(checks)) },
        }),
        all,
      ),
    );
  };
  const straight = bytesOf((list) => list);
  expect(JSON.parse(straight).gates.filter(({ status }: { status: string }) => status === "fail")).toHaveLength(4);
  expect(bytesOf((list) => list.toReversed())).toBe(straight);
  expect(bytesOf((list) => [...list.slice(1), ...list.slice(0, 1)])).toBe(straight);
});

describe("without a policy nothing succeeds", () => {
  const blob = "e".repeat(40);
  const problems = [{ message: 'unknown key "gate"; did you mean "gates"?', line: 4, column: 1 }] as const;
  test.each<[string, PullFacts["policy"], string, string, string, unknown]>([
    [
      "U3: never there",
      known({ state: "absent", ref: base, removedBy: null }),
      "pending",
      "pending",
      "not-set-up",
      null,
    ],
    [
      "T051: removed",
      known({ state: "absent", ref: base, removedBy: "9".repeat(40) }),
      "failure",
      "fail",
      "policy-removed",
      null,
    ],
    [
      "T051: malformed",
      known({ state: "malformed", ref: base, blob, problems }),
      "failure",
      "fail",
      "policy-malformed",
      { ref: base, blob },
    ],
    ["T051: unreadable", unknown("HTTP 403"), "pending", "unknown", "policy-unknown", null],
  ])("%s", (_, reading, conclusion, status, code, read) => {
    for (const settle of ["all", "content"] as const) {
      const verdict = judge({ ...facts(), policy: reading }, { settle });
      expect(verdict).toMatchObject({ conclusion, base, head, policy: read });
      expect(Verdict.parse(JSON.parse(verdictText(verdict)))).toEqual(verdict);
      expect(verdict.gates).toEqual([
        { gate: "policy", status, reasons: [expect.objectContaining({ code, next: expect.anything() })] },
      ]);
    }
  });

  const repair = "It is judged by the last valid policy, and an architect of that one approves it.";
  const file = "`.github/sallyport.yml`";
  const never = known({ state: "absent" as const, ref: base, removedBy: null });
  const removed = known({ state: "absent" as const, ref: base, removedBy: "9".repeat(40) });
  const broken = known({ state: "malformed" as const, ref: base, blob, problems });
  const unjudged = "Merge this change past the check: the last commits of `main` have no valid policy to judge it by.";
  const brought = (text: string) => known(policyReading(head, blob, new TextEncoder().encode(text)));
  test.each<[PullFacts["policy"], string, PullFacts["proposed"]?]>([
    [never, `Run \`npx sallyport init\` and merge the ${file} that it writes.`],
    [never, `Run \`npx sallyport init\` and merge the ${file} that it writes.`, unknown("HTTP 403")],
    [never, "To have the policy that this change brings, merge it into `main`.", brought("version: 1\n")],
    [never, "To have the policy that this change brings, mend it and merge it into `main`.", brought("version: 2\n")],
    [removed, unjudged, brought("version: 1\n")],
    [broken, unjudged, brought("version: 1\n")],
    [removed, `Put ${file} back in a pull request. ${repair}`, brought("version: 2\n")],
    [broken, `Mend ${file} of \`main\` in a pull request. ${repair}`, brought("version: 2\n")],
    [removed, `Put ${file} back in a pull request. ${repair}`],
    [broken, `Mend ${file} of \`main\` in a pull request. ${repair}`],
  ])(
    "the next step is told, and every problem of what the change brings (%#)",
    (reading, step, proposed = known(null)) => {
      const [gate] = judge({ ...facts(), policy: reading, proposed }, all).gates;
      expect(gate?.reasons[0]?.next).toEqual({ step, who: step === unjudged ? "an administrator" : "a maintainer" });
      const isBroken = proposed.known && proposed.value?.state === "malformed";
      expect(gate?.reasons.some(({ message }) => message.includes("version"))).toBe(isBroken);
    },
  );

  test("a malformed policy is told by its line and column", () => {
    const verdict = judge({ ...facts(), policy: known({ state: "malformed", ref: base, blob, problems }) }, all);
    expect(verdict.gates[0]?.reasons[0]).toMatchObject({
      message: expect.stringContaining("Line 4, column 1: unknown key"),
      policyLine: 4,
    });
  });

  test("all problems of a malformed policy are told, ten at most, and how many more there are", () => {
    const many = (count: number) => {
      const [first, ...others] = Array.from({ length: count }, (_, at) => ({
        message: `m${at}`,
        line: at + 1,
        column: 2,
      }));
      if (first === undefined) throw new Error("no problem");
      const reading: PullFacts["policy"] = known({
        state: "malformed",
        ref: base,
        blob,
        problems: [first, ...others],
      });
      const [gate] = judge({ ...facts(), policy: reading }, all).gates;
      return (gate?.reasons ?? []).map(({ code, message, policyLine }) => [code, message, policyLine]);
    };
    expect(many(2)).toEqual([
      ["policy-malformed", "Line 1, column 2: m0", 1],
      ["policy-malformed", "Line 2, column 2: m1", 2],
    ]);
    expect(many(10)).toHaveLength(10);
    expect(many(12).slice(9)).toEqual([
      ["policy-malformed", "Line 10, column 2: m9", 10],
      ["more", "… and 2 more", undefined],
    ]);
  });

  test("T047 T268: the verdict names the commit and blob of the policy it was judged by, and the version of the rules", () => {
    expect(judge(facts({ policy }), all)).toMatchObject({ policy: { ref: base, blob }, engine });
    expect(engine).toMatch(/^\d+$/);
  });
});

describe("a host without the ledger", () => {
  test("judges the content and names the rest", () => {
    const verdict = judge(
      {
        ...facts({ policy }),
        record: unknown("no ledger"),
        reviews: unknown("none"),
        checks: unknown("none"),
      },
      { settle: "content" },
    );
    expect(verdict.conclusion).toBe("success");
    const group = (name: GateName) => gates[name].group;
    expect(verdict.gates.map(({ gate }) => gate)).toEqual(gateNames.filter((one) => group(one) === "content"));
    expect(verdict.deferred).toEqual(gateNames.filter((one) => group(one) !== "content"));
  });

  test("judges a commit that no pull request asks to merge", () => {
    const verdict = judge({ ...facts({ policy }), pull: null }, { settle: "content" });
    expect(verdict.conclusion).toBe("success");
    expect(verdict).not.toHaveProperty("draft");
  });

  test("T041: refuses an empty change all the same", () => {
    expect(judge({ ...facts({ changes: [] }), record: unknown("no ledger") }, { settle: "content" }).conclusion).toBe(
      "failure",
    );
  });
});

describe("a gate that crashes", () => {
  /** Facts that break the gate `manual-test` with an error. */
  const breaking = (error: unknown): PullFacts => ({
    ...facts({ policy }),
    record: known({
      ...runRecord(),
      get signOffs(): never {
        throw error;
      },
    }),
    changes: known([change("web/ui/a")]),
  });

  test("is unknown, and the verdict waits and quotes nothing of the error", () => {
    const verdict = judge(breaking(new TypeError("lost")), all);
    expect(verdict.conclusion).toBe("pending");
    expect(verdict.gates.at(-1)).toEqual({
      gate: "manual-test",
      status: "unknown",
      reasons: [
        {
          code: "gate-crashed",
          message: "This gate crashed. The error is in the log of the program that judged.",
          next: {
            step: "Report this at the project of Sallyport, with the error from the log.",
            who: "a maintainer",
          },
        },
      ],
    });
  });

  test.each([
    ["an error", new TypeError("lost")],
    ["another one", new RangeError("worded by another version of Node")],
    ["something that is no error", "lost"],
  ])("gives the same bytes whatever it threw: %s", (_, error) => {
    const crashes: Crash[] = [];
    const verdict = judge(breaking(error), { ...all, onCrash: (crash) => crashes.push(crash) });
    expect(crashes).toEqual([{ gate: "manual-test", error }]);
    expect(verdictText(verdict)).toBe(verdictText(judge(breaking(new Error("first")), all)));
  });

  test("is told on one line of a log, with nothing in it that a terminal obeys", () => {
    const line = crashText({ gate: "tests", error: new TypeError("of \u001b[2J a file\nby anybody") });
    expect(line).toMatch(/^the gate tests crashed: TypeError: of \[U\+001B\]\[2J a file by anybody .*judge\.test/);
    expect(line).not.toContain("\n");
    expect(crashText({ gate: "tests", error: "lost" })).toBe("the gate tests crashed: lost");
  });
});

describe("people are asked for their time once the machines have nothing to say", () => {
  const text = 'version: 1\ngates: { ci: { checks: ["@a/b"] }, manual-test: { when: { always: true } } }';
  const check = { id: 1, suite: 1, name: "b", app: "a", status: "completed", conclusion: "success" };
  const later = "sign-off-after-ci";
  test.each<[string, CheckFact[], string, string]>([
    ["a check that succeeded", [check], text, "not-signed-off"],
    ["a check that did not report", [], text, later],
    ["a check that runs", [{ ...check, status: "in_progress", conclusion: null }], text, later],
    ["a check that failed", [{ ...check, conclusion: "failure" }], text, later],
    ["no check that the policy names", [], text.replace('ci: { checks: ["@a/b"] }, ', ""), "not-signed-off"],
  ])("after %s", (_, checks, asking, code) => {
    const verdict = judge(facts({ policy: asking, checks: known(checks) }), all);
    const manual = verdict.gates.find(({ gate }) => gate === "manual-test");
    expect(manual?.reasons.map((reason) => reason.code)).toEqual([code]);
    const next = { step: "Wait until `ci` passes; then this commit is tested and signed off.", who: "nobody yet" };
    if (code === later) expect(manual?.reasons[0]?.next).toEqual(next);
    const codes = verdict.gates.filter(({ gate }) => gate !== "manual-test").flatMap(({ reasons }) => reasons);
    expect(codes.map((reason) => reason.code)).not.toContain(later);
  });

  test("not while a check could not be read", () => {
    const verdict = judge(facts({ policy: text, checks: unknown("HTTP 502") }), all);
    expect(verdict.gates.at(-1)?.reasons[0]?.code).toBe(later);
  });
});

test("a gate gives at most a hundred reasons and counts the rest", () => {
  const changes = Array.from({ length: 250 }, (_, index) => change(`governance/${index}`));
  const result = judge(facts({ policy, changes }), all).gates.find(({ gate }) => gate === "forbidden-paths");
  expect(result?.reasons).toHaveLength(101);
  expect(result?.reasons.at(-1)).toMatchObject({
    code: "more",
    message: "150 more reasons like these are left out.",
    next: result?.reasons[0]?.next,
  });
  const whole = changes.slice(0, 100);
  const exact = judge(facts({ policy, changes: whole }), all).gates.find(({ gate }) => gate === "forbidden-paths");
  expect(exact?.reasons.map(({ code }) => code)).toEqual(whole.map(() => "forbidden-path"));
});

test("the registry holds every gate under its own name, content first", () => {
  expect(Object.entries(gates).map(([name, gate]: [string, Gate]) => [name, gate.name])).toEqual(
    gateNames.map((name) => [name, name]),
  );
  const groups = gateNames.map((name) => gates[name].group);
  expect(
    groups.toSorted(
      (one, other) => ["content", "record", "people"].indexOf(one) - ["content", "record", "people"].indexOf(other),
    ),
  ).toEqual(groups);
});

describe("whatever the facts", () => {
  const path = fc.constantFrom(
    "web/a.ts",
    "web/ui/b.ts",
    "web/vendor/c.js",
    "src/d.ts",
    "governance/e",
    "AGENTS.md",
    "evidence/f.json",
    "a\nb",
    ".env",
  );
  const aChange = fc.record({
    path,
    added: fc.integer({ min: 0, max: 60 }),
    deleted: fc.integer({ min: 0, max: 60 }),
  });
  const changes = fc
    .uniqueArray(aChange, { maxLength: 6, selector: (one) => one.path })
    .map((list) => list.map((one) => change(one.path, one)));
  const aSignOff = fc.record({
    sha: fc.constantFrom(head, earlier),
    result: fc.constantFrom("pass" as const, "fail" as const),
    seq: fc.nat(50),
  });
  const record = fc.record({
    made: fc.boolean(),
    evidence: fc.constantFrom<EvidenceRecord[]>([], [evidenceOfHead], [{ ...evidenceOfHead, commit: earlier }]),
    signOffs: fc.uniqueArray(aSignOff, { maxLength: 4, selector: (one) => one.seq }),
    needsManualTest: fc.boolean(),
  });
  const anyFacts = fc.tuple(changes, record, fc.constantFrom("{}", "{")).map(([list, one, text]) => {
    const more = { evidence: one.evidence, signOffs: one.signOffs.map((over) => signOff(over)) };
    const told = one.made
      ? runRecord({ needsManualTest: one.needsManualTest }, more)
      : recordOf({ signOffs: more.signOffs });
    return facts({
      policy,
      changes: [...list, change("evidence/f.json")],
      record: told,
      texts: known([textOf("evidence/f.json", text)]),
    });
  });

  test("no unread fact ever gives success", () => {
    const names = ["policy", "mergeBase", "changes", "record"] as const;
    fc.assert(
      fc.property(anyFacts, fc.subarray([...names], { minLength: 1 }), (given, lost) => {
        const poorer = { ...given };
        for (const name of lost) poorer[name] = unknown("lost");
        expect(judge(poorer, all).conclusion).not.toBe("success");
      }),
    );
  });

  test("success means that every gate passes or does not apply", () => {
    fc.assert(
      fc.property(anyFacts, (given) => {
        const { conclusion, gates: results } = judge(given, all);
        expect(conclusion === "success").toBe(
          results.every(({ status }) => status === "pass" || status === "not-applicable"),
        );
        expect(conclusion === "failure").toBe(results.some(({ status }) => status === "fail"));
      }),
    );
  });

  test("the same facts give the same bytes, in whatever order they were listed", () => {
    fc.assert(
      fc.property(anyFacts, (given) => {
        const { changes: listed, record: told } = given;
        if (!listed.known || !told.known) throw new Error("these facts are all known");
        const turned = {
          ...given,
          changes: known(listed.value.toReversed()),
          record: known({ ...told.value, signOffs: told.value.signOffs.toReversed() }),
        };
        expect(verdictText(judge(given, all))).toBe(verdictText(judge(structuredClone(given), all)));
        expect(verdictText(judge(turned, all))).toBe(verdictText(judge(given, all)));
      }),
    );
  });

  test("one more forbidden file never turns a failure into anything else", () => {
    fc.assert(
      fc.property(anyFacts, (given) => {
        if (!given.changes.known) throw new Error("these facts are all known");
        const more = { ...given, changes: known([...given.changes.value, change("governance/z")]) };
        expect(judge(more, all).conclusion).toBe("failure");
      }),
    );
  });

  test("judging leaves the facts as they were", () => {
    fc.assert(
      fc.property(anyFacts, (given) => {
        const before = structuredClone(given);
        judge(given, all);
        expect(given).toEqual(before);
      }),
    );
  });
});

test("a verdict's bytes do not depend on the order in which its keys were made", () => {
  const verdict = judge(facts({ policy, changes: [change("governance/a")] }), all);
  const turn = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(turn);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, inner]) => [key, turn(inner)]),
    );
  };
  expect(verdictText(Verdict.parse(turn(verdict)))).toBe(verdictText(verdict));
  expect(verdictText(verdict).endsWith("}\n")).toBe(true);
});
