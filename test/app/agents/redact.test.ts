import { randomBytes } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import * as z from "zod";
import { redactingCallStore, redactResult } from "../../../app/agents/redact.ts";
import { createSecretSearch } from "../../../collect/secrets/redaction.ts";
import { findForms, formsOf, indexForms } from "../../../core/redaction/exact-values.ts";
import { redactionMark } from "../../../core/redaction/redaction.ts";
import type { StepResult } from "../../../schemas/step.ts";
import { memoryCalls, memoryTree } from "../../hosts/model-service.ts";

const ours = "our-own-value-0123456789";
const search = createSecretSearch((text) => findForms(text, indexForms(formsOf("ours", ours))));
/** Has the form of a token of GitHub and is none. */
const lookalike = `ghp_${"aB3dE6gH9jK2".repeat(3)}`;

const message = (...blocks: object[]) => JSON.stringify({ type: "message", role: "assistant", content: blocks });
const Tool = z.object({ name: z.string(), input: z.record(z.string(), z.unknown()) });
const tool = (name: string, input: object) => ({ type: "tool_use", id: "toolu_1", name, input });

async function kept(answer: string) {
  const calls = memoryCalls();
  await redactingCallStore(calls, search).put("key", answer);
  return JSON.parse((await calls.get("key")) ?? "");
}

describe("an answer of the service", () => {
  test("without a secret is stored as it came", async () => {
    const calls = memoryCalls();
    const answer = message(tool("write", { path: "a.ts", content: "a\n" }));
    await redactingCallStore(calls, search).put("key", answer);
    expect(await calls.get("key")).toBe(answer);
    expect(await redactingCallStore(calls, search).get("key")).toBe(answer);
  });

  const rows: [string, object, object][] = [
    ["what it says", { type: "text", text: `so ${ours}` }, { where: "text" }],
    ["a file", tool("write", { path: "a.ts", content: `1\n2\n${ours}` }), { where: "file", path: "a.ts", line: 3 }],
    ["a part of a file", tool("edit", { path: "a.ts", old: "x", new: ours }), { where: "file", path: "a.ts" }],
    ["what is taken out of a file", tool("edit", { path: "a.ts", old: ours, new: "" }), { where: "text" }],
    ["a file's name", tool("write", { path: ours, content: "" }), { where: "file", path: redactionMark }],
    ["a summary", tool("finish", { summary: ours, claims: [] }), { where: "summary" }],
    ["a claim", tool("finish", { summary: "x", claims: [{ criterion: "c", how: ours }] }), { where: "claims" }],
    ["a question", tool("ask", { questions: ["a?", ours] }), { where: "questions" }],
    ["a reason", tool("stop", { reason: ours }), { where: "summary" }],
    ["a plan", tool("propose_plan", { approach: "x", prompts: [{ title: ours }] }), { where: "plan" }],
    ["a field that no tool has", tool("write", { constructor: ours }), { where: "text" }],
    ["a field's name", tool("read", { [ours]: 1 }), { where: "text" }],
    ["a tool's name", tool(ours, {}), { where: "text" }],
  ];
  test.each(rows.filter(([, block]) => "input" in block))(
    "T218 is stored without the secret in %s by OpenAI too",
    async (_part, block, told) => {
      const { input, name } = Tool.parse(block);
      // As it is stored: parsed, so that a secret of several lines is found in a file and not in its JSON.
      const output = [{ type: "reasoning" }, { type: "function_call", call_id: "call_1", name, arguments: input }];
      const stored = await kept(JSON.stringify({ object: "response", output }));
      expect(JSON.stringify(stored)).not.toContain(ours);
      expect(stored.redacted).toEqual([{ rule: "ours", count: 1, ...told }]);
    },
  );

  test.each(rows.filter(([, block]) => "input" in block))(
    "T218 is stored without the secret in %s by Google too",
    async (_part, block, told) => {
      const { input, name } = Tool.parse(block);
      const parts = [{ text: "I write." }, { functionCall: { name, args: input } }];
      const stored = await kept(JSON.stringify({ candidates: [{ content: { parts } }] }));
      expect(JSON.stringify(stored)).not.toContain(ours);
      expect(stored.redacted).toEqual([{ rule: "ours", count: 1, ...told }]);
    },
  );

  test.each<[string, object[], object[]]>([
    [
      "the second of which is signed",
      [{ text: `so ${ours.slice(0, 5)}` }, { text: `${ours.slice(5)}.`, thoughtSignature: "c2ln" }],
      [{ text: `so ${redactionMark}.` }, { text: "", thoughtSignature: "c2ln" }],
    ],
    [
      "beside a thought",
      [{ text: "a", thought: true }, { text: ours.slice(0, 5) }, { text: ours.slice(5), x: 1 }, { text: "b" }],
      [{ text: "a", thought: true }, { text: `${redactionMark}b` }, { text: "", x: 1 }, { text: "" }],
    ],
    [
      "without a secret",
      [{ text: "a" }, { text: "b", thoughtSignature: "c2ln" }],
      [{ text: "a" }, { text: "b", thoughtSignature: "c2ln" }],
    ],
  ])("T218: Google's text in two parts, %s", async (_, parts, stored) => {
    const { candidates, redacted } = await kept(JSON.stringify({ candidates: [{ content: { parts } }] }));
    expect(candidates[0].content.parts).toEqual(stored);
    expect(redacted).toEqual(
      JSON.stringify(stored).includes(redactionMark) ? [{ rule: "ours", where: "text", count: 1 }] : undefined,
    );
  });

  test("a thought's signature has no form of a secret and stays as it is", async () => {
    const thoughtSignature = randomBytes(3_000).toString("base64");
    const answer = JSON.stringify({ candidates: [{ content: { parts: [{ text: "", thoughtSignature }] } }] });
    expect(await kept(answer)).toEqual(JSON.parse(answer));
  });

  test("an encrypted thought has no form of a secret and stays as it is", async () => {
    const encrypted_content = `gAAAAAB${randomBytes(3_000).toString("base64url")}==`;
    const answer = JSON.stringify({ object: "response", output: [{ type: "reasoning", encrypted_content }] });
    expect(await kept(answer)).toEqual(JSON.parse(answer));
  });

  test.each(rows)("T218 is stored without the secret in %s, and tells where it was", async (_part, block, told) => {
    const stored = await kept(message(block));
    expect(JSON.stringify(stored)).not.toContain(ours);
    expect(JSON.stringify(stored.content)).toContain(redactionMark);
    expect(stored.redacted).toEqual([{ rule: "ours", count: 1, ...told }]);
  });
});

