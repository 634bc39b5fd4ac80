import { expect, test } from "@jest/globals";
import { annotationsOf } from "../../../core/verdict/annotations.ts";
import type { GateResult, Verdict } from "../../../schemas/verdict.ts";

const sha = "a".repeat(40);

function verdict(gates: GateResult[], deferred: string[] = []): Verdict {
  return {
    schema: 1,
    conclusion: "failure",
    head: sha,
    base: sha,
    policy: null,
    engine: "3",
    gates,
    deferred,
  } as unknown as Verdict;
}

const failing = (gate: string, ...reasons: GateResult["reasons"]): GateResult => ({
  gate,
  status: "fail",
  reasons,
});

test("a failing gate's reasons stand at their lines, with the rule and the next step", () => {
  const reason = {
    code: "outside",
    message: "Not allowed.",
    path: "src/a.ts",
    line: 7,
    policyLine: 12,
    next: { step: "Take it out.", who: "@ada" },
  };
  expect(annotationsOf(verdict([failing("scope", reason)]))).toEqual([
    {
      title: "sallyport: scope",
      message: "Not allowed. (.github/sallyport.yml:12)\nNext: Take it out. (@ada)",
      path: "src/a.ts",
      line: 7,
    },
  ]);
});

test("a reason without a rule, a step and a place is its message alone, in two thousand characters at most", () => {
  const [mark] = annotationsOf(verdict([failing("scope", { code: "x", message: "Not allowed." })]));
  expect(mark).toEqual({ title: "sallyport: scope", message: "Not allowed.", path: null, line: null });
  const cut = annotationsOf(verdict([failing("scope", { code: "x", message: "y".repeat(2_001) })]));
  expect(cut[0]?.message).toBe("y".repeat(2_000));
});

test("what passes, waits or is another host's to say is not marked", () => {
  const reason = { code: "x", message: "x" };
  const others = (["pass", "pending", "unknown", "not-applicable"] as const).map((status) => ({
    gate: "scope",
    status,
    reasons: [reason],
  }));
  expect(annotationsOf(verdict([...others, failing("evidence", reason)], ["evidence"]))).toEqual([]);
});

test("half a character at the cut does not stay, and a hostile number of reasons is cut", () => {
  const long = { code: "x", message: `${"y".repeat(1_999)}😀` };
  const marks = annotationsOf(verdict([failing("scope", ...Array.from({ length: 400 }, () => long))]));
  expect(marks).toHaveLength(150);
  expect(marks[0]?.message.isWellFormed()).toBe(true);
});
