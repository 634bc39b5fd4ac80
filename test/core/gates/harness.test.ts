import { describe, expect, test } from "@jest/globals";
import { pathsToRead } from "../../../core/gates/registry.ts";
import { known, unknown } from "../../../core/known.ts";
import { byDefault, changeOf, unreadable } from "../../builders/changed-files.ts";
import { ask, table } from "../../builders/gate-table.ts";
import { change, policyOf } from "../../builders/pull-facts.ts";
import { ci, tested, workflow } from "../../builders/workflow.ts";

const other = ".github/workflows/other.yml";

describe("answers", () => {
  test("a refusal tells the line, the command on it, the line of the policy and the next step", () => {
    const policy = "version: 1\ngates:\n  harness: { files: [tools] }\n";
    expect(
      ask("harness", changeOf(policy, ["tools/a.sh", "set -e\nmake test\n", "set -e\nmake test || true\n"])).reasons,
    ).toEqual([
      {
        code: "failure-ignored",
        message: "A failure of `make test` no longer fails the change: what stands behind `||` ends well.",
        path: "tools/a.sh",
        line: 2,
        policyLine: 3,
        next: { step: "Let its failure fail the step and the job.", who: "@ada, the author" },
      },
    ]);
  });

  test("a workflow that stands elsewhere is told as what it is", () => {
    const [, note] = ask(
      "harness",
      byDefault([ci, tested, null], [other, null, tested.replace("  test:", "  unit:")]),
    ).reasons;
    expect(note?.message).toBe(
      "What the job `test` ran now stands in `unit`: a required check of the old name has to follow.",
    );
  });

  const old = { state: "text", text: tested } as const;
  const broken = "jobs: [\n";
  table("harness", [
    [
      "T017: a workflow that is too large is unknown, never empty",
      unreadable(ci, old, "too-large"),
      "unknown",
      ["harness-unreadable"],
    ],
    [
      "a program's bundle may be large",
      unreadable(".github/actions/a/dist/index.js", old, "too-large"),
      "pass",
      ["harness-kept"],
    ],
    [
      "more checks than any project has",
      byDefault([ci, tested, workflow("      - run: npm test\n".repeat(2_001))]),
      "unknown",
      ["harness-unreadable"],
    ],
    ["what can no longer be read is a loss", byDefault([ci, tested, broken]), "fail", ["harness-unreadable"]],
    ["what GitHub refuses is one", byDefault([ci, tested, `${tested}name: CI\n`]), "fail", ["harness-unreadable"]],
    ["so are several documents", byDefault([ci, tested, `${tested}---\na: 1\n`]), "fail", ["harness-unreadable"]],
    [
      "what never was YAML is not read",
      byDefault([ci, broken, `${broken}\n`]),
      "pass",
      ["harness-kept", "harness-not-read"],
    ],
    [
      "a new one that is no YAML is not read",
      byDefault([ci, null, broken]),
      "pass",
      ["harness-kept", "harness-not-read"],
    ],
    [
      "what the policy names has to be read",
      changeOf(`version: 1\ngates: { harness: { files: [${ci}] } }`, [ci, null, broken]),
      "unknown",
      ["harness-unreadable"],
    ],
    ["what was no YAML judged nothing", byDefault([ci, broken, tested]), "pass", ["harness-kept"]],
    [
      "a text that was not read is unknown",
      { ...byDefault([ci, tested, tested]), texts: known([]) },
      "unknown",
      ["harness-unreadable"],
    ],
    [
      "unread texts are unknown",
      { ...byDefault([ci, tested, tested]), texts: unknown("cut short") },
      "unknown",
      ["texts-unknown"],
    ],
    [
      "unread changes are unknown",
      { ...byDefault([ci, tested, tested]), changes: unknown("cut short") },
      "unknown",
      ["changes-unknown"],
    ],
    [
      "T033: a twin of the folder in another case counts",
      byDefault([".GitHub/Workflows/ci.yml", tested, workflow("")]),
      "fail",
      ["step-removed"],
    ],
    ["a change of nothing that judges", byDefault(["src/a.ts", "a", "b"]), "pass", ["harness-kept"]],
  ]);

  test("a workflow that is made a link is gone", () => {
    const given = byDefault([ci, tested, ""]);
    if (!given.texts.known) throw new Error("these texts are known");
    const [text] = given.texts.value;
    if (text === undefined) throw new Error("one file is changed");
    const linked = { ...text, after: { state: "opaque" as const, why: "link" as const } };
    expect(ask("harness", { ...given, texts: known([linked]) }).codes).toEqual(["workflow-removed"]);
  });

  test("it asks for what judges changes alone, and for nothing when it is off", () => {
    const paths = [
      ci,
      "web/package.json",
      "Makefile",
      "src/a.ts",
      "src/jest.config.ts",
      ".github/workflows/logo.png",
      ".husky/pre-push",
    ];
    const reading = { changes: paths.map((path) => change(path)), record: null };
    const policy = "version: 1\ngates: { harness: { files: [src/a.ts] } }";
    expect(pathsToRead(reading, policyOf(policy))).toEqual([
      ".github/workflows/",
      ci,
      ".husky/pre-push",
      "Makefile",
      "package.json",
      "src/a.ts",
      "src/jest.config.ts",
      "web/package.json",
    ]);
    expect(pathsToRead(reading, policyOf("version: 1"))).toEqual([]);
  });
});
