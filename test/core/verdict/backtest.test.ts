import { describe, expect, test } from "@jest/globals";
import type { PolicyReading } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
import { backtest, type PastChange, pullNamed } from "../../../core/verdict/backtest.ts";
import { backtestMarkdown, backtestText } from "../../../core/verdict/backtest-report.ts";
import { change, facts } from "../../builders/pull-facts.ts";

const denies = (pattern: string) => `version: 1\ngates:\n  forbidden-paths: { deny: ["${pattern}"] }`;

type Given = { path?: string; sha?: string; subject?: string; old?: string | null; unread?: boolean };

/** A change of one path, by an old policy (null: there was none) and one that forbids `web`. */
function pastChange({
  path = "web/a.ts",
  sha = "1".repeat(40),
  subject = "A change (#12)",
  old = null,
  unread = false,
}: Given = {}): PastChange {
  const changes = unread ? unknown("the content of blob 1 is missing") : known([change(path)]);
  const by = (policy: string) => ({ ...facts({ policy, changes: [] }), changes });
  return {
    sha,
    subject,
    pull: pullNamed(subject),
    before: old === null ? null : by(old),
    after: by(denies("web")),
  };
}

const of = (...changes: PastChange[]) => backtest(changes, { secrets: false });

describe("what a new policy would have done", () => {
  test.each([
    ["nothing was judged before", {}, "passes", "blocked", "now-blocked"],
    ["the old one let it through", { old: denies("docs") }, "passes", "blocked", "now-blocked"],
    ["both block it", { old: denies("web") }, "blocked", "blocked", "same"],
    ["the new one lets it through", { old: denies("lib"), path: "lib/a.ts" }, "blocked", "passes", "now-let-through"],
    ["neither blocks it", { old: denies("docs"), path: "lib/a.ts" }, "passes", "passes", "same"],
    ["it could not be read", { unread: true }, "passes", "undecided", "undecided"],
    ["it could not be read for either", { unread: true, old: denies("a") }, "undecided", "undecided", "undecided"],
  ])("%s", (_, given, before, after, effect) => {
    expect(of(pastChange(given)).rows).toMatchObject([{ before, after, effect }]);
  });

  test("says by which policy, gate and line", () => {
    const [blocked, through] = of(pastChange(), pastChange({ old: denies("lib"), path: "lib/a.ts" })).rows;
    expect(blocked?.because).toMatchObject({
      by: "new",
      gate: "forbidden-paths",
      path: "web/a.ts",
      policyLine: 3,
    });
    expect(through?.because).toMatchObject({ by: "old", gate: "forbidden-paths", path: "lib/a.ts" });
  });

  test("an old policy that was malformed blocked everything", () => {
    const broken: PolicyReading = {
      state: "malformed",
      ref: "1".repeat(40),
      blob: "2".repeat(40),
      problems: [{ message: "no", line: 4, column: 1 }],
    };
    const change = pastChange({ path: "lib/a.ts" });
    const [row] = of({ ...change, before: { ...change.after, policy: known(broken) } }).rows;
    expect(row).toMatchObject({
      effect: "now-let-through",
      because: { by: "old", gate: "policy", policyLine: 4 },
    });
  });

  test("counts what moved", () => {
    const { totals } = of(pastChange(), pastChange(), pastChange({ path: "lib/a.ts" }), pastChange({ unread: true }));
    expect(totals).toEqual({ changes: 4, nowBlocked: 2, nowLetThrough: 0, undecided: 1, same: 1 });
  });

  test("of no changes there is nothing to tell", () => {
    expect(of().totals).toEqual({ changes: 0, nowBlocked: 0, nowLetThrough: 0, undecided: 0, same: 0 });
  });
});

test.each([
  ["Add login (#12)", 12],
  ["Merge pull request #7 from ada/fix", 7],
  ["Fix #12", null],
  ["Revert (#12) by hand", null],
  ["Merge pull request #7", null],
  ["Big (#99999999999)", null],
])("the pull request of %j is %s", (subject, pull) => {
  expect(pullNamed(subject)).toBe(pull);
});

describe("for a terminal", () => {
  const result = of(pastChange(), pastChange({ path: "lib/a.ts", subject: "Quiet" }));
  test("what moved, with policy and line, then the totals", () => {
    const text = backtestText(result, { all: false, color: false });
    expect(text).toContain("✗ now blocked      111111111111 #12 A change (#12)\n");
    expect(text).toContain("    forbidden-paths (line 3 of the new policy): web/a.ts: ");
    expect(text).toContain("2 changes: 1 now blocked, 0 now let through, 1 the same.\n");
    expect(text).toContain("Secrets were not searched for");
    expect(text).not.toContain("Quiet");
  });

  test("all changes when asked for", () => {
    expect(backtestText(result, { all: true, color: false })).toContain("= same             111111111111 Quiet");
  });

  test("T126 a commit's subject cannot move the cursor or begin a line", () => {
    const text = backtestText(of(pastChange({ subject: "a\u001b[2J\n::error::b" })), {
      all: false,
      color: false,
    });
    expect(text).not.toContain("\u001b");
    expect(text).not.toMatch(/^::/m);
  });
});

describe("for a comment", () => {
  test("totals first, then a table of what moved", () => {
    const text = backtestMarkdown(of(pastChange(), pastChange({ path: "lib/a.ts", subject: "Quiet" })));
    expect(text.split("\n")[0]).toContain("**2 changes: 1 now blocked, 0 now let through, 1 the same.**");
    expect(text).toContain("| ✗ now blocked | forbidden-paths |");
    expect(text).not.toContain("Quiet");
  });

  test("no table when nothing moved", () => {
    expect(backtestMarkdown(of(pastChange({ path: "lib/a.ts" })))).not.toContain("|");
  });

  test("at most fifty rows, and says how many are left out", () => {
    const text = backtestMarkdown(of(...Array.from({ length: 52 }, () => pastChange())));
    expect(text.match(/^\| `/gm)).toHaveLength(50);
    expect(text).toContain("2 more rows are left out here");
  });

  test.each([["a | b"], ["@ada look"], ["<img src=x>"], ["closes #3"], ["a\nb"]])(
    "a subject is text and nothing else: %j",
    (subject) => {
      const text = backtestMarkdown(of(pastChange({ subject })));
      const row = text.split("\n").filter((line) => line.startsWith("| `"));
      expect(row).toHaveLength(1);
      expect(row[0]?.replace(/\\\|/g, "").match(/\|/g)).toHaveLength(5);
      expect(text).not.toMatch(/@ada|<img|closes #3/);
    },
  );
});

test("pub-empty-change: a change that changes nothing passes under every policy", () => {
  const given = pastChange({ old: denies("web") });
  const empty = { ...given, after: { ...given.after, changes: known([]) } };
  expect(backtest([empty], { secrets: false })).toMatchObject({
    rows: [{ before: "passes", after: "passes", effect: "same", because: null }],
    totals: { nowBlocked: 0, same: 1 },
  });
});
