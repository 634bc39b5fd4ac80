import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { addedRanges, countLines } from "../../collect/lines.ts";
import { commitFiles, file, makeRepository, plainGit } from "../builders/git-repository.ts";

const many = (count: number, text: (line: number) => string) =>
  Array.from({ length: count }, (_, line) => `${text(line)}\n`).join("");
const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 2000000000\n";

const cases: [
  string,
  string | null,
  string | null,
  { added: number; deleted: number; bytes: number; binary: boolean },
][] = [
  ["nothing changed", "a\nb\n", "a\nb\n", { added: 0, deleted: 0, bytes: 0, binary: false }],
  ["a new file", null, "a\nbc\n", { added: 2, deleted: 0, bytes: 5, binary: false }],
  ["a deleted file", "a\nbc\n", null, { added: 0, deleted: 2, bytes: 0, binary: false }],
  ["an empty new file", null, "", { added: 0, deleted: 0, bytes: 0, binary: false }],
  ["one line in the middle", "a\nb\nc\n", "a\nx\nc\n", { added: 1, deleted: 1, bytes: 2, binary: false }],
  ["the last newline goes", "a\nb\n", "a\nb", { added: 1, deleted: 1, bytes: 1, binary: false }],
  ["line ends change", "a\nb\n", "a\r\nb\r\n", { added: 2, deleted: 2, bytes: 6, binary: false }],
  ["a moved line", "a\nb\nc\n", "b\nc\na\n", { added: 1, deleted: 1, bytes: 2, binary: false }],
  ["a repeated line", "a\n", "a\na\na\n", { added: 2, deleted: 0, bytes: 4, binary: false }],
  ["a NUL byte makes it binary", "a\n", "a\0b\n", { added: 0, deleted: 0, bytes: 4, binary: true }],
  ["binary becomes text", "\0", "a\n", { added: 0, deleted: 0, bytes: 2, binary: true }],
  [
    "a NUL byte after 8000 bytes does not",
    null,
    `${"x".repeat(8_000)}\0\n`,
    { added: 1, deleted: 0, bytes: 8_002, binary: false },
  ],
  [
    "T011 an LFS pointer counts with the size it declares",
    null,
    pointer,
    { added: 3, deleted: 0, bytes: 2_000_000_000, binary: false },
  ],
  [
    "T019 one line of 2 MB counts in bytes",
    null,
    "x".repeat(2_000_000),
    { added: 1, deleted: 0, bytes: 2_000_000, binary: false },
  ],
];

describe("addedRanges", () => {
  const range = (start_line: number, end_line = start_line) => ({ start_line, end_line });
  test.each<[string, string | null, string, object[]]>([
    ["a new file", null, "a\nb\n", [range(1, 2)]],
    ["an empty new file", null, "", []],
    ["nothing", "a\n", "a\n", []],
    ["only deleted lines", "a\nb\nc\n", "a\nc\n", []],
    ["a line in the middle", "a\nc\n", "a\nb\nc\n", [range(2)]],
    ["two places", "b\nc\nd\n", "a\nb\nC\nd\ne\nf\n", [range(1), range(3), range(5, 6)]],
    ["the last newline", "a\nb", "a\nb\n", [range(2)]],
    ["a binary file", "a\n", "a\0b\n", []],
  ])("%s", (_, before, after, expected) => {
    expect(addedRanges(before === null ? null : Buffer.from(before), Buffer.from(after))).toEqual(expected);
  });

  test("has as many lines as are counted, and each is one that the file before lacks there", () => {
    const text = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 30 }).map((lines) => lines.join("\n"));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const [old, now] = [Buffer.from(before), Buffer.from(after)];
        const lines = addedRanges(old, now).map(({ start_line, end_line }) => end_line - start_line + 1);
        expect(lines.reduce((sum, one) => sum + one, 0)).toBe(countLines(old, now).added);
      }),
    );
  });
});

describe("countLines", () => {
  test.each(cases)("%s", (_, before, after, expected) => {
    const bytes = (text: string | null) => (text === null ? null : Buffer.from(text));
    expect(countLines(bytes(before), bytes(after))).toEqual(expected);
  });

  test("past the bound every line between the first and last difference counts: never too few", () => {
    // 3,000 lines reversed: all of them occur on both sides, so the shortest edit is longer than is searched for.
    const before = Buffer.from(many(3_000, (line) => `${line}`));
    const after = Buffer.from(many(3_000, (line) => `${2_999 - line}`));
    expect(countLines(before, after)).toEqual({
      added: 3_000,
      deleted: 3_000,
      bytes: after.length,
      binary: false,
    });
  });

  test("a rewrite of many lines that are new is counted exactly, however many", () => {
    const before = Buffer.from(many(20_000, (line) => `old ${line}\nkept`));
    const after = Buffer.from(many(20_000, (line) => `new ${line}\nkept`));
    expect(countLines(before, after)).toMatchObject({ added: 20_000, deleted: 20_000 });
  });

  test("agrees with git diff --minimal on any text", () => {
    const repository = makeRepository();
    const text = fc
      .array(fc.constantFrom("a", "b", "c", "d", "", "a b", "é"), { maxLength: 40 })
      .map((lines) => lines.join("\n"));
    const pairs = fc.sample(fc.tuple(text, text), { numRuns: 400, seed: 7 });
    const sides = [0, 1].map((side) =>
      commitFiles(repository.dir, new Map(pairs.map((pair, name) => [`f${name}`, file(pair[side] ?? "")]))),
    );
    const listed = plainGit(repository.dir, ["diff", "--minimal", "--numstat", "--no-renames", sides[0]!, sides[1]!]);
    repository.remove();
    const counts = new Map(
      listed
        .split("\n")
        .filter(Boolean)
        .map((line) => [line.split("\t")[2]!, line]),
    );
    for (const [name, [before, after]] of pairs.entries()) {
      const { added, deleted } = countLines(Buffer.from(before), Buffer.from(after));
      const ours = before === after ? undefined : `${added}\t${deleted}\tf${name}`;
      expect(ours).toBe(counts.get(`f${name}`));
    }
  });
});
