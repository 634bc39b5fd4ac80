import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { canonicalJson, parseCanonicalJson } from "../../core/json.ts";

const wellFormed = fc.string({ unit: "binary" }).filter((text) => text.isWellFormed());
const number = fc.oneof(fc.maxSafeInteger(), fc.double({ min: -1e15, max: 1e15, noNaN: true }));
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false),
    number.map((value) => (Object.is(value, -0) ? 0 : value)),
    wellFormed,
    fc.array(tie("json")),
    fc.dictionary(
      wellFormed.filter((key) => key !== "__proto__"),
      tie("json"),
    ),
  ),
}));
const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

describe("the canonical form", () => {
  const written: [string, unknown, string][] = [
    [
      "keys by UTF-16 code units, as RFC 8785 sorts them",
      { "\u{1F600}": 1, "\uFB33": 2, a: 3, Z: 4, "": 5 },
      '{"":5,"Z":4,"a":3,"\u{1F600}":1,"\uFB33":2}',
    ],
    ["numbers that look like keys are not moved to the front", { b: 1, 10: 2, 9: 3 }, '{"10":2,"9":3,"b":1}'],
    ["numbers as ECMAScript prints them", [0, -0, 1.5, 1e-7, 9007199254740991], "[0,0,1.5,1e-7,9007199254740991]"],
    ["only what must be escaped", '\u0000\b\t\n\f\r"\\/\u007f\u2028', '"\\u0000\\b\\t\\n\\f\\r\\"\\\\/\u007f\u2028"'],
    ["a key without a value is left out", { a: undefined, b: null }, '{"b":null}'],
    ["objects without a prototype", Object.assign(Object.create(null), { a: true }), '{"a":true}'],
  ];
  test.each(written)("%s", (_, value, text) => {
    expect(canonicalJson(value as never)).toBe(text);
  });

  const refused: [string, unknown][] = [
    ["undefined", undefined],
    ["undefined in a list", [undefined]],
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
    ["a hole in a list", [, 1]],
    ["a number that is none", Number.NaN],
    ["an endless number", Number.POSITIVE_INFINITY],
    ["T158 a whole number past 2^53", 2 ** 53],
    ["T158 a large power of ten", 1e300],
    ["a big integer", 1n],
    ["T158 half of a surrogate pair", "\ud800"],
    ["T158 half of a surrogate pair in a key", { "\udc00": 1 }],
    ["T158 the key __proto__", JSON.parse('{"a":[{"__proto__":{"b":1}}]}')],
    ["a date", new Date(0)],
    ["a map", new Map()],
    ["bytes", new Uint8Array(1)],
    ["a boxed string", Object("text")],
    ["a function", () => 1],
    ["a symbol", Symbol("a")],
    ["an object that writes itself", { toJSON: () => 1 }],
  ];
  test.each(refused)("has none: %s", (_, value) => {
    expect(() => canonicalJson(value as never)).toThrow(TypeError);
  });

  test("is read back as what was written, and is the same whatever the order of keys", () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value as never);
        expect(JSON.parse(text)).toEqual(value);
        expect(parseCanonicalJson(text)).toEqual(value);
        expect(canonicalJson(reversed(value) as never)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  test("two texts that mean different strings are never written alike", () => {
    fc.assert(
      fc.property(wellFormed, wellFormed, (one, other) => {
        expect(canonicalJson(one) === canonicalJson(other)).toBe(one === other);
      }),
    );
  });
});

describe("reading the canonical form", () => {
  const refused: [string, string][] = [
    ["nothing", ""],
    ["no JSON", "{"],
    ["T158 a key twice", '{"sha":"good","sha":"evil"}'],
    ["T158 a key twice, once escaped", '{"sha":"good","\\u0073ha":"evil"}'],
    ["T158 the key __proto__", '{"__proto__":{"admin":true}}'],
    ["T158 half of a surrogate pair", '"\\ud800"'],
    ["T158 a number past 2^53", '{"id":9007199254740993}'],
    ["T158 a number that is rounded", "0.1000000000000000055511151231257827"],
    ["another spelling of a number", "1.0"],
    ["minus nothing", "-0"],
    ["T151 white space", '{"a": 1}'],
    ["T151 white space at the end", "{}\n"],
    ["a byte order mark", "\ufeff{}"],
    ["an escape that is not needed", '"\\/"'],
    ["keys in another order", '{"b":1,"a":2}'],
    ["two values", "{}{}"],
    ["nesting deeper than 64", nested(65)],
    ["nesting that would exhaust the stack", nested(100_000)],
  ];
  test.each(refused)("refuses %s", (_, text) => {
    expect(parseCanonicalJson(text)).toBeUndefined();
  });

  test("brackets inside a string are no nesting, and 64 levels are read", () => {
    expect(parseCanonicalJson(JSON.stringify("[{".repeat(100)))).toBe("[{".repeat(100));
    expect(parseCanonicalJson(JSON.stringify(`\\"${"[".repeat(100)}`))).toBe(`\\"${"[".repeat(100)}`);
    expect(canonicalJson(parseCanonicalJson(nested(64)) ?? null)).toBe(nested(64));
  });

  const odd: [string, string, boolean][] = [
    ["keys like numbers, sorted as text", '{"10":1,"9":2}', true],
    ["keys like numbers, as the engine orders them", '{"9":2,"10":1}', false],
    ["a backslash before `ud`", '"\\\\ud800"', true],
    ["an escaped pair that needs no escape", '"\\ud83d\\ude00"', false],
    ["__proto__ below an object that is in order", '{"a":{"__proto__":1}}', false],
    ["a number past 2^53 that prints as it is written", "[9007199254740992]", false],
    ["a string that never ends", '"[', false],
  ];
  test.each(odd)("where the engine's own writer is no guide: %s", (_, text, isRead) => {
    expect(parseCanonicalJson(text) !== undefined).toBe(isRead);
  });

  test("reads a text only if it is the one form of what it says", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        const value = parseCanonicalJson(text);
        if (value !== undefined) expect(canonicalJson(value)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** The same value with the keys of every object put in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reversed(item)]),
  );
}
