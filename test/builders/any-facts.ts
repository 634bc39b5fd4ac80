import fc from "fast-check";
import { readYaml } from "../../collect/yaml/yaml.ts";
import type {
  Change,
  CheckFact,
  Content,
  FileText,
  PolicyReading,
  PullFacts,
  ReviewFact,
  SecretFinding,
} from "../../core/facts.ts";
import { pathsToRead } from "../../core/gates/registry.ts";
import { known, unknown } from "../../core/known.ts";
import type { AdoptedPlan, Adoption, EvidenceRecord, PullRecord, Stop } from "../../core/pull-record.ts";
import { duties } from "../../schemas/policy-values.ts";
import { author, earlier, evidenceOfHead, facts, head, policyOf, run, signOff, tester } from "./pull-facts.ts";

/** What a change can do to the policy; most leave it alone. */
const proposals: (PolicyReading | null)[] = [
  null,
  null,
  { state: "loaded", ...policyOf("version: 1\n") },
  { state: "malformed", ref: head, blob: head, problems: [{ message: "unknown key", line: 2, column: 1 }] },
  { state: "absent", ref: head, removedBy: head },
];

/** A policy that sets every gate to work. */
function policyText(separation: string, phase: string): string {
  return `version: 1
extends: default
people: { planners: ["@lin"], approvers: ["@grace"], architects: ["@acme/architects"], separation: ${separation} }
roles: { web: { allow: ["**"], deny: ["web/vendor"] } }
phases: { current: ${phase}, of: { design: { allow: ["docs", "evidence", "remediation", "tasks"] }, build: { deny: ["law"] } } }
waivers: { gates: [diff-size, phase, ci, tests], by: architects }
gates:
  forbidden-paths: { deny: ["governance/**"] }
  links: { allow: ["links/**"] }
  protected: { paths: ["law/**"] }
  tests: [{ when: "src/**", need: "test/**" }]
  secrets: { ignore: ["test/fixtures/**"] }
  harness: { files: ["scripts/ci/**"] }
  casefile: { files: ["tasks/{story}/PLAN.md"] }
  remediation: { surfaces: ["service/**"], files: ["remediation/**"] }
  adr: { when: ["service/**"] }
  manifest: [{ when: "src/**", need: "docs/MANIFEST.yml" }]
  content: [{ paths: ["service/**", "law/**"], only: appended, forbid: ["final status"] }]
  trace: { of: all }
  review: { by: [approvers, architects] }
  ci: { checks: ["@github-actions/test"], skipped: ["@github-actions/test"] }
  diff-size: { files: 5, lines: 100 }
  manual-test: { when: { paths: ["web/ui/**"], risk: [high] } }
  evidence: { files: ["evidence/**/*.json"] }
`;
}

const paths = [
  "web/a.ts",
  "web/ui/b.ts",
  "web/vendor/c.js",
  "src/d.ts",
  "src/e.py",
  "test/d.test.ts",
  "governance/e",
  "law/f.md",
  "AGENTS.md",
  "links/a",
  "a\nb",
  ".github/workflows/ci.yml",
  "scripts/ci/check.sh",
  "service/api.ts",
  "remediation/1.md",
  "docs/adr/1.md",
  "docs/MANIFEST.yml",
  "evidence/g.json",
  "tasks/7/PLAN.md",
];

const trace = "Failure signature: a\nOrigin: b\nRepro command: c\nVerification commands: d\nFinal status: fixed\n";

const lameWorkflow =
  "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    continue-on-error: true\n    steps:\n      - run: npm test || true\n";

const testedWorkflow = "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npm test\n";

const texts = [
  "",
  "{}",
  "{",
  "final status: open\n",
  'import { test } from "node:test";\ntest("a", () => { assert.equal(1, 1); });\n',
  'import { test } from "node:test";\ntest.skip("a", () => {});\n',
];

const contents = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .oneof(fc.constantFrom(...texts), fc.constantFrom(trace, lameWorkflow, testedWorkflow))
      .map((text): Content => ({ state: "text", text, yaml: readYaml(text, "lenient") })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Content>(
      { state: "absent" },
      { state: "opaque", why: "link" },
      { state: "opaque", why: "binary" },
    ),
  },
);

const file = fc.record({
  mode: fc.oneof(
    { weight: 8, arbitrary: fc.constant("100644") },
    { weight: 3, arbitrary: fc.constantFrom("100755", "120000", "160000") },
  ),
  sha: fc.constantFrom("1".repeat(40), "2".repeat(40)),
});

