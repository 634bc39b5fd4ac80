import { describe, expect, test } from "@jest/globals";
import type { FileText, PullRun } from "../../../core/facts.ts";
import { pathsToRead } from "../../../core/gates/registry.ts";
import { known, unknown } from "../../../core/known.ts";
import { ask, table } from "../../builders/gate-table.ts";
import { change, facts, head, policyOf, renamed, runRecord, text } from "../../builders/pull-facts.ts";

const policy = 'version: 1\ngates:\n  adr:\n    when: ["services/**", "db/schema"]\n    files: "docs/adr"\n';
const made = (path: string) => change(path, { before: null });
const added = made("services/mail/main.ts");
const file = "docs/adr/4.md";
const given = (changes: ReturnType<typeof change>[], ...texts: FileText[]) =>
  facts({ policy, changes, texts: known(texts) });
const ofStory = (over: Partial<PullRun>, ...texts: FileText[]) =>
  facts({ policy, changes: [added], record: runRecord(over), texts: known(texts) });

describe("adr", () => {
  table("adr", [
    [
      "passes with a new decision",
      given([added, made(file)], text(file, "We use queues")),
      "pass",
      ["decision-written"],
    ],
    [
      "passes with a changed decision",
      given([added, change(file, { after: { mode: "100644", sha: head } })], text(file, "New", "Old")),
      "pass",
      ["decision-written"],
    ],
    [
      "passes when the story names a decision",
      ofStory({ decisions: [file] }, text(file, "We use queues", "We use queues")),
      "pass",
      ["decision-named"],
    ],
    ["fails without a decision", given([added]), "fail", ["decision-missing"]],
    ["fails for a run whose story names none", ofStory({}), "fail", ["decision-missing"]],
    [
      "fails when the decision was there before and nothing names it",
      given([added], text(file, "Old", "Old")),
      "fail",
      ["decision-missing"],
    ],
    ["fails on an empty decision", given([added, made(file)], text(file, "\n")), "fail", ["decision-missing"]],
    [
      "fails when the change deletes the decision that the story names",
      ofStory({ decisions: [file] }, text(file, null, "Old")),
      "fail",
      ["decision-missing"],
    ],
    [
      "fails when the story names a file that is no decision",
      ofStory({ decisions: ["README.md"] }, text("README.md", "Read me", "Read me")),
      "fail",
      ["decision-missing"],
    ],
    [
      "fails when only the mode of a decision changes",
      given([added, change(file, { after: { mode: "100755", sha: "e".repeat(40) } })], text(file, "Old", "Old")),
      "fail",
      ["decision-missing"],
    ],
    [
      "fails when a decision is moved away",
      given([added, ...renamed(file, "old/4.md")], text(file, null, "Old")),
      "fail",
      ["decision-missing"],
    ],
    [
      "T007: fails on a link in a decision's place",
      given([added, change(file, { before: null, after: { mode: "120000", sha: head } })]),
      "fail",
      ["decision-missing"],
    ],
    [
      "fails on a decision in a folder that only looks like the right one",
      given([added, made("docs/ADR/4.md")], text("docs/ADR/4.md", "We use queues")),
      "fail",
      ["decision-missing"],
    ],
    ["a file moved in is new architecture", given(renamed("lib/a.ts", "services/a.ts")), "fail", ["decision-missing"]],
    [
      "T008: a submodule is new architecture",
      given([change("services", { before: null, after: { mode: "160000", sha: head } })]),
      "fail",
      ["decision-missing"],
    ],
    ["T026: so is a folder of another case", given([made("Services/a.ts")]), "fail", ["decision-missing"]],
    ["does not apply to a changed file", given([change("services/a.ts")]), "not-applicable", ["nothing-new"]],
    [
      "does not apply to a deleted file",
      given([change("services/a.ts", { after: null })]),
      "not-applicable",
      ["nothing-new"],
    ],
    ["does not apply elsewhere", given([made("web/a.ts")]), "not-applicable", ["nothing-new"]],
    ["does not apply without settings", facts({ changes: [added] }), "not-applicable", ["not-configured"]],
  ]);

  test.each([
    ["changes", "changes-unknown"],
    ["texts", "texts-unknown"],
  ] as const)("T018: unread %s are unknown", (fact, code) => {
    const lost = { ...given([added, made(file)], text(file, "We use queues")), [fact]: unknown("no answer") };
    expect(ask("adr", lost)).toMatchObject({ status: "unknown", codes: [code] });
  });

  describe("when the ledger cannot be read", () => {
    const record = unknown("no answer");
    const written = given([added, made(file)], text(file, "We use queues"));

    test("a decision in the change is enough", () => {
      expect(ask("adr", { ...written, record }).codes).toEqual(["decision-written"]);
    });

    test("a pull request without one waits: its story may name one", () => {
      expect(ask("adr", { ...given([added]), record })).toMatchObject({
        status: "unknown",
        codes: ["record-unknown"],
      });
    });

    test("a git directory without one fails: it has no story", () => {
      expect(ask("adr", { ...given([added]), record, pull: null }).codes).toEqual(["decision-missing"]);
    });
  });

  test("says what is new, where decisions go, by which line of the policy, and who may go on", () => {
    expect(ask("adr", given([added, made("db/schema/2.sql")])).reasons).toEqual([
      {
        code: "decision-missing",
        message:
          "The change adds 2 files of architecture (first: this one), and no decision in `docs/adr` comes with them.",
        path: added.path,
        policyLine: 4,
        next: { step: expect.stringContaining("`docs/adr`"), who: "@ada, the author" },
      },
    ]);
    const [empty] = ask("adr", given([added, made(file)], text(file, ""))).reasons;
    expect(empty?.message).toContain("it is empty or not there");
  });

  test("reads the decisions of change and story, and none when nothing is new", () => {
    const record = runRecord({ decisions: ["docs/adr/1.md", "README.md", "docs/adr/../../x"] });
    const read = (changes: ReturnType<typeof change>[]) => pathsToRead({ changes, record }, policyOf(policy));
    expect(read([added, made(file)])).toEqual(["docs/adr/1.md", file]);
    expect(read([made(file)])).toEqual([]);
  });
});
