import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { textInArchive } from "../../../collect/github/archive.ts";
import { known } from "../../../core/known.ts";
import { zipOf } from "../../builders/zip.ts";

const isReport = (path: string) => path.endsWith("lcov.info");
const whyOf = (archive: Buffer) => {
  const found = textInArchive(archive, isReport);
  return found.known ? `read: ${found.value.length}` : found.why;
};

test.each([8, 0])("reads a file that is packed by method %s", (method) => {
  expect(textInArchive(zipOf("out/lcov.info", "SF:a\n", { method }), isReport)).toEqual(known("SF:a\n"));
});

test.each<[string, Buffer, string]>([
  ["no archive", Buffer.from("lcov"), "no ZIP archive"],
  ["an empty one", Buffer.alloc(0), "no ZIP archive"],
  ["one without the file", zipOf("a.txt", "a"), "holds no such file"],
  ["a method that is not known", zipOf("lcov.info", "a", { method: 12 }), "packed in a way"],
  ["an encrypted file", zipOf("lcov.info", "a", { change: (_, list) => list.writeUInt16LE(1, 8) }), "encrypted"],
  ["a size beyond the end", zipOf("lcov.info", "a", { change: (_, list) => list.writeUInt32LE(99_999, 20) }), "cut"],
  [
    "a place beyond the end",
    zipOf("lcov.info", "a", { change: (_, list) => list.writeUInt32LE(99_999, 42) }),
    "not there",
  ],
  [
    "a broken list",
    zipOf("lcov.info", "a", { change: (_, list) => list.writeUInt32LE(0, 0) }),
    "list of files is broken",
  ],
  ["a broken file", zipOf("lcov.info", "a".repeat(99), { change: (file) => file.writeUInt16LE(20, 26) }), "is broken"],
  ["a file that grows without end", zipOf("lcov.info", Buffer.alloc(31_000_000)), "more than 30000000 bytes"],
])("does not read %s, and says why", (_, archive, why) => {
  expect(whyOf(archive)).toContain(why);
});

test("any bytes end in an answer", () => {
  const archive = zipOf("lcov.info", "SF:a\n");
  fc.assert(
    fc.property(fc.nat(archive.length - 1), fc.nat(255), (at, byte) => {
      const broken = Buffer.from(archive);
      broken[at] = byte;
      expect(typeof whyOf(broken)).toBe("string");
    }),
  );
});
