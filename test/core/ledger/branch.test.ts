import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { manifestName } from "../../../core/ledger/archive.ts";
import {
  bodyPath,
  branchFiles,
  branchReadme,
  evidenceBranch,
  readLayout,
  readSegments,
  segmentEntries,
  segmentPath,
  strayFiles,
  wrongBodies,
} from "../../../core/ledger/branch.ts";

const full = segmentEntries;
const numbered = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({ seq: from + index, line: `line ${from + index}` }));
const text = (count: number) => Buffer.from("a\n".repeat(count));
const filesOf = (files: Record<string, string | Uint8Array>) =>
  new Map(Object.entries(files).map(([path, content]) => [path, Buffer.from(content)] as const));
const sha256 = (content: string) => createHash("sha256").update(content).digest("hex");

describe("names", () => {
  const places: [number, string][] = [
    [1, "ledger/0001.jsonl"],
    [full, "ledger/0001.jsonl"],
    [full + 1, "ledger/0002.jsonl"],
    [9_999 * full + 1, "ledger/10000.jsonl"],
  ];
  test.each(places)("entry %d stands in %s", (seq, path) => {
    expect(segmentPath(seq)).toBe(path);
  });

  test("a body is found by its digest", () => {
    expect(bodyPath("ab".repeat(32))).toBe(`bodies/ab/${"ab".repeat(32)}`);
  });

  test("the branch and an archive's list have the names by which what was published is found", () => {
    expect([evidenceBranch, manifestName]).toEqual(["sallyport/evidence", "manifest.json"]);
  });

  test("the branch says how to verify it", () => {
    expect(branchReadme).toContain("npx sallyport ledger verify . --key");
  });
});

test("whatever is written in however many commits is read back in order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 6 }), (counts) => {
      const branch = new Map<string, Uint8Array>();
      const lines: string[] = [];
      for (const count of counts) {
        const fresh = numbered(lines.length + 1, count);
        const written = branchFiles(lines.slice(lines.length - (lines.length % full)), fresh);
        for (const { path, content } of written) branch.set(path, Buffer.from(content));
        lines.push(...fresh.map(({ line }) => line));
      }
      expect(readSegments(branch)).toEqual({ ok: true, lines });
    }),
    { numRuns: 50 },
  );
});

test("a full file is never written again", () => {
  expect(branchFiles([], numbered(full + 1, 1))).toEqual([
    { path: "ledger/0002.jsonl", content: `line ${full + 1}\n` },
  ]);
});

test("files are read by their number and not by their spelling, past the ten thousandth too", () => {
  const count = 10_001;
  const files = Array.from({ length: count }, (_, index) => [segmentPath(index * full + 1), text(full)] as const);
  const read = readSegments(new Map(files.toReversed()));
  expect(read.ok && read.lines.length).toBe(count * full);
});

test("the layout counts entries and lists the files; an empty line is a line, which no signature fits", () => {
  const files = filesOf({ "ledger/0002.jsonl": "\nb\n", "README.md": "", "ledger/0001.jsonl": text(full) });
  const segments = ["ledger/0001.jsonl", "ledger/0002.jsonl"];
  expect(readLayout(files)).toEqual({ ok: true, entries: full + 2, segments });
});

test("no ledger at all is no line", () => {
  expect(readSegments(filesOf({ "README.md": "" }))).toEqual({ ok: true, lines: [] });
});

describe("a layout that is refused, with the first place that cannot be read", () => {
  const cases: [string, Record<string, string | Uint8Array>, number, RegExp][] = [
    ["T143 the first file is missing", { "ledger/0002.jsonl": "a\n" }, 1, /expected the file ledger\/0001/],
    [
      "T143 a file in the middle is missing",
      { "ledger/0001.jsonl": text(full), "ledger/0003.jsonl": "a\n" },
      full + 1,
      /expected the file ledger\/0002/,
    ],
    [
      "T143 a file in the middle is short",
      { "ledger/0001.jsonl": text(full - 1), "ledger/0002.jsonl": "a\n" },
      full,
      /holds 499 entries and is not the last/,
    ],
    ["a file holds too much", { "ledger/0001.jsonl": text(full + 1) }, full + 1, /at most 500/],
    ["T143 the last line was cut", { "ledger/0001.jsonl": "a\nb" }, 2, /it was cut/],
    ["an empty file", { "ledger/0001.jsonl": "" }, 1, /holds 0 entries/],
    [
      "an empty file after a full one",
      { "ledger/0001.jsonl": text(full), "ledger/0002.jsonl": "" },
      full + 1,
      /ledger\/0002/,
    ],
    ["bytes that are no text", { "ledger/0001.jsonl": Buffer.from("a\nb\n\xffc\n", "latin1") }, 3, /line 3/],
    [
      "a file of another name",
      { "ledger/0001.jsonl": "a\n", "ledger/1.jsonl": "a\n" },
      2,
      /holds 1 entries and is not the last/,
    ],
    ["of two strange files the first by name", { "ledger/y": "", "ledger/x": "" }, 1, /found "ledger\/x"/],
    ["a file below the folder", { "ledger/0001.jsonl": text(full), "ledger/x/y": "a\n" }, full + 1, /"ledger\/x\/y"/],
  ];
  test.each(cases)("%s", (_, files, position, message) => {
    const read = readSegments(filesOf(files));
    expect(read).toMatchObject({ ok: false, position, message: expect.stringMatching(message) });
  });
});

describe("bodies", () => {
  const good = sha256("good");
  test("T164: one whose content is not what its name says is found", () => {
    const files = filesOf({
      [bodyPath(good)]: "good",
      [bodyPath(sha256("other"))]: "changed",
      "bodies/README": "good",
      [`bodies/00/${good}`]: "good",
      "ledger/0001.jsonl": "a\n",
    });
    expect(wrongBodies(files)).toEqual([bodyPath(sha256("other")), "bodies/README", `bodies/00/${good}`]);
  });
});

test("files that are no part of a ledger are named", () => {
  const files = filesOf({
    "README.md": "",
    "ledger/0001.jsonl": "a\n",
    [bodyPath(sha256(""))]: "",
    "run.sh": "",
    ledger: "",
    "old/ledger/0001.jsonl": "",
  });
  expect(strayFiles(files)).toEqual(["run.sh", "ledger", "old/ledger/0001.jsonl"]);
});
