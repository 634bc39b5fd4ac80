import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { covers } from "../../../core/paths/cover.ts";
import { matcher, problems } from "../../../core/paths/patterns.ts";
import type { JobCheck } from "../../../core/policy/job-checks.ts";
import { lintPolicy } from "../../../core/policy/lint.ts";
import { policyOf } from "../../builders/pull-facts.ts";

type Around = { files?: string[]; checks?: JobCheck[] };

function lint(policy: string, { files, checks }: Around = {}) {
  return lintPolicy(policyOf(policy), { files: files ?? null, checks: checks ?? null });
}

/** The code and line of each warning. */
const told = (policy: string, around?: Around) =>
  lint(policy, around).map(({ code, policyLine }) => [code, policyLine]);

const forbids = (...patterns: string[]) =>
  `version: 1\ngates:\n  forbidden-paths:\n    deny:\n${patterns.map((one) => `      - "${one}"\n`).join("")}`;

const everyDuty = 'people: { planners: ["@p"], executors: ["@e"], approvers: ["@q"], architects: ["@r"] }\n';
const role = (rest: string, above = "") => `version: 1\n${above}roles:\n  web: ${rest}\n${everyDuty}`;

describe("a pattern that matches no file", () => {
  test("is told with its line", () => {
    const files = ["src/a.ts"];
    expect(told(forbids("src", "docs/**"), { files })).toEqual([["matches-nothing", 6]]);
  });

  test.each([
    ["docs/**", "There is no `docs`"],
    ["src/old/*.ts", "There is no `src/old`"],
    ["src/*.js", "Mend the pattern"],
  ])("%s: the next step names what is not there", (pattern, next) => {
    expect(lint(forbids(pattern), { files: ["src/a.ts"] })[0]?.next).toContain(next);
  });

  test("that differs only in case, where case counts, is told with the tree's spelling", () => {
    const [warning] = lint(role('{ allow: ["Web/**"] }'), { files: ["web/a.ts"] });
    expect(warning).toMatchObject({ code: "matches-nothing", next: expect.stringContaining("`web/a.ts`") });
  });

  test("is no mistake where its files are yet to be written", () => {
    const policy = 'version: 1\ngates: { adr: { when: "src", files: "adr" }, evidence: { files: ["evidence"] } }';
    expect(told(policy, { files: ["src/a.ts"] })).toEqual([]);
  });

  test("is not told when the files are not known", () => {
    expect(told(forbids("docs"))).toEqual([]);
  });
});

describe("T034 brackets", () => {
  const files = ["app/[id]/page.tsx", "app/i/page.tsx"];
  test("a route's file is matched by its own name, without a warning", () => {
    expect(told(forbids("app/[id]/page.tsx"), { files: files.slice(0, 1) })).toEqual([]);
  });
  test("a pattern that matches by both meanings is told", () => {
    expect(told(forbids("app/[id]/page.tsx"), { files })).toEqual([["read-two-ways", 5]]);
  });
  test("the way of writing that the next step names means the name alone", () => {
    expect(told(forbids("app/[[]id]/page.tsx"), { files })).toEqual([]);
    expect(matcher(["app/[[]id]/page.tsx"], "deny").matches("app/[id]/page.tsx")).not.toBeNull();
    expect(matcher(["app/[[]id]/page.tsx"], "deny").matches("app/i/page.tsx")).toBeNull();
  });
});

