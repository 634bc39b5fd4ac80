import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { load, YAML11_SCHEMA } from "js-yaml";
import { readYaml } from "../../../collect/yaml/yaml.ts";
import { bareValue, type Located, lineAt, nodeAt } from "../../../core/yaml.ts";

/** What a text is read as, and what is told of it as `line:column message`. */
function read(text: string, rules: "strict" | "lenient" = "lenient") {
  const { value, further, problems } = readYaml(text, rules);
  return {
    value: value === null ? undefined : bareValue(value),
    further: further.map(bareValue),
    told: problems.map(({ line, column, message }) => `${line}:${column} ${message}`),
  };
}

const starts = (told: string[]) => told.map((one) => expect.stringContaining(one));

describe("the files of other tools are read as those read them", () => {
  test.each<[string, string, unknown]>([
    ["the key `on` is a string", "on: push\nyes: 1", { on: "push", yes: 1 }],
    ["a number as a key is a string", "1: a\n1.5: b", { "1": "a", "1.5": "b" }],
    [
      "values go by YAML 1.2",
      "[yes, true, 010, 0x10, 1e3, ~, 2026-11-21]",
      ["yes", true, 10, 16, 1000, null, "2026-11-21"],
    ],
    ["a tag changes nothing", "a: !!str 5\nb: !reference [x, y]", { a: 5, b: ["x", "y"] }],
    ["an alias stands for its anchor", "a: &a [1]\nb: *a", { a: [1], b: [1] }],
    ["a later anchor of the same name wins", "a: &a [&a x, *a]\nb: *a", { a: ["x", "x"], b: "x" }],
    ["an alias as a key", "a: &a k\n*a : 1", { a: "k", k: 1 }],
    ["a merge adds keys", "a: &a { x: 1, y: 1 }\nb: { <<: *a, y: 2 }", { a: { x: 1, y: 1 }, b: { y: 2, x: 1 } }],
    ["the own key wins wherever it stands", "b: { y: 2, <<: { y: 1 } }", { b: { y: 2 } }],
    ["of several merged the first wins", "<<: [{ x: 1 }, { x: 2, y: 2 }]", { x: 1, y: 2 }],
    ["a merge of merges", "a: &a { x: 1 }\nb: &b { <<: *a }\nc: { <<: *b }", { a: { x: 1 }, b: { x: 1 }, c: { x: 1 } }],
    ["a merge key in quotes is a key", '"<<": { x: 1 }', { "<<": { x: 1 } }],
    [
      "a key of every object is a key",
      "constructor: 1\n__proto__: { x: 1 }",
      JSON.parse('{"constructor":1,"__proto__":{"x":1}}'),
    ],
    ["an empty document", "---\n", null],
    ["a byte order mark", "\uFEFFa: 1", { a: 1 }],
    ["Windows line ends", "a: |\r\n  x\r\n\r\n  y\r\nb: 1\r\n", { a: "x\n\ny\n", b: 1 }],
    ["old line ends", "a: 1\rb: 2", { a: 1, b: 2 }],
    ["99 lists, one in the other", `${"[".repeat(99)}${"]".repeat(99)}`, expect.anything()],
  ])("%s", (_, text, value) => {
    expect(read(text)).toEqual({ value, further: [], told: [] });
  });

  test("the documents after the first are apart, each with anchors of its own", () => {
    expect(read("a: 1\n---\nb: 2\n---\n- c")).toEqual({
      value: { a: 1 },
      further: [{ b: 2 }, ["c"]],
      told: [],
    });
    expect(read("a: &a 1\n---\nb: *a")).toMatchObject({
      value: undefined,
      told: starts(["3:4 the alias `*a`"]),
    });
  });

  test.each<[string, string, unknown, string[]]>([
    [
      "keys that stand twice, the last one counts",
      "a: 1\nb: 2\na: 3\na: 4",
      { a: 4, b: 2 },
      ['3:1 the key "a" stands twice, first on line 1', '4:1 the key "a" stands twice'],
    ],
    ["a key that is a list", "? [a]\n: 1\nb: 2", { b: 2 }, ["1:3 a key is a plain word"]],
    [
      "a merge of what is no mapping",
      "<<: 1\na: { <<: [1, { b: 2 }] }",
      { a: { b: 2 } },
      ["1:1 a merge key", "2:6 a merge key"],
    ],
    [
      "T061 line ends of YAML 1.1 end a line and a comment",
      "a: 1 # x\u2028b: 2 # \u0085c: 3",
      { a: 1, b: 2, c: 3 },
      ["1:9 U+2028", "1:17 U+0085"],
    ],
  ])("with a problem: %s", (_, text, value, told) => {
    expect(read(text)).toEqual({ value, further: [], told: starts(told) });
  });

  test.each<[string, string, string[]]>([
    ["nothing", "", ["1:1 the file is empty"]],
    ["comments", "# a\n# b", ["1:1 the file is empty"]],
    ["broken YAML, and what stands before it", "a: 1 # \u2029\nb: [", ["1:8 U+2029", "2:5 this is not valid YAML"]],
    ["a tab that sets in", "a:\n\tb: 1", ["2:1 this is not valid YAML: tab"]],
    ["a NUL", "a: 1\0", ["1:5 this is not valid YAML"]],
    ["aliases of nothing", "a: *x\nb: *y", ["1:4 the alias `*x`", "2:4 the alias `*y`"]],
    ["T056 an alias inside its own value", "a: &a [*a]", ["1:8 the alias `*a` cannot be read: it stands inside"]],
    ["T056 a merge of itself", "a: &a { <<: *a }", ["1:13 the alias `*a`"]],
    ["T061 100 lists, one in the other", `${"[".repeat(100)}${"]".repeat(100)}`, ["nesting exceeded"]],
    ["more than a million characters", `a: ${"x".repeat(1_000_000)}`, ["1:1 the text has 1000003 characters"]],
  ])("nothing is read of %s", (_, text, told) => {
    expect(read(text)).toEqual({ value: undefined, further: [], told: starts(told) });
  });
});

