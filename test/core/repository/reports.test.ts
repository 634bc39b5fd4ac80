import { describe, expect, test } from "@jest/globals";
import type { EffectOutcome } from "../../../core/effects.ts";
import type { TypedEntry } from "../../../core/entries.ts";
import { known } from "../../../core/known.ts";
import { missingLabels } from "../../../core/labels.ts";
import { dashboardText, maxWaiting, type WaitingRow } from "../../../core/repository/dashboard.ts";
import { digestSpan, digestText } from "../../../core/repository/digest.ts";
import { numbersSince } from "../../../core/repository/numbers.ts";
import { decideRepository, type ReportFacts } from "../../../core/repository/repository.ts";
import { type EntryKind, entryBodies } from "../../../schemas/entries.ts";
import { standingAfter } from "../../builders/standing.ts";
import { samplePlan } from "../../builders/story.ts";

const sha = "a".repeat(40);
const sha256 = "b".repeat(64);

/** An entry at a moment; the body is checked as the ledger's. */
function entry<K extends EntryKind>(kind: K, at: string, body: unknown): TypedEntry {
  const actor = { type: "user", id: 5, login: "quinn" } as const;
  return { seq: 1, hash: sha256, at, actor, kind, body: entryBodies[kind].parse(body) } as TypedEntry;
}
const verdict = (
  pull: number,
  gates: Record<string, string>,
  conclusion = "failure",
  at = "2026-11-20T10:00:00.000Z",
) => entry("verdict.given", at, { pull, head: sha, base: sha, conclusion, gates, verdictSha256: sha256 });
const merge = (pull: number, judged: boolean, at = "2026-11-20T11:00:00.000Z") =>
  entry("merge.observed", at, {
    pull,
    head: sha,
    merged: sha,
    tree: sha,
    judged,
    by: { id: 7, login: "max", type: "User" },
  });
const waiver = (gate: string, at = "2026-11-20T12:00:00.000Z") =>
  entry("waiver.given", at, {
    pull: 4,
    comment: 9,
    sha,
    gate,
    until: "2026-12-31",
    reason: "the table of <b>old</b> names",
  });

const cost = (at: string) =>
  entry("plan.proposed", at, {
    ...{ story: 2, revision: 1, plan: samplePlan, planSha256: "0".repeat(64), issueSha256: "0".repeat(64) },
    requestedBy: { id: 1, login: "lena", type: "User" },
    request: { type: "comment", id: 1 },
    usage: { model: "m", calls: 1, inputTokens: 1_000, outputTokens: 600 },
    cost: { micros: 12_000, currency: "USD", price: { input: 3, output: 15 } },
  });

const entries = [
  verdict(3, { tests: "fail", scope: "pass" }),
  verdict(3, { tests: "fail", scope: "fail" }),
  verdict(3, { tests: "pass" }, "success"),
  verdict(4, { tests: "fail" }),
  verdict(9, { harness: "fail" }, "failure", "2026-09-01T10:00:00.000Z"),
  merge(3, true),
  merge(4, false),
  waiver("tests"),
  cost("2026-11-20T12:00:00.000Z"),
  cost("2026-09-20T12:00:00.000Z"),
];

test("C9, G9: a repository in numbers: each pull request counts once, and only since the moment", () => {
  expect(numbersSince(standingAfter(entries), "2026-11-01T00:00:00.000Z")).toEqual({
    ...{ judged: 2, red: 2, merged: 2, past: 1, opened: 0, rounds: 0, concerns: 0, spent: new Map([["USD", 12_000]]) },
    gates: [
      { gate: "tests", failed: 2, waived: 1 },
      { gate: "scope", failed: 1, waived: 0 },
    ],
  });
  expect(numbersSince(standingAfter([]), "2026-11-01T00:00:00.000Z").gates).toEqual([]);
});

const row: WaitingRow = {
  number: 12,
  title: "Greet | @everybody <b>now</b>",
  state: "manual_test",
  needs: "needs-sign-off",
  blocks: "The commit is not tested.",
  step: "/sign-off <commit> pass manual",
  who: "approvers",
  since: "2026-11-19T08:00:00.000Z",
};

describe("C7: the dashboard", () => {
  test("says what waits, why, and who can go on; what people wrote marks up and mentions nothing", () => {
    const text = dashboardText([row], false, numbersSince(standingAfter(entries), "2026-11-01T00:00:00.000Z"));
    expect(text).toContain(
      "needs sign off | The commit is not tested. | <code>/sign-off &lt;commit&gt; pass manual</code> (approvers) | 2026-11-19 |",
    );
    expect(text).toContain("| Merges that no success allowed | 1 | 2 merged |");
    expect(text).toContain("| `tests` | 2 | 1 |");
    expect(text).not.toMatch(/<b>|@everybody/);
    expect(text.split("\n").filter((line) => line.startsWith("| #12"))).toHaveLength(1);
    expect(text).not.toContain("Of more than");
  });

  test("fits a comment with its numbers, however much people wrote", () => {
    const long = {
      ...row,
      title: "@".repeat(256),
      blocks: "@".repeat(20_000),
      step: "@".repeat(900),
      who: "@".repeat(900),
    };
    const text = dashboardText(
      Array(maxWaiting + 1).fill(long),
      false,
      numbersSince(standingAfter(entries), "2026-11-01T00:00:00.000Z"),
    );
    expect(text.length).toBeLessThan(65_000);
    expect(text).toContain("| `tests` | 2 | 1 |");
  });

  test("says that nothing waits, and that more waits than it shows", () => {
    const numbers = numbersSince(standingAfter([]), "2026-11-01T00:00:00.000Z");
    expect(dashboardText([], false, numbers)).toContain("Nothing waits for anybody.");
    expect(dashboardText([row], true, numbers)).toContain("Of more than 1;");
  });
});