describe("a result", () => {
  const result = (more: Partial<StepResult>): StepResult => ({
    version: 1,
    outcome: "finished",
    code: "finished",
    summary: "Done.",
    questions: [],
    files: [],
    claims: [],
    ...more,
  });
  const tree = memoryTree({ "old.ts": `const a = "${lookalike}";\nconst b = "${ours}";\n` });
  const cut = (more: Partial<StepResult>) => redactResult(result(more), tree, search);

  test("without a secret comes back as it was", async () => {
    const given = result({
      files: [
        { path: "a.ts", content: "a\n" },
        { path: "b.ts", content: null },
      ],
    });
    expect(await redactResult(given, tree, search)).toBe(given);
  });

  test("T218 is accepted without the secrets in its words", async () => {
    expect(
      await cut({ summary: ours, questions: [lookalike], claims: [{ criterion: "c", how: `x ${ours}` }] }),
    ).toEqual(
      result({
        summary: redactionMark,
        questions: [redactionMark],
        claims: [{ criterion: "c", how: `x ${redactionMark}` }],
        redacted: [
          { rule: "ours", where: "summary", count: 1 },
          { rule: "github", where: "questions", count: 1 },
          { rule: "ours", where: "claims", count: 1 },
        ],
      }),
    );
  });

  test.each([
    ["ours", ours],
    ["one that was made of two writes", `${ours.slice(0, 9)}" +\n  "${ours.slice(9)}`],
    ["one by its form", lookalike],
  ])("T218 is refused for a secret in a file: %s", async (_what, value) => {
    const { outcome, code, files, redacted } = await cut({
      files: [
        { path: "src/a.ts", content: `1\n2 ${value}\n` },
        { path: "src/b.ts", content: "b\n" },
      ],
    });
    expect({ outcome, code }).toEqual({ outcome: "failed", code: "secret-in-answer" });
    expect(files).toEqual([
      { path: "src/a.ts", content: `1\n2 ${redactionMark}\n` },
      { path: "src/b.ts", content: "b\n" },
    ]);
    expect(redacted).toMatchObject([{ where: "file", path: "src/a.ts", line: 2, count: 1 }]);
  });

  test("T218 is refused for a secret in a file's name", async () => {
    const { code, files } = await cut({ files: [{ path: `src/${lookalike}`, content: null }] });
    expect(code).toBe("secret-in-answer");
    expect(files).toEqual([{ path: `src/${redactionMark}`, content: null }]);
  });

  test("may keep what only looks like a secret where it stood before, and never what is ours", async () => {
    const kept = `const a = "${lookalike}";\nconst c = 1;\n`;
    expect((await cut({ files: [{ path: "old.ts", content: kept }] })).files[0]?.content).toBe(kept);
    expect((await cut({ files: [{ path: "new.ts", content: kept }] })).code).toBe("secret-in-answer");
    const withOurs = await cut({ files: [{ path: "old.ts", content: `${kept}const b = "${ours}";\n` }] });
    expect(withOurs.code).toBe("secret-in-answer");
    expect(JSON.stringify(withOurs)).not.toContain(ours);
  });

  test("that gets too long by its marks hands back nothing", async () => {
    const short = createSecretSearch((text) =>
      [...text.matchAll(/#/g)].map(({ index }) => ({ rule: "short", start: index, end: index + 1 })),
    );
    const summary = "# ".repeat(4_999);
    expect(await redactResult(result({ summary }), tree, short)).toMatchObject({
      outcome: "failed",
      code: "secret-in-answer",
      files: [],
      redacted: expect.any(Array),
    });
  });
});
