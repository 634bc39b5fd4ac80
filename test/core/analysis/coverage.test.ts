import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { changedCoverage, newLines } from "../../../core/analysis/changed-coverage.ts";
import { readCoverage } from "../../../core/analysis/coverage-report.ts";

const lcov = "TN:\nSF:src/a.ts\nDA:1,1\nDA:2,0\nDA:3,5\nend_of_record\nSF:src/b.ts\nDA:1,0\nend_of_record\n";
const cobertura = (body: string) => `<?xml version="1.0"?>\n<coverage line-rate="0.5">${body}</coverage>`;
const klass = (path: string, ...lines: [number, number][]) =>
  `<class name="A" filename="${path}"><lines>${lines.map(([at, hits]) => `<line number="${at}" hits="${hits}"/>`).join("")}</lines></class>`;

describe("reports of coverage", () => {
  test.each<[string, string, string, Record<string, string>]>([
    ["LCOV", lcov, "LCOV", { "src/a.ts": "1 2! 3", "src/b.ts": "1!" }],
    ["LCOV without a name of its test", lcov.slice(4), "LCOV", { "src/a.ts": "1 2! 3", "src/b.ts": "1!" }],
    ["a file that is told twice", `${lcov}SF:src/b.ts\nDA:1,1\n`, "LCOV", { "src/a.ts": "1 2! 3", "src/b.ts": "1" }],
    ["Windows' line ends", lcov.replaceAll("\n", "\r\n"), "LCOV", { "src/a.ts": "1 2! 3", "src/b.ts": "1!" }],
    ["Cobertura", cobertura(klass("src/a.py", [1, 2], [4, 0])), "Cobertura", { "src/a.py": "1 4!" }],
    ["signs that XML writes in words", cobertura(klass("a&amp;b.py", [1, 2])), "Cobertura", { "a&b.py": "1" }],
    [
      "an entity is not expanded",
      cobertura(`<!ENTITY x "y">${klass("&x;.py", [1, 2])}`),
      "Cobertura",
      { "&x;.py": "1" },
    ],
    [
      "JaCoCo",
      '<report name="a"><package name="com/acme"><class name="com/acme/A" sourcefilename="A.java"/><sourcefile name="A.java"><line nr="3" mi="0" ci="2"/><line nr="4" mi="2" ci="0"/></sourcefile></package></report>',
      "JaCoCo",
      { "com/acme/A.java": "3 4!" },
    ],
    [
      "Go",
      "mode: set\nacme.com/web/a.go:1.2,3.4 2 1\nacme.com/web/a.go:5.1,5.9 1 0\n",
      "Go",
      { "acme.com/web/a.go": "1 2 3 5!" },
    ],
    [
      "SimpleCov",
      '{"RSpec": {"coverage": {"/w/a.rb": {"lines": [1, null, 0]}, "/w/b.rb": [2]}}}',
      "SimpleCov",
      { "/w/a.rb": "1 3!", "/w/b.rb": "1" },
    ],
    ["Istanbul's summary", '{"total": {"lines": {"total": 4, "covered": 3, "pct": 75}}}', "Istanbul's summary", {}],
  ])("reads %s", (_, text, format, files) => {
    const report = readCoverage(text);
    const shown = [...(report?.files ?? [])].map(([path, lines]) => [
      path,
      [...lines].map(([line, isCovered]) => `${line}${isCovered ? "" : "!"}`).join(" "),
    ]);
    expect({ format: report?.format, files: Object.fromEntries(shown) }).toEqual({ format, files });
  });

  test("counts all lines", () => {
    expect(readCoverage(lcov)?.total).toEqual({ covered: 2, lines: 4 });
    expect(readCoverage('{"total": {"lines": {"total": 4, "covered": 3}}}')?.total).toEqual({ covered: 3, lines: 4 });
  });

  test.each([
    ["nothing", ""],
    ["another text", "all is covered"],
    ["LCOV without lines", "SF:src/a.ts\nend_of_record\n"],
    ["lines of no file", "TN:\nDA:1,1\n"],
    ["JSON of something else", '{"total": 100}'],
    ["broken JSON", '{"total": {"lines": '],
    ["more covered than there is", '{"total": {"lines": {"total": 1, "covered": 3}}}'],
    ["a negative total", '{"total": {"lines": {"total": -1, "covered": -3}}}'],
    [
      "a total of no line, which is as far from its least as from all",
      '{"total": {"lines": {"total": 0, "covered": 0}}}',
    ],
    ["XML without lines", cobertura("")],
    ["a page", "<html><body>coverage</body></html>"],
    ["blocks without an end", `mode: set\na.go:1.1,${"9".repeat(9)}.1 1 1\n`],
  ])("does not read %s", (_, text) => {
    expect(readCoverage(text)).toBeNull();
  });

  test("hostile texts end, whatever they are", () => {
    const long = [
      `<coverage>${'<line number="1" '.repeat(50_000)}`,
      `<coverage>${'<class filename="'.repeat(50_000)}`,
      `TN:\n${"SF:a\n".repeat(100_000)}`,
      `mode: set\n${"a".repeat(2_000_000)}`,
      `{"a": {"coverage": {"b": [${"1,".repeat(100_000)}1]}}}`,
    ];
    const start = performance.now();
    for (const text of long) readCoverage(text);
    expect(performance.now() - start).toBeLessThan(5_000);
    fc.assert(fc.property(fc.string(), (text) => void readCoverage(`<coverage ${text}`)));
  });
});

