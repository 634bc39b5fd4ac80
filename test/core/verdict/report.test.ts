import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { PullFacts } from "../../../core/facts.ts";
import { unknown } from "../../../core/known.ts";
import { judge } from "../../../core/verdict/judge.ts";
import { exitStatus, summaryMarkdown, terminalText, titleOf } from "../../../core/verdict/report.ts";
import type { GateStatus, Reason, Verdict } from "../../../schemas/verdict.ts";
import { change, facts, head, runRecord } from "../../builders/pull-facts.ts";

const all = { settle: "all" } as const;
const policy = `version: 1
people: { approvers: ["@acme/qa"] }
roles: { web: { allow: ["web/**"] } }
gates:
  forbidden-paths: { deny: ["governance/**"] }
  diff-size: { files: 1 }
  manual-test: { when: { paths: ["web/ui/**"] }, tests: [manual, keyboard] }
`;
const asDraft = (given: PullFacts): PullFacts => ({
  ...given,
  pull: given.pull === null ? null : { ...given.pull, draft: true },
});
const good = judge(facts({ policy }), all);
const waiting = judge(facts({ policy, changes: [change("web/ui/a")], record: runRecord() }), all);
const failed = judge(facts({ policy, changes: [change("governance/a"), change("governance/b")] }), all);
const unread = judge({ ...facts({ policy }), changes: unknown("the tree is cut short") }, all);
const content = judge(facts({ policy }), { settle: "content" });

const withReason = (reason: Partial<Reason>, status: GateStatus = "fail"): Verdict => ({
  ...good,
  conclusion: "failure",
  gates: [
    {
      gate: "scope",
      status,
      reasons: [{ code: "x", message: "m", next: { step: "s", who: "w" }, ...reason }],
    },
  ],
});

const titles: [Verdict, unknown, number][] = [
  [good, "All gates pass", 0],
  [judge(asDraft(facts({ policy })), all), "Draft: no gate blocks", 0],
  [judge(asDraft(facts({ policy })), { settle: "content" }), "Draft: no gate that the commits settle blocks", 0],
  [
    judge(asDraft(facts({ policy, changes: [change("governance/a")] })), all),
    "Draft: 1 gate fails: forbidden-paths",
    1,
  ],
  [waiting, "Waiting for 2 sign-offs", 2],
  [failed, "2 gates fail: forbidden-paths, diff-size", 1],
  [unread, expect.stringMatching(/^Not decided, could not be read: forbidden-paths, .*manual-test$/), 2],
  [content, "All gates that the commits settle pass", 0],
  [withReason({ code: "evidence-not-recorded" }, "pending"), "Waiting: scope", 1],
];
test.each(titles)("H13: titles and exit statuses (%#)", (verdict, title, status) => {
  expect([titleOf(verdict), exitStatus(verdict)]).toEqual([title, status]);
});

test("H13: a summary says that the check is advisory where that is known", () => {
  expect(summaryMarkdown(good)).not.toContain("Advisory");
  const lines = summaryMarkdown(good, { notRequiredOn: "main" }).split("\n");
  expect(lines[2]).toBe("Advisory: when this was written, `main` did not ask for this check, so it stopped no merge.");
});

test("T12: a waived gate passes by waiver, and the title counts it", () => {
  const by = { code: "waived", message: "Waived by @quinn on this commit until 2026-12-01 (entry 5): it is generated" };
  const gates = good.gates.map((one) => (one.gate === "diff-size" ? { ...one, reasons: [by] } : one));
  const verdict = { ...good, gates };
  expect(titleOf(verdict)).toBe("All gates pass, 1 by waiver");
  for (const text of [summaryMarkdown(verdict), terminalText(verdict, { color: false })]) {
    expect(text).toContain("All gates pass, 1 by waiver");
    expect(text).toMatch(/diff-size .*passes by waiver\b[\s\S]{0,20}Waived by .*quinn on this commit until 2026-12-01/);
  }
});

test("a title is cut at a hundred characters", () => {
  const gates = Array.from({ length: 20 }, (_, index) => ({
    gate: `gate-number-${index}`,
    status: "fail" as const,
    reasons: [],
  }));
  expect(titleOf({ ...failed, gates })).toHaveLength(100);
});

