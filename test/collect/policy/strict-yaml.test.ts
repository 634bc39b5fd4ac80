import { describe, expect, test } from "@jest/globals";
import { CORE_SCHEMA, JSON_SCHEMA, load, YAML11_SCHEMA } from "js-yaml";
import * as z from "zod";
import { parsePolicy } from "../../../collect/policy/policy.ts";
import { readYaml } from "../../../collect/yaml/yaml.ts";
import { bareValue } from "../../../core/yaml.ts";
import { Policy, policyKeys } from "../../../schemas/policy.ts";
import { fullPolicy } from "../../builders/full-policy.ts";

/** The one problem of a text that has to be refused, or the one of several that says something. */
function problemOf(text: string | Uint8Array, saying = "") {
  const parsed = parsePolicy(text);
  if (parsed.ok) throw new Error(`this policy was accepted: ${JSON.stringify(text)}`);
  const [found, ...others] = parsed.problems.filter(({ message }) => message.includes(saying));
  if (found === undefined) throw new Error(`nothing says ${saying}: ${JSON.stringify(parsed.problems)}`);
  expect(others).toEqual([]);
  return found;
}

const gates = (text: string) => `version: 1\ngates:\n  ${text}\n`;

describe("what a policy has no use for is refused where it stands", () => {
  test.each([
    ["T052 a policy to extend, by repository", "version: 1\nextends: acme/policies", 2, 1, '"default"'],
    ["T052 a policy to extend, by address", 'version: 1\nextends: "https://x.example/p"', 2, 1, '"default"'],
    ["T052 a list of policies to extend", "version: 1\nextends: [default]", 2, 1, '"default"'],
    ["T056 an anchor on a mapping", gates("&a diff-size: { files: 1 }"), 3, 3, "anchors"],
    ["T056 an anchor on a list", gates("evidence: { files: &f [a] }"), 3, 22, "anchors"],
    ["T056 an anchor on nothing", gates("evidence: &f"), 3, 13, "anchors"],
    ["T056 an alias in a list", gates("evidence: { files: [*f] }"), 3, 23, "alias"],
    ["T056 an alias as a key", "version: 1\n*v : 1", 2, 1, "alias"],
    ["T057 a merge key in a gate", gates("evidence: { <<: { files: [a] } }"), 3, 15, "merge keys"],
    ["T057 a merge key in a role", "version: 1\nroles: { web: { <<: {}, allow: [a] } }", 2, 17, "merge"],
    ["T057 a merge of several", "version: 1\nroles:\n  <<: [{}, {}]", 3, 3, "merge keys"],
    ["T057 a merge key in quotes", 'version: 1\n"<<": { gates: {} }', 2, 1, 'unknown key "<<"'],
    ["T058 __proto__ inside a merge", 'version: 1\n<<: { "__proto__": { x: 1 } }', 2, 1, "merge keys"],
    ["T058 __proto__ by escapes", 'version: 1\n"\\x5f_proto_\\u005f": {}', 2, 1, "is not accepted"],
    ["T058 __proto__ on two lines", 'version: 1\n? "__pro\\\n  to__"\n: {}', 2, 3, "is not accepted"],
    ["T058 prototype in a gate", gates("evidence: { prototype: {} }"), 3, 15, '"prototype" is not accepted'],
    ["T058 constructor in a list", "version: 1\nagents: { routes: [{ constructor: 1 }] }", 2, 22, "accepted"],
    ["T058 a role of every object", "version: 1\nroles: { toString: { allow: [a] } }", 2, 10, "lower-case"],
    ["T058 a phase of every object", "version: 1\nphases: { current: valueOf, of: {} }", 2, 11, "`of`"],
    ["T061 a tag on a mapping", "!!map\nversion: 1", 1, 1, "tags"],
    ["T061 a binary value", "version: 1\nextends: !!binary ZGVmYXVsdA==", 2, 10, "tags"],
    ["T061 a directive that names tags", "%TAG ! tag:x,2000:\n---\nversion: 1", 1, 1, "directives"],
    ["T061 two documents, the first one ended", "version: 1\n...\nversion: 1", 3, 1, "a second document"],
    ["T061 a NUL", "version: 1\0", 1, 11, "not valid YAML"],
    ["T061 a key on a tab", "version: 1\ngates:\n  evidence:\n\t  files: [a]", 4, 1, "tab"],
    ["T061 a nest that is 21 deep", `version: ${"[".repeat(21)}${"]".repeat(21)}`, 1, 29, "nesting"],
  ])("%s", (_, text, line, column, message) => {
    expect(problemOf(text, message)).toEqual({ line, column, message: expect.stringContaining(message) });
  });

  test("T061 UTF-16, either way round", () => {
    const wide = Buffer.from(`\uFEFF${fullPolicy}`, "utf16le");
    expect(problemOf(wide).message).toContain("UTF-8");
    expect(problemOf(Buffer.from(wide).swap16()).message).toContain("UTF-8");
  });

  test("T061 nests as deep as any policy needs, and a document's own marks, are read", () => {
    const deep = `${"[".repeat(18)}${"]".repeat(18)}`;
    expect(readYaml(`version: ${deep}`, "strict")).toMatchObject({ value: { kind: "map" }, problems: [] });
    expect(parsePolicy(`---\n${fullPolicy}...\n`)).toMatchObject({ ok: true });
  });
});