describe("new lines", () => {
  test.each<[string, string | null, string, number[]]>([
    ["of a new file, without blank ones", null, "a\n\nb\n", [1, 3]],
    ["that are added", "a\nb\n", "a\nx\nb\n", [2]],
    ["that are changed", "a\nb\n", "a\nc\n", [2]],
    ["none where one moves", "a\nb\n", "b\na\n", []],
    ["none where one is set in", "a\n", "  a\n", []],
    ["one more of the same", "a\n", "a\na\n", [2]],
  ])("are %s", (_, before, after, lines) => {
    expect(newLines(before, after)).toEqual(lines);
  });
});

describe("coverage of what a change adds", () => {
  const report = (text: string) => {
    const read = readCoverage(text);
    if (read === null) throw new Error("this is a report");
    return read;
  };
  const measure = (text: string, path: string, before: string | null, after: string, demanded = false) =>
    changedCoverage(report(text), [{ path, before, after }], () => demanded);

  test("counts new lines that can be covered, and tells the others", () => {
    expect(measure(lcov, "src/a.ts", "a\n", "a\nb\nc\n// d\n")).toEqual({
      covered: 1,
      lines: 2,
      gaps: [{ path: "src/a.ts", line: 2 }],
      left: [],
    });
  });
  test.each<[string, string, boolean]>([
    ["an absolute path", "/home/runner/work/web/web/src/a.ts", true],
    ["a path of Windows", "D:\\\\a\\\\web\\\\src\\\\a.ts".replaceAll("\\\\", "\\"), true],
    ["a path from a part of the repository", "a.ts", true],
    ["a path with a dot", "./src/a.ts", true],
    ["a file of the same name elsewhere", "lib/a.ts", false],
    ["a file whose name ends alike", "src/aa.ts", false],
  ])("finds %s: %s", (_, name, isFound) => {
    expect(measure(`SF:${name}\nDA:1,1\n`, "src/a.ts", null, "a\n").lines).toBe(isFound ? 1 : 0);
  });
  test("takes the longer path of two, and none of two that say the same", () => {
    const two = (one: string, other: string) => `SF:${one}\nDA:1,1\nSF:${other}\nDA:1,0\n`;
    expect(measure(two("web/src/a.ts", "a.ts"), "web/src/a.ts", null, "a\n").covered).toBe(1);
    expect(measure(two("/x/src/a.ts", "/y/src/a.ts"), "src/a.ts", null, "a\n").left).toEqual(["src/a.ts"]);
  });
  test("a hundred thousand files of one name are looked through once", () => {
    const names = Array.from({ length: 100_000 }, (_, index) => `SF:${index}/a.ts\nDA:1,1\n`);
    const many = report(names.join(""));
    const start = performance.now();
    changedCoverage(many, [{ path: "src/a.ts", before: null, after: "a\n" }], () => true);
    expect(performance.now() - start).toBeLessThan(5_000);
  });
  test("a file that the report leaves out is told, and counts where it is demanded", () => {
    expect(measure(lcov, "src/c.ts", null, "a\n\nb\n")).toMatchObject({ lines: 0, left: ["src/c.ts"] });
    expect(measure(lcov, "src/c.ts", null, "a\n\nb\n", true)).toMatchObject({ lines: 2, covered: 0 });
  });
});
