import { describe, expect, test } from "@jest/globals";
import { coveragePaths } from "../../../core/analysis/changed-coverage.ts";
import type { Artifact } from "../../../core/attachments.ts";
import type { AttachingComment, Attachments, FileText, Permission, PullFacts } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
import { ask, table } from "../../builders/gate-table.ts";
import { author, change, facts, head, policyOf, recordOf, run, tester, text } from "../../builders/pull-facts.ts";

const people = 'version: 1\npeople: { approvers: ["@grace"] }\n';
const required = (rule: string) => `${people}gates: { evidence: { require: [${rule}] } }\n`;
const body = (text: string) => ({ pull: { number: 3, author, title: "A change", body: text, labels: [] } });

const shot = "https://github.com/user-attachments/assets/0f0c2f6e";
const pushed = "2026-11-21T08:00:00Z";
const later = "2026-11-21T09:00:00Z";
const before = "2026-11-21T07:00:00Z";
const attached = (over: Partial<Attachments> = {}) => ({
  attachments: known({ headAt: pushed, textAt: before, artifacts: [], comments: [], schemaProblems: [], ...over }),
});
const artifact = (over: Partial<Artifact> = {}): Artifact => ({
  name: "coverage",
  digest: `sha256:${"1".repeat(64)}`,
  expired: false,
  workflow: ".github/workflows/ci.yml",
  ...over,
});
const writer: Permission = { role: "write", duties: ["approvers"] };
const comment = (over: Partial<AttachingComment> = {}): AttachingComment => ({
  by: tester,
  at: later,
  edited: false,
  viaApp: false,
  permission: known(writer),
  files: 1,
  ...over,
});

describe("files and sections", () => {
  const policy = required(
    '{ when: { paths: ["web/**"], risk: [high], labels: [ui] }, files: ["proof/*.txt"], sections: [How tested] }',
  );
  const proof = change("proof/a.txt");
  const told = body("## How tested\nBy hand.");
  table("evidence", [
    [
      "a file and a section are there",
      facts({ policy, changes: [change("web/a"), proof], ...told }),
      "pass",
      ["evidence-present", "section-filled"],
    ],
    ["a file alone is missing", facts({ policy: required("{ files: [proof] }") }), "fail", ["evidence-missing"]],
    ["neither is", facts({ policy, changes: [change("web/a")] }), "fail", ["evidence-missing", "section-missing"]],
    [
      "a file that this change deletes, and a section that was left empty",
      facts({
        policy,
        changes: [change("web/a"), change("proof/a.txt", { after: null })],
        ...body("## How tested\n<!-- how? -->"),
      }),
      "fail",
      ["evidence-missing", "section-missing"],
    ],
    ["asked of other paths only", facts({ policy, changes: [change("src/a")] }), "not-applicable", ["not-asked"]],
    [
      "asked by a label",
      facts({ policy, changes: [change("src/a")], pull: { ...body("").pull, labels: ["ui"] } }),
      "fail",
      ["evidence-missing", "section-missing"],
    ],
    [
      "asked by the risk of the run's story",
      facts({ policy, changes: [change("src/a"), proof], record: recordOf({ run: run({ risk: "high" }) }), ...told }),
      "pending",
      ["evidence-not-recorded"],
    ],
    [
      "without a condition of every change",
      facts({ policy: required("{ sections: [Why] }") }),
      "fail",
      ["section-missing"],
    ],
  ]);
});

const messages = (given: PullFacts) => ask("evidence", given).reasons.map(({ message }) => message);
const because = " It is needed because the policy asks for it on every change.";

test("what is asked of files and sections is told by its name, and why, and what is there without", () => {
  const policy = required("{ files: ['proof/*.txt'], sections: [How tested] }");
  const proof = [change("proof/a.txt")];
  const told = (given: Partial<PullFacts>) => messages({ ...facts({ policy }), ...given });
  expect(told({ changes: known(proof), ...body("## How tested\nBy hand.") })).toEqual([
    "`proof/*.txt` is here: `proof/a.txt`.",
    'The section "How tested" is filled in.',
  ]);
  expect(told({})).toEqual([
    `No file of this change matches \`proof/*.txt\`.${because}`,
    `The pull request's text has no section "How tested".${because}`,
  ]);
  expect(told({ changes: known(proof), ...body("## How tested\n") })).toEqual([
    `The section "How tested" is empty.${because}`,
  ]);
  expect(told({ changes: known(proof), pull: null })).toEqual([
    `The pull request's text has no section "How tested".${because}`,
  ]);
});

