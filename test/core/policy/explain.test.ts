import { describe, expect, test } from "@jest/globals";
import { explain } from "../../../core/policy/explain.ts";
import { patternLists } from "../../../core/policy/lists.ts";
import { policyOf } from "../../builders/pull-facts.ts";

const policy = policyOf(`version: 1
extends: default
roles:
  web:
    allow: ["web/**"]
    deny: ["web/vendor"]
gates:
  forbidden-paths:
    deny:
      - governance
  links: { allow: ["links"] }
  protected: { paths: ["infra"], by: approvers }
  tests: [{ when: "src/**", need: ["test/**", "spec"] }]
  secrets: { ignore: ["fixtures"] }
  harness: { files: ["tools/ci.sh"] }
  casefile: {}
  remediation: { surfaces: "prod", files: "fixes" }
  adr: { when: "core", files: "decisions" }
  manifest: [{ when: "package.json", need: "package-lock.json" }]
  review: { count: 2, paths: ["billing"] }
  diff-size: { files: 3, ignore: ["gen"] }
  manual-test: { when: { paths: ["ui"] }, tests: [smoke] }
  evidence: { files: ["evidence/*.json"] }
phases:
  current: build
  of:
    build: { deny: ["schema"] }
    freeze: { allow: ["docs"] }
`);

/** The keys of the rules that touch a path. */
const keys = (path: string) => explain(path, policy).rules.map(({ key }) => key);

describe("which rules touch a path", () => {
  test.each([
    ["web/a.ts", ["roles.web.allow.0"]],
    ["web/vendor/a.ts", ["roles.web.allow.0", "roles.web.deny.0"]],
    ["governance/charter.md", ["gates.forbidden-paths.deny.0"]],
    ["links/a", ["gates.links.allow.0"]],
    ["infra/main.tf", ["gates.protected.paths.0"]],
    ["src/a.ts", ["gates.tests.0.when.0"]],
    ["spec/a.ts", ["gates.tests.0.need.1"]],
    ["fixtures/key", ["gates.secrets.ignore.0"]],
    ["tools/ci.sh", ["gates.harness.files.0"]],
    ["tasks/12/PLAN.md", ["gates.casefile.files.0"]],
    ["prod/a", ["gates.remediation.surfaces.0"]],
    ["fixes/1.md", ["gates.remediation.files.0"]],
    ["core/a.ts", ["gates.adr.when.0"]],
    ["decisions/1.md", ["gates.adr.files.0"]],
    ["package.json", ["gates.manifest.0.when.0"]],
    ["package-lock.json", ["gates.manifest.0.need.0"]],
    ["billing/a.ts", ["gates.review.paths.0"]],
    ["gen/a.ts", ["gates.diff-size.ignore.0"]],
    ["ui/a.ts", ["gates.manual-test.when.paths.0"]],
    ["evidence/a.json", ["gates.evidence.files.0"]],
    ["schema/a.sql", ["phases.of.build.deny.0"]],
    ["docs/a.md", ["phases.of.freeze.allow.0"]],
    [".github/workflows/ci.yml", ["extends"]],
    ["elsewhere/a.ts", []],
    ["tasks/0/PLAN.md", []],
    ["tasks/x/PLAN.md", []],
    ["evidence/deep/a.json", []],
  ])("%s: %j", (path, expected) => {
    expect(keys(path)).toEqual(expected);
  });

  test("T026 a deny takes the look-alike of a name, an allow does not", () => {
    expect(keys("Governance/a")).toEqual(["gates.forbidden-paths.deny.0"]);
    expect(keys("Web/a.ts")).toEqual([]);
  });
});

describe("what a rule says", () => {
  test("its pattern, its line and its meaning in one line", () => {
    expect(explain("governance/a", policy).rules).toEqual([
      {
        key: "gates.forbidden-paths.deny.0",
        pattern: "governance",
        policyLine: 10,
        meaning: "no pull request may touch it, whoever wrote it",
      },
    ]);
  });

  test("a casefile that Sallyport writes is not an agent's to write", () => {
    const ours = policyOf('version: 1\ngates:\n  casefile:\n    log: "tasks/{story}/LOG.md"\n');
    expect(explain("tasks/12/LOG.md", ours).rules).toEqual([
      {
        key: "gates.casefile.log",
        pattern: "tasks/{story}/LOG.md",
        policyLine: 4,
        meaning: "Sallyport writes it in each commit of a run, and no agent may: a casefile",
      },
    ]);
    expect(explain("tasks/12/PLAN.md", ours).rules).toEqual([]);
  });

  test("the built-in list says why, and whose review lets a person's change in", () => {
    const [rule] = explain("AGENTS.md", policy).rules;
    expect(rule).toMatchObject({ key: "extends", policyLine: 2, pattern: "**/AGENTS.md" });
    expect(rule?.meaning).toMatch(/people\.approvers.*agents read it as instructions/);
  });

  test("without `extends: default` the built-in list says nothing", () => {
    expect(explain("AGENTS.md", policyOf("version: 1")).rules).toEqual([]);
  });

  test("a pattern that is not in a list has the line of its key", () => {
    expect(explain("src/a.ts", policy).rules[0]?.policyLine).toBe(13);
  });

  test("every meaning is one line, and every list is told apart by its key", () => {
    const lists = patternLists(policy.policy);
    expect(new Set(lists.map(({ key }) => key)).size).toBe(lists.length);
    for (const { meaning } of lists) expect(meaning).toMatch(/^[^\n]{10,200}$/);
  });
});

describe("what holds without a match", () => {
  test("a phase that opens some paths closes the others", () => {
    const frozen = policyOf("version: 1\nphases: { current: freeze, of: { freeze: { allow: [docs] }, build: {} } }");
    const [rule, ...others] = explain("src/a.ts", frozen).rules;
    expect(others).toEqual([]);
    expect(rule).toMatchObject({ key: "phases.of.freeze.allow", pattern: null, policyLine: 2 });
    expect(explain(".github/sallyport.yml", frozen).rules).toEqual([]);
    expect(explain("docs/a.md", frozen).rules.map(({ key }) => key)).toEqual(["phases.of.freeze.allow.0"]);
  });

  test("rules for every change are told for every path", () => {
    const all = policyOf("version: 1\ngates: { review: {}, manual-test: { when: { always: true } } }");
    expect(explain("any/path", all).rules.map(({ key, pattern }) => [key, pattern])).toEqual([
      ["gates.review", null],
      ["gates.manual-test.when.always", null],
    ]);
  });

  test("whether any role allows it", () => {
    expect(explain("web/a.ts", policy).outsideRoles).toBe(false);
    expect(explain("elsewhere", policy).outsideRoles).toBe(true);
    expect(explain("elsewhere", policyOf("version: 1")).outsideRoles).toBe(false);
  });

  test.each([["../a"], ["a//b"], ["web/a\u200B.ts"], [".git/config"]])(
    "T031 %j is a name that is not accepted",
    (path) => {
      expect(explain(path, policy).name).not.toBeNull();
    },
  );
});

test("G8: a role that writes tests only allows a file if it is one", () => {
  const testing = policyOf('version: 1\nroles: { tester: { allow: ["web/**"], writes: tests } }\n');
  expect(explain("web/a.ts", testing).rules.map(({ meaning }) => meaning)).toEqual([
    "the role `tester` allows it, if it is a test",
  ]);
});
