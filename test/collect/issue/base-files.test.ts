import { expect, test } from "@jest/globals";
import { readInstructions, readTask } from "../../../collect/issue/base-files.ts";
import { known, unknown } from "../../../core/known.ts";

const commit = "a".repeat(40);
/** Files of a commit, by path; a mode other than a file's stands before the text. */
const objects = (files: Record<string, Buffer | string>, mode = "100644") => ({
  entry: async (_: string, path: string) =>
    known(Object.hasOwn(files, path) ? { path, mode, type: "blob", sha: path } : null),
  blob: async (sha: string, limit: number) => {
    const content = Buffer.from(files[sha] ?? "");
    return known({ size: content.length, content: content.length > limit ? null : content });
  },
});

test.each<[string, Buffer | string | null, boolean]>([
  ["a text", "Do.\n", true],
  ["no file", null, false],
  ["a file of more than 16 KB", "x".repeat(16_385), false],
  ["bytes that are no UTF-8", Buffer.from([0xff, 0xfe]), false],
  ["a binary file", "a\0b", false],
])("G12: %s as instructions", async (_, content, isRead) => {
  const read = await readInstructions(objects(content === null ? {} : { "A.md": content }), commit, ["A.md"]);
  expect(read).toEqual(known([{ path: "A.md", file: isRead ? expect.objectContaining({ text: content }) : null }]));
});

test("G12: a link is not followed, and what could not be read is unknown", async () => {
  expect(await readInstructions(objects({ "A.md": "x" }, "120000"), commit, ["A.md"])).toEqual(
    known([{ path: "A.md", file: null }]),
  );
  const away = { ...objects({}), entry: async () => unknown("away") };
  expect(await readInstructions(away, commit, ["A.md"])).toEqual(unknown("away"));
});

test.each<[string, string, object]>([
  ["with keys of other tools", "risk: high\ntouches: web\nassigned_agent: x\n", { state: "read" }],
  ["that is no mapping", "- a\n", { state: "malformed" }],
  ["with an unknown risk", "risk: banana\n", { state: "malformed", why: expect.stringContaining("risk") }],
  ["that is no YAML", "a: [\n", { state: "malformed", why: expect.stringContaining("line ") }],
])("B1: a task file %s", async (_, text, reading) => {
  const read = await readTask(objects({ "tasks/T-1/meta.yml": text }), commit, "T-1");
  expect(read).toEqual(known(expect.objectContaining({ path: "tasks/T-1/meta.yml", ...reading })));
});

test("B1: a task file that is not there is absent", async () => {
  expect(await readTask(objects({}), commit, "T-1")).toEqual(known({ path: "tasks/T-1/meta.yml", state: "absent" }));
});
