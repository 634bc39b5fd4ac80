import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { unknown } from "../../../core/known.ts";
import { ask, table } from "../../builders/gate-table.ts";
import { change, facts, head, renamed, runRecord } from "../../builders/pull-facts.ts";

const policy =
  'version: 1\ngates:\n  manifest:\n    - { when: "src/**", need: ["docs/INVARIANTS.yml", "docs/planes/**"] }\n    - { when: "db/**", need: "db/MANIFEST.yml" }\n';
const given = (...changes: ReturnType<typeof change>[]) => facts({ policy, changes });
const rewritten = (path: string) => change(path, { after: { mode: "100644", sha: head } });
const later = (...laterPaths: string[]) =>
  facts({ policy, changes: [change("src/a.ts")], record: runRecord({ laterPaths }) });
const gone = (path: string) => change(path, { after: null });

describe("manifest", () => {
  table("manifest", [
    ["passes when both change", given(change("src/a.ts"), rewritten("docs/INVARIANTS.yml")), "pass", ["in-step"]],
    ["one of several is enough", given(change("src/a.ts"), rewritten("docs/planes/a.yml")), "pass", ["in-step"]],
    ["a manifest alone is in step with itself", given(rewritten("db/MANIFEST.yml")), "pass", ["in-step"]],
    ["fails when one stays behind", given(change("src/a.ts")), "fail", ["out-of-step"]],
    ["tells every rule", given(change("src/a.ts"), change("db/1.sql")), "fail", ["out-of-step", "out-of-step"]],
    [
      "one rule kept does not keep another",
      given(change("src/a.ts"), change("db/1.sql"), rewritten("db/MANIFEST.yml")),
      "fail",
      ["out-of-step"],
    ],
    [
      "T001: fails when the manifest is moved away",
      given(change("src/a.ts"), ...renamed("docs/INVARIANTS.yml", "a.yml")),
      "fail",
      ["out-of-step"],
    ],
    [
      "fails when the manifest is deleted",
      given(change("src/a.ts"), gone("docs/planes/a.yml")),
      "fail",
      ["out-of-step"],
    ],
    [
      "passes when what is described goes together with its description",
      given(gone("src/a.ts"), gone("docs/planes/a.yml")),
      "pass",
      ["in-step"],
    ],
    [
      "T006: what goes is not answered by a description that becomes a link",
      given(gone("src/a.ts"), change("docs/INVARIANTS.yml", { after: { mode: "120000", sha: head } })),
      "fail",
      ["out-of-step"],
    ],
    [
      "what goes is not answered by a file that only looks like its description",
      given(gone("src/a.ts"), gone("docs/invariants.yml")),
      "fail",
      ["out-of-step"],
    ],
    [
      "a deletion is no answer when something else stays",
      given(gone("src/a.ts"), change("src/b.ts"), gone("docs/planes/a.yml")),
      "fail",
      ["out-of-step"],
    ],
    [
      "fails when the manifest alone is deleted, for what it describes",
      given(gone("src/a.ts")),
      "fail",
      ["out-of-step"],
    ],
    [
      "fails when only the manifest's mode changes",
      given(change("src/a.ts"), change("docs/INVARIANTS.yml", { after: { mode: "100755", sha: "e".repeat(40) } })),
      "fail",
      ["out-of-step"],
    ],
    [
      "T006: fails when the manifest becomes a link",
      given(change("src/a.ts"), change("docs/INVARIANTS.yml", { after: { mode: "120000", sha: head } })),
      "fail",
      ["out-of-step"],
    ],
    [
      "fails on a manifest of another case",
      given(change("src/a.ts"), rewritten("docs/invariants.yml")),
      "fail",
      ["out-of-step"],
    ],
    ["T026: watches a folder of another case too", given(change("SRC/a.ts")), "fail", ["out-of-step"]],
    [
      "B6: passes with a note when a later prompt writes it",
      later("web/**", "docs/INVARIANTS.yml"),
      "pass",
      ["comes-later"],
    ],
    ["B6: a later prompt may write the whole folder", later("docs"), "pass", ["comes-later"]],
    ["B6: a later prompt may write part of what is needed", later("docs/planes/api/**"), "pass", ["comes-later"]],
    ["B6: a later prompt may write some of what is needed by a pattern", later("docs/INV*"), "pass", ["comes-later"]],
    ["B6: fails when later prompts write something else", later("web/**"), "fail", ["out-of-step"]],
    ["B6: fails in the last prompt", later(), "fail", ["out-of-step"]],
    ["does not apply elsewhere", given(change("web/a.ts")), "not-applicable", ["nothing-watched"]],
    ["does not apply without settings", facts({ changes: [change("src/a.ts")] }), "not-applicable", ["not-configured"]],
  ]);

  test("T018: unread changes are unknown", () => {
    expect(ask("manifest", { ...given(change("src/a.ts")), changes: unknown("cut short") })).toMatchObject({
      status: "unknown",
      codes: ["changes-unknown"],
    });
  });

  test("an unread ledger leaves open what may come later, and nothing else", () => {
    const record = unknown("no answer");
    const behind = { ...given(change("src/a.ts")), record };
    expect(ask("manifest", behind)).toMatchObject({ status: "unknown", codes: ["record-unknown"] });
    expect(ask("manifest", { ...behind, pull: null }).codes).toEqual(["out-of-step"]);
    const kept = given(change("src/a.ts"), rewritten("docs/INVARIANTS.yml"));
    expect(ask("manifest", { ...kept, record }).codes).toEqual(["in-step"]);
  });

  test("says what changed, what did not, by which line of the policy, and who may go on", () => {
    expect(ask("manifest", given(change("db/1.sql"), change("db/2.sql"))).reasons).toEqual([
      {
        code: "out-of-step",
        message: "This file changes, and `db/MANIFEST.yml` does not change with it.",
        path: "db/1.sql",
        policyLine: 5,
        next: { step: "Bring `db/MANIFEST.yml` up to date in this change.", who: "@ada, the author" },
      },
    ]);
  });

  test("counts the rules that are kept, and says of a rule what comes later", () => {
    const both = given(
      change("src/a.ts"),
      change("db/1.sql"),
      rewritten("docs/planes/a"),
      rewritten("db/MANIFEST.yml"),
    );
    expect(ask("manifest", both).reasons).toEqual([
      { code: "in-step", message: "What follows the changed files changed with them (rules that apply: 2)." },
    ]);
    expect(ask("manifest", later("docs/planes/api/**")).reasons).toEqual([
      {
        code: "comes-later",
        message:
          "This file changes; `docs/INVARIANTS.yml` or `docs/planes/**` may come with a later prompt of the story.",
        path: "src/a.ts",
        policyLine: 4,
      },
    ]);
  });

  test("one more watched file never turns a failure into anything else", () => {
    const path = fc.constantFrom("src/a.ts", "src/b.ts", "db/1.sql", "web/a.ts", "docs/planes/a.yml");
    const list = fc
      .uniqueArray(fc.tuple(path, fc.constantFrom(change, gone, rewritten)), { selector: ([one]) => one })
      .map((pairs) => pairs.map(([one, make]) => make(one)));
    fc.assert(
      fc.property(list, (changes) => {
        fc.pre(ask("manifest", given(...changes)).status === "fail");
        expect(ask("manifest", given(...changes, change("src/z.ts"))).status).toBe("fail");
      }),
    );
  });
});