const plain = ["1", "-1", "0", "1.0", "1.10", "0.5", "true", "false", "null"];
const words = ["a", "1.2.3", "1e", "a.b", "tRue", "--x", "1 2", "v1", "../x", "~x"];
const unclear = [
  ...["yes", "No", "on", "OFF", "y", "N", "True", "FALSE", "~", "Null", ".5", "+1", "1_000", "010", "08"],
  ...["0o17", "0x1F", "0b1", "1e3", "1.5e3", ".inf", "-.Inf", ".NaN", "20:30", "190:20:30.15", "2026-11-21"],
  ...["2001-12-14t21:59:43.10-05:00", "<<"],
];

describe("T059 a value is read only if readers of YAML 1.1, YAML 1.2 and JSON read the same", () => {
  const read = (text: string) => {
    const { value, problems } = readYaml(text, "strict");
    return value !== null && problems.length === 0
      ? { value: bareValue(value) }
      : problems.map(({ message }) => message);
  };

  test.each([...plain, ...words])("%s", (text) => {
    for (const schema of [CORE_SCHEMA, YAML11_SCHEMA, JSON_SCHEMA])
      expect(read(`[${text}]`)).toEqual({ value: load(`[${text}]`, { schema }) });
  });

  test.each(unclear)("%s has to be quoted, as a value and as a key", (text) => {
    const refused = [expect.stringContaining("in quotes")];
    expect(read(`- ${text}`)).toEqual(refused);
    expect(read(`"k": ${text}`)).toEqual(refused);
    expect(read(`"${text}": 1`)).toEqual({ value: { [text]: 1 } });
    expect(read(`- '${text}'`)).toEqual({ value: [text] });
    if (text !== "<<") expect(read(`${text}: 1`)).toEqual(refused);
  });

  test.each(["\u0085", "\u2028", "\u2029"])("%j ends a line or a comment for some readers only", (end) => {
    const hiding = `version: 1\n# allow all${end}gates: {}\n`;
    expect(problemOf(hiding)).toMatchObject({ line: 2, column: 12, message: expect.stringMatching(/^U\+/) });
    expect(problemOf(hiding.replaceAll("\n", "\r"))).toMatchObject({ line: 2, column: 12 });
  });
});