describe("the summary", () => {
  test("says the conclusion first, then every gate, then what blocks", () => {
    const text = summaryMarkdown(failed);
    expect(text.split("\n")[0]).toBe("**Failed.** 2 gates fail: forbidden-paths, diff-size.");
    for (const { gate, status } of failed.gates) if (status !== "not-applicable") expect(text).toContain(`| ${gate} |`);
    expect(text).toContain("- `governance/a`: This change edits a file that the policy forbids by");
    expect(text).toContain("(`.github/sallyport.yml:5`)");
    expect(text).toContain("ask a maintainer to change line 5 of the policy");
    expect(text).toContain(`Head ${head}`);
  });

  test("shows a command to copy as a block", () => {
    expect(summaryMarkdown(waiting)).toContain(`  \`\`\`text\n  /sign-off ${head} pass keyboard\n  \`\`\``);
  });

  test("names what was left to the App", () => {
    expect(summaryMarkdown(content)).toContain(`Left to the App: ${content.deferred.join(", ")}.`);
    expect(content.deferred).toContain("manual-test");
  });

  test("tells gates that were not asked in one line and not in the table", () => {
    const text = summaryMarkdown(good);
    expect(text).toMatch(/^Not asked of this change: .*scope.*\.$/m);
    expect(text).not.toContain("| scope |");
  });

  test("T189, T127: a file name or message brings no markup to life", () => {
    const text = summaryMarkdown(
      withReason({
        path: "a`<img src=x>\n\n# @org/all\n/approve",
        message: "<b>@org/all</b> fixes #1\n\n/merge | x",
      }),
    );
    expect(text).not.toMatch(/<(?!br>|\/?code>)/);
    expect(text).not.toMatch(/^\s*\/|^# /m);
    expect(text).not.toMatch(/@org|#1\b/);
  });

  test("T199: stays under GitHub's limit and says what is left out", () => {
    const reasons: Reason[] = Array.from({ length: 100 }, (_, index) => ({
      code: "x",
      message: `${index} ${"é".repeat(5_000)}`,
      path: "p".repeat(4_000),
    }));
    const text = summaryMarkdown({ ...failed, gates: [{ gate: "scope", status: "fail", reasons }] });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(65_000);
    expect(text).toMatch(/more parts are left out here; `sallyport check --json` prints the whole verdict/);
    expect(text).toContain(`Head ${head}`);
  });

  test("any message and path keep it within the limit and in one table", () => {
    const text = fc.string({ unit: "binary", maxLength: 300 });
    fc.assert(
      fc.property(text, text, fc.constantFrom<GateStatus>("fail", "pending", "unknown"), (message, path, status) => {
        const summary = summaryMarkdown(withReason({ message, path }, status));
        expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(65_000);
        const rows = summary.split("\n").filter((line) => line.startsWith("|"));
        expect(rows).toHaveLength(3);
      }),
    );
  });
});

describe("the terminal's text", () => {
  test("gives every reason with its place, line of the policy and next step", () => {
    const text = terminalText(failed, { color: false });
    expect(text).toContain("Verdict: Failed. 2 gates fail: forbidden-paths, diff-size.");
    expect(text).toContain(
      "  - governance/a: This change edits a file that the policy forbids by `governance/**`. (.github/sallyport.yml:5)",
    );
    expect(text).toContain("    next: Take this file out of the change");
  });

  test("T126: no control character of a file name reaches the terminal", () => {
    const text = terminalText(withReason({ path: "a\u001b[2Jb\rc\u202Ed" }), { color: false });
    expect(text).toContain("a[U+001B][2Jb[U+000D]c[U+202E]d");
    expect(text).not.toContain("\u001b");
  });

  test("T199: no text of others begins a line, so none can pass for a workflow command", () => {
    const text = terminalText(
      withReason({ message: "x\n::error::y\n##[group]z", path: "::warning::a\n::stop-commands::b" }),
      { color: false },
    );
    expect(text).not.toMatch(/^\s*(?:::|##\[)/m);
  });

  test("has colour only when asked", () => {
    expect(terminalText(good, { color: true })).toContain("\u001b[32m");
    expect(terminalText(good, { color: false })).not.toContain("\u001b");
  });
});
