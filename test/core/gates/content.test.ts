import { describe, expect, test } from "@jest/globals";
import type { Change, Content, FileText } from "../../../core/facts.ts";
import { pathsToRead } from "../../../core/gates/registry.ts";
import { known, unknown } from "../../../core/known.ts";
import { ask, table } from "../../builders/gate-table.ts";
import { change, facts, policyOf } from "../../builders/pull-facts.ts";

const side = (text: string | null) =>
  text === null ? null : { mode: "100644", sha: text.padEnd(40, "0").slice(0, 40) };
const content = (text: string | null): Content => (text === null ? { state: "absent" } : { state: "text", text });

/** A change of one file between two texts; null: it is not there. */
function between(rule: string, before: string | null, after: string | null, over: Partial<FileText> = {}) {
  const one: Change = { ...change("db/a.sql"), before: side(before), after: side(after) };
  const policy = `version: 1\ngates:\n  content:\n    - { paths: "db/**", ${rule} }\n`;
  const text = { path: "db/a.sql", before: content(before), after: content(after), ...over };
  return facts({ policy, changes: [one], texts: known([text]) });
}
const drop = "forbid: [DROP TABLE]";
/** A new file of another name that holds what is forbidden. */
function elsewhere(path: string) {
  const given = between(drop, null, "DROP TABLE a;\n");
  const change_ = { ...change(path), before: null };
  const texts = known([
    { path: "web/a.ts", before: content(null), after: content("a") },
    { path, before: content(null), after: content("DROP TABLE a;\n") },
  ]);
  return { ...given, changes: known([change("web/a.ts"), change_]), texts };
}