describe("what is quoted in a message stays on its line and short", () => {
  test.each([
    ["a line break in a key", 'version: 1\n"a\\nb": 1', 'unknown key "a b"; known here: version'],
    ["T027 an order to the terminal", 'version: 1\n"a\\e[31mb": 1', 'unknown key "a[U+001B][31mb";'],
    ["T027 reversed text in a role", 'version: 1\nroles: { "a\\u202Eb": {} }', "roles.a[U+202E]b: a role's name"],
    ["a line end of Unicode in a repeated key", '{ "\\L": 1, "\\L": 2 }', 'the key "[U+2028]" stands twice'],
    ["a bell in a tag", "!<a\u0007> a", "such characters: a[U+0007]"],
  ])("%s", (_, text, message) => {
    expect(problemOf(text, message).message).toContain(message);
  });

  test("a very long key leaves room for what is wrong with it", () => {
    const { message } = problemOf(`version: 1\n${"k".repeat(60_000)}: 1`);
    expect(message.length).toBeLessThan(1_000);
    expect(message).toMatch(/^unknown key "kkk.*known here: version/);
  });
});

describe("T062 every key of the policy is suggested for what is nearly it", () => {
  const sections: string[][] = [
    [],
    ["people"],
    ["gates"],
    ["phases"],
    ["waivers"],
    ["agents"],
    ["agents", "limits"],
    ["gates", "diff-size"],
    ["gates", "manual-test", "when"],
  ];
  const keys = sections.flatMap((place) => policyKeys(place).map((key) => ({ place, key })));

  test("there are keys to misspell", () => {
    expect(keys.length).toBeGreaterThan(50);
  });

  test.each(keys)("$place $key", ({ place, key }) => {
    // "by" and "of" are too short for a letter to be missing.
    const misspelt = key.length < 4 ? key.toUpperCase() : key.slice(0, -2) + key.slice(-1);
    const written = place.reduceRight<unknown>((inner, name) => ({ [name]: inner }), { [misspelt]: 1 });
    const { message } = problemOf(JSON.stringify(written), `unknown key "${misspelt}"`);
    expect(message).toContain(`unknown key "${misspelt}"`);
    expect(message).toContain(`did you mean "${key}"?`);
  });
});

type Schema = z.core.JSONSchema._JSONSchema;

/** Every place of the schema where a path pattern may stand; `*` is any key or item. */
function patternPlaces(node: Schema | undefined, place: string[]): string[] {
  if (typeof node !== "object") return [];
  if (node.description?.startsWith("A path pattern:")) return [place.join(".")];
  const items = Array.isArray(node.items) ? node.items : [node.items];
  return [
    ...Object.entries(node.properties ?? {}).flatMap(([name, one]) => patternPlaces(one, [...place, name])),
    ...patternPlaces(node.additionalProperties, [...place, "*"]),
    ...items.flatMap((one) => patternPlaces(one, [...place, "*"])),
    ...(node.anyOf ?? []).flatMap((one) => patternPlaces(one, place)),
  ];
}

type Json = { [key: string]: Json } | Json[] | string | number | boolean | null;

/** The ways to put a wrong pattern into a value at a place that may hold `*`, each with the dotted path. */
function spoilt(value: Json, place: string[], above: string[]): { path: string; value: Json }[] {
  const [part, ...rest] = place;
  if (part === undefined) return typeof value === "string" ? [{ path: above.join("."), value: "a//b" }] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (part !== "*" && part !== key) return [];
    return spoilt(inner, rest, [...above, key]).map(({ path, value: changed }) => {
      const copy = Array.isArray(value) ? [...value] : { ...value };
      return { path, value: Object.assign(copy, { [key]: changed }) };
    });
  });
}

describe("T037 no list of patterns goes unchecked", () => {
  const whole = load(fullPolicy) as Json;
  const places = [...new Set(patternPlaces(z.toJSONSchema(Policy, { io: "input" }), []))];

  test("the policy with every key is accepted", () => {
    expect(parsePolicy(fullPolicy)).toMatchObject({ ok: true });
  });

  test("the schema has many places for patterns", () => {
    expect(places.length).toBeGreaterThan(20);
    expect(places).toContain("gates.tests.*.when.*");
  });

  test.each(places)("%s", (place) => {
    const found = spoilt(whole, place.split("."), []);
    // A place for one pattern or a list of them is two places: either is enough.
    const other = place.endsWith(".*") ? place.slice(0, -2) : `${place}.*`;
    const twin = places.includes(other) ? spoilt(whole, other.split("."), []) : [];
    expect(found.length + twin.length).toBeGreaterThan(0);
    for (const { path, value } of found) {
      const { message } = problemOf(JSON.stringify(value));
      expect(message).toMatch(/two slashes stand next to each other$/);
      expect(path.startsWith(message.slice(0, message.indexOf(":")))).toBe(true);
    }
  });
});
