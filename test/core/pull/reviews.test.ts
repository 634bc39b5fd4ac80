import { describe, expect, test } from "@jest/globals";
import type { Draft, TypedEntry } from "../../../core/entries.ts";
import { assembleBundle } from "../../../core/evidence/bundle.ts";
import { tracePull } from "../../../core/evidence/trace.ts";
import type { SeenReview } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
import type { PullSnapshot } from "../../../core/pull/facts.ts";
import { decidePull } from "../../../core/pull/pull.ts";
import { maxReviews, newReviews } from "../../../core/pull/reviews.ts";
import { entryBodies } from "../../../schemas/entries.ts";
import { EvidenceBundle } from "../../../schemas/evidence.ts";
import { botPull as pullLook } from "../../builders/foreign-pull.ts";
import { mergedStory } from "../../builders/merged-story.ts";

const sha = "d".repeat(40);
const quinn = { id: 2, login: "quinn", type: "User" as const };
const at = "2026-11-21T09:00:00Z";
const seen = (over: Partial<SeenReview> = {}): SeenReview => ({
  id: 50,
  by: quinn,
  state: "approved",
  sha,
  at,
  ...over,
});
const written = (draft: Draft, seq = 1): TypedEntry => ({ ...draft, seq, hash: `${seq}`.repeat(64), at });

const foreignLook = ({ entries = [], ...more }: Partial<PullSnapshot>) => pullLook([], entries, {}, more);

/** What a look at #12 records of the reviews that GitHub tells. */
function recorded(reviews: SeenReview[], entries: readonly TypedEntry[] = []) {
  const look = foreignLook({ entries, reviews: newReviews(known(reviews), entries, 12) });
  return decidePull(look).drafts.filter((draft) => draft.kind === "review.observed");
}

describe("a look", () => {
  test("records who reviewed which commit, as the person's act and with GitHub's time", () => {
    const [draft] = recorded([seen()]);
    expect(draft).toMatchObject({
      actor: { type: "user", id: 2, login: "quinn" },
      subject: [{ digest: { gitCommit: sha } }],
      body: { pull: 12, sha, baseRef: "main", review: 50, by: quinn, state: "approved", at },
    });
    expect(entryBodies["review.observed"].safeParse(draft?.body).success).toBe(true);
  });

  const kept: [string, Partial<SeenReview>, number][] = [
    ["that asks for changes", { state: "changes_requested" }, 1],
    ["that was dismissed before it was seen", { state: "dismissed" }, 1],
    ["that only comments", { state: "commented" }, 0],
    ["by a bot", { by: { ...quinn, type: "Bot" } }, 0],
    ["whose commit GitHub does not know any more", { sha: null }, 0],
    ["that is without a time", { at: "" }, 0],
  ];
  test.each(kept)("T099: a review %s", (_, over, count) => {
    expect(recorded([seen(over)])).toHaveLength(count);
  });

  test("records a review once, and again when it was dismissed, in the App's own name", () => {
    const [first] = recorded([seen()]);
    if (first === undefined) throw new Error("it was not recorded");
    const entries = [written(first)];
    expect(recorded([seen()], entries)).toEqual([]);
    const [second] = recorded([seen({ state: "dismissed", sha: null })], entries);
    expect(second).toMatchObject({ actor: { type: "app" }, body: { review: 50, sha, state: "dismissed" } });
    if (second === undefined) throw new Error("it was not recorded");
    expect(recorded([seen({ state: "dismissed" })], [...entries, written(second, 2)])).toEqual([]);
  });

  test("takes a review of another pull request for another one", () => {
    const [first] = recorded([seen()]);
    if (first?.kind !== "review.observed") throw new Error("it was not recorded");
    expect(recorded([seen()], [written({ ...first, body: { ...first.body, pull: 6 } })])).toHaveLength(1);
  });

  test("records a bounded number, and the rest at the looks after it", () => {
    const many = Array.from({ length: 2 * maxReviews + 1 }, (_, index) => seen({ id: index + 1 }));
    const entries: TypedEntry[] = [];
    const counts = [1, 2, 3, 4].map(() => {
      const reviews = newReviews(known(many), entries, 12);
      const look = () => decidePull(foreignLook({ entries: [...entries], reviews }));
      const { drafts, requeueAfter } = look();
      const fresh = drafts.filter(({ kind }) => kind === "review.observed");
      for (const draft of fresh) entries.push(written(draft, entries.length + 1));
      // The rounds of one look share what it saw.
      expect(look().drafts.filter(({ kind }) => kind === "review.observed")).toEqual([]);
      return [fresh.length, requeueAfter];
    });
    expect(counts).toEqual([
      [maxReviews, 15],
      [maxReviews, 15],
      [1, null],
      [0, null],
    ]);
  });

  test("that cannot read the reviews records none, and looks again", () => {
    const { drafts, requeueAfter } = decidePull(foreignLook({ reviews: unknown("GitHub did not answer") }));
    expect(drafts.filter(({ kind }) => kind === "review.observed")).toEqual([]);
    expect(requeueAfter).toBe(15);
  });

  test("at a merged pull request records what was approved before it records the merge", () => {
    const merged = { commit: "e".repeat(40), tree: "f".repeat(40), by: null };
    const reviews = newReviews(known([seen()]), [], 12);
    const { drafts } = decidePull(foreignLook({ state: "closed", merged, reviews }));
    expect(drafts.map(({ kind }) => kind).slice(0, 2)).toEqual(["review.observed", "merge.observed"]);
  });
});

