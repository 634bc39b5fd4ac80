import { describe, expect, test } from "@jest/globals";
import { known, unknown } from "../../../core/known.ts";
import { ask, table } from "../../builders/gate-table.ts";
import { change, earlier, evidenceOfHead, facts, runRecord, text } from "../../builders/pull-facts.ts";

// T162: what a run's evidence is the ledger recorded; artifacts count only where the policy asks (required-evidence.test.ts).
// T113: both belong to one commit, so new evidence is a new head and voids the sign-off (pull.test.ts, T113).
describe("evidence", () => {
  const files = 'version: 1\ngates:\n  evidence:\n    files: ["evidence/**/*.json"]\n';
  const file = (content: string, path = "evidence/a.json") => ({
    changes: [change(path)],
    texts: known([text(path, content)]),
  });
  table("evidence", [
    [
      "T162 T163: evidence files that a head brings itself are no record of it",
      facts({
        record: runRecord({ evidenceFiles: ["evidence/a.json"] }, { evidence: [] }),
        ...file('{"tests": "passed"}'),
      }),
      "pending",
      ["evidence-not-recorded"],
    ],
    ["passes for a recorded head", facts({ record: runRecord() }), "pass", ["evidence-in-order"]],
    [
      "waits when nothing is recorded yet",
      facts({ record: runRecord({}, { evidence: [] }) }),
      "pending",
      ["evidence-not-recorded"],
    ],
    [
      "fails for a head pushed by somebody else",
      facts({ record: runRecord({}, { evidence: [{ ...evidenceOfHead, commit: earlier }] }) }),
      "fail",
      ["head-without-evidence"],
    ],
    [
      "passes for a recorded head after a rework",
      facts({
        record: runRecord({}, { evidence: [{ ...evidenceOfHead, commit: earlier }, evidenceOfHead] }),
      }),
      "pass",
      ["evidence-in-order"],
    ],
    [
      "fails when a declared file is missing",
      facts({ record: runRecord({ evidenceFiles: ["evidence/a.json"] }) }),
      "fail",
      ["evidence-file-missing"],
    ],
    [
      "passes when a declared file is there",
      facts({ record: runRecord({ evidenceFiles: ["evidence/a.json"] }), ...file("{}") }),
      "pass",
      ["evidence-in-order"],
    ],
    [
      "fails when a declared file is not JSON",
      facts({ record: runRecord({ evidenceFiles: ["evidence/a.json"] }), ...file("{") }),
      "fail",
      ["evidence-not-json"],
    ],
    [
      "fails rather than waits",
      facts({ record: runRecord({ evidenceFiles: ["evidence/a.json"] }, { evidence: [] }), ...file("{") }),
      "fail",
      ["evidence-not-recorded", "evidence-not-json"],
    ],
    [
      "looks at a person's evidence files too",
      facts({ policy: files, ...file("nope") }),
      "fail",
      ["evidence-not-json"],
    ],
    [
      "passes a person's good files",
      facts({ policy: files, ...file('{"a": [1, "x", null]}') }),
      "pass",
      ["evidence-in-order"],
    ],
    [
      "a file that the policy requires without a schema may hold anything",
      facts({
        policy: files.replace(/files:.*/, 'require: [{ files: ["evidence/**"] }]'),
        ...file("nope", "evidence/a.log"),
      }),
      "pass",
      ["evidence-present"],
    ],
    [
      "T13: zero evidence files are none that was asked for, and nothing that passes",
      facts({ policy: files, changes: [change("src/a.ts")] }),
      "not-applicable",
      ["not-asked"],
    ],
    ["does not apply to a person's change without evidence files", facts(), "not-applicable", ["not-asked"]],
  ]);

  test.each([
    ["record", "record-unknown"],
    ["texts", "evidence-files-unknown"],
  ] as const)("an unread %s is unknown", (fact, code) => {
    expect(ask("evidence", { ...facts({ record: runRecord() }), [fact]: unknown("no answer") })).toMatchObject({
      status: "unknown",
      codes: [code],
    });
    expect(ask("evidence", { ...facts(), [fact]: unknown("no answer") })).toMatchObject({
      status: "unknown",
      codes: [code],
    });
  });

  test.each([
    '{\n  "a": 1,\n  "b": x\n}',
    '{"a": 1,}',
    "[1, 2",
    "",
    "{} {}",
    '["a\nb"]',
    "[01]",
    '{"a" 1}',
    "[[],{},]",
    '{"a": {"b": []}, 3: 4}',
  ])("%j is not valid JSON", (text) => {
    const { status, reasons } = ask("evidence", facts({ policy: files, ...file(text) }));
    expect(status).toBe("fail");
    expect(reasons).toEqual([
      {
        code: "evidence-not-json",
        message: "This evidence file is not valid JSON.",
        path: "evidence/a.json",
        policyLine: 4,
        next: { step: "Mend the file and push.", who: expect.any(String) },
      },
    ]);
  });
});
