import { describe, expect, test } from "@jest/globals";
import { strToU8, zipSync } from "fflate";
import { isSealedName, readSealed, sealedFiles } from "../../../app/actions/sealed.ts";
import { filesInArchive } from "../../../collect/github/archive.ts";
import { sha256 } from "../../../core/digest.ts";

const header = {
  ...{ version: 1 as const, nonce: "n0", pack: "c".repeat(64), base: "d".repeat(40), run: 7 },
  result: {
    ...{ version: 1 as const, outcome: "finished" as const, code: "finished" as const },
    ...{ summary: "Done.", questions: [], claims: [] },
  },
};
const files = [
  { path: "web/a.txt", content: "one\n" },
  { path: "web/b.txt", content: "one\n" },
  { path: "web/gone.txt", content: null },
];
const sealed = () => new Map(sealedFiles(header, files));

/** The same with its `result.json` changed. */
function withResult(change: (result: ReturnType<typeof JSON.parse>) => void): Map<string, Buffer> {
  const parts = sealed();
  const result = JSON.parse(String(parts.get("result.json")));
  change(result);
  return parts.set("result.json", Buffer.from(JSON.stringify(result)));
}

test("whole files on a named base come back as they went in, equal contents once", () => {
  expect(readSealed(sealed())).toMatchObject({ ok: true, sealed: { nonce: "n0" }, files });
  expect(sealed().size).toBe(2);
});

const blob = `blobs/${sha256("one\n")}`;

test.each<[string, Map<string, Buffer>, RegExp]>([
  ["no result", new Map([[blob, Buffer.from("one\n")]]), /has no result\.json/],
  ["a result that is no JSON", sealed().set("result.json", Buffer.from("{")), /not in the form/],
  ["a field that we do not write", withResult((one) => Object.assign(one, { run_again: true })), /run_again/],
  ["a result whose files are named in it", withResult((one) => Object.assign(one.result, { files: [] })), /files/],
  [
    "a file without its content",
    withResult((one) => one.files.push({ path: "x", blob: { sha256: "0".repeat(64), bytes: 1 } })),
    /lacks the content of "x"/,
  ],
  ["a content that no file has", sealed().set(`blobs/${"0".repeat(64)}`, Buffer.from("x")), /which no file/],
  ["another content under a digest", sealed().set(blob, Buffer.from("two\n")), /not what it says/],
  ["a path twice", withResult((one) => one.files.push(one.files[0])), /names "web\/a\.txt" twice/],
  [
    "too many files",
    withResult((one) => {
      one.files = Array.from({ length: 501 }, (_, at) => ({ path: `f${at}`, blob: null }));
    }),
    /files/,
  ],
])("T184: %s refuses the whole", (_title, parts, why) => {
  expect(readSealed(parts)).toEqual({ ok: false, why: expect.stringMatching(why) });
});

test("a content that is no text refuses the whole", () => {
  const bytes = Buffer.from([0xff, 0xfe]);
  const parts = withResult((one) => {
    one.files = [{ path: "x", blob: { sha256: sha256(bytes), bytes: 2 } }];
  });
  parts.delete(blob);
  expect(readSealed(parts.set(`blobs/${sha256(bytes)}`, bytes))).toEqual({
    ok: false,
    why: '"x" is not text in UTF-8',
  });
});

describe("the archive", () => {
  const read = (archive: Uint8Array, bytes = 10_000) =>
    filesInArchive(Buffer.from(archive), { fits: isSealedName, bytes, files: 3 });
  const zip = (entries: Record<string, Uint8Array>) => zipSync(entries);
  const result = strToU8("{}");

  test("gives the files that belong to a result", async () => {
    const archive = await read(zip({ "result.json": result, [blob]: strToU8("one\n") }));
    expect(archive.known && [...archive.value.keys()]).toEqual(["result.json", blob]);
  });

  test.each<[string, () => Uint8Array, RegExp]>([
    ["T179: a path that leads out", () => zip({ "../result.json": result }), /cannot be read|belongs to no result/],
    ["T179: a path from the root", () => zip({ "/result.json": result }), /cannot be read|belongs to no result/],
    [
      "a file of another name",
      () => zip({ "result.json": result, "run.sh": result }),
      /"run\.sh", which belongs to no result/,
    ],
    [
      "T181: a link",
      () => zipSync({ "result.json": [result, { os: 3, attrs: (0o120_777 << 16) >>> 0 }] }),
      /no plain file/,
    ],
    ["a name twice", () => twice(zip({ "result.json": result, "result.jsoN": result })), /twice/],
    [
      "more than is allowed once unpacked",
      () => zip({ "result.json": new Uint8Array(1_000_000) }),
      /more than 10000 bytes/,
    ],
    [
      "more files than are allowed",
      () => zip(Object.fromEntries(["0", "1", "2", "3"].map((one) => [`blobs/${one.repeat(64)}`, result]))),
      /3 files/,
    ],
    ["what is no archive", () => Buffer.from("PK no"), /cannot be read/],
  ])("%s refuses the whole", async (_title, archive, why) => {
    expect(await read(archive())).toEqual({ known: false, why: expect.stringMatching(why) });
  });

  /** Two entries of one name: no writer makes them, so the last letter is changed afterwards. */
  function twice(archive: Uint8Array): Uint8Array {
    return Buffer.from(Buffer.from(archive).toString("latin1").replaceAll("result.jsoN", "result.json"), "latin1");
  }
});
