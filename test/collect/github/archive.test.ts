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
  ["no archive", Buffer.from("lcov"), "the archive cannot be read: invalid zip data"],
  ["an empty one", Buffer.alloc(0), "the archive cannot be read: invalid zip data"],
  ["one without the file", zipOf("a.txt", "a"), "the archive holds no such file"],
  ["a method that is not known", withListByte(report, 10, 12), "unknown compression type 12"],
  ["a broken file", Buffer.from(report).fill(0xff, 39, 40), "the archive cannot be read: "],
  ["a file that is too large", zipOf("lcov.info", Buffer.alloc(31_000_000)), "becomes more than 30000000 bytes"],
])("does not read %s, and says why", (_, archive, why) => {
  expect(whyOf(archive)).toContain(why);
});

test("a file becomes no larger than its list says", () => {
  const small = withListByte(zipOf("lcov.info", "a".repeat(5_000)), 25, 0);
  expect(whyOf(small)).toMatch(/^read: \d{1,3}$|cannot be read/);
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
