import { describe, expect, test } from "@jest/globals";
import type { Artifact } from "../../../core/attachments.ts";
import type { AttachingComment, Attachments, Permission } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
import { ask, table } from "../../builders/gate-table.ts";
import { author, change, facts, head, recordOf, run, tester, text } from "../../builders/pull-facts.ts";

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

  test.each([
    ["without a source", "{ min: 1 }"],
    ["without a demand", "{ file: a }"],
    ["with a share above all", "{ file: a, min: 101 }"],
    ["with a share below nothing", "{ file: a, changed: -1 }"],
  ])("a rule %s is refused", (_, rule) => {
    expect(() => withReport(rule, lcov)).toThrow();
  });
});
