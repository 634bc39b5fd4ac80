import { describe, expect, test } from "@jest/globals";
import type { FileText } from "../../../core/facts.ts";
import { pathsToRead } from "../../../core/gates/registry.ts";
import { known, unknown } from "../../../core/known.ts";
import { ask, table } from "../../builders/gate-table.ts";
import { evidenceOfHead, facts, policyOf, recordOf, runRecord, text } from "../../builders/pull-facts.ts";

const policy =
  'version: 1\npeople: { planners: ["@lin"] }\ngates:\n  casefile:\n    files:\n      - "tasks/{story}/PLAN.md"\n      - "tasks/{story}/{prompt}.md"\n';
const [plan, log] = ["tasks/7/PLAN.md", "tasks/7/8.md"];
const given = (...texts: FileText[]) => facts({ policy, record: runRecord(), texts: known(texts) });
const opaque = (why: "binary" | "too-large" | "link" | "submodule"): FileText => ({
  path: log,
  before: { state: "absent" },
  after: { state: "opaque", why },
});

describe("casefile", () => {
  table("casefile", [
    ["passes with every file", given(text(plan, "The plan"), text(log, "The log")), "pass", ["casefiles-there"]],
    [
      "passes with files that the change does not touch",
      given(text(plan, "The plan", "The plan"), text(log, "The log", "The log")),
      "pass",
      ["casefiles-there"],
    ],
    ["fails without one", given(text(plan, "The plan"), text(log, null)), "fail", ["casefile-missing"]],
    ["tells every one", given(text(plan, null), text(log, null)), "fail", ["casefile-missing", "casefile-missing"]],
    ["fails on a file that was not read", given(text(plan, "The plan")), "fail", ["casefile-missing"]],
    [
      "fails when the change deletes one",
      given(text(plan, "The plan"), text(log, null, "The log")),
      "fail",
      ["casefile-missing"],
    ],
    ["fails on an empty one", given(text(plan, "The plan"), text(log, "")), "fail", ["casefile-empty"]],
    [
      "fails on one that shows nothing",
      given(text(plan, "The plan"), text(log, " \n\u200B\n")),
      "fail",
      ["casefile-empty"],
    ],
    ["T007: fails on a link", given(text(plan, "The plan"), opaque("link")), "fail", ["casefile-empty"]],
    ["T008: fails on a submodule", given(text(plan, "The plan"), opaque("submodule")), "fail", ["casefile-empty"]],
    ["fails on what is no text", given(text(plan, "The plan"), opaque("binary")), "fail", ["casefile-empty"]],
    [
      "fails on another story's files",
      given(text("tasks/6/PLAN.md", "The plan"), text("tasks/6/8.md", "The log")),
      "fail",
      ["casefile-missing", "casefile-missing"],
    ],
    [
      "fails on a name that no file can have",
      facts({
        policy: 'version: 1\ngates: { casefile: { files: ["../{story}.md"] } }',
        record: runRecord(),
      }),
      "fail",
      ["casefile-missing"],
    ],
    ["does not apply to a person's change", facts({ policy }), "not-applicable", ["no-run"]],
    [
      "does not know whose change has evidence and no run",
      facts({ policy, record: recordOf({ evidence: [evidenceOfHead] }) }),
      "unknown",
      ["run-unknown"],
    ],
    ["does not apply without settings", facts({ record: runRecord() }), "not-applicable", ["not-configured"]],
  ]);

  test.each([
    ["record", "record-unknown"],
    ["texts", "texts-unknown"],
  ] as const)("an unread %s is unknown", (fact, code) => {
    const lost = { ...given(text(plan, "The plan"), text(log, "The log")), [fact]: unknown("no answer") };
    expect(ask("casefile", lost)).toMatchObject({ status: "unknown", codes: [code] });
  });

  test("says which file, by which line of the policy, and who may go on", () => {
    expect(ask("casefile", given(text(plan, "The plan"), text(log, null))).reasons).toEqual([
      {
        code: "casefile-missing",
        message: "This casefile of story #7 is not there on the head.",
        path: log,
        policyLine: 7,
        next: { step: expect.stringContaining("Plan story #7 again"), who: "@lin" },
      },
    ]);
  });

  test("without a list, asks for the plan and the log of the story", () => {
    const short = facts({ policy: "version: 1\ngates:\n  casefile: {}", record: runRecord() });
    const { reasons } = ask("casefile", short);
    expect(reasons.map(({ path, policyLine }) => [path, policyLine])).toEqual([
      ["tasks/7/PLAN.md", 3],
      ["tasks/7/EXEC_LOG.md", 3],
    ]);
  });

  describe("that Sallyport writes", () => {
    const ours =
      'version: 1\npeople: { planners: ["@lin"] }\ngates:\n  casefile:\n    plan: "tasks/{story}/PLAN.md"\n    log: "tasks/{story}/EXEC_LOG.md"\n';
    const there = (own: string, ...texts: FileText[]) =>
      facts({ policy: own, record: runRecord(), texts: known(texts) });
    const [ourPlan, ourLog] = [text(plan, "The plan"), text("tasks/7/EXEC_LOG.md", "The log")];
    table("casefile", [
      ["passes with both", there(ours, ourPlan, ourLog), "pass", ["casefiles-there"]],
      ["fails without the log", there(ours, ourPlan), "fail", ["casefile-missing"]],
      [
        "fails without a file of others beside them",
        there(`${ours}    files: ["tasks/{story}/NOTES.md"]\n`, ourPlan, ourLog),
        "fail",
        ["casefile-missing"],
      ],
      [
        "asks for nothing else where only the log is named",
        there('version: 1\ngates: { casefile: { log: "tasks/{story}/EXEC_LOG.md" } }', ourLog),
        "pass",
        ["casefiles-there"],
      ],
    ]);

    test("come with a new plan: the next step is not an agent's", () => {
      expect(ask("casefile", there(ours, ourPlan)).reasons).toEqual([
        {
          code: "casefile-missing",
          message: "This casefile of story #7 is not there on the head.",
          path: "tasks/7/EXEC_LOG.md",
          policyLine: 6,
          next: {
            step: "Close this pull request and plan story #7 again with `/plan`: Sallyport writes this file in each commit of a run.",
            who: "@lin",
          },
        },
      ]);
    });
  });

  test("reads the files of a run, and none without a run or by a name that no file can have", () => {
    const read = (record: ReturnType<typeof recordOf> | null, written = policy) =>
      pathsToRead({ changes: [], record }, policyOf(written));
    expect(read(runRecord())).toEqual([log, plan]);
    expect([read(recordOf()), read(null)]).toEqual([[], []]);
    expect(read(runRecord(), 'version: 1\ngates: { casefile: { files: ["../{story}.md"] } }')).toEqual([]);
  });
});
