import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { canonicalJson } from "../../../core/json.ts";
import {
  archiveLimits,
  fileProblem,
  isArchiveName,
  manifestText,
  missingProblem,
  readManifest,
} from "../../../core/ledger/archive.ts";
import { bodyPath } from "../../../core/ledger/branch.ts";

const sha256 = (content: string) => createHash("sha256").update(content).digest("hex");
const body = bodyPath(sha256("a body"));
const segment = "ledger/0001.jsonl";
const files = new Map([
  [segment, Buffer.from("a\n")],
  [body, Buffer.from("a body")],
]);

describe("names", () => {
  test.each([segment, "ledger/9999.jsonl", "ledger/10000.jsonl", body])("of a ledger: %s", (name) => {
    expect(isArchiveName(name)).toBe(true);
  });

  const refused = [
    "",
    "manifest.json",
    "README.md",
    "ledger",
    "ledger/0000.jsonl",
    "ledger/001.jsonl",
    "ledger/00001.jsonl",
    "Ledger/0001.jsonl",
    "ledger/0001.JSONL",
    "ledger/0001.jsonl/",
    "ledger/0001.jsonl\n",
    "ledger/0001.jsonl\u0000",
    "ledger//0001.jsonl",
    "ledger/../ledger/0001.jsonl",
    "./ledger/0001.jsonl",
    "/ledger/0001.jsonl",
    "C:ledger/0001.jsonl",
    "ledger\\0001.jsonl",
    "ledger/٠٠٠١.jsonl",
    "ﬁle/0001.jsonl",
    `bodies/00/${sha256("a body")}`,
    body.toUpperCase(),
    `${body}0`,
  ];
  test.each(refused)("T161 of nothing in a ledger: %j", (name) => {
    expect(isArchiveName(name)).toBe(false);
  });
});

describe("the manifest", () => {
  const text = manifestText(files);
  const manifest = readManifest(Buffer.from(text));

  test("is the same whatever order the files come in, and reads back", () => {
    expect(manifestText(new Map([...files].reverse()))).toBe(text);
    expect(manifest).toEqual(
      new Map([
        [segment, { bytes: 2, sha256: sha256("a\n") }],
        [body, { bytes: 6, sha256: sha256("a body") }],
      ]),
    );
  });

  const file = { bytes: 1, sha256: sha256("a") };
  const many = Array.from({ length: archiveLimits.files + 1 }, (_, index) => [
    `ledger/${String(index + 1).padStart(4, "0")}.jsonl`,
    file,
  ]);
  const refused: [string, string][] = [
    ["nothing", ""],
    ["another version", canonicalJson({ files: {}, version: 2 })],
    ["a key too many", canonicalJson({ files: {}, more: 1, version: 1 })],
    ["no list of files", canonicalJson({ version: 1 })],
    ["a second spelling", text.replace(":", ": ").trimEnd()],
    ["no line end", `${text.trimEnd()} `],
    ["a file that is a number", canonicalJson({ files: { [segment]: 1 }, version: 1 })],
    ["a file with more to it", canonicalJson({ files: { [segment]: { ...file, mode: 1 } }, version: 1 })],
    ["a size below nothing", canonicalJson({ files: { [segment]: { ...file, bytes: -1 } }, version: 1 })],
    ["no size", canonicalJson({ files: { [segment]: { ...file, bytes: "1" } }, version: 1 })],
    ["no digest", canonicalJson({ files: { [segment]: { ...file, sha256: 1 } }, version: 1 })],
    ["half a byte", canonicalJson({ files: { [segment]: { ...file, bytes: 0.5 } }, version: 1 })],
    ["T161 a name outside", canonicalJson({ files: { "../a": file }, version: 1 })],
    ["T161 too many files", canonicalJson({ files: Object.fromEntries(many), version: 1 })],
    [
      "T161 a file too large",
      canonicalJson({ files: { [segment]: { ...file, bytes: archiveLimits.fileBytes + 1 } }, version: 1 }),
    ],
    [
      "T161 too much in all",
      canonicalJson({
        files: Object.fromEntries(
          many.slice(0, 10).map(([name]) => [name, { ...file, bytes: archiveLimits.fileBytes }]),
        ),
        version: 1,
      }),
    ],
  ];
  test.each(refused)("is refused: %s", (_, content) => {
    expect(readManifest(Buffer.from(`${content}\n`))).toBeNull();
  });

  test("is refused where another character stands at its end", () => {
    expect(readManifest(Buffer.from(`${text.trimEnd()} `))).toBeNull();
  });

  const sized = (...sizes: number[]) =>
    Object.fromEntries(sizes.map((bytes, index) => [many[index]?.[0], { ...file, bytes }]));
  const { bytes, fileBytes } = archiveLimits;
  const rest = bytes % fileBytes;
  const borders: [string, object, number][] = [
    ["an empty file", sized(0), 1],
    ["a file as large as may be", sized(fileBytes), 1],
    [
      "as much in all as may be",
      sized(...Array.from({ length: Math.floor(bytes / fileBytes) }, () => fileBytes), rest),
      10,
    ],
  ];
  test.each(borders)("is read: %s", (_, files, size) => {
    expect(readManifest(Buffer.from(`${canonicalJson({ files: { ...files }, version: 1 })}\n`))?.size).toBe(size);
  });

  test("tells a file that is not as it says, and one that did not come", () => {
    if (manifest === null) throw new Error("the manifest was read above");
    expect(fileProblem(manifest, segment, Buffer.from("a\n"))).toBeNull();
    expect(fileProblem(manifest, segment, Buffer.from("b\n"))).toMatch(/not the content/);
    expect(fileProblem(manifest, segment, Buffer.from("a"))).toMatch(/1 bytes and not 2/);
    expect(fileProblem(manifest, "ledger/0002.jsonl", Buffer.from(""))).toMatch(/not in the manifest/);
    expect(missingProblem(manifest, new Set([segment, body]))).toBeNull();
    expect(missingProblem(manifest, new Set([segment]))).toBe(`${body} is missing: the copy is not whole`);
  });
});