describe("T10: a command in a review", () => {
  const told = (reviews: SeenReview[], more: Partial<PullSnapshot> = {}) =>
    (decidePull(foreignLook({ reviews: newReviews(known(reviews), [], 12), ...more })).effects ?? []).flatMap((one) =>
      one.type === "turn-away" ? [{ key: one.key, line: one.told?.line ?? null }] : [],
    );

  test("does not count, and its author is told where it does", () => {
    const [line, record] = told([seen({ state: "commented", isCommand: true })]);
    expect(line).toEqual({
      key: expect.stringContaining("/12/2/2026-11-21"),
      line: expect.stringMatching(/^@quinn, a command in a review does not count, .* Write it as a new comment here/),
    });
    expect(record).toEqual({ key: expect.stringMatching(/^review-command\/\d+\/50$/), line: null });
  });

  test("is told of once", () => {
    const reviews = [seen({ isCommand: true })];
    const key = told(reviews)[1]?.key ?? "";
    const outcomes = new Map([[key, { status: "done" as const, result: { type: "none" as const } }]]);
    expect(told(reviews, { outcomes })).toEqual([]);
  });

  test.each([
    ["of other words", {}],
    ["by a bot", { isCommand: true as const, by: { ...quinn, type: "Bot" as const } }],
  ])("is none in a review %s", (_, over) => {
    expect(told([seen(over)])).toEqual([]);
  });
});

describe("an auditor", () => {
  const commits = { base: "b".repeat(40), head: sha, tree: "f".repeat(40), merged: "e".repeat(40) };
  const story = mergedStory({ ...commits, mergedTree: commits.tree }, { upTo: "merged" });
  const review = (state: "approved" | "dismissed", on: string, seq: number): TypedEntry => ({
    seq,
    hash: `${seq}`.repeat(64).slice(0, 64),
    at: "2026-11-21T10:00:00.000Z",
    actor: { type: "user", id: 2, login: "quinn" },
    kind: "review.observed",
    body: { pull: 11, sha: on, baseRef: "main", review: 50, by: quinn, state, at },
  });
  const entries = [
    ...story,
    review("approved", "9".repeat(40), 97),
    review("approved", sha, 98),
    review("dismissed", sha, 99),
  ];

  test("finds the reviews of the judged head in the trace, and no others", () => {
    const trace = tracePull(entries, 11);
    expect(trace.ok).toBe(true);
    expect(trace.links.filter(({ link }) => link === "review")).toEqual([
      { link: "review", seq: 98, text: `approved by @quinn (id 2) at ${at}, as GitHub tells it` },
      { link: "review", seq: 99, text: `the review by @quinn (id 2) of ${at} was dismissed` },
    ]);
  });

  test("finds them where no run opened the pull request; the trace stays broken", () => {
    const trace = tracePull(
      entries.filter(({ kind }) => kind !== "pull.opened"),
      11,
    );
    expect(trace.ok).toBe(false);
    expect(trace.links.map(({ link }) => link)).toEqual(["merge", "review", "review", "pull request"]);
  });

  test("finds them in the bundle, each with its entry", () => {
    const bundle = EvidenceBundle.parse(assembleBundle(entries, 11, { repository: "acme/web", body: () => null }));
    expect(bundle.reviews).toEqual([
      { by: quinn, state: "approved", at, baseRef: "main", entry: "98".repeat(32) },
      { by: quinn, state: "dismissed", at, baseRef: "main", entry: "99".repeat(32) },
    ]);
    expect(bundle.entries.slice(-2).map(({ seq }) => seq)).toEqual([98, 99]);
  });
});
