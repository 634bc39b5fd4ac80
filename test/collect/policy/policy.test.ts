import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parsePolicy } from "../../../collect/policy/policy.ts";

const whole = `version: 1
extends: default
people:
  approvers: ["@acme/qa", "@grace"]
  separation: solo
roles:
  web:
    allow: ["web/**"]
    deny:
      - web/vendor
gates:
  forbidden-paths: { deny: ["governance/**", ".github"] }
  diff-size: { files: 20, lines: 400, bytes: 1MB, ignore: ["**/package-lock.json"] }
  manual-test:
    when: { paths: ["web/**"], risk: [high, critical] }
agents:
  routes: [{ role: web, use: anthropic }]
  limits: { runtime: 20m, tokens: 400k }
`;

/** The one problem of a text that has to be refused, or the one of several that says something. */
function problemOf(text: string | Uint8Array, saying = "") {
  const parsed = parsePolicy(text);
  if (parsed.ok) throw new Error("this policy was accepted");
  const [found, ...others] = parsed.problems.filter(({ message }) => message.includes(saying));
  if (found === undefined) throw new Error(`nothing says ${saying}: ${JSON.stringify(parsed.problems)}`);
  expect(others).toEqual([]);
  return found;
}

describe("a good policy", () => {
  const parsed = parsePolicy(whole);
  if (!parsed.ok) throw new Error(parsed.problems[0].message);
  const { policy, lines } = parsed;

  test("comes with units and defaults worked out", () => {
    expect(policy.gates["diff-size"]).toEqual({
      files: 20,
      lines: 400,
      bytes: 1_000_000,
      ignore: ["**/package-lock.json"],
    });
    expect(policy.agents.limits).toEqual({
      runtime: 1_200,
      silence: 180,
      turns: 60,
      tokens: 400_000,
      rework: 3,
    });
    expect(policy.people).toMatchObject({
      approvers: ["@acme/qa", "@grace"],
      planners: [],
      separation: "solo",
    });
    expect(policy.gates["manual-test"]?.tests).toEqual(["manual"]);
  });

  test.each([
    ["version", 1],
    ["people.approvers.1", 4],
    ["roles.web", 7],
    ["roles.web.deny", 9],
    ["roles.web.deny.0", 10],
    ["gates.forbidden-paths", 12],
    ["gates.forbidden-paths.deny.1", 12],
    ["gates.manual-test.when.risk.1", 15],
    ["agents.routes.0.role", 17],
  ])("%s stands on line %d", (path, line) => {
    expect(lines[path]).toBe(line);
  });

  test("is read the same from bytes, from text and with Windows line ends", () => {
    expect(parsePolicy(Buffer.from(whole))).toEqual(parsed);
    expect(parsePolicy(whole.replaceAll("\n", "\r\n"))).toEqual(parsed);
  });

  test("can be as short as its version", () => {
    expect(parsePolicy("version: 1")).toMatchObject({
      ok: true,
      lines: { version: 1 },
      policy: { roles: {}, gates: {} },
    });
  });
});

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const gates = (text: string) => `version: 1\ngates:\n  ${text}\n`;

