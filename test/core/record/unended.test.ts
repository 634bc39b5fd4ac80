import { expect, test } from "@jest/globals";
import type { Draft, TypedEntry } from "../../../core/entries.ts";
import {
  type Beliefs,
  believe,
  endedPulls,
  noBeliefs,
  openStories,
  unseenSince,
} from "../../../core/record/unended.ts";
import { begin, playStory } from "../../builders/story.ts";

const sha = "d".repeat(40);
const actor = { type: "app", id: 99, login: "sallyport[bot]" } as const;
const common = { actor, subject: [] };
const closed: Draft = { ...common, kind: "pull.closed", body: { pull: 5, head: sha } };
const verdict: Draft = {
  ...common,
  kind: "verdict.given",
  body: { pull: 5, head: sha, base: sha, conclusion: "failure", gates: {}, verdictSha256: "2".repeat(64) },
};
const merged: Draft = {
  ...common,
  kind: "merge.observed",
  body: { pull: 5, head: sha, merged: sha, tree: sha, judged: false, by: null },
};
const believedOf = (all: readonly TypedEntry[]): Beliefs => {
  const beliefs = noBeliefs();
  for (const entry of all) believe(beliefs, entry);
  return beliefs;
};
const entries = (...drafts: Draft[]): TypedEntry[] =>
  drafts.map((draft, at) => ({ ...draft, seq: at + 1, hash: "1".repeat(64), at: `2026-11-2${at}T10:00:00.000Z` }));

test.each<[string, Draft[], "open" | "ended"]>([
  ["with a verdict is open", [verdict], "open"],
  ["merged after it has ended", [verdict, merged], "ended"],
  ["closed after it has ended", [verdict, closed], "ended"],
  ["opened again is open", [verdict, closed, verdict], "open"],
])("H5: a pull request %s", (_, drafts, state) => {
  const all = entries(...drafts);
  expect({ open: [...believedOf(all).pulls], ended: [...endedPulls(all)] }).toEqual({
    open: [],
    ended: [],
    [state]: [5],
  });
});

test("H5: a story is believed open while it is planned or has a run", () => {
  const story = playStory();
  const seen = () => [...openStories(believedOf(story.entries))];
  expect(seen()).toEqual([]);
  story.say("lena", "/plan");
  expect(seen()).toEqual([2]);
  story.propose();
  expect(seen()).toEqual([]);
  const running = begin();
  expect([...openStories(believedOf(running.entries))]).toEqual([2]);
  running.say("lena", "/stop");
  expect([...openStories(believedOf(running.entries))]).toEqual([]);
});

test("H5: closings are looked for from a day before the last search or entry, and never from before the first", () => {
  const first = "2026-11-20T10:00:00.000Z";
  expect(unseenSince(null, null)).toBeNull();
  expect(unseenSince({ first, last: first }, null)).toBe(first);
  const five = { first, last: "2026-11-24T10:00:00.000Z" };
  expect(unseenSince(five, null)).toBe("2026-11-23T10:00:00.000Z");
  // What is recorded right after a long time away does not hide what ended in it.
  expect(unseenSince(five, "2026-11-22T08:00:00.000Z")).toBe("2026-11-21T08:00:00.000Z");
  expect(unseenSince(five, "2026-11-19T08:00:00.000Z")).toBe("2026-11-20T10:00:00.000Z");
});
