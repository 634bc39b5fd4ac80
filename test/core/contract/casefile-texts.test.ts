import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { logFile } from "../../../core/contract/casefile-log.ts";
import { planFile } from "../../../core/contract/casefile-plan.ts";
import { peoplesPart } from "../../../core/contract/casefiles.ts";
import type { TypedEntry } from "../../../core/entries.ts";
import { casefileRun } from "../../builders/casefile-story.ts";

const { entries, asked } = casefileRun();
const seqOf = (kind: TypedEntry["kind"], index = 0) => entries.filter((entry) => entry.kind === kind)[index]?.seq ?? 0;

describe("the plan", () => {
  test("says who approved what, and each prompt with its limits", () => {
    const approved = entries.find((entry) => entry.kind === "approval.granted");
    const proposed = entries.find((entry) => entry.kind === "plan.proposed");
    if (approved?.kind !== "approval.granted" || proposed?.kind !== "plan.proposed") throw new Error("no plan");
    expect(planFile(entries, 2, "run-2-1").split("\n")).toEqual([
      "# Story #2: plan",
      "",
      "Written by Sallyport from its ledger. Changing it here changes nothing that an agent is told.",
      "",
      `- Plan: revision 1, \`${proposed.body.planSha256}\`, by \`m\`, asked for by \`@lena\``,
      `- Approved: \`${approved.body.digest}\` by \`@quinn\`, 2026-11-21T10:00:00.000Z, entry ${approved.seq}`,
      `- Contract: frozen in entry ${seqOf("contract.frozen")}`,
      "- Risk: high",
      "",
      ...["## Approach", "", "Do it in two small steps, the module first.", ""],
      ...["## Acceptance criteria", "", "- It works.", ""],
      ...[
        "## 1. Step 1",
        "",
        "Step 1 of the work is done and can be reviewed.",
        "",
        "- Issue: #3",
        "- Role: `web`",
        "- May change: `web/step-1/**`",
        "",
      ],
      ...["### Acceptance criteria", "", "- Step 1 is done.", ""],
      ...[
        "## 2. Step 2",
        "",
        "Step 2 of the work is done and can be reviewed.",
        "",
        "- Issue: #4",
        "- Role: `web`",
        "- After: 1",
        "- May change: `web/step-2/**`",
        "",
      ],
      ...["### Acceptance criteria", "", "- Step 2 is done.", ""],
    ]);
  });

  test("is the same for every prompt of a contract", () => {
    const plans = asked.map((change) => change.casefiles?.find(({ name }) => name === "plan")?.text);
    expect(plans).toEqual([planFile(entries, 2, "run-2-1"), planFile(entries, 2, "run-2-1")]);
  });

  test("of a run that rests on nothing says nothing of a contract", () => {
    expect(planFile(entries, 2, "run-2-2")).not.toContain("Step");
  });
});