describe("a bad policy is told by one line, with its place and what to do", () => {
  test.each([
    ["T051 an empty file", "", 1, 1, "the file is empty"],
    ["T051 comments only", "# nothing\n", 1, 1, "the file is empty"],
    ["null", "~", 1, 1, "in quotes"],
    ["null spelled out", "null", 1, 1, "the policy is a mapping"],
    ["a list", "- a", 1, 1, "the policy is a mapping"],
    ["T056 an anchor", "version: &v 1", 1, 10, "anchors"],
    ["T056 an alias", "version: *v", 1, 10, "alias"],
    ["T057 a merge key", "version: 1\n<<: { gates: {} }", 2, 1, "merge keys"],
    ["T058 __proto__", "version: 1\n__proto__: { gates: {} }", 2, 1, '"__proto__" is not accepted'],
    ["T058 a quoted __proto__", 'version: 1\n"__proto__": {}', 2, 1, '"__proto__" is not accepted'],
    [
      "T058 constructor as a role",
      "version: 1\nroles: { constructor: { allow: [a] } }",
      2,
      10,
      '"constructor" is not accepted',
    ],
    ["T059 a version that is a number with a point", "version: 1.10", 1, 1, "version: expected 1"],
    ["T059 an octal number", gates("diff-size: { files: 010 }"), 3, 23, 'put "010" in quotes'],
    ["T059 a word that may be a truth value", "version: 1\nextends: no", 2, 10, 'put "no" in quotes'],
    ["T059 a key that may be a truth value", "version: 1\non: {}", 2, 1, 'put the key "on" in quotes'],
    ["T059 a time that may be a number", "version: 1\nagents: { limits: { runtime: 20:30 } }", 2, 30, "in quotes"],
    ["T059 a date", "version: 2026-11-21", 1, 10, "in quotes"],
    ["T061 two documents", "version: 1\n---\nversion: 1", 3, 1, "a second document"],
    ["T061 a tag", "version: !!int 1", 1, 10, "tags"],
    ["T061 a tag of one's own", "version: !js/function 1", 1, 10, "tags"],
    ["T061 a directive", "%YAML 1.1\n---\nversion: 1", 1, 1, "directives"],
    ["T061 deep nesting", `version: ${"[".repeat(20_000)}`, 1, undefined, "nesting"],
    ["T061 a byte order mark", "\uFEFFversion: 1", 1, 1, "byte order mark"],
    ["T061 tabs", "version: 1\ngates:\n\tevidence: {}", 3, undefined, "tab"],
    [
      "D7 a risk that takes two roads",
      "version: 1\nroles: { web: { allow: [a] } }\ntiers:\n  light: { role: web, files: 1, lines: 9, risk: [low, high] }\n  contract: { template: a.md }",
      5,
      undefined,
      "a risk takes one road",
    ],
    [
      "G15 an agent that signs off",
      `version: 1\nagents: { trailers: ["Signed-off-by: {agent}"] }`,
      2,
      undefined,
      "signs nothing off",
    ],
    [
      "G15 an unknown name",
      `version: 1\nagents: { trailers: ["Assisted-by: {person}"] }`,
      2,
      undefined,
      "it knows `{agent}`",
    ],
    ["G15 no trailer", `version: 1\nagents: { trailers: ["Assisted by {agent}"] }`, 2, undefined, "write one line"],
    ["D7 a template outside", "version: 1\ntiers: { contract: { template: ../a.md } }", 2, undefined, "without `..`"],
    ["T062 a misspelt gate", gates("forbiden_paths: { deny: [a] }"), 3, 3, 'did you mean "forbidden-paths"?'],
    [
      "T062 a misspelt key of a role",
      "version: 1\nroles: { web: { alow: [a] } }",
      2,
      17,
      'under roles.web; did you mean "allow"?',
    ],
    ["T062 a key that is near none", gates("zebra: {}"), 3, 3, "known here: forbidden-paths, links, protected"],
    [
      "T062 a misspelt key in a list",
      "version: 1\nagents: { routes: [{ rol: web, use: anthropic }] }",
      2,
      22,
      'did you mean "role"?',
    ],
    ["T039 an empty allow list", "version: 1\nroles: { web: { allow: [] } }", 2, 17, "an empty list"],
    ["T039 no allow list", "version: 1\nroles: { web: { deny: [a] } }", 2, 10, "roles.web.allow"],
    ["T037 a pattern with ./", gates('forbidden-paths: { deny: ["a", "./b"] }'), 3, 34, "does not start with"],
    ["T037 a pattern with /", gates('forbidden-paths: { deny: ["/b"] }'), 3, 29, "does not start with"],
    [
      "T038 a pattern with too many stars",
      gates(`forbidden-paths: { deny: ["${"*a".repeat(30)}"] }`),
      3,
      29,
      "`*` in one name",
    ],
    [
      "T038 a pattern in a role",
      `version: 1\nroles: { web: { allow: ["${"**/".repeat(11)}x"] } }`,
      2,
      25,
      "roles.web.allow: ",
    ],
    ["a pattern that leaves the repository", gates('diff-size: { ignore: ["a/../b"] }'), 3, 25, "`..`"],
    ["a repeated key", "version: 1\nversion: 1", 2, 1, "stands twice, first on line 1"],
    ["an empty section", "version: 1\ngates:\n", 2, 1, "gates: expected object, but it is empty"],
    ["a key that is a list", "version: 1\n? [a]\n: 1", 2, 3, "a key is a plain word"],
    ["a number in place of a text", "version: 1\nroles: { web: { allow: [12] } }", 2, 25, "expected string"],
    ["a unit that is not known", gates("diff-size: { bytes: 1MiB }"), 3, 16, "such as `1MB`"],
    ["a person without @", "version: 1\npeople: { approvers: [grace] }", 2, 23, "write `@user`"],
    [
      "a route to no role",
      "version: 1\nagents: { routes: [{ role: db, use: anthropic }] }",
      2,
      22,
      "a role that `roles` does not have",
    ],
    [
      "a program without its version",
      "version: 1\nroles: { web: { allow: [a] } }\nagents: { routes: [{ role: web, use: anthropic, tool: claude }] }",
      3,
      49,
      "such as `claude@2.1.332`",
    ],
    [
      "a program that is not known",
      'version: 1\nroles: { web: { allow: [a] } }\nagents: { routes: [{ role: web, use: anthropic, tool: "sh -c x" }] }',
      3,
      49,
      "`claude`, `codex`, `gemini`, `opencode` or `custom`",
    ],
    [
      "a program of another service",
      "version: 1\nroles: { web: { allow: [a] } }\nagents: { routes: [{ role: web, use: anthropic, tool: codex@0.171.0 }] }",
      3,
      49,
      "`codex` with `openai`",
    ],
    [
      "Gemini CLI with another service",
      "version: 1\nroles: { web: { allow: [a] } }\nagents: { routes: [{ role: web, use: openai, model: m, tool: gemini@0.61.0 }] }",
      3,
      56,
      "`gemini` with `google`",
    ],
    [
      "Gemini CLI without its version",
      "version: 1\nroles: { web: { allow: [a] } }\nagents: { routes: [{ role: web, use: google, model: m, tool: gemini }] }",
      3,
      56,
      "such as `claude@2.1.332`",
    ],
    ["google without a model", "version: 1\nagents: { planner: google }", 2, 1, "name one here or beside its `use`"],
    ["openai without a model", "version: 1\nagents: { planner: openai }", 2, 1, "name one here or beside its `use`"],
    [
      "a model of another service",
      "version: 1\nagents: { model: claude-sonnet-5-5, planner: openai }",
      2,
      11,
      "name one here or beside its `use`",
    ],
    ["T052 a policy of another repository", "version: 1\n_extends: other/repo", 2, 1, 'did you mean "extends"?'],
    ["a version in quotes", 'version: "1"', 1, 1, "version: expected 1"],
    ["broken YAML", "version: [1", 1, undefined, "not valid YAML"],
  ])("%s", (_, text, line, column, message) => {
    const problem = problemOf(text, message);
    expect(problem).toMatchObject({ line, message: expect.stringContaining(message) });
    if (column !== undefined) expect(problem.column).toBe(column);
    expect(problem.message).not.toContain("\n");
  });

  test("T056: more than 64 KB is refused before it is parsed", () => {
    expect(problemOf(`version: 1\n#${"é".repeat(40_000)}`).message).toContain("at most 65536");
    expect(parsePolicy(`version: 1\n#${"é".repeat(32_000)}`).ok).toBe(true);
  });

  test("T061: bytes that are not UTF-8 and half characters are refused", () => {
    expect(problemOf(Buffer.from([0x76, 0xff, 0xfe])).message).toContain("UTF-8");
    expect(problemOf("version: \uD800").message).toContain("UTF-8");
  });
});

