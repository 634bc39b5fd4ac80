import { describe, expect, test } from "@jest/globals";
import type { SecretFinding } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
import { judge } from "../../../core/verdict/judge.ts";
import { countedOf, isBetter, sharedGates } from "../../../core/verdict/shared.ts";
import type { GateResult, Verdict } from "../../../schemas/verdict.ts";
import { change, facts, head, recordOf, runRecord } from "../../builders/pull-facts.ts";

const policy = "version: 1\ngates:\n  secrets: {}\n  diff-size: { files: 1 }\n";
const finding = (where: SecretFinding["where"]): SecretFinding => ({
  ...{ rule: "aws", where, commit: where === "file" ? head : null, path: where === "file" ? "web/a" : null, line: 1 },
});
const statusOf = (gates: readonly GateResult[], name: string) => gates.find(({ gate }) => gate === name)?.status;

describe("what counts for all pull requests with this commit", () => {
  test.each<[string, SecretFinding["where"][], string, string]>([
    ["a secret in the title is this pull request's alone", ["title"], "fail", "pass"],
    ["a secret in the description is this pull request's alone", ["description"], "fail", "pass"],
    ["a secret in a commit's message is all pull requests'", ["commit-message"], "fail", "fail"],
    ["beside one in a file, one in the title changes nothing", ["title", "file"], "fail", "fail"],
  ])("%s", (_, places, own, shared) => {
    const given = facts({ policy, secrets: known(places.map(finding)) });
    const verdict = judge(given, { settle: "all" });
    const gates = sharedGates(given, verdict);
    expect([statusOf(verdict.gates, "secrets"), statusOf(gates, "secrets")]).toEqual([own, shared]);
    expect(gates.map(({ gate }) => gate)).toEqual(verdict.gates.map(({ gate }) => gate));
  });

  test("secrets that could not be searched for hold up all", () => {
    const given = facts({ policy, secrets: unknown("a rule broke on it") });
    expect(statusOf(sharedGates(given, judge(given, { settle: "all" })), "secrets")).toBe("unknown");
  });

  const next = { step: "s", who: "w" };
  const text = { code: "section-missing", message: "m", next };
  const other = { code: "too-many-files", message: "m", next };
  const remark = { code: "x", message: "m" };
  test.each<[string, GateResult["reasons"], boolean]>([
    ["a section that the text lacks", [text], false],
    ["attachments that the text lacks", [{ ...text, code: "attachments-missing" }], false],
    ["attachments that could not be read", [{ ...text, code: "attachments-unknown" }], false],
    ["a section that the text lacks, and a remark", [remark, text], false],
    ["a section that the text lacks, and too many files", [text, other], true],
    ["too many files", [other], true],
    ["a remark", [remark], true],
    ["nothing", [], true],
  ])("a gate counts or not by what it asks for: %s", (_, reasons, counts) => {
    const given = facts({ policy });
    const gates: GateResult[] = [{ gate: "diff-size", status: "fail", reasons }];
    expect(sharedGates(given, { ...judge(given, { settle: "all" }), gates })).toEqual(counts ? gates : []);
  });

  test("the judgement without the title is of all gates, the ledger's too", () => {
    const text = "version: 1\nroles: { web: { allow: [web] } }\ngates: { secrets: {} }\n";
    const given = facts({
      policy: text,
      changes: [change("lib/a")],
      record: runRecord(),
      secrets: known([finding("title")]),
    });
    const verdict = judge(given, { settle: "all" });
    expect(statusOf(sharedGates(given, verdict), "scope")).toBe("fail");
    expect(statusOf(sharedGates({ ...given, record: known(recordOf()) }, verdict), "scope")).toBe("not-applicable");
  });
});

describe("the conclusion that counts on a shared commit", () => {
  type Conclusion = Verdict["conclusion"];
  test.each<[string, [conclusion: Conclusion, shared: Conclusion][], Conclusion]>([
    ["one alone", [["pending", "success"]], "pending"],
    [
      "the best text counts",
      [
        ["failure", "success"],
        ["success", "success"],
      ],
      "success",
    ],
    [
      "the best text counts, and it waits",
      [
        ["failure", "success"],
        ["pending", "success"],
      ],
      "pending",
    ],
    [
      "the worst commit counts",
      [
        ["success", "success"],
        ["failure", "failure"],
      ],
      "failure",
    ],
    [
      "the worst commit counts, and it waits",
      [
        ["success", "success"],
        ["pending", "pending"],
      ],
      "pending",
    ],
  ])("%s", (_, all, counted) => {
    expect(countedOf(all.map(([conclusion, shared]) => ({ conclusion, shared })))).toBe(counted);
  });

  test("a success is better than what waits, and that than a failure", () => {
    expect([isBetter("success", "pending"), isBetter("pending", "failure"), isBetter("success", "failure")]).toEqual([
      true,
      true,
      true,
    ]);
    expect([isBetter("pending", "pending"), isBetter("failure", "pending")]).toEqual([false, false]);
  });
});
