import { describe, expect, test } from "@jest/globals";
import { Ajv } from "ajv";
import { callTool, toolDefinitions } from "../../../app/agents/tools.ts";
import { createWorkspace } from "../../../app/agents/workspace.ts";
import { memoryTree, samplePack } from "../../hosts/model-service.ts";

const lines = (count: number) => Array.from({ length: count }, (_, at) => `line ${at + 1}`).join("\n");
const files = { "src/a/long.txt": lines(3_000), "src/a/short.txt": "one\ntwo\n" };
const start = (more: Record<string, string> = {}) => createWorkspace(memoryTree({ ...files, ...more }), samplePack());
const textOf = async (name: string, input: unknown, workspace = start()) => {
  const outcome = await callTool(name, input, workspace);
  if (outcome.type !== "text") throw new Error(`${name} ended the run`);
  return outcome;
};

describe("a part is never taken for the whole", () => {
  test("a short file is shown as it is, to the byte", async () => {
    expect((await textOf("read", { path: "src/a/short.txt" })).text).toBe("one\ntwo\n");
  });

  test("a long file says where it goes on, and its parts make up the whole", async () => {
    let whole = "";
    for (let from: number | undefined = 1; from !== undefined; ) {
      const { text } = await textOf("read", { path: "src/a/long.txt", from });
      const [, shown, next] = /^([\s\S]*\n)\(lines .*? of 3000(?:; go on with from: (\d+))?\)$/.exec(text) ?? [];
      whole += shown;
      from = next === undefined ? undefined : Number(next);
    }
    expect(whole).toBe(`${files["src/a/long.txt"]}\n`);
  });

  test("a read beyond the end says so", async () => {
    expect((await textOf("read", { path: "src/a/short.txt", from: 10 })).text).toBe("(lines none of 3)");
  });

  test("an answer of too many characters stops at a whole line and says where to go on", async () => {
    const wide = Array.from({ length: 2_000 }, () => "x".repeat(299)).join("\n");
    const { text } = await textOf("read", { path: "src/a/x", lines: 2_000 }, start({ "src/a/x": wide }));
    expect(text).toMatch(/x\n\(lines 1 to 333 of 2000; go on with from: 334\)$/);
  });

  test("a line without end is cut and says so", async () => {
    const { text } = await textOf("read", { path: "src/a/x" }, start({ "src/a/x": "x".repeat(200_000) }));
    expect(text.length).toBeLessThan(101_000);
    expect(text).toMatch(/cut here/);
  });

  test("a list of many files goes on from where it stopped", async () => {
    const many = Object.fromEntries(Array.from({ length: 700 }, (_, at) => [`lib/${at}.ts`, ""]));
    const first = await textOf("list", { prefix: "lib/" }, start(many));
    expect(first.text).toMatch(/\(paths 1 to 500 of 700; go on with from: 501\)$/);
    const rest = await textOf("list", { prefix: "lib/", from: 501 }, start(many));
    expect(rest.text.split("\n")).toHaveLength(201);
  });

  test("a search of too much says so", async () => {
    const many = Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`lib/${at}.ts`, "none"]));
    expect((await textOf("search", { text: "needle", prefix: "lib/" }, start(many))).text).toBe(
      "(searched 300 of 400 files; give a longer prefix for the rest)",
    );
  });

  test("a found line is never cut within a character", async () => {
    const { text } = await textOf("search", { text: "x" }, start({ "src/a/x": `${"x".repeat(299)}😀x` }));
    expect(text.isWellFormed()).toBe(true);
  });
});

describe("what a model asks for is parsed", () => {
  test.each<[string, unknown]>([
    ["write", {}],
    ["write", { path: "src/a/x.ts" }],
    ["write", { path: ["src/a/x.ts"], content: "x" }],
    ["write", { path: "src/a/x.ts", content: "x", mode: "120000" }],
    ["write", null],
    ["write", "src/a/x.ts"],
    ["edit", { path: "src/a/short.txt", old: "", new: "x" }],
    ["read", { path: "src/a/short.txt", from: 0 }],
    ["read", { path: "src/a/short.txt", lines: 1e9 }],
    ["finish", { summary: "Done." }],
    ["finish", { summary: "", claims: [] }],
    ["ask", { questions: [] }],
    ["ask", { questions: [" "] }],
    ["bash", { command: "id" }],
    ["constructor", {}],
    ["__proto__", {}],
  ])("T291: %s %j is told as a mistake that can be mended", async (name, input) => {
    const workspace = start();
    const outcome = await textOf(name, input, workspace);
    expect(outcome).toMatchObject({ ok: false, malformed: true });
    expect(outcome.text).toMatch(/^bad-input: /);
    expect(await workspace.changes()).toEqual([]);
  });

  test("a refusal by the workspace is an answer and no mistake in form", async () => {
    expect(await textOf("write", { path: "README.md", content: "x" })).toMatchObject({
      ok: false,
      malformed: false,
      path: "README.md",
      text: expect.stringMatching(/^outside-role: /),
    });
  });

  test("write, edit and delete do what they say", async () => {
    const workspace = start();
    await textOf("write", { path: "src/a/x.ts", content: "x\n" }, workspace);
    await textOf("edit", { path: "src/a/short.txt", old: "one", new: "1" }, workspace);
    await textOf("delete", { path: "src/a/long.txt" }, workspace);
    expect(await workspace.changes()).toEqual([
      { path: "src/a/long.txt", content: null },
      { path: "src/a/short.txt", content: "1\ntwo\n" },
      { path: "src/a/x.ts", content: "x\n" },
    ]);
  });

  test.each<[string, object, object]>([
    ["ask", { questions: ["Which?"] }, { outcome: "asked", questions: ["Which?"] }],
    ["stop", { reason: "It is unclear." }, { outcome: "stopped", summary: "It is unclear." }],
    ["finish", { summary: "Done.", claims: [] }, { outcome: "finished", summary: "Done.", claims: [] }],
  ])("%s ends the run", async (name, input, end) => {
    expect(await callTool(name, input, start())).toMatchObject({ type: "end", ...end });
  });
});

test("what a tool says it takes is JSON schema, closed, and agrees with what is parsed", async () => {
  const tools = toolDefinitions();
  const write = tools.find((tool) => tool.name === "write");
  const validate = new Ajv({ strict: true }).compile(write?.input_schema ?? false);
  expect(validate({ path: "src/a/x.ts", content: "x" })).toBe(true);
  expect(validate({ path: "src/a/x.ts", content: "x", mode: "120000" })).toBe(false);
  expect(validate({ path: "src/a/x.ts" })).toBe(false);
  for (const tool of tools) expect(tool.description).not.toBe("");
});