describe("files that fit a schema", () => {
  const policy = required('{ files: ["proof/*.json"], schema: proof.schema.json }');
  const changes = [change("proof/a.json")];
  const texts = known([text("proof/a.json", "{}")]);
  const problem = (schema: string) => [
    { path: "proof/a.json", schema, problem: "The file must have required property 'runs'" },
  ];
  table("evidence", [
    ["fits", facts({ policy, changes, texts, ...attached() }), "pass", ["evidence-in-order", "evidence-present"]],
    [
      "does not",
      facts({ policy, changes, texts, ...attached({ schemaProblems: problem("proof.schema.json") }) }),
      "fail",
      ["evidence-unlike-schema"],
    ],
    [
      "does, beside a file of the schema that the rule does not ask for",
      facts({
        policy,
        changes,
        texts,
        ...attached({ schemaProblems: problem("proof.schema.json").map((one) => ({ ...one, path: "old/a.json" })) }),
      }),
      "pass",
      ["evidence-in-order", "evidence-present"],
    ],
    [
      "another rule's schema",
      facts({ policy, changes, texts, ...attached({ schemaProblems: problem("b.json") }) }),
      "pass",
      ["evidence-in-order", "evidence-present"],
    ],
    [
      "a schema that cannot be read",
      facts({ policy, changes, texts, attachments: unknown("the schema is gone") }),
      "unknown",
      ["attachments-unknown"],
    ],
    [
      "no JSON",
      facts({ policy, changes, texts: known([text("proof/a.json", "{")]), ...attached() }),
      "fail",
      ["evidence-not-json"],
    ],
  ]);
});

describe("artifacts of runs on the head", () => {
  const policy = required('{ artifacts: [{ name: coverage, workflow: ".github/workflows/ci.yml" }] }');
  const any = required("{ artifacts: [coverage] }");
  table("evidence", [
    ["there", facts({ policy, ...attached({ artifacts: [artifact()] }) }), "pass", ["artifact-present"]],
    [
      "from any workflow",
      facts({ policy: any, ...attached({ artifacts: [artifact({ workflow: "b.yml" })] }) }),
      "pass",
      ["artifact-present"],
    ],
    ["not there", facts({ policy, ...attached() }), "pending", ["artifact-missing"]],
    [
      "of another name",
      facts({ policy, ...attached({ artifacts: [artifact({ name: "logs" })] }) }),
      "pending",
      ["artifact-missing"],
    ],
    [
      "T162: from another workflow",
      facts({ policy, ...attached({ artifacts: [artifact({ workflow: "b.yml" })] }) }),
      "pending",
      ["artifact-missing"],
    ],
    [
      "expired",
      facts({ policy, ...attached({ artifacts: [artifact({ expired: true })] }) }),
      "pending",
      ["artifact-missing"],
    ],
    [
      "expired, and uploaded again",
      facts({ policy, ...attached({ artifacts: [artifact({ expired: true }), artifact()] }) }),
      "pass",
      ["artifact-present"],
    ],
    ["unread", facts({ policy, attachments: unknown("no answer") }), "unknown", ["attachments-unknown"]],
  ]);

  test("one that is missing says why, and what brings it", () => {
    const said = (asking: string, ...artifacts: Artifact[]) => {
      const [reason] = ask("evidence", facts({ policy: asking, ...attached({ artifacts }) })).reasons;
      return [reason?.message, reason?.next?.step];
    };
    const ofCi = "The artifact `coverage` of `.github/workflows/ci.yml`";
    const wait = "Wait for `.github/workflows/ci.yml` to upload it for this commit.";
    expect(said(policy)).toEqual([`${ofCi} is not there for ${head}.${because}`, wait]);
    expect(said(policy, artifact({ workflow: "b.yml" }))).toEqual([
      `${ofCi} is from \`b.yml\` for ${head}.${because}`,
      wait,
    ]);
    expect(said(policy, artifact({ expired: true }))).toEqual([
      `${ofCi} has expired for ${head}.${because}`,
      "Run the workflow on this commit again.",
    ]);
    expect(said(any)).toEqual([
      `The artifact \`coverage\` of a workflow is not there for ${head}.${because}`,
      "Wait for a workflow to upload it for this commit.",
    ]);
    expect(said(any, artifact({ digest: null }))[0]).toBe(
      `The artifact \`coverage\` of \`.github/workflows/ci.yml\` is there for ${head} (no digest).`,
    );
  });

  test("T163: its digest stands in the verdict, and that the change wrote the workflow itself", () => {
    const changes = [change(".github/workflows/ci.yml")];
    const { status, reasons } = ask("evidence", facts({ policy, changes, ...attached({ artifacts: [artifact()] }) }));
    expect(status).toBe("pass");
    expect(reasons[0]?.message).toBe(
      `The artifact \`coverage\` of \`.github/workflows/ci.yml\` is there for ${head} (sha256:${"1".repeat(64)}). This change edits that workflow, so the artifact is the change's own word.`,
    );
  });
});

