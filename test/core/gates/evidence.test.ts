import { describe, expect, test } from "@jest/globals";
import type { PullFacts } from "../../../core/facts.ts";
import { gates } from "../../../core/gates/registry.ts";
import { known, unknown } from "../../../core/known.ts";
import { ask, table } from "../../builders/gate-table.ts";
import {
  change,
  earlier,
  evidenceOfHead,
  facts,
  forMain,
  head,
  policyOf,
  runRecord,
  tester,
  text,
} from "../../builders/pull-facts.ts";

const adoption = { commits: [head], reason: "I read it", by: tester, seq: 9, ...forMain };

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
      "tells a declared file that is gone as missing, and not as bad JSON",
      facts({
        record: runRecord({ evidenceFiles: ["evidence/a.json"] }),
        texts: known([text("evidence/a.json", null)]),
      }),
      "fail",
      ["evidence-file-missing"],
    ],
    [
      "asks nothing of a person who takes an evidence file away",
      facts({
        policy: files,
        changes: [change("evidence/a.json", { after: null })],
        texts: known([text("evidence/a.json", null, "{}")]),
      }),
      "not-applicable",
      ["not-asked"],
    ],
    [
      "T066: is unknown while it is not known for which branch the head was adopted",
      facts({
        record: runRecord({}, { evidence: [], adoptions: [{ ...adoption, baseRef: null }] }),
        retargetedAt: unknown("HTTP 502"),
      }),
      "unknown",
      ["retarget-unknown"],
    ],
    [
      "looks at files whose names look like an evidence file's",
      facts({ policy: files, ...file("nope", "Evidence/a.json") }),
      "fail",
      ["evidence-not-json"],
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

  test("reads what is there of the policy's files, the prompt's own and those that coverage is asked of", () => {
    const text = `${files}    require:\n      - { coverage: { file: lcov.info, changed: 80, paths: [src] } }\n      - { files: [proof] }\n`;
    const changes = ["evidence/a.json", "src/a.ts", "lcov.info", "proof", "web/a.ts"].map((path) => change(path));
    const gone = change("evidence/gone.json", { after: null });
    const reading = { changes: [...changes, gone], record: runRecord({ evidenceFiles: ["own.json"] }) };
    expect(gates.evidence.reads?.(reading, policyOf(text)).toSorted()).toEqual([
      ...["evidence/a.json", "lcov.info", "own.json", "src/a.ts"],
    ]);
    expect(gates.evidence.reads?.({ changes, record: null }, policyOf("version: 1"))).toEqual([]);
  });

  const messages = (given: PullFacts) => ask("evidence", given).reasons.map(({ message }) => message);

  test("counts the evidence files alone, and judges no other text", () => {
    const given = facts({ policy: files, ...file("{}") });
    const texts = known([text("web/a.ts", "no JSON"), text("evidence/a.json", "{}"), text("evidence/b.json", null)]);
    const changes = ["web/a.ts", "evidence/a.json", "evidence/b.json"].map((path) => change(path));
    expect(messages({ ...given, changes: known(changes), texts })).toEqual([
      "Every changed evidence file is valid JSON.",
    ]);
    const both = { ...given, record: known(runRecord()) };
    expect(messages(both)).toEqual([`Evidence of ${head} is recorded. Every changed evidence file is valid JSON.`]);
  });

  test("says of a file that is no text why it is no JSON", () => {
    const binary = { ...text("evidence/a.json", null), after: { state: "opaque", why: "binary" } as const };
    expect(messages(facts({ policy: files, changes: [change("evidence/a.json")], texts: known([binary]) }))).toEqual([
      "This evidence file is not valid JSON: it cannot be read as text (binary).",
    ]);
  });

  test("of an adopted commit that is recorded tells the record, and of another commit's the adoption", () => {
    const adopted = (commit: string) =>
      facts({
        record: runRecord({}, { evidence: [{ ...evidenceOfHead, commit }], adoptions: [adoption] }),
      });
    expect(messages(adopted(head))).toEqual([`Evidence of ${head} is recorded.`]);
    expect(messages(adopted(earlier))).toEqual([
      `No prompt or answer is recorded for ${head}: @grace adopted it (entry 9); what it says of how it was made is kept there as claims, which nobody checked.`,
    ]);
  });

  test("names the last recorded commit and the way back to it, or to the run's own pull request", () => {
    const evidence = ["1".repeat(40), earlier].map((commit) => ({ ...evidenceOfHead, commit }));
    const [own] = ask("evidence", facts({ record: runRecord({}, { evidence }) })).reasons;
    expect(own?.message).toBe(`No evidence is recorded for the head ${head}; the last recorded commit is ${earlier}.`);
    const stand = `or an executor stands for the other commits with \`/adopt ${head} because …\`.`;
    expect(own?.next?.step).toBe(`Set the branch back to ${earlier}; ${stand}`);
    const held = { commit: head, run: "run-7-1", prompt: 8, pull: 11 };
    const steps = [held, { ...held, pull: null }].map(
      (one) => ask("evidence", facts({ record: runRecord({}, { evidence, held: one }) })).reasons[0]?.next?.step,
    );
    expect(steps).toEqual([
      `Go on with #11 instead, where run-7-1 made this; ${stand}`,
      `Go on with the work of prompt #8 instead, where run-7-1 made this; ${stand}`,
    ]);
  });

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