describe("the log", () => {
  test("tells each attempt in order, with the reasons of the refused one", () => {
    const whole = logFile(entries, 2)
      .replaceAll(/`[0-9a-f]{40,64}`/g, "`…`")
      .replaceAll(/2026-11-21T10:00:00.000Z, entry \d+/g, "then");
    expect(whole.split("\n").slice(4)).toEqual([
      "## run-2-1",
      "",
      "- then: submitted by `@lena` for #3, #4, as approved in `…`",
      "",
      "### Prompt #3, R0/S0: Step 1",
      "",
      "- then: prompt `…` on commit `…`",
      "- then: answer `…` by `m`: finished",
      "- then: refused",
      "  - `out-of-scope`, `governance/a`: denied by \\`governance/\\*\\*\\`",
      "",
      "### Prompt #3, R0/S1: Step 1",
      "",
      "- then: prompt `…` on commit `…`",
      "- then: remediation `run-2-1/3` opened, origin attempt: `out-of-scope`",
      "- then: answer `…` by `m`: finished",
      "- then: accepted",
      "- then: evidence `…`",
      "- then: commit `…`",
      "- then: pull request #11 for #3",
      "- then: pull request #11 for #3 was merged as `…`",
      expect.stringMatching(/ remediation `run-2-1\/3` fixed: #11 was merged as [0-9a-f]{40}, from R0\/S1 of run-2-1$/),
      "",
      "### Prompt #4, R0/S0: Step 2",
      "",
      "- then: prompt `…` on commit `…`",
      "- then: answer `…` by `m`: finished",
      "- then: accepted",
      "- then: evidence `…`",
      "- then: commit `…`",
      "- then: pull request #12 for #4",
      "- then: pull request #12 for #4 was merged as `…`",
      "- then: run-2-1 succeeded: every prompt is merged",
      "",
    ]);
  });

  test("only grows: the log of fewer entries is the beginning of the log of more", () => {
    const whole = logFile(entries, 2);
    for (let count = 0; count <= entries.length; count++)
      expect(whole.startsWith(logFile(entries.slice(0, count), 2))).toBe(true);
  });

  test("tells what was asked, answered and taken back", () => {
    const app = { type: "app" as const, id: 99, login: "sallyport[bot]" };
    const quinn = { type: "user" as const, id: 2, login: "quinn" };
    const at = "2026-11-21T11:00:00.000Z";
    const concern = { concern: "comment/1", story: 2, pull: null };
    const commits = Array.from({ length: 22 }, (_, index) => index.toString(16).padStart(40, "0"));
    const step = { run: "run-2-1", story: 2, prompt: 4, attempt: { r: 0, s: 0 } };
    const place = { checkpoint: "run-2-1/4/R0S0", branch: "sallyport/run-2-1/4", to: null, undone: commits };
    const source = { type: "comment" as const, id: 1 };
    const more: TypedEntry[] = [
      {
        ...{ seq: 91, hash: "", at, actor: app, kind: "concern.raised" },
        body: {
          ...concern,
          prompt: 4,
          code: "agent-asked",
          message: "Which\n# colour?",
          raisedBy: "agent",
          about: source,
        },
      },
      {
        ...{ seq: 92, hash: "", at, actor: quinn, kind: "concern.answered" },
        body: { ...concern, source, text: "Green." },
      },
      {
        ...{ seq: 93, hash: "", at, actor: quinn, kind: "concern.answered" },
        body: { ...concern, source, text: "" },
      },
      {
        ...{ seq: 94, hash: "", at, actor: app, kind: "rollback.done" },
        body: { ...step, ...place, comment: 3, closed: [12] },
      },
    ];
    const told = logFile([...entries, ...more], 2)
      .split("\n")
      .slice(-5, -1);
    expect(told.slice(0, 3)).toEqual([
      `- ${at}, entry 91: concern \`agent-asked\`: Which<br>&#8203;# colour?`,
      `- ${at}, entry 92: concern answered by \`@quinn\`: Green.`,
      `- ${at}, entry 93: concern answered by \`@quinn\``,
    ]);
    expect(told[3]).toMatch(
      /^- .*, entry 94: rolled back to `run-2-1\/4\/R0S0`, which took off `0{40}`, .* and 2 more$/,
    );
  });

  test("tells nothing of another story", () => {
    expect(logFile(entries, 3).split("\n").slice(4)).toEqual([]);
  });

  test("of a refusal with many long reasons stays short", () => {
    const reason = { source: "r", code: "c", message: "x".repeat(5_000), path: "p" };
    const many = entries.map((entry) =>
      entry.kind === "attempt.closed" && !entry.body.accepted
        ? { ...entry, body: { ...entry.body, reasons: Array.from({ length: 500 }, () => reason) } }
        : entry,
    );
    const told = logFile(many, 2)
      .split("\n")
      .filter((line) => line.startsWith("  - "));
    expect(told).toHaveLength(21);
    expect(told.at(-1)).toBe("  - and 480 more");
    expect(Math.max(...told.map(({ length }) => length))).toBeLessThan(400);
  });
});

/** Text of a model or a person that would be more than text. */
const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(
      fc.constantFrom(
        "\n",
        "\r\n",
        "# ",
        "## run-9-9",
        "- ",
        "| a |",
        "```",
        "`",
        "<!--",
        "-->",
        "<b>",
        peoplesPart,
        "[x](y)",
        "@acme/all",
        "\u202e",
        "\u2028",
        "a",
      ),
      { maxLength: 8 },
    )
    .map((parts) => parts.join("")),
);

/** The entries with these words in every place where a model or a person wrote some. */
function said(words: string): TypedEntry[] {
  return entries.map((entry): TypedEntry => {
    switch (entry.kind) {
      case "plan.proposed": {
        const { plan, usage } = entry.body;
        const lines = [words, words];
        const manualTest = { environment: words, steps: lines };
        const prompts = plan.prompts.map((one) => ({ ...one, objective: words }));
        const texts = {
          approach: words,
          prompts,
          risks: lines,
          unknowns: lines,
          acceptance: lines,
          manualTest,
        };
        return {
          ...entry,
          body: { ...entry.body, plan: { ...plan, ...texts }, usage: { ...usage, model: words } },
        };
      }
      case "contract.frozen": {
        const prompts = entry.body.prompts.map((one) => ({
          ...one,
          ...{ title: words, role: words, paths: [words], acceptance: [words], evidence: [words] },
        }));
        return { ...entry, body: { ...entry.body, prompts } };
      }
      case "response.recorded":
        return {
          ...entry,
          body: { ...entry.body, code: words, usage: { ...entry.body.usage, model: words } },
        };
      case "attempt.closed": {
        const reasons = entry.body.reasons.map((one) => ({ ...one, message: words, path: words }));
        return { ...entry, body: { ...entry.body, reasons } };
      }
      case "run.closed":
        return { ...entry, body: { ...entry.body, reason: words } };
      default:
        return entry;
    }
  });
}

/** What a line is, without its words. */
const shapeOf = (line: string) => /^(?:#{1,3} |- | {2}- |)/.exec(line)?.[0] ?? "";
const shapes = (text: string) => text.split("\n").map(shapeOf);

test("T186: whatever models and people wrote, a casefile has the same lines, and no line of ours can be forged", () => {
  const plain = said("a");
  fc.assert(
    fc.property(hostile, (words) => {
      const told = said(words);
      expect(logFile(structuredClone(told), 2)).toBe(logFile(told, 2));
      for (const [one, other] of [
        [logFile(told, 2), logFile(plain, 2)],
        [planFile(told, 2, "run-2-1"), planFile(plain, 2, "run-2-1")],
      ] as const) {
        expect(shapes(one)).toEqual(shapes(other));
        expect(one).not.toMatch(/<(?!br>|code>|\/code>)|\u2028|\u202e/);
      }
    }),
  );
});