describe("uploads after the last push", () => {
  const policy = required("{ attachments: 1 }");
  table("evidence", [
    [
      "in the text, written since",
      facts({ policy, ...body(shot), ...attached({ textAt: later }) }),
      "pass",
      ["attachments-present"],
    ],
    [
      "in the text, older than the head",
      facts({ policy, ...body(shot), ...attached() }),
      "pending",
      ["attachments-missing"],
    ],
    [
      "in a comment of an approver",
      facts({ policy, ...attached({ comments: [comment()] }) }),
      "pass",
      ["attachments-present"],
    ],
    [
      "in an older comment",
      facts({ policy, ...attached({ comments: [comment({ at: before })] }) }),
      "pending",
      ["attachments-missing"],
    ],
    [
      "in an edited comment",
      facts({ policy, ...attached({ comments: [comment({ edited: true })] }) }),
      "pending",
      ["attachments-missing"],
    ],
    [
      "through an app",
      facts({ policy, ...attached({ comments: [comment({ viaApp: true })] }) }),
      "pending",
      ["attachments-missing"],
    ],
    [
      "T104: by somebody without write access",
      facts({
        policy,
        ...attached({ comments: [comment({ permission: known({ role: "read", duties: ["approvers"] }) })] }),
      }),
      "pending",
      ["attachments-missing"],
    ],
    [
      "by somebody without the duty",
      facts({ policy, ...attached({ comments: [comment({ permission: known({ role: "write", duties: [] }) })] }) }),
      "pending",
      ["attachments-missing"],
    ],
    [
      "by somebody whose permission is not known",
      facts({ policy, ...attached({ comments: [comment({ permission: unknown("no answer") })] }) }),
      "unknown",
      ["attachments-unknown"],
    ],
    [
      "when GitHub does not tell when the head came",
      facts({ policy, ...body(shot), ...attached({ headAt: null, textAt: later }) }),
      "unknown",
      ["push-time-unknown"],
    ],
  ]);

  test("what was uploaded in the moment of the push counts", () => {
    const two = required("{ attachments: 2 }");
    const given = facts({
      policy: two,
      ...body(shot),
      ...attached({ textAt: pushed, comments: [comment({ at: pushed })] }),
    });
    expect(messages(given)).toEqual([`2 uploaded files are newer than ${head}.`]);
  });

  test("what is too old is counted, in text and comments, and three refusals are explained at most", () => {
    const by = (login: string) => comment({ by: { ...tester, login }, edited: true });
    const comments = [comment({ at: before, files: 2 }), ...["a", "b", "c", "d"].map(by)];
    const [said] = messages(facts({ policy, ...body(shot), ...attached({ comments }) }));
    expect(said).toMatch(/^0 of 1 uploaded files .*\. 3 are older than this commit\. @a's .* @b's .* @c's /);
    expect(said).not.toContain("@d's");
    const three = facts({ policy: required("{ attachments: 3 }"), ...body(shot), ...attached({ textAt: later }) });
    expect(messages(three)).toEqual([`1 of 3 uploaded files or images are there for ${head}.${because}`]);
    expect(messages(facts({ policy, ...attached() }))).toEqual([
      `0 of 1 uploaded files or images are there for ${head}.${because}`,
    ]);
  });

  test("says how many there are, and why others do not count", () => {
    const policy = required("{ attachments: 3 }");
    const comments = [comment(), comment({ at: before, files: 2 }), comment({ edited: true })];
    const [reason] = ask("evidence", facts({ policy, ...attached({ comments }) })).reasons;
    expect(reason?.message).toBe(
      `1 of 3 uploaded files or images are there for ${head}. 2 are older than this commit. @grace's comment does not count: An edited comment does not count. Write a new one. It is needed because the policy asks for it on every change.`,
    );
    expect(reason?.next?.who).toBe("@ada, the author, or @grace");
    expect(reason?.policyLine).toBe(3);
  });
});

const lcov = "SF:src/a.ts\nDA:1,1\nDA:2,0\nDA:3,1\nend_of_record\n";
const withReport = (
  rule: string,
  report: string | null,
  after = "a\nb\nc\n",
  before: string | null = "a\n",
): ReturnType<typeof facts> =>
  facts({
    policy: required(`{ coverage: ${rule} }`),
    changes: [change("src/a.ts"), ...(report === null ? [] : [change("lcov.info")])],
    texts: known([text("src/a.ts", after, before), ...(report === null ? [] : [text("lcov.info", report, null)])]),
  });
const inArtifact = (rule: string, over: Partial<Artifact>, changes = [change("src/a.ts")]) =>
  facts({
    policy: required(`{ coverage: { artifact: { name: coverage, workflow: .github/workflows/ci.yml }, ${rule} } }`),
    changes,
    texts: known([text("src/a.ts", "a\nb\nc\n", "a\n")]),
    ...attached({ artifacts: [artifact(over)] }),
  });
const read = (report: string) => ({ reports: { "": known(report) } });

describe("coverage", () => {
  table("evidence", [
    ["enough in all", withReport("{ file: lcov.info, min: 66 }", lcov), "pass", ["coverage-enough"]],
    ["too little in all", withReport("{ file: lcov.info, min: 67 }", lcov), "fail", ["coverage-below"]],
    ["enough of what changed", withReport("{ file: lcov.info, changed: 50 }", lcov), "pass", ["coverage-enough"]],
    ["too little of what changed", withReport("{ file: lcov.info, changed: 51 }", lcov), "fail", ["coverage-below"]],
    [
      "too little of both",
      withReport("{ file: lcov.info, min: 90, changed: 90 }", lcov),
      "fail",
      ["coverage-below", "coverage-below"],
    ],
    ["no line that counts", withReport("{ file: lcov.info, changed: 90 }", lcov, "a\n"), "pass", ["coverage-enough"]],
    [
      "a file that the report leaves out",
      withReport("{ file: lcov.info, changed: 90 }", lcov.replace("src/a", "src/b")),
      "pass",
      ["coverage-enough"],
    ],
    [
      "one that has to be in it",
      withReport('{ file: lcov.info, changed: 90, paths: ["src/**"] }', lcov.replace("src/a", "src/b")),
      "fail",
      ["coverage-below"],
    ],
    [
      "what does not count",
      withReport('{ file: lcov.info, changed: 90, paths: ["lib/**"] }', lcov),
      "pass",
      ["coverage-enough"],
    ],
    [
      "a report that the change does not bring",
      withReport("{ file: lcov.info, min: 1 }", null),
      "fail",
      ["coverage-missing"],
    ],
    [
      "a report that the change takes away",
      { ...withReport("{ file: lcov.info, min: 1 }", null), changes: known([change("lcov.info", { after: null })]) },
      "fail",
      ["coverage-missing"],
    ],
    [
      "one that cannot be read",
      withReport("{ file: lcov.info, min: 1 }", "all is well"),
      "fail",
      ["coverage-not-read"],
    ],
    [
      "one that cannot be read, which is only told",
      withReport("{ file: lcov.info, min: 1, unread: tell }", "all is well"),
      "pass",
      ["coverage-not-read"],
    ],
    [
      "one that is not there, which is only told",
      withReport("{ file: lcov.info, min: 1, unread: tell }", null),
      "pass",
      ["coverage-not-read"],
    ],
    [
      "too little is never only told",
      withReport("{ file: lcov.info, min: 90, unread: tell }", lcov),
      "fail",
      ["coverage-below"],
    ],
    [
      "a summary, which tells of no changed line",
      withReport("{ file: lcov.info, changed: 1 }", '{"total": {"lines": {"total": 4, "covered": 4}}}'),
      "fail",
      ["coverage-not-read"],
    ],
    ["an artifact", inArtifact("changed: 50", read(lcov)), "pass", ["coverage-enough"]],
    ["too little in an artifact", inArtifact("changed: 90", read(lcov)), "fail", ["coverage-below"]],
    ["an artifact that is not there", inArtifact("min: 1", { name: "other" }), "pending", ["artifact-missing"]],
    ["one that has expired", inArtifact("min: 1", { ...read(lcov), expired: true }), "pending", ["artifact-missing"]],
    [
      "one of another workflow",
      inArtifact("min: 1", { ...read(lcov), workflow: "a.yml" }),
      "pending",
      ["artifact-missing"],
    ],
    [
      "one that is no archive",
      inArtifact("min: 1", { reports: { "": unknown("it is no ZIP archive") } }),
      "fail",
      ["coverage-not-read"],
    ],
    ["one that was not downloaded", inArtifact("min: 1", {}), "fail", ["coverage-not-read"]],
    [
      "attachments that are not known",
      { ...inArtifact("min: 1", read(lcov)), attachments: unknown("GitHub is away") },
      "unknown",
      ["attachments-unknown"],
    ],
  ]);

  test("tells the lines, the share and whose word it is", () => {
    const [reason] = ask("evidence", withReport("{ file: lcov.info, changed: 90 }", lcov)).reasons;
    expect(reason).toMatchObject({ path: "src/a.ts", line: 2 });
    expect(reason?.message).toBe(
      "50.0 % of the 2 lines that this change adds are covered, and the policy asks for 90 %: `src/a.ts:2` are not (`lcov.info`, LCOV). The change itself brings the report, so it is the change's own word. It is needed because the policy asks for it on every change.",
    );
    const edited = inArtifact("min: 1", read(lcov), [change("src/a.ts"), change(".github/workflows/ci.yml")]);
    expect(ask("evidence", edited).reasons[0]?.message).toContain("the change's own word");
  });

  const own = " The change itself brings the report, so it is the change's own word.";
  const lines = (count: number) => Array.from({ length: count }, (_, index) => `DA:${index + 1},0\n`).join("");
  const text_ = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}\n`).join("");
  const opaque = { state: "opaque" as const, why: "binary" as const };
  const over = (given: PullFacts, path: string, side: Partial<FileText>) => {
    if (!given.texts.known) throw new Error("these texts are known");
    return { ...given, texts: known(given.texts.value.map((one) => (one.path === path ? { ...one, ...side } : one))) };
  };
  const inAll = withReport("{ file: lcov.info, min: 60 }", lcov);
  test.each<[string, PullFacts, string]>([
    ["enough in all", inAll, `\`lcov.info\` (LCOV): 66.7 % of 3 lines are covered.${own}`],
    [
      "too little in all",
      withReport("{ file: lcov.info, min: 90 }", lcov),
      `66.7 % of 3 lines are covered, and the policy asks for 90 % (\`lcov.info\`, LCOV).${own}${because}`,
    ],
    [
      "enough of what changed",
      withReport("{ file: lcov.info, changed: 50 }", lcov),
      `\`lcov.info\` (LCOV): 66.7 % of 3 lines are covered; of 2 that this change adds 50.0 %.${own}`,
    ],
    [
      "nothing of what changed",
      withReport("{ file: lcov.info, changed: 50 }", lcov, "a\n"),
      `\`lcov.info\` (LCOV): 66.7 % of 3 lines are covered; it tells of no line that this change adds.${own}`,
    ],
    [
      "a file that is left out",
      withReport("{ file: lcov.info, changed: 50 }", lcov.replace("src/a", "src/b")),
      `\`lcov.info\` (LCOV): 66.7 % of 3 lines are covered; it tells of no line that this change adds; 1 changed files are not in it, such as \`src/a.ts\`.${own}`,
    ],
    [
      "more than five lines that are not covered",
      withReport("{ file: lcov.info, changed: 50 }", `SF:src/a.ts\n${lines(7)}end_of_record\n`, text_(7), null),
      `0.0 % of the 7 lines that this change adds are covered, and the policy asks for 50 %: \`src/a.ts:1\`, \`src/a.ts:2\`, \`src/a.ts:3\`, \`src/a.ts:4\`, \`src/a.ts:5\` and 2 more are not (\`lcov.info\`, LCOV).${own}${because}`,
    ],
    [
      "a file that could not be read before counts as new",
      over(withReport("{ file: lcov.info, changed: 90 }", lcov), "src/a.ts", { before: opaque }),
      `66.7 % of the 3 lines that this change adds are covered, and the policy asks for 90 %: \`src/a.ts:2\` are not (\`lcov.info\`, LCOV).${own}${because}`,
    ],
    [
      "a report that is no text",
      over(inAll, "lcov.info", { after: opaque }),
      `The coverage report \`lcov.info\` is not read: it is no text (binary).${because}`,
    ],
    [
      "a report whose text was not read",
      { ...inAll, texts: known([]) },
      `The coverage report \`lcov.info\` is not read: its text is not known.${because}`,
    ],
    [
      "a report of another form",
      withReport("{ file: lcov.info, min: 1 }", "all is well"),
      `The coverage report \`lcov.info\` is not read: it is no report of LCOV, Cobertura, JaCoCo, Go, SimpleCov or Istanbul that tells of lines.${because}`,
    ],
    [
      "a report that is not brought",
      withReport("{ file: lcov.info, min: 1 }", null),
      `This change does not bring the coverage report \`lcov.info\`.${because}`,
    ],
    [
      "a report of an artifact that was not downloaded",
      inArtifact("min: 1", {}),
      `The coverage report \`coverage\` is not read: it was not downloaded.${because}`,
    ],
    [
      "a file of an artifact",
      inArtifact("file: out/lcov.info, min: 1", { reports: { "out/lcov.info": known(lcov) } }),
      "`coverage/out/lcov.info` (LCOV): 66.7 % of 3 lines are covered.",
    ],
  ])("says of %s", (_, given, message) => {
    expect(messages(given)).toEqual([message]);
  });

  test.each([
    ["the report that the change brings", "{ file: lcov.info, min: 1 }", ["lcov.info"]],
    ["it and every changed file", "{ file: lcov.info, changed: 1 }", ["src/a.ts", "Lib/b.ts", "lcov.info"]],
    [
      "it and the changed files that count, under every spelling",
      "{ file: lcov.info, changed: 1, paths: [lib] }",
      ["Lib/b.ts", "lcov.info"],
    ],
    ["nothing for a share of all in an artifact", "{ artifact: coverage, file: lcov.info, min: 1 }", []],
    ["what counts for an artifact", "{ artifact: coverage, file: lcov.info, changed: 1, paths: [src] }", ["src/a.ts"]],
  ])("reads %s", (_, rule, paths) => {
    const { policy } = policyOf(required(`{ coverage: ${rule} }`));
    const rules = (policy.gates.evidence?.require ?? []).flatMap((one) => one.coverage ?? []);
    const changes = ["src/a.ts", "Lib/b.ts", "lcov.info"].map((path) => change(path));
    expect(coveragePaths([...changes, change("src/gone.ts", { after: null })], rules)).toEqual(paths);
  });

  test("the report's own lines are no lines of the change", () => {
    const rule = "{ file: lcov.info, changed: 50 }";
    const itself = `${lcov}SF:lcov.info\n${lines(9)}end_of_record\n`;
    expect(messages(withReport(rule, itself))[0]).toContain("of 2 that this change adds 50.0 %");
  });

  test.each([
    ["without a source", "{ min: 1 }"],
    ["without a demand", "{ file: a }"],
    ["with a share above all", "{ file: a, min: 101 }"],
    ["with a share below nothing", "{ file: a, changed: -1 }"],
  ])("a rule %s is refused", (_, rule) => {
    expect(() => withReport(rule, lcov)).toThrow();
  });
});