describe("T056: what aliases stand for is bounded", () => {
  const chain = (count: number, link: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => `l${index + 1}: &l${index + 1} ${link(index)}\n`).join("");

  test.each([
    ["a billion laughs", `l0: &l0 [lol]\n${chain(9, (at) => `[${Array(10).fill(`*l${at}`).join(",")}]`)}`],
    ["a billion keys", `l0: &l0 { a: lol }\n${chain(30, (at) => `{ a: *l${at}, b: *l${at} }`)}`],
    ["merges upon merges", `l0: &l0 { a: 1 }\n${chain(2_000, (at) => `{ <<: *l${at}, k${at}: 1 }`)}`],
    ["aliases deeper than any nest", `l0: &l0 [a]\n${chain(300, (at) => `[*l${at}]`)}`],
    ["many of one", `- &a x\n${"- *a\n".repeat(150_000)}`],
  ])("%s: not read", (_, text) => {
    for (const rules of ["lenient", "strict"] as const) expect(readYaml(text, rules).value).toBeNull();
    const { told } = read(text);
    expect(told.length).toBeLessThanOrEqual(100);
    expect(told[0]).toMatch(/too deep, or larger than 100000 values$/);
  });

  test("and few are read", () => {
    const text = `l0: &l0 [lol]\n${chain(4, (at) => `[${Array(10).fill(`*l${at}`).join(",")}]`)}`;
    expect(read(text).told).toEqual([]);
  });
});

describe("the strict rules refuse what readers do not agree on, and go on", () => {
  test.each<[string, string, unknown, string[]]>([
    ["nothing", "a: [1, b]", { a: [1, "b"] }, []],
    ["anchors, aliases, tags", "a: &a !x 1\nb: *a", { a: 1, b: 1 }, ["1:4 anchors", "1:7 tags", "2:4 aliases"]],
    ["merge keys", "<<: { a: 1 }\nb: 2", { a: 1, b: 2 }, ["1:1 merge keys"]],
    [
      "bare values and keys",
      "no: yes\nb: 010",
      { no: "yes", b: "010" },
      ['1:1 put the key "no"', '1:5 put "yes"', '2:4 put "010"'],
    ],
    [
      "`on` as a key below another, and nowhere else",
      "a: { on: [b] }\non: on",
      { a: { on: ["b"] }, on: "on" },
      ['2:1 put the key "on"', '2:5 put "on"'],
    ],
    ["keys of every object", "constructor: { a: no }\nb: 2", { b: 2 }, ['1:1 the key "constructor"', '1:19 put "no"']],
    ["a second document", "a: 1\n---\nb: *x", { a: 1 }, ["3:1 a second document"]],
    ["an empty one", "a: 1\n---\n", { a: 1 }, ["3:1 a second document"]],
    [
      "line ends that only some know",
      "a: 'x\u2028y'\nb: 2 # \u0085",
      { a: "x\u2028y", b: 2 },
      ["1:6 U+2028", "2:8 U+0085"],
    ],
    ["aliases of nothing", "a: no\nb: *x", undefined, ['1:4 put "no"', "2:4 aliases"]],
    ["20 lists, one in the other", `${"[".repeat(20)}${"]".repeat(20)}`, undefined, ["nesting exceeded"]],
  ])("%s", (_, text, value, told) => {
    expect(read(text, "strict")).toEqual({ value, further: [], told: starts(told) });
  });

  test("T061: of ever so many problems a hundred are told, and why there is no value", () => {
    const { value, problems } = readYaml("- no\n".repeat(5_000), "strict");
    expect(value).not.toBeNull();
    expect(problems).toHaveLength(100);
    expect(readYaml(`# ${"\u2028".repeat(500)}\na: [`, "strict").problems.at(-1)).toMatchObject({
      line: 2,
      column: 5,
    });
  });
});

