import { describe, expect, test } from "@jest/globals";
import { known, unknown } from "../../../core/known.ts";
import { ask, table } from "../../builders/gate-table.ts";
import { change, facts, head, renamed } from "../../builders/pull-facts.ts";

describe("forbidden-paths", () => {
  const policy =
    'version: 1\ngates:\n  forbidden-paths:\n    deny:\n      - ".github/workflows"\n      - "vendor/**"\n      - "app/[id]/page.tsx"\n';
  const with_ = (...changes: ReturnType<typeof change>[]) => facts({ policy, changes });
  table("forbidden-paths", [
    ["passes when nothing forbidden is touched", with_(change("src/a.ts")), "pass", ["no-forbidden-path"]],
    ["fails on a forbidden file", with_(change(".github/workflows/ci.yml")), "fail", ["forbidden-path"]],
    [
      "T001: fails on a rename out of a forbidden folder",
      with_(...renamed(".github/workflows/ci.yml", "src/ci.yml")),
      "fail",
      ["forbidden-path"],
    ],
    [
      "fails on a rename into a forbidden folder",
      with_(...renamed("src/ci.yml", ".github/workflows/ci.yml")),
      "fail",
      ["forbidden-path"],
    ],
    [
      "T008: fails on a submodule in the folder's place",
      with_(change("vendor", { after: { mode: "160000", sha: head } })),
      "fail",
      ["forbidden-path"],
    ],
    [
      "T027: fails on a forbidden folder spelled with an invisible character",
      with_(change(".github/work\u200Bflows/ci.yml")),
      "fail",
      ["forbidden-path"],
    ],
    [
      "T028: fails on a forbidden folder that holds a name with a line break",
      with_(change("vendor/x\nallowed")),
      "fail",
      ["forbidden-path"],
    ],
    [
      "leaves other names that mislead to the gate for them",
      with_(change("src/x\nallowed")),
      "pass",
      ["no-forbidden-path"],
    ],
    ["T034: fails on a literal bracket path", with_(change("app/[id]/page.tsx")), "fail", ["forbidden-path"]],
    ["fails on a folder of another case", with_(change(".GitHub/Workflows/ci.yml")), "fail", ["forbidden-path"]],
    [
      "tells every hit",
      with_(change("vendor/a"), change("vendor/b"), change("c")),
      "fail",
      ["forbidden-path", "forbidden-path"],
    ],
    ["T041: fails when nothing changed", facts({ policy, changes: [] }), "fail", ["nothing-changed"]],
    ["T041: fails when nothing changed and no path is forbidden", facts({ changes: [] }), "fail", ["nothing-changed"]],
    ["does not apply when the policy forbids no path", facts(), "not-applicable", ["not-configured"]],
  ]);

  test("unread facts are unknown, even when no path is forbidden", () => {
    for (const text of [policy, "version: 1"]) {
      const changes = { ...facts({ policy: text }), changes: unknown("the listing is cut short") };
      expect(ask("forbidden-paths", changes)).toMatchObject({
        status: "unknown",
        codes: ["changes-unknown"],
      });
      const mergeBase = { ...facts({ policy: text }), mergeBase: unknown("two merge bases") };
      expect(ask("forbidden-paths", mergeBase)).toMatchObject({
        status: "unknown",
        codes: ["merge-base-unknown"],
      });
    }
  });

  test("a hit names the file, the pattern, the line of the policy, the next step and who", () => {
    expect(ask("forbidden-paths", with_(change("vendor/a"))).reasons).toEqual([
      {
        code: "forbidden-path",
        message: "This change edits a file that the policy forbids by `vendor/**`.",
        path: "vendor/a",
        policyLine: 6,
        next: {
          step: "Take this file out of the change, or ask a maintainer to change line 6 of the policy.",
          who: "@ada, the author",
        },
      },
    ]);
  });

  test("a hit says what is done to the file, and names the policy alone where it has no line", () => {
    const files = [change("vendor/a", { before: null }), change("vendor/b", { after: null }), change("governance/c")];
    const extended = "version: 1\nextends: default\ngates: { forbidden-paths: { deny: [vendor, governance] } }\n";
    const { reasons } = ask("forbidden-paths", facts({ policy: extended, changes: files }));
    expect(reasons.map(({ message }) => message)).toEqual([
      "This change adds a file that the policy forbids by `vendor`.",
      "This change deletes a file that the policy forbids by `vendor`.",
      "This change edits a file that the policy forbids by `governance`.",
    ]);
    const { policy: reading, ...rest } = facts({ policy: extended, changes: files });
    if (!reading.known || reading.value.state !== "loaded") throw new Error("there is a policy");
    const [bare] = ask("forbidden-paths", { ...rest, policy: known({ ...reading.value, lines: {} }) }).reasons;
    expect(bare).not.toHaveProperty("policyLine");
    expect(bare?.next?.step).toBe("Take this file out of the change, or ask a maintainer to change the policy.");
  });
});
