import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { PullFacts } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
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

const withReason = (reason: Partial<Reason>, status: GateStatus = "fail", gate = "scope"): Verdict => ({
  ...good,
  conclusion: "failure",
  gates: [
    {
      gate,
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
  [judge({ ...facts(), policy: known({ state: "absent", ref: head, removedBy: null }) }, all), "Not set up yet", 2],
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
  test("U12: says the conclusion first, then what blocks, then every other gate", () => {
    const text = summaryMarkdown(failed);
    expect(text.split("\n")[0]).toBe("**Failed.** 2 gates fail: forbidden-paths, diff-size.");
    for (const { gate, status } of failed.gates) {
      expect(text.includes(`\n#### ${gate} fails\n`)).toBe(status === "fail");
      expect(text.includes(`| ${gate} |`)).toBe(status === "pass");
    }
    expect(text.indexOf("#### forbidden-paths")).toBeLessThan(text.indexOf("| gate | result | why |"));
    expect(text).toContain("- `governance/a`: This change edits a file that the policy forbids by");
    expect(text).toContain("(`.github/sallyport.yml:5`)");
    expect(text).toContain("ask a maintainer to change line 5 of the policy");
    expect(text).toContain(`Head ${head}`);
  });

  test("shows a command to copy as a block", () => {
    expect(summaryMarkdown(waiting)).toContain(`  \`\`\`text\n  /sign-off ${head} pass keyboard\n  \`\`\``);
  });

  test("names what is judged on the pull request", () => {
    expect(summaryMarkdown(content)).toContain(`Left to the pull request: ${content.deferred.join(", ")}.`);
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
      fc.property(
        text,
        text,
        fc.constantFrom<GateStatus>("fail", "pending", "unknown", "pass"),
        (message, path, status) => {
          const summary = summaryMarkdown(withReason({ message, path }, status));
          expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(65_000);
          const rows = summary.split("\n").filter((line) => line.startsWith("|"));
          expect(rows).toHaveLength(status === "pass" ? 3 : 0);
        },
      ),
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

describe("the whole text, to the letter", () => {
  const sha = (letter: string) => letter.repeat(40);
  const next = { step: "Take it out.", who: "@ada" };
  const command = { step: "/sign-off abc pass manual", who: "@acme/qa" };
  const scope: Reason[] = [
    { code: "a", message: "Not allowed.", path: "src/a.ts", line: 7, policyLine: 12, next },
    { code: "b", message: "Too much.", path: "src/b.ts" },
  ];
  const verdict: Verdict = {
    ...{ conclusion: "failure", base: sha("b"), head: sha("d"), engine: "3", deferred: ["review", "ci"] },
    policy: { ref: sha("b"), blob: sha("e") },
    gates: [
      { gate: "secrets", status: "pass", reasons: [{ code: "none", message: "None." }] },
      { gate: "manual-test", status: "pending", reasons: [{ code: "c", message: "Not tested.", next: command }] },
      { gate: "adr", status: "not-applicable", reasons: [{ code: "d", message: "Not asked." }] },
      { gate: "content", status: "unknown", reasons: [{ code: "e", message: "Cut short." }] },
      { gate: "scope", status: "fail", reasons: scope },
      { gate: "size", status: "pass", reasons: [] },
    ],
  };
  const others = [
    ...["#### The other gates", "", "| gate | result | why |", "|---|---|---|"],
    ...["| secrets | ✓ passes | None. |", "| size | ✓ passes |  |"],
  ];
  const foot = [`Head ${sha("d")}, base ${sha("b")}, policy ${sha("e")} at ${sha("b")}, engine 3.`, ""];

  test("U12: of a summary: what fails, then what could not be read, then what waits, then the rest", () => {
    expect(summaryMarkdown(verdict).split("\n")).toEqual([
      "**Failed.** 1 gate fails: scope.",
      ...["", "#### scope fails", "", "- `src/a.ts:7`: Not allowed. (`.github/sallyport.yml:12`)"],
      ...["  **Next:** Take it out. (@&#8203;ada)", "- `src/b.ts`: Too much."],
      ...["", "#### content could not be read", "", "- Cut short."],
      ...["", "#### manual-test waits", "", "- Not tested.", ""],
      ...["  **Next**, by @&#8203;acme/qa, as a comment here:", ""],
      ...["  ```text", "  /sign-off abc pass manual", "  ```", "", ...others],
      ...["", "Not asked of this change: adr.", "", "Left to the pull request: review, ci.", "", ...foot],
    ]);
  });

  test("of a terminal, without colours and with them", () => {
    const text = terminalText(verdict, { color: false });
    expect(text.split("\n")).toEqual([
      "Verdict: Failed. 1 gate fails: scope.",
      ...["✓ secrets      passes", "  - None."],
      ...["… manual-test  waits", "  - Not tested.", "    next: /sign-off abc pass manual (@acme/qa)"],
      ...["? content      could not be read", "  - Cut short."],
      ...["✗ scope        fails", "  - src/a.ts:7: Not allowed. (.github/sallyport.yml:12)"],
      ...["    next: Take it out. (@ada)", "  - src/b.ts: Too much."],
      ...["✓ size         passes", "Not asked of this change: adr.", "Left to the pull request: review, ci.", ""],
    ]);
    const [start, ...painted] = terminalText(verdict, { color: true }).split("\u001b[");
    const colours = ["32m✓", "33m…", "33m?", "31m✗", "32m✓"];
    expect(painted.filter((one) => !one.startsWith("0m")).map((one) => one.slice(0, 4))).toEqual(colours);
    expect(start + painted.map((one) => one.replace(/^\d+m/, "")).join("")).toBe(text);
  });

  test("of nothing to tell: no table of notes, no policy", () => {
    const bare: Verdict = { ...verdict, conclusion: "success", policy: null, gates: [], deferred: [] };
    expect(summaryMarkdown(bare).split("\n")).toEqual([
      ...["**Passed.** All gates pass.", ""],
      ...[`Head ${sha("d")}, base ${sha("b")}, no policy, engine 3.`, ""],
    ]);
    expect(terminalText(bare, { color: false })).toBe("Verdict: Passed. All gates pass.\n");
    expect(titleOf(bare)).toBe("All gates pass");
  });
});

describe("what waits, in the title", () => {
  const pending = (...gates: string[]): Verdict => ({
    ...good,
    conclusion: "pending",
    gates: gates.map((gate) => ({ gate, status: "pending", reasons: [{ code: "not-signed-off", message: "m" }] })),
  });
  test.each([
    [pending("stop"), "Stopped until somebody answers"],
    [pending("stop", "ci", "review"), "Stopped until somebody answers; also waiting: ci, review"],
    [pending("manual-test"), "Waiting for 1 sign-off"],
  ])("%#", (verdict, title) => {
    expect(titleOf(verdict)).toBe(title);
  });

  test("a title of a hundred characters is whole, one of a hundred and one is cut", () => {
    const titleFor = (length: number) => titleOf(withReason({}, "fail", "g".repeat(length - "1 gate fails: ".length)));
    expect(titleFor(100)).toMatch(/g$/);
    expect(titleFor(101)).toMatch(/^.{99}…$/);
  });
});

test("a message of a thousand characters is whole, a longer one is cut", () => {
  const shown = (length: number) => /x+…?/.exec(summaryMarkdown(withReason({ message: "x".repeat(length) })))?.[0];
  expect([shown(1_000), shown(1_001)]).toEqual(["x".repeat(1_000), `${"x".repeat(1_000)}…`]);
});

test("T199: a summary is cut where not one part more fits, and counts what is left out", () => {
  const reasons: Reason[] = Array.from({ length: 70 }, (_, index) => ({
    code: "x",
    message: `${index} ${"y".repeat(990)}`,
  }));
  const text = summaryMarkdown({ ...failed, gates: [{ gate: "scope", status: "fail", reasons }] });
  const shown = text.match(/^- \d+ /gm)?.length ?? 0;
  expect(text).toContain(`\n${70 - shown} more parts are left out here; `);
  const size = Buffer.byteLength(text);
  expect([size <= 65_000, size + 1_000 > 65_000]).toEqual([true, true]);
});
