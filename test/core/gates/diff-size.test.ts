import { describe, expect, test } from "@jest/globals";
import type { PullFacts } from "../../../core/facts.ts";
import { countedPaths, storySize } from "../../../core/gates/diff-size.ts";
import { known, unknown } from "../../../core/known.ts";
import type { PullRun } from "../../../core/pull-record.ts";
import { ask, table } from "../../builders/gate-table.ts";
import { change, facts, policyOf, runRecord } from "../../builders/pull-facts.ts";

const side = (name: string) => ({ mode: "100644", sha: Buffer.from(name.padEnd(20)).toString("hex") });

/** A large file that moves as it is. */
function moved(from: string, name = from, to = `moved/${from}`) {
  const size = { bytes: 2_000_000 };
  return [
    change(from, { before: side(name), after: null, added: 0, deleted: 900, bytes: 0 }),
    change(to, { before: null, after: side(name), added: 900, ...size }),
  ];
}

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
    [
      "pub-diff-size-rename: counts a moved file once, and none of its lines",
      with_(...moved("a")),
      "pass",
      ["within-limits"],
    ],
    [
      "pub-diff-size-rename: counts two moved files of the same content twice",
      with_(...moved("a", "one"), ...moved("b", "one")),
      "pass",
      ["within-limits"],
    ],
    [
      "pub-diff-size-rename: counts three moved files as three",
      with_(...moved("a"), ...moved("b"), ...moved("c")),
      "fail",
      ["too-many-files"],
    ],
    [
      "pub-diff-size-rename: counts a copy in full",
      with_(...moved("a", "one"), change("copy", { before: null, after: side("one"), added: 900 })),
      "fail",
      ["too-many-lines"],
    ],
    [
      "pub-diff-size-rename: counts a copy of what a changed file was in full",
      with_(
        change("a", { before: side("one"), after: side("two"), added: 1 }),
        change("copy", { before: null, after: side("one"), added: 900 }),
      ),
      "fail",
      ["too-many-lines"],
    ],
    [
      "pub-diff-size-rename: counts a file that becomes what a deleted one was in full",
      with_(
        change("a", { before: side("one"), after: null, added: 0, deleted: 1 }),
        change("b", { before: side("two"), after: side("one"), added: 900 }),
      ),
      "fail",
      ["too-many-lines"],
    ],
    [
      "pub-diff-size-rename: counts a moved and changed file in full",
      with_(...moved("a").map((one) => (one.after === null ? one : { ...one, after: side("other") }))),
      "fail",
      ["too-many-lines", "too-many-bytes"],
    ],
    [
      "pub-diff-size-rename: counts a file that comes out of an ignored place in full",
      with_(...moved("package-lock.json", "one", "a.json")),
      "fail",
      ["too-many-lines", "too-many-bytes"],
    ],
    ["does not apply without limits", facts(), "not-applicable", ["not-configured"]],
  ]);

  const budget = "version: 1\ngates: { diff-size: { lines: 100, story: { lines: 100, files: 3 } } }";
  const sized = (lines: number, files = 1) => ({ pull: 11, size: { files, lines } });
  const ofStory = (...added: NonNullable<PullRun["added"]>) =>
    facts({ policy: budget, changes: [change("a", { added: 90 })], record: runRecord({ added }) });
  const byPerson = facts({ policy: budget, changes: [change("a", { added: 90 })] });
  table("diff-size", [
    ["H12: a story's first prompt has the whole budget", ofStory(), "pass", ["within-limits"]],
    ["H12: a story's only prompt too", { ...byPerson, record: known(runRecord()) }, "pass", ["within-limits"]],
    [
      "H12: without a budget for stories, nobody has to know whose change it is",
      { ...with_(change("a")), record: unknown("500") },
      "pass",
      ["within-limits"],
    ],
    [
      "H12: nor what the story's other prompts added",
      { ...with_(change("a")), record: known(runRecord({ added: [sized(90)] })) },
      "pass",
      ["within-limits"],
    ],
    ["H12: the next one has what is left of it", ofStory(sized(10)), "pass", ["within-limits"]],
    ["H12: and no more", ofStory(sized(11)), "fail", ["story-too-many-lines"]],
    ["H12: files are counted as well", ofStory(sized(0, 3)), "fail", ["story-too-many-files"]],
    ["H12: one that was not counted never passes", ofStory({ pull: 11, size: null }), "pending", ["story-not-counted"]],
    ["H12: a person's change has no story", byPerson, "pass", ["within-limits"]],
    [
      "H12: a prompt that is over and one that was not counted: what is over is told",
      ofStory(sized(11), { pull: 12, size: null }),
      "fail",
      ["story-too-many-lines"],
    ],
    [
      "H12: a limit on one change is told before a story's",
      { ...ofStory(sized(90)), changes: known([change("a", { added: 101 })]) },
      "fail",
      ["too-many-lines"],
    ],
    [
      "H12: lines that were not counted are told before a story's",
      { ...ofStory(sized(90)), changes: known([change("a", { added: 0, uncounted: { known: false, why: "cut" } })]) },
      "unknown",
      ["size-unknown"],
    ],
    ["H12: an unread record never passes", { ...byPerson, record: unknown("500") }, "unknown", ["record-unknown"]],
    [
      "H12: a clone leaves it to the App",
      { ...byPerson, pull: null, record: unknown("none") },
      "pass",
      ["within-limits"],
    ],
  ]);

  const cut = change("b", { added: 0, uncounted: { known: false, why: "too large" } });
  const one = change("a", { added: 7, deleted: 2 });
  test.each<[string, PullFacts, object | null]>([
    [
      "files and lines of a run's change",
      facts({ policy: budget, changes: [one], record: runRecord() }),
      { files: 1, lines: 9 },
    ],
    ["nothing of a person's", facts({ policy: budget, changes: [one] }), null],
    [
      "nothing where one file was not counted",
      facts({ policy: budget, changes: [one, cut], record: runRecord() }),
      null,
    ],
    [
      "files alone where the budget has no lines",
      facts({ policy: budget.replace("lines: 100, files", "files"), changes: [one, cut], record: runRecord() }),
      { files: 2, lines: 9 },
    ],
    ["nothing without a budget", facts({ policy, changes: [one], record: runRecord() }), null],
    ["nothing without a limit on size", facts({ changes: [one], record: runRecord() }), null],
    ["nothing without a policy", { ...ofStory(), policy: unknown("HTTP 502") }, null],
    [
      "nothing under a policy that is not there",
      { ...ofStory(), policy: known({ state: "absent", ref: "b".repeat(40), removedBy: null }) },
      null,
    ],
    ["nothing where the ledger was not read", { ...ofStory(), record: unknown("HTTP 502") }, null],
    ["nothing where the change was not read", { ...ofStory(), changes: unknown("cut short") }, null],
    [
      "a file that moved although it was not counted",
      facts({
        policy: budget,
        changes: [
          ...moved("a").map((half) => ({ ...half, uncounted: { known: false as const, why: "too large" } })),
          one,
        ],
        record: runRecord(),
      }),
      { files: 2, lines: 9 },
    ],
    [
      "nothing of what the policy does not count",
      facts({ policy: budget.replace("lines: 100,", "ignore: [b],"), changes: [one, cut], record: runRecord() }),
      { files: 1, lines: 9 },
    ],
  ])("H12: a verdict's entry keeps %s", (_, given, size) => {
    expect(storySize(given)).toEqual(size);
  });

  test.each([
    ["lines", "diff-size: { lines: 9, ignore: [gen] }", true],
    ["bytes", "diff-size: { bytes: 1KB, ignore: [gen] }", true],
    ["a story's lines", "diff-size: { story: { lines: 9 }, ignore: [gen] }", true],
    ["files alone", "diff-size: { files: 9, story: { files: 9 }, ignore: [gen] }", false],
  ])("H2: whether contents are counted under a limit of %s", (_, gate, isCounted) => {
    const wanted = countedPaths(policyOf(`version: 1\ngates: { ${gate} }`).policy);
    expect(["web/a.ts", "gen/a.ts"].map(wanted)).toEqual([isCounted, false]);
  });

  test("H12: a story over its budget says with which pull requests, how much, and by which line of the policy", () => {
    const lines = "version: 1\ngates:\n  diff-size:\n    story:\n      lines: 80\n";
    const over = (added: NonNullable<PullRun["added"]>) =>
      facts({ policy: lines, changes: [change("a", { added: 90 })], record: runRecord({ added }) });
    const said = (...added: NonNullable<PullRun["added"]>) => ask("diff-size", over(added)).reasons;
    expect(said()).toMatchObject([
      { message: "With this change, story #7 has 90 lines; the policy allows 80 a story.", policyLine: 5 },
    ]);
    expect(said(sized(1), { ...sized(2), pull: 12 })[0]?.message).toContain("With #11, #12, story #7 has 93 lines");
    const left = facts({ policy: budget, record: runRecord({ added: [{ pull: 11, size: null }] }) });
    expect(ask("diff-size", left).reasons[0]?.message).toBe("#11 of story #7 was not counted when it was judged.");
  });

  test("a limit that is passed without every line counted says that it is the least", () => {
    const [lines] = ask("diff-size", with_(change("a", { added: 30 }), cut)).reasons;
    expect(lines?.message).toBe("The change has at least 30 lines; the policy allows 20.");
    const [files] = ask("diff-size", with_(change("a", { added: 1 }), change("c", { added: 1 }), cut)).reasons;
    expect(files?.message).toBe("The change has 3 files; the policy allows 2.");
    expect(ask("diff-size", with_(one, cut)).codes).toEqual(["size-unknown"]);
  });

  test("H2: the light tier counts contents, and no policy at all counts none", () => {
    const light = 'version: 1\nroles: { web: { allow: ["**"] } }\ntiers: { light: { role: web, files: 1, lines: 9 } }';
    expect([light, "version: 1"].map((text) => countedPaths(policyOf(text).policy)("web/a.ts"))).toEqual([true, false]);
  });

  test("unread changes are unknown", () => {
    expect(ask("diff-size", { ...facts({ policy }), changes: unknown("cut short") })).toMatchObject({
      status: "unknown",
    });
  });

  test("a pass shows the figures, a fail the figure, the limit and the line", () => {
    expect(ask("diff-size", with_(change("a"))).reasons[0]?.message).toBe(
      "Size: files 1 of 2, lines 10 of 20, bytes 100 of 1000.",
    );
    const own = { policy: "version: 1\ngates: { diff-size: { files: 9, ignore: [gen] } }" };
    const ignored = facts({ ...own, changes: [change("a"), change("gen/b"), change("gen/c"), cut] });
    expect(ask("diff-size", ignored).reasons[0]?.message).toBe(
      "Size: files 2 of 9, lines 10, bytes 200; ignored by the policy: 2.",
    );
    expect(ask("diff-size", with_(change("a", { added: 21 }))).reasons[0]).toMatchObject({
      message: "The change has 21 lines; the policy allows 20.",
      policyLine: 2,
    });
  });
});
