import { describe, expect, test } from "@jest/globals";
import { unknown } from "../../../core/known.ts";
import { ask, table } from "../../builders/gate-table.ts";
import { change, facts } from "../../builders/pull-facts.ts";

describe("diff-size", () => {
  const policy =
    'version: 1\ngates: { diff-size: { files: 2, lines: 20, bytes: 1KB, ignore: ["**/package-lock.json"] } }';
  const with_ = (...changes: ReturnType<typeof change>[]) => facts({ policy, changes });
  table("diff-size", [
    ["passes at the limits exactly", with_(change("a"), change("b")), "pass", ["within-limits"]],
    [
      "fails on one file too many",
      with_(change("a", { added: 1 }), change("b", { added: 1 }), change("c", { added: 1 })),
      "fail",
      ["too-many-files"],
    ],
    ["counts deleted lines too", with_(change("a", { added: 10, deleted: 11 })), "fail", ["too-many-lines"]],
    [
      "T019: fails on one very long line",
      with_(change("a.min.js", { added: 1, bytes: 2_000_000 })),
      "fail",
      ["too-many-bytes"],
    ],
    [
      "T011: fails on a large binary file",
      with_(change("a.bin", { added: 0, bytes: 40_000_000, binary: true })),
      "fail",
      ["too-many-bytes"],
    ],
    [
      "T012: counts lines of a file that attributes call binary",
      with_(change(".gitattributes", { added: 1 }), change("src/a.ts", { added: 300 })),
      "fail",
      ["too-many-lines"],
    ],
    [
      "tells every limit that is passed",
      with_(change("a", { added: 21, bytes: 1_001 }), change("b"), change("c")),
      "fail",
      ["too-many-files", "too-many-lines", "too-many-bytes"],
    ],
    [
      "leaves ignored files out",
      with_(change("web/package-lock.json", { added: 9_000, bytes: 900_000 })),
      "pass",
      ["within-limits"],
    ],
    [
      "does not ignore a file of another case",
      with_(change("web/Package-Lock.json", { added: 9_000, bytes: 10 })),
      "fail",
      ["too-many-lines"],
    ],
    ["does not apply without limits", facts(), "not-applicable", ["not-configured"]],
  ]);

  test("unread changes are unknown", () => {
    expect(ask("diff-size", { ...facts({ policy }), changes: unknown("cut short") })).toMatchObject({
      status: "unknown",
    });
  });

  test("a pass shows the figures, a fail the figure, the limit and the line", () => {
    expect(ask("diff-size", with_(change("a"))).reasons[0]?.message).toBe(
      "1 files of 2, 10 lines of 20, 100 bytes of 1000.",
    );
    expect(ask("diff-size", with_(change("a", { added: 21 }))).reasons[0]).toMatchObject({
      message: "The change has 21 lines; the policy allows 20.",
      policyLine: 2,
    });
  });
});