describe("everything that is wrong with a policy is told at once, in the order of the text", () => {
  const told = (text: string) => {
    const parsed = parsePolicy(text);
    return parsed.ok ? [] : parsed.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
  };
  const all = [
    [
      "YAML, the schema and patterns",
      `vresion: 1
extends: no
people: { approvers: [grace, "@x"], aprovers: [] }
roles: { web: { alow: [a] }, db: { allow: ["a//b", "./x"] } }
gates:
  forbidden-paths: { deny: [12, "x/../y"] }
  diff-size: &a { files: 010, ingore: [] }
extends: default
__proto__: 1
`,
      [
        '1:1 unknown key "vresion"; did you mean "version"?',
        '2:10 put "no" in quotes',
        "3:23 people.approvers.0: write `@user`",
        '3:37 unknown key "aprovers" under people; did you mean "approvers"?',
        '4:17 unknown key "alow" under roles.web; did you mean "allow"?',
        "4:44 roles.db.allow: `a//b` is not a path pattern",
        "4:52 roles.db.allow.1: a pattern does not start with",
        "6:29 gates.forbidden-paths.deny.0: expected string",
        "6:33 gates.forbidden-paths.deny: `x/../y` is not a path pattern",
        "7:14 anchors",
        '7:26 put "010" in quotes',
        '7:31 unknown key "ingore" under gates.diff-size; did you mean "ignore"?',
        '8:1 the key "extends" stands twice, first on line 2',
        '9:1 the key "__proto__" is not accepted',
      ],
    ],
    [
      "T056 a nest of aliases, and nothing of what it would stand for",
      "a: &a [x]\nb: &b [*a,*a]\nversion: *b",
      ["1:1 unknown key", "1:4 anchors", "2:1 unknown key", "2:4 anchors", "2:8 aliases", "2:11 aliases"].concat(
        "3:1 version: expected 1",
        "3:10 aliases",
      ),
    ],
    ["T056 an alias of nothing leaves no policy to look at", "a: *a\nb: 1", ["1:4 aliases"]],
    [
      "T057 what a merge key brings in is looked at, too",
      "version: 1\n<<: { gates: { links: { alow: [a] } } }",
      ["2:1 merge keys", '2:25 unknown key "alow" under gates.links'],
    ],
    [
      "T061 every mark",
      "%YAML 1.2\n---\nversion: !a &b 1\n# \u2028\n---\nversion: 1",
      ["1:1 directives", "3:10 tags", "3:13 anchors", "4:3 U+2028", "6:1 a second document"],
    ],
    ["and where YAML ends, the search does", "version: 2 # \u0085\n\tx", ["1:14 U+0085", "2:1 this is not valid"]],
    [
      "a value whose kind is not clear, and not right either",
      "version: 2026-11-21",
      ["1:1 version: expected 1", '1:10 put "2026-11-21" in quotes'],
    ],
    [
      "a route to a role that has a problem",
      "version: 1\nroles: { web: { allow: [a//b] } }\nagents: { routes: [{ role: db, use: anthropic }] }",
      ["2:25 roles.web.allow: `a//b`", "3:22 agents.routes.0.role: a route names"],
    ],
  ] satisfies [string, string, string[]][];

  test.each(all)("%s", (_, text, expected) => {
    expect(told(text)).toEqual(expected.map((one) => expect.stringMatching(new RegExp(`^${escaped(one)}`))));
  });

  test("T061: a hundred problems are enough", () => {
    const lines = Array.from({ length: 300 }, (_, index) => `k${index}: 1\n`).join("");
    expect(told(`version: 1\n${lines}`)).toHaveLength(100);
    expect(told(`version: 1\n${lines}`).at(-1)).toContain('101:1 unknown key "k99"');
  });
});