describe("content", () => {
  table("content", [
    ["is asked for by the policy alone", facts(), "not-applicable", ["not-configured"]],
    [
      "does not judge other files",
      facts({ policy: `version: 1\ngates: { content: [{ paths: db, ${drop} }] }` }),
      "not-applicable",
      ["nothing-watched"],
    ],
    ["added: takes a new file", between("only: added", null, "a\n"), "pass", ["in-order"]],
    ["added: refuses a changed one", between("only: added", "a\n", "a\nb\n"), "fail", ["changed"]],
    ["added: refuses one that is gone", between("only: added", "a\n", null), "fail", ["deleted"]],
    ["appended: takes more at the end", between("only: appended", "a\n", "a\nb\n"), "pass", ["in-order"]],
    [
      "appended: takes more after a last line without an end",
      between("only: appended", "a", "a\nb\n"),
      "pass",
      ["in-order"],
    ],
    ["appended: refuses a longer last line", between("only: appended", "a", "ab\n"), "fail", ["rewritten"]],
    ["appended: refuses a changed line", between("only: appended", "a\nb\n", "a\nc\nb\n"), "fail", ["rewritten"]],
    ["appended: refuses a line before the others", between("only: appended", "b\n", "a\nb\n"), "fail", ["rewritten"]],
    ["appended: refuses a line less", between("only: appended", "a\nb\n", "a\n"), "fail", ["rewritten"]],
    ["appended: takes a line end of two characters", between("only: appended", "a", "a\r\nb\n"), "pass", ["in-order"]],
    ["appended: refuses one that is gone", between("only: appended", "a\n", null), "fail", ["deleted"]],
    [
      "appended: refuses what cannot be read",
      between("only: appended", "a\n", "b\n", { after: { state: "opaque", why: "binary" } }),
      "fail",
      ["not-read"],
    ],
    [
      "appended: refuses what could not be read before",
      between("only: appended", "a\n", "b\n", { before: { state: "opaque", why: "binary" } }),
      "fail",
      ["not-read"],
    ],
    [
      "appended: takes a file of the same content, read or not",
      between("only: appended", "a\n", "a\n", { after: { state: "opaque", why: "binary" } }),
      "pass",
      ["in-order"],
    ],
    ["appended: takes the first line of an empty file", between("only: appended", "", "a\n"), "pass", ["in-order"]],
    ["forbid: looks for it in other spellings of the folder too", elsewhere("DB/a.sql"), "fail", ["forbidden-text"]],
    ["forbid: takes any other text", between(drop, "a\n", "a\nSELECT x;\n"), "pass", ["in-order"]],
    ["forbid: refuses an added text", between(drop, "a\n", "a\ndrop  table x;\n"), "fail", ["forbidden-text"]],
    ["forbid: over two lines", between(drop, "a\n", "a\nDROP\n  TABLE x;\n"), "fail", ["forbidden-text"]],
    ["forbid: in place of another", between(drop, "DROP TABLE a;\n", "DROP TABLE b;\n"), "fail", ["forbidden-text"]],
    [
      "forbid: takes one that stood, also on another line",
      between(drop, "DROP TABLE a;\n", "b\nDROP TABLE a;\n"),
      "pass",
      ["in-order"],
    ],
    [
      "forbid: takes one over two lines that stood",
      between(drop, "DROP\nTABLE a;\n", "DROP\nTABLE a;\nb\n"),
      "pass",
      ["in-order"],
    ],
    [
      "forbid: what could not be read before counts as nothing that stood",
      between(drop, null, "DROP TABLE a;\n", { before: { state: "opaque", why: "binary" } }),
      "fail",
      ["forbidden-text"],
    ],
    ["forbid: takes one that goes", between(drop, "DROP TABLE a;\n", "a\n"), "pass", ["in-order"]],
    ["forbid: takes a file that goes", between(drop, "DROP TABLE a;\n", null), "pass", ["in-order"]],
    [
      "forbid: refuses what cannot be read",
      between(drop, null, "", { after: { state: "opaque", why: "too-large" } }),
      "fail",
      ["not-read"],
    ],
    [
      "texts that were not read are unknown",
      { ...between(drop, null, "a\n"), texts: unknown("no answer") },
      "unknown",
      ["texts-unknown"],
    ],
    [
      "texts that were not read are unknown where files may only grow",
      { ...between("only: appended", "a\n", "b\n"), texts: unknown("no answer") },
      "unknown",
      ["texts-unknown"],
    ],
    [
      "a text that is missing is unknown where files may only grow",
      { ...between("only: appended", "a\n", "b\n"), texts: known([]) },
      "unknown",
      ["texts-unknown"],
    ],
    [
      "a text that is missing is unknown",
      { ...between(drop, null, "a\n"), texts: known([]) },
      "unknown",
      ["texts-unknown"],
    ],
  ]);

  test.each([
    ["the first line", "a\n", "DROP TABLE x;\na\n", 1],
    ["the second time of a line that stood once", "DROP TABLE x;\n", "DROP TABLE x;\nDROP TABLE x;\n", 2],
    ["no line where the text goes over two", "a\n", "a\nDROP\nTABLE x;\n", undefined],
  ])("forbid: names %s", (_, before, after, line) => {
    expect(ask("content", between(drop, before, after)).reasons.map((reason) => reason.line)).toEqual([line]);
  });

  test.each([
    ["what may only grow", "only: appended", ["db/a.sql"]],
    ["what it searches", drop, ["db/a.sql"]],
    ["nothing where the change alone tells", "only: added", []],
  ])("reads %s", (_, rule, paths) => {
    const { policy } = between(rule, "a\n", "b\n");
    if (!policy.known || policy.value.state !== "loaded") throw new Error("there is a policy");
    const changes = [change("db/a.sql"), change("web/a.ts")];
    expect(pathsToRead({ changes, record: null }, policy.value)).toEqual(paths);
    const twins = [change("DB/a.sql")];
    expect(pathsToRead({ changes: twins, record: null }, policy.value)).toEqual(paths.map(() => "DB/a.sql"));
  });

  test("says why a text was not read, or which one", () => {
    const given = between(drop, null, "a\n");
    const messages = [unknown("no answer"), known([])].map(
      (texts) => ask("content", { ...given, texts }).reasons[0]?.message,
    );
    expect(messages).toEqual(["no answer", "the content of db/a.sql was not read"]);
  });

  test("added files are not read, so an unread one does not matter", () => {
    const given = { ...between("only: added", null, "a\n"), texts: unknown("no answer") };
    expect(ask("content", given)).toMatchObject({ status: "pass", reasons: [{ code: "in-order" }] });
  });

  test("a file under two rules is judged by both, each with its line of the policy", () => {
    const rules = ['{ paths: "db/**", only: appended }', '{ paths: "db/*.sql", forbid: [GRANT, DROP TABLE] }'];
    const policy = policyOf(`version: 1\ngates:\n  content:\n    - ${rules.join("\n    - ")}\n`);
    const both = (after: string) => ({
      ...between("only: appended", "a\n", after),
      policy: known({ state: "loaded" as const, ...policy }),
    });
    const { reasons } = ask("content", both("DROP TABLE x;\n"));
    expect(reasons.map(({ code, policyLine }) => [code, policyLine])).toEqual([
      ["rewritten", 4],
      ["forbidden-text", 5],
    ]);
    expect(reasons[1]?.message).toBe('The policy forbids to add "DROP TABLE" here.');
    expect(ask("content", both("a\nb\n")).reasons[0]?.message).toBe(
      "Every file that these rules name holds what they ask.",
    );
  });

  test("the reason has the file, its line and the policy's", () => {
    const [reason] = ask("content", between(drop, "a\n", "a\nDROP TABLE x;\n")).reasons;
    expect(reason).toMatchObject({
      path: "db/a.sql",
      line: 2,
      policyLine: 4,
      next: { who: expect.stringContaining("author") },
    });
  });
});