describe("places", () => {
  const scalarAt = (root: Located | null, ...keys: string[]) => {
    const node = nodeAt(root, ...keys);
    if (node?.kind !== "scalar") throw new Error(`no scalar at ${keys.join(".")}`);
    return node;
  };
  const text = [
    "on: [push]", //                   1
    "jobs:", //                        2
    "  a: &a", //                      3
    "    run: |-", //                  4
    "", //                             5
    "      one", //                    6
    "       two", //                   7
    "", //                             8
    "      three", //                  9
    "  b:", //                        10
    "    <<: *a", //                  11
    "    if: >", //                   12
    "      x &&", //                  13
    "      y", //                     14
    `    'name': "a\\`, //            15
    `      b"`, //                    16
    "    sh: { run: x }", //          17
    "",
  ];

  test.each([["\n"], ["\r\n"], ["\r"]])("with %j", (end) => {
    const { value, problems } = readYaml(text.join(end), "lenient");
    expect(problems).toEqual([]);
    expect(scalarAt(value, "jobs", "a", "run")).toMatchObject({
      style: "literal",
      text: "\none\n two\n\nthree",
      textLine: 5,
    });
    expect(scalarAt(value, "jobs", "b", "if")).toMatchObject({
      style: "folded",
      text: "x && y\n",
      textLine: 13,
    });
    expect(scalarAt(value, "jobs", "b", "name")).toMatchObject({
      style: "quoted",
      text: "ab",
      at: { line: 15, column: 13 },
    });
    expect(scalarAt(value, "jobs", "b", "sh", "run")).toMatchObject({
      style: "plain",
      at: { line: 17, column: 16 },
    });
    const run = scalarAt(value, "jobs", "b", "run");
    const lines = ["one", "two", "three"].map((word) => lineAt(run, run.text.indexOf(word)));
    expect(lines).toEqual([6, 7, 9]);
    expect(lineAt(scalarAt(value, "jobs", "b", "if"), 5)).toBe(13);
    const b = nodeAt(value, "jobs", "b");
    if (b?.kind !== "map") throw new Error("no mapping");
    expect([...b.entries].map(([name, { at }]) => [name, at.line, at.column])).toEqual([
      ["if", 12, 5],
      ["name", 15, 5],
      ["sh", 17, 5],
      ["run", 4, 5],
    ]);
  });

  test("a value that is not written out has the place of its key, and an item that of its list", () => {
    const { value } = readYaml("a:\nb: [c, ]\nd:\n  -\n", "lenient");
    expect(scalarAt(value, "a")).toMatchObject({ value: null, text: "", at: { line: 1, column: 1 } });
    expect(nodeAt(value, "d")).toMatchObject({ items: [{ value: null, at: { line: 4, column: 3 } }] });
  });
});

/** A text, repeated. */
const filled = (part: string) => part.repeat(Math.floor(300_000 / part.length));

test.each([
  "[",
  "{a: ",
  "- ",
  "? ",
  "&a ",
  "*a ",
  "!x ",
  "a:\n",
  "- a\n",
  '"',
  "\u2028",
  "- &a\n  ",
  "[a, ",
  "a, ",
  "---\n",
  "\n",
  "#",
  "|\n",
])("T061: 300 KB of %j comes to an end", (part) => {
  for (const rules of ["strict", "lenient"] as const) {
    const { value, problems } = readYaml(filled(part), rules);
    expect(value !== null || problems.length > 0).toBe(true);
  }
});

describe("whatever the text", () => {
  const token = fc.constantFrom(
    ...[
      "&a ",
      "*a",
      "&b ",
      "*b",
      "!x ",
      "<<: ",
      "---\n",
      "...\n",
      "%YAML 1.1\n",
      "? ",
      ": ",
      "- ",
      "# ",
      "|\n",
      ">-\n",
    ],
    ...[
      "{",
      "}",
      "[",
      "]",
      ",",
      '"',
      "'",
      "\t",
      "  ",
      "\n",
      "\n  ",
      "\r\n",
      "\uFEFF",
      "\u2028",
      "\\",
      "k: ",
      "k",
      "j: ",
    ],
  );
  const texts = fc.array(token, { maxLength: 40 }).map((parts) => parts.join(""));

  test("both rules give an answer, in time, with places inside the text", () => {
    fc.assert(
      fc.property(texts, fc.constantFrom("strict", "lenient"), (text, rules) => {
        const { value, problems } = readYaml(text, rules);
        expect(value !== null || problems.length > 0).toBe(true);
        const lines = text.split(/\r\n|\r|\n/);
        for (const { line, column } of problems) {
          expect(line >= 1 && line <= lines.length && column >= 1).toBe(true);
          expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("what the strict rules accept, every reader reads alike, and the lenient rules too", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const strict = readYaml(text, "strict");
        if (strict.value === null || strict.problems.length > 0) return;
        const value = bareValue(strict.value);
        expect(JSON.stringify(value)).toBe(JSON.stringify(load(text, { schema: YAML11_SCHEMA })));
        expect(read(text)).toEqual({ value, further: [], told: [] });
      }),
      { numRuns: 2_000 },
    );
  });
});