describe("C7: the digest", () => {
  test.each<[string, "daily" | "weekly", string, string, string]>([
    ["2026-11-21T00:00:00.000Z", "daily", "2026-11-20", "2026-11-20T00:00:00.000Z", "2026-11-21T00:00:00.000Z"],
    ["2026-11-21T23:59:59.999Z", "daily", "2026-11-20", "2026-11-20T00:00:00.000Z", "2026-11-21T00:00:00.000Z"],
    ["2026-11-23T00:00:00.000Z", "weekly", "2026-11-22", "2026-11-16T00:00:00.000Z", "2026-11-23T00:00:00.000Z"],
    ["2026-11-22T23:59:59.999Z", "weekly", "2026-11-15", "2026-11-09T00:00:00.000Z", "2026-11-16T00:00:00.000Z"],
  ])("at %s, %s, is of the span up to %s", (now, rhythm, name, from, to) => {
    expect(digestSpan(now, rhythm)).toEqual({ name, from, to });
  });

  test("tells what happened in its span, and nothing where nothing did", () => {
    const text = digestText(entries, digestSpan("2026-11-21T08:00:00.000Z", "daily"));
    expect(text).toContain("### 2026-11-20\n");
    expect(text).toContain("**Merged**\n\n- #3\n");
    expect(text).toMatch(/\*\*Merged past the check\*\*\n\n- #4 by @&#8203;max\n/);
    expect(text).toMatch(/- `tests` on #4 by @&#8203;quinn: the table of &lt;b&gt;old/);
    expect(digestText(entries, digestSpan("2026-11-25T08:00:00.000Z", "daily"))).toBeNull();
  });

  test("fits a comment, however much people and models wrote", () => {
    const at = "2026-11-20T10:00:00.000Z";
    const message = "@".repeat(4_000);
    const concern = { concern: "c", story: 2, pull: null, prompt: null, code: "blocked", raisedBy: "person", message };
    const many = Array.from({ length: 20 }, (_, index) => [
      entry("concern.raised", at, { ...concern, about: { type: "comment", id: index + 1 } }),
      entry("run.closed", at, { run: "run-2-1", story: 2, status: "failed", reason: message }),
      entry("waiver.given", at, { ...waiver("tests").body, reason: message }),
    ]);
    expect(digestText(many.flat(), digestSpan("2026-11-21T08:00:00.000Z", "daily"))?.length).toBeLessThan(40_000);
  });

  test("cuts a long list and says how much is left", () => {
    const many = Array.from({ length: 25 }, (_, index) => merge(index + 1, true));
    expect(digestText(many, digestSpan("2026-11-21T08:00:00.000Z", "daily"))).toContain("- #20\n- 5 more\n");
  });
});

describe("what a policy's `reports` lead to", () => {
  const reports: ReportFacts = {
    ...{
      rhythm: "daily",
      hasWebhook: true,
      waiting: [row],
      more: false,
      standing: standingAfter(entries),
      digest: entries,
    },
    issue: { number: 30, isOpen: true },
  };
  const sticky = ["ensure-sticky", "sticky/7/30"];
  const done: EffectOutcome = { status: "done", result: { type: "none" } };
  const decided = (given: ReportFacts | null, outcomes: [string, EffectOutcome][] = []) =>
    decideRepository({
      now: "2026-11-21T08:00:00.000Z",
      repository: { id: 7, name: "acme/web", defaultBranch: "main" },
      ...{ isArchived: false, isFork: false, labels: missingLabels([]).map(({ name }) => name), onboarding: null },
      policy: known({ state: "absent", ref: sha, removedBy: null }),
      reports: given,
      outcomes: new Map(outcomes),
    }).effects.map(({ type, key }) => [type, key]);

  test.each<[string, ReportFacts | null, string[][]]>([
    ["none without them", null, []],
    [
      "an issue where there is none yet; what stands below it follows",
      { ...reports, issue: null },
      [["open-dashboard", "dashboard/7"]],
    ],
    [
      "the comment, and the digest that is due",
      reports,
      [sticky, ["notify", "digest/7/2026-11-20/issue"], ["post-digest", "digest/7/2026-11-20/chat"]],
    ],
    [
      "no chat without an address",
      { ...reports, hasWebhook: false },
      [sticky, ["notify", "digest/7/2026-11-20/issue"]],
    ],
    ["the comment alone without a digest", { ...reports, rhythm: null }, [sticky]],
    ["nothing once a person closed it", { ...reports, issue: { number: 30, isOpen: false } }, []],
    ["no digest of a day on which nothing happened", { ...reports, digest: [] }, [sticky]],
  ])("%s", (_, given, effects) => {
    expect(decided(given)).toEqual(effects);
  });

  test("a digest is told once, and a dashboard that somebody deleted is not opened again", () => {
    expect(decided(reports, [["digest/7/2026-11-20/issue", done]])).toEqual([sticky]);
    expect(decided({ ...reports, issue: null }, [["dashboard/7", done]])).toEqual([]);
  });
});