const aChange: fc.Arbitrary<Change> = fc
  .record({
    path: fc.oneof(
      fc.constantFrom(...paths),
      fc.constantFrom("service/api.ts", "remediation/1.md", "docs/adr/1.md", ".github/workflows/ci.yml"),
    ),
    before: fc.option(file, { freq: 1 }),
    after: fc.option(file, { freq: 8 }),
    added: fc.integer({ min: 0, max: 60 }),
    deleted: fc.integer({ min: 0, max: 20 }),
    bytes: fc.nat(2_000),
    binary: fc.boolean(),
  })
  .filter(({ before, after }) => before !== null || after !== null);

const robot = { id: 3, login: "tidy[bot]", type: "Bot" } as const;
const architect = { id: 4, login: "mae", type: "User" } as const;
const who = fc.constantFrom(author, tester, architect, robot);
const commit = fc.constantFrom(head, head, earlier);
const time = fc.constantFrom("2026-11-20T10:00:00Z", "2026-11-20T10:00:00.500Z", "2026-11-21T10:00:00Z");
const given = { baseRef: fc.constantFrom("main", "main", "topic", null), at: time };

const aReview: fc.Arbitrary<ReviewFact> = fc.record({
  id: fc.integer({ min: 1, max: 50 }),
  by: who,
  state: fc.constantFrom("approved", "approved", "changes_requested", "commented", "dismissed"),
  sha: fc.option(commit, { freq: 8 }),
  at: time,
  permission: fc.oneof(
    { weight: 1, arbitrary: fc.constant(unknown<never>("HTTP 500")) },
    {
      weight: 8,
      arbitrary: fc
        .record({ role: fc.constantFrom("read", "write", "admin"), duties: fc.subarray([...duties]) })
        .map(known),
    },
  ),
});

const aCheck: fc.Arbitrary<CheckFact> = fc.record({
  id: fc.integer({ min: 1, max: 50 }),
  suite: fc.constantFrom(1, 1, 1, 2),
  name: fc.constantFrom("test", "lint"),
  app: fc.constantFrom("github-actions", "tidy"),
  status: fc.constantFrom("completed", "completed", "in_progress"),
  conclusion: fc.constantFrom("success", "success", "failure", "skipped", "neutral", null),
});

const aFinding: fc.Arbitrary<SecretFinding> = fc.record({
  rule: fc.constantFrom("aws", "github"),
  where: fc.constantFrom("file", "commit-message", "title"),
  commit: fc.option(commit),
  path: fc.option(fc.constantFrom("web/a.ts", "test/fixtures/key")),
  line: fc.option(fc.integer({ min: 1, max: 9 })),
});

const aRun = fc
  .record({
    role: fc.constantFrom("web", "web", "web", "gone"),
    paths: fc.constantFrom<string[]>(["**"], ["web/**"], []),
    risk: fc.constantFrom("low", "high"),
    needsManualTest: fc.boolean(),
    evidenceFiles: fc.constantFrom<string[]>([], ["evidence/g.json"]),
    approval: fc.option(fc.record({ digest: fc.constant("1".repeat(64)), by: who, seq: fc.nat(50) })),
    dependsOn: fc.array(
      fc.record({ prompt: fc.option(fc.constant(9)), title: fc.constant("First"), merged: fc.boolean() }),
      { maxLength: 2 },
    ),
    laterPaths: fc.constantFrom<string[]>([], ["docs/**"]),
    decisions: fc.constantFrom<string[]>([], ["docs/adr/1.md"]),
  })
  .map((over) => run(over));

const aPlan: fc.Arbitrary<AdoptedPlan> = fc.record({
  story: fc.constant(7),
  digest: fc.constant("1".repeat(64)),
  paths: fc.constantFrom<string[]>(["**"], ["web/**"]),
  risk: fc.constantFrom("low", "high"),
  needsManualTest: fc.boolean(),
  approval: fc.record({ by: who, seq: fc.nat(50) }),
  requesters: fc.array(who, { maxLength: 1 }),
});

