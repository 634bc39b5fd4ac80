import { describe, expect, test } from "@jest/globals";
import { gates, pathsToRead } from "../../../core/gates/registry.ts";
import { known, unknown } from "../../../core/known.ts";
import { beside, byDefault, changeOf, type File, unreadable } from "../../builders/changed-files.ts";
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
  const large = { state: "opaque", why: "too-large" } as const;
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
    [
      "what the policy names has to be read under a name that looks like it, too",
      changeOf(`version: 1\ngates: { harness: { files: [${ci}] } }`, [".GitHub/Workflows/ci.yml", null, broken]),
      "unknown",
      ["harness-unreadable"],
    ],
    [
      "what the policy names and can no longer be read is told once",
      changeOf(`version: 1\ngates: { harness: { files: [${ci}] } }`, [ci, tested, broken]),
      "fail",
      ["harness-unreadable"],
    ],
    [
      "what could not be read before is unknown too",
      { ...byDefault([ci, "", ""]), texts: known([{ path: ci, before: large, after: old }]) },
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

  test.each(["link", "submodule"] as const)("a workflow that is made a %s is gone", (why) => {
    const given = byDefault([ci, tested, ""]);
    if (!given.texts.known) throw new Error("these texts are known");
    const [text] = given.texts.value;
    if (text === undefined) throw new Error("one file is changed");
    const linked = { ...text, after: { state: "opaque" as const, why } };
    expect(ask("harness", { ...given, texts: known([linked]) }).codes).toEqual(["workflow-removed"]);
  });

  const asked = (...changes: ReturnType<typeof change>[]) =>
    gates.harness.reads?.({ changes, record: null }, policyOf("version: 1\nextends: default\n"));
  const standing = [".github/workflows/", "Makefile", "package.json"];

  test.each([
    ci,
    ".github/actions/build/run.sh",
    "tools/action.yml",
    "tools/action.yaml",
    "web/.husky/pre-push",
    "web/.githooks/pre-commit",
    "web/.pre-commit-config.yaml",
    "web/lefthook.yml",
    "web/.lefthook.yaml",
    "web/Makefile",
    "web/GNUmakefile",
    "web/package.json",
    ".ci/test",
    ".circleci/config.yml",
    ".buildkite/pipeline.yml",
    ".gitlab-ci.yml",
    ".gitlab/ci/test.yml",
    ".travis.yml",
    "azure-pipelines.yml",
    ".azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "Jenkinsfile",
    "scripts/ci-test",
    "scripts/ci/test",
  ])("%s judges changes in most repositories", (path) => {
    expect(asked(change(path))).toEqual([path, ...standing]);
  });

  test("beside what is new, or settings alone, nothing else is read", () => {
    expect(asked(change(ci, { before: null }))).toEqual([ci]);
    expect(asked(change("jest.config.ts"))).toEqual(["jest.config.ts"]);
    expect(asked(change("docs/ci.md"), change("web/Jenkinsfile"))).toEqual([]);
    expect(asked(change(ci, { before: null }), change("Makefile"))).toEqual([ci, "Makefile", ...standing]);
  });

  const script = (count: number) => "npm test\n".repeat(count);
  const file = (name: string, before: number, after = before): File => [
    `.ci/${name}.sh`,
    script(before),
    script(after),
  ];
  const long = (length: number): File => [".ci/a.sh", script(1), `${script(1)}# ${"x".repeat(length - 11)}`];
  test.each<[string, File[], string[]]>([
    ["a million characters", [long(1_000_000)], []],
    ["a character more", [long(1_000_001)], [".ci/a.sh"]],
    ["two thousand checks", [file("a", 2_000)], []],
    ["a check more", [file("a", 2_000, 2_001)], [".ci/a.sh"]],
    ["ten thousand on both sides", [file("a", 2_000), file("b", 2_000), file("c", 1_000)], []],
    ["more, in the file that goes beyond", [file("a", 2_000), file("b", 2_000), file("c", 1_000, 1_001)], [".ci/c.sh"]],
  ])("so much is read: %s", (_, files, unread) => {
    const { status, reasons } = ask("harness", byDefault(...files));
    expect(status).toBe(unread.length === 0 ? "pass" : "unknown");
    expect(reasons.flatMap(({ path, code }) => (code === "harness-unreadable" ? [path] : []))).toEqual(unread);
  });

  test("says how many files judge changes and judge no less, or that none is touched", () => {
    const said = (...files: File[]) => ask("harness", byDefault(...files)).reasons.map(({ message }) => message);
    expect(said([ci, tested, tested], ["src/a.ts", "a", "b"])).toEqual([
      "No file that judges changes is made to judge less.",
    ]);
    expect(said(["src/a.ts", "a", "b"])).toEqual(["The change touches nothing that judges changes."]);
  });

  test("twenty remarks are made at most", () => {
    const files = Array.from({ length: 25 }, (_, index): File => [`.github/workflows/${index}.yml`, null, broken]);
    expect(ask("harness", byDefault(...files)).reasons).toHaveLength(21);
  });

  test("of files that cannot be read, those that the policy names stop the change, by its line", () => {
    const policy = `version: 1\ngates:\n  harness: { files: [${ci}] }\n`;
    expect(ask("harness", changeOf(policy, [ci, null, broken], [other, null, broken])).reasons).toEqual([
      {
        code: "harness-unreadable",
        message: expect.stringMatching(/^This file judges changes and is not read: \S.*\.$/),
        path: ci,
        line: expect.any(Number),
        policyLine: 3,
        next: { step: "Mend the file.", who: "@ada, the author" },
      },
    ]);
  });

  test("a file that lost what it judged is told once, beside one that cannot be read", () => {
    const given = byDefault([ci, tested, broken], [other, tested, tested]);
    if (!given.texts.known) throw new Error("these texts are known");
    const texts = known(given.texts.value.filter(({ path }) => path === ci));
    expect(ask("harness", { ...given, texts }).reasons).toMatchObject([
      { code: "harness-unreadable", path: ci, policyLine: 2 },
      { code: "harness-unreadable", path: other, policyLine: 2 },
    ]);
  });

  describe("what stands untouched takes over", () => {
    const gone: File = [ci, tested, workflow("")];
    const beside_ = (path: string, content: string) => ask("harness", beside(byDefault(gone), path, content)).codes;
    test.each([
      [other, tested.replace("  test:", "  unit:"), ["harness-kept"]],
      [".github/workflows.yml", tested.replace("  test:", "  unit:"), ["step-removed"]],
      ["tools/.github/workflows/a.yml", tested.replace("  test:", "  unit:"), ["step-removed"]],
      [".gitlab-ci.yml", "test:\n  script: npm test\n", ["step-removed"]],
      [other, "# nothing\n", ["step-removed"]],
    ])("%s: %j", (path, content, codes) => {
      expect(beside_(path, content)).toEqual(codes);
    });
    test("as far as ten thousand checks go", () => {
      const full = byDefault(gone, file("a", 2_000), file("b", 2_000), file("c", 999));
      const elsewhere = tested.replace("  test:", "  unit:");
      const lint = elsewhere.replace("npm test", "npm run lint");
      const codes = (...all: [string, string][]) =>
        ask(
          "harness",
          all.reduce((sum, [path, content]) => beside(sum, path, content), full),
        ).codes;
      expect(codes([other, elsewhere])).toEqual(["harness-kept"]);
      expect(codes([other, lint], [".github/workflows/unit.yml", elsewhere])).toEqual(["step-removed"]);
    });

    test("a link or a file that was not read stands for nothing", () => {
      for (const why of ["link", "too-large"] as const) {
        const given = byDefault(gone);
        if (!given.texts.known) throw new Error("these texts are known");
        const opaque = { state: "opaque" as const, why };
        const texts = known([...given.texts.value, { path: other, before: opaque, after: opaque }]);
        expect(ask("harness", { ...given, texts }).codes).toEqual(["step-removed"]);
      }
    });
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
