import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { CORE_SCHEMA, JSON_SCHEMA, load, YAML11_SCHEMA } from "js-yaml";
import { parsePolicy } from "../../../collect/policy/policy.ts";
import { problems } from "../../../core/paths/patterns.ts";
import { patternLists } from "../../../core/policy/lists.ts";
import { policyBytes } from "../../../schemas/limits.ts";
import { Policy } from "../../../schemas/policy.ts";
import { fullPolicy } from "../../builders/full-policy.ts";

/** One seed that every run shares, and a new one each time; fast-check prints the seed of a failure. */
const seeds: [string, number][] = [
  ["the fixed seed", 20_261_121],
  ["a new seed", Date.now() % 2 ** 31],
];

const schemas = [JSON_SCHEMA, CORE_SCHEMA, YAML11_SCHEMA];
const seen = { accepted: 0, refused: 0 };

/** Holds what is true of every answer, whatever the text; counts the answers of both kinds. */
function judge(content: string | Uint8Array): void {
  const text = Buffer.from(content).toString("utf8");
  const textLines = text.split(/\r\n|\r|\n/);
  const parsed = parsePolicy(content);
  if (!parsed.ok) {
    seen.refused += 1;
    expect(parsed.problems.length).toBeLessThanOrEqual(100);
    for (const { message, line, column } of parsed.problems) {
      expect(message).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{11,900}$/u);
      expect([Number.isInteger(line), Number.isInteger(column)]).toEqual([true, true]);
      expect(Math.min(line, column)).toBeGreaterThanOrEqual(1);
      expect(line).toBeLessThanOrEqual(textLines.length);
      expect(column).toBeLessThanOrEqual((textLines[line - 1]?.length ?? 0) + 1);
    }
    expect(parsed.problems.toSorted((one, other) => one.line - other.line || one.column - other.column)).toEqual(
      parsed.problems,
    );
    return;
  }
  seen.accepted += 1;
  const [read, ...others] = schemas.map((schema) => load(text, { schema }));
  expect(others.every((other) => isDeepStrictEqual(other, read))).toBe(true);
  expect(isDeepStrictEqual(Policy.parse(read), parsed.policy)).toBe(true);
  for (const { patterns } of patternLists(parsed.policy)) expect(problems(patterns)).toEqual([]);
  for (const line of Object.values(parsed.lines)) expect(line >= 1 && line <= textLines.length).toBe(true);
}

const objectKeys = Reflect.ownKeys(Object.prototype);

const token = fc.constantFrom(
  ...["&a ", "*a", "!x ", "!!set ", "<<: ", "---\n", "...\n", "%YAML 1.1\n", "? ", ": ", "- ", "# ", "|\n"],
  ...["{", "}", "[", "]", ",", '"', "'", ">", "\t", " ", "\n", "\r", "\r\n", "\0", "\uFEFF", "\u2028", "\\"],
  ...["__proto__: ", '"__proto__": ', "constructor: ", "prototype: ", "toString: ", '"\\e[2J": ', "\u202E"],
  ...["yes", "0o7", "1e3", "12:30", "null", "~", "a//b", "../x", "**/**/**/**/**/**/**", "{a,b}", "é", "💥"],
);

const lines = fullPolicy.split("\n");
const at = fc.nat(fullPolicy.length);
const lineAt = fc.nat(lines.length - 1);

/** The full policy with one thing done to it that a person, a merge or an attacker might do. */
const damaged: fc.Arbitrary<string> = fc.oneof(
  fc
    .array(fc.tuple(at, token), { minLength: 1, maxLength: 3 })
    .map((put) => put.reduce((text, [from, one]) => text.slice(0, from) + one + text.slice(from), fullPolicy)),
  fc.tuple(lineAt, lineAt).map(([one, other]) => {
    const moved = [...lines];
    moved.splice(other, 0, ...moved.splice(one, 1));
    return moved.join("\n");
  }),
  lineAt.map((from) => lines.toSpliced(from, 1).join("\n")),
  lineAt.map((from) => lines.toSpliced(from, 0, lines[from] ?? "").join("\n")),
  fc.tuple(lineAt, fc.nat(6)).map(([from, indent]) => {
    const line = " ".repeat(indent) + (lines[from] ?? "").trimStart();
    return lines.toSpliced(from, 1, line).join("\n");
  }),
  fc.tuple(lineAt, fc.string({ unit: "binary", maxLength: 20 })).map(([from, comment]) => {
    return lines.toSpliced(from, 0, `# ${comment}`).join("\n");
  }),
  fc
    .tuple(at, fc.constantFrom("[", "{a: ", "- ", "? ", "!x "), fc.integer({ min: 1, max: 60 }))
    .map(([from, open, deep]) => fullPolicy.slice(0, from) + open.repeat(deep) + fullPolicy.slice(from)),
);

