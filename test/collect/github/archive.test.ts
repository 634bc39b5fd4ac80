import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { textInArchive } from "../../../collect/github/archive.ts";
import { known } from "../../../core/known.ts";
import { withListByte, zipOf } from "../../builders/zip.ts";

const isReport = (path: string) => path.endsWith("lcov.info");
const whyOf = (archive: Buffer) => {
  const found = textInArchive(archive, isReport);
  return found.known ? `read: ${found.value.length}` : found.why;
};

test.each([6, 0] as const)("reads a file that is packed at level %s", (level) => {
  expect(textInArchive(zipOf("out/lcov.info", "SF:a\n", level), isReport)).toEqual(known("SF:a\n"));
});

const report = zipOf("lcov.info", "SF:a\n".repeat(99));

test.each<[string, Buffer, string]>([
  ["no archive", Buffer.from("lcov"), "the archive cannot be read: it is no ZIP archive"],
  ["an empty one", Buffer.alloc(0), "the archive cannot be read: it is no ZIP archive"],
  ["one without the file", zipOf("a.txt", "a"), "the archive holds no such file"],
  ["a method that is not known", withListByte(report, 10, 12), "packed in a way that is not known"],
  ["an encrypted file", withListByte(report, 8, 1), "is encrypted"],
  ["a place beyond the end", withListByte(report, 45, 1), "is not there"],
  ["a broken list", withListByte(report, 0, 0), "its list of files is broken"],
  ["a broken file", Buffer.from(report).fill(0xff, 39, 40), "the archive cannot be read: "],
  ["a file that is too large", zipOf("lcov.info", Buffer.alloc(31_000_000)), "becomes more than 30000000 bytes"],
])("does not read %s, and says why", (_, archive, why) => {
  expect(whyOf(archive)).toContain(why);
});

test.each([
  ["smaller than it is, as a bomb is", 4],
  ["larger than it is", 6],
])("a file that the list tells %s is not read, not in part either", (_, size) => {
  const told = withListByte(zipOf("lcov.info", "SF:a\n"), 24, size);
  expect(whyOf(told)).toContain(`does not become the ${size} bytes that the archive's list tells`);
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