const drawnRecord: fc.Arbitrary<PullRecord> = fc.record({
  run: fc.option(aRun, { freq: 2 }),
  evidence: fc.constantFrom<EvidenceRecord[]>(
    [],
    [evidenceOfHead],
    [{ ...evidenceOfHead, commit: earlier }],
    [evidenceOfHead, { ...evidenceOfHead, commit: earlier }],
  ),
  signOffs: fc.uniqueArray(
    fc
      .record({ sha: commit, result: fc.constantFrom("pass", "fail"), by: who, seq: fc.nat(50), ...given })
      .map((over) => signOff(over)),
    { maxLength: 3, selector: ({ seq }) => seq },
  ),
  waivers: fc.uniqueArray(
    fc.record({
      gate: fc.constantFrom("diff-size", "phase", "ci", "tests", "secrets"),
      sha: commit,
      until: fc.constantFrom("2026-11-20", "2026-11-21", "2027-01-01"),
      reason: fc.constant("because"),
      by: who,
      seq: fc.nat(50),
      ...given,
    }),
    { maxLength: 3, selector: ({ seq }) => seq },
  ),
  adoptions: fc.array(
    fc.record<Adoption>({
      commits: fc.constantFrom([earlier], [earlier, head]),
      reason: fc.constant("read"),
      by: fc.constant({ id: 5, login: "edna", type: "User" }),
      seq: fc.constant(9),
      ...given,
    }),
    { maxLength: 1 },
  ),
  stops: fc.constantFrom<Stop[]>([], [], [], [{ code: "blocked", message: "wait", issue: 7, by: "@lin", seq: 3 }]),
});

/** Only a change that no run made is adopted for a plan. */
const aRecord = fc
  .tuple(drawnRecord, fc.option(aPlan))
  .map(
    ([record, plan]): PullRecord => (record.run !== null || plan === null ? record : { ...record, adoptedFor: plan }),
  );

const one = <T extends { id: number }>(item: fc.Arbitrary<T>) =>
  fc.uniqueArray(item, { maxLength: 5, selector: ({ id }) => id });

/** Files as their changes say they are: absent where a side is, and else any text. */
function textsOf(wanted: readonly string[], changes: readonly Change[], drawn: readonly Content[]): FileText[] {
  const absent: Content = { state: "absent" };
  const draw = (index: number) => drawn[index % drawn.length] ?? absent;
  return wanted.map((path, index) => {
    const change = changes.find((other) => other.path === path);
    if (change === undefined) return { path, before: draw(index), after: draw(index) };
    const [before, after] = [draw(2 * index + 1), draw(2 * index)];
    return {
      path,
      before: change.before === null ? absent : before,
      after: change.after === null ? absent : after,
    };
  });
}

/** Facts that are all read, of any pull request, under a policy in which every gate is set to work. */
export const anyFacts: fc.Arbitrary<PullFacts> = fc
  .record({
    policy: fc.record({
      separation: fc.constantFrom("strict", "solo"),
      phase: fc.constantFrom("design", "build", "build"),
    }),
    changes: fc.uniqueArray(aChange, { maxLength: 6, selector: ({ path }) => path }),
    contents: fc.array(contents, { minLength: 6, maxLength: 6 }),
    record: aRecord,
    foreign: fc.boolean(),
    secrets: fc.array(aFinding, { maxLength: 2 }),
    proposed: fc.constantFrom(...proposals),
    reviews: one(aReview),
    standing: fc.record({
      role: fc.constantFrom("read", "write", "admin"),
      duties: fc.subarray([...duties]),
    }),
    checks: one(aCheck),
    opener: who,
    labels: fc.subarray(["bug", "try-me"]),
    retargetedAt: fc.constantFrom(null, "2026-11-20T10:00:00Z"),
  })
  .map(({ policy: { separation, phase }, changes, contents: drawn, record, foreign, opener, labels, ...rest }) => {
    const policy = policyText(separation, phase);
    const commits = [head, ...(foreign ? [earlier] : [])].map((sha) => ({
      sha,
      parents: [],
      tree: "a".repeat(40),
      message: "A change",
    }));
    return facts({
      policy,
      changes,
      record,
      pull: { number: 3, author: opener, title: "A change", body: "", labels },
      texts: known(textsOf(pathsToRead({ changes, record }, policyOf(policy)), changes, drawn)),
      commits: known(commits),
      secrets: known(rest.secrets),
      proposed: known(rest.proposed),
      reviews: known(rest.reviews),
      authorPermission: known(rest.standing),
      checks: known(rest.checks),
      retargetedAt: known(rest.retargetedAt),
    });
  });