test("a refused key changes nothing outside the policy (T058)", () => {
  problemOf('version: 1\nroles: { "__proto__": { allow: [a] } }', "__proto__");
  expect("allow" in {}).toBe(false);
});

describe("whatever the text", () => {
  const said = (text: string | Uint8Array) => {
    const parsed = parsePolicy(text);
    if (parsed.ok) return;
    for (const { message, line, column } of parsed.problems) {
      expect(message.length).toBeGreaterThan(10);
      expect(message).not.toContain("\n");
      expect(Number.isInteger(line) && Number.isInteger(column) && line >= 1 && column >= 1).toBe(true);
    }
  };

  test("any bytes get an answer", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => said(bytes)),
      { numRuns: 500 },
    );
  });

  test("any text made of YAML's marks gets an answer", () => {
    const mark = fc.constantFrom(
      "version",
      "gates",
      "roles",
      ": ",
      ":",
      "- ",
      "\n",
      "\n  ",
      "? ",
      "&a ",
      "*a",
      "!x ",
      "{",
      "}",
      "[",
      "]",
      ",",
      "|",
      ">",
      "'",
      '"',
      "#",
      "---\n",
      "...\n",
      "%YAML 1.2\n",
      "\t",
      "1",
      "null",
      "<<",
    );
    fc.assert(
      fc.property(fc.array(mark, { maxLength: 40 }), (marks) => said(marks.join(""))),
      { numRuns: 2_000 },
    );
  });

  test("a good policy with one part cut out or doubled gets an answer", () => {
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(30), fc.boolean(), (from, length, doubled) => {
        const part = whole.slice(from, from + length);
        said(whole.slice(0, from) + (doubled ? part + part : "") + whole.slice(from + length));
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    ["brackets", "[".repeat(65_000)],
    ["braces", "{a: ".repeat(16_000)],
    ["dashes", "- ".repeat(32_000)],
    ["quotation marks", '"'.repeat(65_000)],
    ["colons", ": ".repeat(32_000)],
    ["exclamation marks", "!".repeat(65_000)],
    ["short lines", "a:\n".repeat(21_000)],
    ["many keys", Array.from({ length: 6_000 }, (_, index) => `k${index}: 1`).join("\n")],
    ["many items", `version: 1\nroles: [${"a,".repeat(30_000)}a]`],
    ["spaces", " ".repeat(65_000)],
    ["folded lines", `version: >\n${" a\n\n".repeat(16_000)}`],
  ])("64 KB of %s come to an end", (_, text) => {
    said(text);
  });
});

