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
