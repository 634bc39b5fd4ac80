import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { textInArchive } from "../../../collect/github/archive.ts";
import { known } from "../../../core/known.ts";
import { withListByte, zipOf } from "../../builders/zip.ts";

const isReport = (path: string) => path.endsWith("lcov.info");
const whyOf = async (archive: Buffer) => {
  const found = await textInArchive(archive, isReport);
  return found.known ? `read: ${found.value.length}` : found.why;
};

test.each([6, 0] as const)("reads a file that is packed at level %s", async (level) => {
  expect(await textInArchive(zipOf("out/lcov.info", "SF:a\n", level), isReport)).toEqual(known("SF:a\n"));
});

const report = zipOf("lcov.info", "SF:a\n".repeat(99));

test.each<[string, Buffer, string]>([
  ["no archive", Buffer.from("lcov"), "End of central directory record signature not found"],
  ["an empty one", Buffer.alloc(0), "End of central directory record signature not found"],
  ["one without the file", zipOf("a.txt", "a"), "the archive holds no such file"],
  ["a name that leads out", zipOf("../lcov.info", "a"), "invalid relative path"],
  ["a method that is not known", withListByte(report, 10, 12), "unsupported compression method"],
  ["an encrypted file", withListByte(report, 8, 1), "encrypted"],
  ["a place beyond the end", withListByte(report, 45, 1), "the archive cannot be read: "],
  ["a broken list", withListByte(report, 0, 0), "invalid central directory file header signature"],
  ["a broken file", Buffer.from(report).fill(0xff, 39, 40), "the archive cannot be read: "],
  ["a file that is too large", zipOf("lcov.info", Buffer.alloc(31_000_000)), "becomes more than 30000000 bytes"],
])("does not read %s, and says why", async (_, archive, why) => {
  expect(await whyOf(archive)).toContain(why);
});

test.each([
  ["smaller than it is, as a bomb is", 4, "too many bytes in the stream. expected 4"],
  ["larger than it is", 6, "not enough bytes in the stream. expected 6"],
])("a file that the list tells %s is not read, not in part either", async (_, size, why) => {
  const told = withListByte(zipOf("lcov.info", "SF:a\n"), 24, size);
  expect(await whyOf(told)).toContain(`the archive cannot be read: ${why}`);
});

test("a bomb is not unpacked beyond what its list tells, and holds up nobody meanwhile", async () => {
  const bomb = withListByte(zipOf("lcov.info", Buffer.alloc(200_000_000)), 24, 4);
  for (const at of [25, 26, 27]) bomb[bomb.indexOf("PK\u0001\u0002", 0, "latin1") + at] = 0;
  const before = process.memoryUsage().arrayBuffers;
  expect(await whyOf(bomb)).toContain("too many bytes in the stream. expected 4");
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
});

test("any bytes end in an answer", async () => {
  const archive = zipOf("lcov.info", "SF:a\n");
  await fc.assert(
    fc.asyncProperty(fc.nat(archive.length - 1), fc.nat(255), async (at, byte) => {
      const broken = Buffer.from(archive);
      broken[at] = byte;
      expect(typeof (await whyOf(broken))).toBe("string");
    }),
  );
});