describe("a pattern that another one covers", () => {
  test.each([
    [["src", "src/a.ts"], 6],
    [["src/a.ts", "src/**"], 5],
    [["src", "src/"], 6],
    [["src", "src"], 6],
    [["**", "docs"], 6],
    [["**/*.ts", "src/*.ts"], 6],
    [["src/*", "src/a*"], 6],
    [["src/**", "src/{a,b}"], 6],
  ])("%j: line %d adds nothing", (patterns, line) => {
    expect(told(forbids(...patterns))).toEqual([["shadowed", line]]);
  });

  test.each([
    [["src/*", "src/*/**"], "shadowed", 5],
    [["a/*.ts", "b/*.ts"], null, null],
    [["src/*.ts", "src/**/*.ts"], "shadowed", 5],
    [["src", "srcs"], null, null],
    [["[ab]", "a"], null, null],
    // The narrow one is a folder, and means what lies deeper in it too.
    [["**/a/*", "a/a"], null, null],
  ])("%j: %s", (patterns, code, line) => {
    expect(told(forbids(...patterns))).toEqual(code === null ? [] : [[code, line]]);
  });

  test("means it: whatever the narrow one matches, the wide one does", () => {
    const segment = fc.constantFrom("**", "*", "a", "b", "a*", "*b", "?", "{a,b}", "[ab]", "*a*");
    const pattern = fc
      .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.constantFrom("", "/"))
      .map(([segments, end]) => `${segments.join("/")}${end}`)
      .filter((one) => problems([one]).length === 0);
    const path = fc
      .array(fc.constantFrom("a", "b", "ab", "aa", "bab", "c", "[ab]"), { minLength: 1, maxLength: 5 })
      .map((names) => names.join("/"));
    fc.assert(
      fc.property(pattern, pattern, fc.array(path, { minLength: 20, maxLength: 40 }), (wide, narrow, paths) => {
        if (!covers(wide, narrow)) return;
        const [wider, narrower] = [matcher([wide], "allow"), matcher([narrow], "allow")];
        for (const one of paths)
          if (narrower.matches(one) !== null) expect([wide, one, wider.matches(one)]).toEqual([wide, one, wide]);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("roles", () => {
  test.each([
    ['{ allow: ["**"] }', "", [["allows-policy", 3]]],
    ['{ allow: [".github/**"] }', "", [["allows-policy", 3]]],
    ['{ allow: ["**"] }', "extends: default\n", [["allows-everything", 4]]],
    ['{ allow: ["**/*"], deny: [".github"] }', "", [["allows-everything", 3]]],
    ['{ allow: ["web/**"] }', "", []],
    ['{ allow: [".github/**"] }', "extends: default\n", []],
    ['{ allow: ["web/vendor"], deny: ["web/**"] }', "", [["allowed-and-denied", 3]]],
    ['{ allow: ["web/**"], deny: ["web/vendor"] }', "", []],
  ])("%s%s: %j", (rest, above, expected) => {
    expect(told(role(rest, above))).toEqual(expected);
  });
});

describe("checks that the gate ci waits for", () => {
  const needs = (...names: string[]) =>
    `version: 1\ngates:\n  ci: { checks: [${names.map((one) => JSON.stringify(one)).join(", ")}] }`;
  const job = (...pieces: string[]) => ({ file: ".github/workflows/ci.yml", pieces });

  test.each([
    ["test", [job("test")], true],
    ["tests", [job("test")], false],
    ["test", [], false],
    ["test (24)", [job("test (", ")")], true],
    ["test", [job("test (", ")")], false],
    ["build / lint", [job("build / ", "")], true],
    ["on linux, node 24", [job("on ", ", node ", "")], true],
    ["on linux", [job("on ", ", node ", "")], false],
    ["aba", [job("ab", "ba")], false],
  ])("%s among %j: %s", (name, checks, isThere) => {
    const expected = isThere ? [] : [["no-such-check", 3]];
    expect(told(needs(`@github-actions/${name}`), { checks })).toEqual(expected);
  });

  test("another app's checks are not known, and nothing is said without workflows to compare with", () => {
    expect(told(needs("@codecov/patch"), { checks: [] })).toEqual([]);
    expect(told(needs("@github-actions/test"))).toEqual([]);
  });
});

describe("a casefile that Sallyport writes", () => {
  const written = (rest: string) => `version: 1\n${rest}gates:\n  casefile:\n    log: "tasks/{story}/LOG.md"\n`;
  test.each([
    ["", false],
    ["extends: default\n", false],
    ["phases: { current: build, of: { build: { deny: [tasks] } } }\n", true],
    ["phases: { current: build, of: { build: { allow: [src] } } }\n", true],
    ["phases: { current: build, of: { build: { allow: [src, tasks] }, freeze: { deny: [tasks] } } }\n", false],
  ])("under %j is kept out: %p", (rest, kept) => {
    const line = written(rest).split("\n").length - 1;
    expect(told(`${written(rest)}${everyDuty}`)).toEqual(kept ? [["casefile-refused", line]] : []);
  });

  test.each([
    ["  forbidden-paths: { deny: [tasks] }\n", true],
    ['  protected: { paths: ["tasks/1/**"] }\n', true],
    ["  forbidden-paths: { deny: [tests] }\n", false],
  ])("beside the gate %j is kept out: %p", (gate, kept) => {
    expect(told(`${written("")}${gate}${everyDuty}`)).toEqual(kept ? [["casefile-refused", 4]] : []);
  });

  test("in a place of the built-in list is kept out", () => {
    const policy = 'version: 1\nextends: default\ngates:\n  casefile: { plan: "x/{story}/AGENTS.md" }\n';
    expect(told(`${policy}${everyDuty}`)).toEqual([["casefile-refused", 4]]);
  });
});

describe("people", () => {
  const people = (text: string) => `version: 1\npeople: ${text}\n`;
  test.each([
    ['{ planners: ["@ada"], approvers: ["@Ada"] }', "nobody-else-approves"],
    ['{ executors: ["@ada"], approvers: ["@ada"] }', "nobody-else-approves"],
    ['{ executors: ["@ada#7"], approvers: ["@ada"] }', "nobody-else-approves"],
    ['{ planners: ["@ada"] }', "nobody-approves"],
    ['{ planners: ["@ada"], approvers: ["@ada"], separation: solo }', null],
    ['{ planners: ["@ada"], approvers: ["@ada", "@grace"] }', null],
    ['{ planners: ["@ada"], approvers: ["@acme/qa"] }', null],
    ['{ planners: ["@ada"], approvers: ["@grace"] }', null],
    ["{}", null],
  ])("%s: %s", (text, code) => {
    expect(told(people(text))).toEqual(code === null ? [] : [[code, 2]]);
  });

  test.each<[string, number, string | null]>([
    ['["@ada"]', 1, null],
    ['["@ada", "@grace"]', 2, null],
    ['["@acme/architects"]', 2, null],
    ['["@ada"]', 2, "too-few-waive"],
    ['["@ada", "@Ada#7"]', 2, "too-few-waive"],
    ["[]", 1, "too-few-waive"],
  ])("T117 architects %s and waivers by %d of them: %s", (architects, count, code) => {
    const text = `version: 1\npeople: { architects: ${architects} }\nwaivers: { gates: [ci], people: ${count} }\n`;
    expect(told(text)).toEqual(code === null ? [] : [[code, 3]]);
  });
});

describe("T17: a duty that nobody holds", () => {
  const warned = (policy: string) => lint(`version: 1\n${policy}`).map(({ code, message }) => `${code}: ${message}`);

  test.each<[string, string[]]>([
    ["roles: { web: { allow: [web] } }", ["nobody-plans", "nobody-runs", "nobody-approves"]],
    ["extends: default", ["nobody-decides"]],
    ["gates: { protected: { paths: [web], by: approvers } }", ["nobody-approves"]],
    ["gates: { manual-test: { when: { always: true } } }", ["nobody-approves"]],
    ["gates: { review: { by: [planners, architects] } }", ["nobody-plans", "nobody-decides"]],
    ['gates: { review: { by: [planners, architects] } }\npeople: { architects: ["@ada"] }', []],
    ["gates: { trace: { of: agents } }", ["nobody-runs", "nobody-decides"]],
    ["gates: { trace: { of: runs } }", []],
    ["{}", []],
  ])("%s: %j", (policy, codes) => {
    const text = policy === "{}" ? "" : policy;
    expect(warned(text).map((one) => one.replace(/:.*/, ""))).toEqual(codes);
  });

  test("is named once, with all that cannot happen", () => {
    const policy = "roles: { web: { allow: [web] } }\ngates: { manual-test: { when: { always: true } } }";
    expect(warned(policy).at(-1)).toBe(
      "nobody-approves: `people.approvers` names nobody: no plan can be approved, so no agent ever runs, and no manual test can be signed off.",
    );
  });
});

describe("T17: tests that lie in no role", () => {
  const policy = (allow: string, more = "") =>
    `${role(`{ allow: [${allow}]${more} }`)}gates:\n  tests: [{ when: "src/**", need: "test/**" }]\n`;
  const files = ["src/a.ts", "test/a.test.ts", "docs/a.md"];
  test.each<[string, string, boolean]>([
    ['"src/**"', "", true],
    ['"src/**", "test/**"', "", false],
    ['"src/**", "test/a*"', ', deny: ["test/*.ts"]', true],
    ['"docs/**"', "", false],
  ])("a role that allows %s%s: warned %p", (allow, more, isWarned) => {
    expect(told(policy(allow, more), { files })).toEqual(isWarned ? [["tests-in-no-role", 6]] : []);
  });
});

test("every warning says what, where and what to do, in the order of the lines", () => {
  const policy = `version: 1
people: { planners: ["@ada"], executors: ["@ada"], approvers: ["@ada"] }
roles:
  all: { allow: ["**"] }
gates:
  forbidden-paths: { deny: ["gone", "gone/a"] }
`;
  const warnings = lint(policy, { files: ["a"], checks: [] });
  expect(warnings.map(({ policyLine }) => policyLine)).toEqual([2, 4, 6, 6, 6]);
  for (const { message, next } of warnings) {
    expect(message).toMatch(/^[^\n]+[.;]?$/);
    expect(next).toMatch(/^[^\n]+\.$/);
  }
});

test("G12: instructions that are not in the tree are told, and only where the tree is known", () => {
  const policy = `version: 1\n${everyDuty}agents: { instructions: [AGENTS.md, docs/how.md] }\n`;
  expect(told(policy, { files: ["AGENTS.md"] })).toEqual([["no-such-instructions", 3]]);
  expect(told(policy)).toEqual([]);
});

test("D7: a template of master contracts that is not in the tree is told, and only where the tree is known", () => {
  const policy = `version: 1\n${everyDuty}tiers: { contract: { template: docs/contract.md } }\n`;
  expect(told(policy, { files: ["README.md"] })).toEqual([["no-such-template", 3]]);
  expect(told(policy, { files: ["docs/contract.md"] })).toEqual([]);
  expect(told(policy)).toEqual([]);
});
