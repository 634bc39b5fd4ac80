import { describe, expect, test } from "@jest/globals";
import type { FileText, ReviewFact } from "../../../core/facts.ts";
import { pathsToRead } from "../../../core/gates/registry.ts";
import { known, unknown } from "../../../core/known.ts";
import type { PullRun } from "../../../core/pull-record.ts";
import { ask, table } from "../../builders/gate-table.ts";
import { author, change, earlier, facts, head, policyOf, renamed, runRecord, text } from "../../builders/pull-facts.ts";
import { holds, review } from "../../builders/reviews.ts";

const policy = 'version: 1\ngates:\n  adr:\n    when: ["services/**", "db/schema"]\n    files: "docs/adr"\n';
const made = (path: string) => change(path, { before: null });
const added = made("services/mail/main.ts");
const file = "docs/adr/4.md";
const given = (changes: ReturnType<typeof change>[], ...texts: FileText[]) =>
  facts({ policy, changes, texts: known(texts) });
const written = given([added, made(file)], text(file, "We use queues"));
const by = (one: ReviewFact) => ({ ...written, reviews: known([one]) });
const architects = `${policy}people: { architects: ["@linus"] }\n`;
const runs = (over: Partial<PullRun>) => ({ record: known(runRecord(over)) });
const ofStory = (over: Partial<PullRun>, ...texts: FileText[]) =>
  facts({ policy, changes: [added], record: runRecord(over), texts: known(texts) });
const ofOthers = { ...given([change("services/a.ts")]), ...runs({}) };

describe("adr", () => {
  table("adr", [
    ["H14: waits with a new decision that nobody approved", written, "pending", ["not-approved"]],
    [
      "H14: an agent's decision waits while it is not known whose it is",
      { ...given([made(file)], text(file, "We use queues")), record: unknown("no answer") },
      "unknown",
      ["record-unknown"],
    ],
    ["H14: a named decision that was not read is none", ofStory({ decisions: [file] }), "fail", ["decision-missing"]],
    [
      "H14: waits with a changed decision",
      given([added, change(file, { after: { mode: "100644", sha: head } })], text(file, "New", "Old")),
      "pending",
      ["not-approved"],
    ],
    ["H14: passes once an approver approved the head", by(review(holds(["approvers"]))), "pass", ["decision-approved"]],
    [
      "H14: an architect has no say where the policy names none",
      by(review(holds(["architects"]))),
      "pending",
      ["not-approved"],
    ],
    [
      "H14: asks an architect where the policy names one",
      { ...by(review(holds(["approvers"]))), policy: known({ state: "loaded", ...policyOf(architects) }) },
      "pending",
      ["not-approved"],
    ],
    ["H14: waits where no pull request asks to merge it", { ...written, pull: null }, "pending", ["not-approved"]],
    ["H14: an older head's approval does not count", by(review({ sha: earlier })), "pending", ["not-approved"]],
    ["H14: nor does one of whoever asked for it", by(review({ by: author })), "pending", ["not-approved"]],
    [
      "H14: a run's own record does not open it",
      { ...written, ...runs({ decisions: [file] }) },
      "pending",
      ["not-approved"],
    ],
    [
      "H14: a run's decision alone waits too, or its next prompt could build on it",
      { ...given([made(file)], text(file, "We use queues")), ...runs({}) },
      "pending",
      ["not-approved"],
    ],
    ["H14: a person's decision alone is theirs to write", given([made(file)]), "not-applicable", ["nothing-new"]],
    ["H14: unread reviews are unknown", { ...written, reviews: unknown("no answer") }, "unknown", ["reviews-unknown"]],
    [
      "H14: under `separation: solo` the author's own duty is enough",
      {
        ...written,
        policy: known({ state: "loaded", ...policyOf(`${architects.replace("{", "{ separation: solo,")}`) }),
        authorPermission: holds(["architects"]).permission,
      },
      "pass",
      ["decided-solo"],
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
    ["does not apply to an agent's change of other files", ofOthers, "not-applicable", ["nothing-new"]],
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
    test("a decision in the change waits: who asked for it is not known", () => {
      expect(ask("adr", { ...written, record }).codes).toEqual(["record-unknown"]);
    });

    test("a pull request without one waits: its story may name one", () => {
      expect(ask("adr", { ...given([added]), record })).toMatchObject({
        status: "unknown",
        codes: ["record-unknown"],
      });
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
    const one =
      "The change adds 1 file of architecture (first: this one), and no decision in `docs/adr` comes with them.";
    const messages = [
      given([added]),
      given([added, made(file)], text(file, "")),
      { ...given([added, made(file)], text(file, "")), ...runs({ decisions: ["docs/adr/1.md"] }) },
    ].map((asked) => ask("adr", asked).reasons[0]?.message);
    const empty = `${one} One is brought or named, and it is empty or not there.`;
    expect(messages).toEqual([one, empty, empty]);
  });

  test("H14: says who approves a decision, and the line of the policy that names them", () => {
    const named = { ...written, policy: known({ state: "loaded" as const, ...policyOf(architects) }) };
    expect(ask("adr", named).reasons).toMatchObject([{ path: file, policyLine: 6, next: { who: "@linus" } }]);
    expect(ask("adr", written).reasons[0]?.next?.who).toContain("`people.approvers`");
  });

  test("reads the decisions of change and story, and none when nothing is new", () => {
    const record = runRecord({ decisions: ["docs/adr/1.md", "README.md", "docs/adr/../../x"] });
    const read = (changes: ReturnType<typeof change>[]) => pathsToRead({ changes, record }, policyOf(policy));
    expect(read([added, made(file)])).toEqual([file, "docs/adr/1.md"].sort());
    expect(read([made(file)])).toEqual([]);
  });
});