describe.each(seeds)("with %s", (_, seed) => {
  test("any bytes get an answer", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), judge), { seed, numRuns: 500 });
  });

  test("any text gets an answer", () => {
    const unit = fc.oneof(token, fc.string({ unit: "binary", maxLength: 3 }), fc.constantFrom(...lines));
    const text = fc.array(unit, { maxLength: 30 }).map((parts) => parts.join(""));
    fc.assert(fc.property(text, judge), { seed, numRuns: 700 });
  });

  test("a good policy that was damaged gets an answer, and one reading if it is accepted", () => {
    fc.assert(fc.property(damaged, judge), { seed, numRuns: 300 });
  });

  test("a good policy with bits turned over gets an answer", () => {
    const bits = fc.array(fc.tuple(fc.nat(fullPolicy.length - 1), fc.nat(7)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(bits, (turned) => {
        const bytes = Buffer.from(fullPolicy);
        for (const [index, bit] of turned) bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
        judge(bytes);
      }),
      { seed, numRuns: 500 },
    );
  });
});

/** As much of a text, repeated, as the loader reads at all. */
const filled = (start: string, part: string, end = "") => {
  const room = policyBytes - Buffer.byteLength(start + end);
  return start + part.repeat(Math.floor(room / Buffer.byteLength(part))) + end;
};

describe("T061 the worst 64 KB come to an end", () => {
  test.each([
    ["anchors", filled("version: ", "&a ")],
    ["aliases", filled("version: [", "*a, ")],
    ["tags", filled("version: ", "!x ")],
    ["long tags", filled("version: !<", "a", "> 1")],
    ["directives", filled("", "%YAML 1.2\n")],
    ["documents", filled("version: 1\n", "---\n")],
    ["questions", filled("", "? ")],
    ["keys without an end", filled("", "? a\n")],
    ["pairs in a list", filled("version: [", "a: b, ", "]")],
    ["an open list of quoted words", filled("version: [", '"a" ')],
    ["an open string of many lines", filled('version: "', "a\n ")],
    ["a string of escapes", filled('version: "', "\\u0061", '"')],
    ["a string of broken escapes", filled('version: "', "\\", '"')],
    ["folded blank lines", filled("version: >-", "\n")],
    ["a staircase", Array.from({ length: 350 }, (_, depth) => `${" ".repeat(depth)}a:\n`).join("")],
    ["a comment on every line", filled("version: 1 #", "\n#")],
    ["one long comment", filled("version: 1 ", "#")],
    ["old line ends", filled("version: 1\r", "\r")],
    ["tabs", filled("version:", "\t")],
    ["one long number", filled("version: ", "9")],
    ["one long word of stars", filled("roles: { web: { allow: [", "*", "] } }")],
    ["wrong persons", filled("version: 1\npeople: { planners: [", "1,", "] }")],
    ["wrong routes", filled("version: 1\nagents: { routes: [", "{},", "] }")],
    ["patterns", filled("version: 1\ngates: { evidence: { files: [", "a//b,", "] } }")],
    [
      "unknown keys in many roles",
      `version: 1\nroles:\n${Array.from({ length: 2_400 }, (_, index) => `  r${index}: { alow: [a] }\n`).join("")}`,
    ],
    [
      "many phases",
      `version: 1\nphases:\n  current: p1\n  of:\n${Array.from({ length: 3_000 }, (_, index) => `    p${index}: {}\n`).join("")}`,
    ],
  ])("%s", (_, text) => {
    judge(text);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(policyBytes);
  });

  test("and so do as many patterns as a policy may hold, each with all the wildcards and alternatives it may have", () => {
    const words = Array.from({ length: 64 }, (_, index) => index).join(",");
    const pattern = `${"**/".repeat(6)}${"*a".repeat(5)}{${words}}*`;
    const text = filled("version: 1\ngates: { evidence: { files: [", `"${pattern}", `, "a] } }");
    expect(parsePolicy(text)).toMatchObject({ ok: true });
  });
});

test("T058: both answers were given often, and nothing that was read left a trace on every object", () => {
  expect(seen.accepted).toBeGreaterThan(100);
  expect(seen.refused).toBeGreaterThan(1_000);
  expect(Reflect.ownKeys(Object.prototype)).toEqual(objectKeys);
});