test.each<[string, string, number, string]>([
  ["deny: [*.pem]", "*.pem", 8, "aliases"],
  ["deny:\n  - *.pem", "*.pem", 5, "aliases"],
  ["deny: [**/x, b]", "**/x", 8, "aliases"],
  ["deny: [!secret/**, b]", "!secret/**", 8, "tags"],
  ["deny: [a, &b]", "&b", 11, "anchors"],
  ["a: @acme/leads", "@acme/leads", 4, "not valid YAML"],
  ["a: [@acme/leads, @lena]", "@acme/leads", 5, "not valid YAML"],
  ["a: ['@lena', @acme/leads]", "@acme/leads", 14, "not valid YAML"],
  ["a:\n  - @acme/leads", "@acme/leads", 5, "not valid YAML"],
  ["a: `b`", "`b`", 4, "not valid YAML"],
  ["deny: [{a,b}/x]", "{a,b}/x", 8, "not valid YAML"],
])("unquoted YAML %s: the problem says what to put in quotes", (line, value, column, problem) => {
  const parsed = parsePolicy(`version: 1\n${line}\n`);
  const problems = parsed.ok ? [] : parsed.problems;
  const found = problems.find(({ message }) => message.includes("in quotes"));
  expect(found).toMatchObject({ line: 1 + line.split("\n").length, column });
  expect(found?.message).toContain(problem);
  expect(found?.message).toContain(`\`"${value}"\` in quotes`);
});
