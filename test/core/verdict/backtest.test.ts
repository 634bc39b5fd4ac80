import { describe, expect, test } from "@jest/globals";
import type { PolicyReading } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
import { type Backtest, backtest, type PastChange, pullNamed } from "../../../core/verdict/backtest.ts";
import { backtestMarkdown, backtestText } from "../../../core/verdict/backtest-report.ts";
import { change, facts, recordOf } from "../../builders/pull-facts.ts";

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

  test("a gate that fails is told before one that could not be read, and one of the ledger or of people never", () => {
    const many =
      "version: 1\ngates: { forbidden-paths: { deny: [lib] }, secrets: {}, tests: [{ when: web, need: test }], review: {} }";
    const lost = (path: string) => ({
      ...facts({ policy: many, changes: [change(path)] }),
      secrets: unknown("no answer"),
    });
    const judged = (path: string) => of({ ...pastChange(), before: lost(path), after: lost(path) }).rows[0];
    expect(judged("lib/a.ts")).toMatchObject({
      before: "blocked",
      after: "blocked",
      because: { gate: "forbidden-paths" },
    });
    expect(judged("docs/a.md")).toMatchObject({ after: "undecided", because: { gate: "secrets" } });
    const people = facts({ policy: "version: 1\ngates: { review: {} }" });
    expect(of({ ...pastChange(), before: people, after: people }).rows).toMatchObject([
      { before: "passes", after: "passes", because: null },
    ]);
  });

  test("a gate that fails is told before one that was judged earlier and could not be read", () => {
    const late = "version: 1\ngates:\n  secrets: {}\n  manifest: [{ when: web, need: docs }]\n";
    const given = { ...facts({ policy: late }), secrets: unknown("no answer") };
    expect(of({ ...pastChange(), after: given }).rows).toMatchObject([
      { after: "blocked", because: { gate: "manifest", policyLine: 4 } },
    ]);
  });

  test("what the old policy could not decide stays undecided, whatever the new one says", () => {
    const secrets = unknown("no answer");
    const before = { ...facts({ policy: "version: 1\ngates: { secrets: {} }" }), secrets };
    expect(of({ ...pastChange({ path: "lib/a.ts" }), before }).rows).toMatchObject([
      { before: "undecided", after: "passes", effect: "undecided", because: { by: "old", gate: "secrets" } },
    ]);
  });

  test("a gate that crashes is told to whoever judges, under either policy", () => {
    const policy = "version: 1\ngates: { diff-size: { story: { files: 1 } } }";
    const broken = {
      ...facts({ policy }),
      record: known({
        ...recordOf(),
        get run(): never {
          throw new Error("lost");
        },
      }),
    };
    const crashes: string[] = [];
    const onCrash = ({ gate }: { gate: string }) => crashes.push(gate);
    backtest([{ ...pastChange(), before: broken, after: broken }], { secrets: false, onCrash });
    expect(crashes).toEqual(["diff-size", "diff-size"]);
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
    const [quiet, unread] = [pastChange({ path: "lib/a.ts" }), pastChange({ unread: true })];
    const through = pastChange({ old: denies("lib"), path: "lib/a.ts" });
    const { totals } = of(pastChange(), pastChange(), through, through, through, quiet, unread);
    expect(totals).toEqual({ changes: 7, nowBlocked: 2, nowLetThrough: 3, undecided: 1, same: 1 });
  });

  test("of no changes there is nothing to tell", () => {
    expect(of().totals).toEqual({ changes: 0, nowBlocked: 0, nowLetThrough: 0, undecided: 0, same: 0 });
  });
});

test.each([
  ["Add login (#12)", 12],
  ["Add login (#1234)", 1234],
  ["Revert Merge pull request #7 from ada/fix", null],
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
    expect(text).toMatch(/ledger were not asked\. Secrets were not searched for \(--secrets does\)\.\n$/);
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

describe("one row for each effect", () => {
  const sha = "1".repeat(40);
  const because = { by: "new" as const, gate: "diff-size", message: "Too large.", path: null, policyLine: null };
  const row = { sha, subject: "One", pull: null, before: "passes", after: "passes" } as const;
  const result: Backtest = {
    rows: [
      { ...row, after: "blocked", effect: "now-blocked", pull: 7, because },
      { ...row, before: "blocked", effect: "now-let-through", because: { ...because, path: "a.ts", policyLine: 3 } },
      { ...row, after: "undecided", effect: "undecided", because: null },
      { ...row, effect: "same", because: null },
    ],
    totals: { changes: 1, nowBlocked: 1, nowLetThrough: 1, undecided: 1, same: 1 },
    secrets: true,
  };
  const totals = "1 change: 1 now blocked, 1 now let through, 1 undecided, 1 the same.";
  const limits =
    "Judged by the gates that the commits alone settle; reviews, checks, sign-offs and the ledger were not asked.";

  test("on a terminal", () => {
    expect(backtestText(result, { all: true, color: false }).split("\n")).toEqual([
      "✗ now blocked      111111111111 #7 One",
      "    diff-size (the new policy): Too large.",
      "✓ now let through  111111111111 One",
      "    diff-size (line 3 of the new policy): a.ts: Too large.",
      "? undecided        111111111111 One",
      "= same             111111111111 One",
      totals,
      limits,
      "",
    ]);
  });

  test("in colours", () => {
    const painted = backtestText(result, { all: true, color: true }).split("\u001b[0m");
    expect(painted.slice(0, 4).map((text) => text.split("\u001b[").at(-1))).toEqual([
      "31m✗ now blocked    ",
      "32m✓ now let through",
      "33m? undecided      ",
      "2m= same           ",
    ]);
  });

  test("in a comment", () => {
    expect(backtestMarkdown(result).split("\n").slice(3)).toEqual([
      "|---|---|---|---|",
      "| `111111111111` #7 One | ✗ now blocked | diff-size | Too large. (the new policy) |",
      "| `111111111111` One | ✓ now let through | diff-size | a.ts: Too large. (line 3 of the new policy) |",
      "| `111111111111` One | ? undecided |  |  |",
      "",
      limits,
      "",
    ]);
    const rows = (count: number) => Array.from({ length: count }, () => result.rows[0] ?? []).flat();
    expect(backtestMarkdown({ ...result, rows: rows(50) })).not.toContain("left out here");
    expect(backtestMarkdown({ ...result, rows: rows(51) })).toContain("1 more row is left out here");
  });

  test("a long subject is cut, one of 300 characters is not", () => {
    const textOf = (subject: string) =>
      backtestText(
        { ...result, rows: [{ ...row, effect: "undecided", because: null, subject }] },
        { all: false, color: false },
      );
    expect(textOf("x".repeat(300))).toContain(`${"x".repeat(300)}\n`);
    expect(textOf("x".repeat(301))).toContain(` ${"x".repeat(300)}…\n`);
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
    expect(backtestMarkdown(of(pastChange({ path: "lib/a.ts" })))).toBe(
      "What this change of `.github/sallyport.yml` would have meant for changes that are merged. **1 change: 0 now blocked, 0 now let through, 1 the same.**\n\nJudged by the gates that the commits alone settle; reviews, checks, sign-offs and the ledger were not asked. Secrets were not searched for (`--secrets` does).\n",
    );
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
