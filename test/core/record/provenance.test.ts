import { describe, expect, test } from "@jest/globals";
import { type EntryOf, entriesOf, type TypedEntry } from "../../../core/entries.ts";
import { contractOrigin, knownHead, provenanceOf, runOrigin } from "../../../core/record/provenance.ts";
import type { EntryKind } from "../../../schemas/entries.ts";
import { mergedStory } from "../../builders/merged-story.ts";

const [head, merged] = ["d".repeat(40), "e".repeat(40)];
const commits = { base: "b".repeat(40), head, tree: "f".repeat(40), merged, mergedTree: "f".repeat(40) };
const entries = mergedStory(commits, { upTo: "merged" });

/** The only entry of a kind, or the one of the attempt that became the commit. */
function only<K extends EntryKind>(kind: K): EntryOf<K> {
  const [entry, ...others] = entriesOf(entries, kind).filter(
    ({ body }) => !("attempt" in body) || body.attempt.s === 1,
  );
  if (entry === undefined || others.length > 0) throw new Error(`there is not one ${kind}`);
  return entry;
}

const links = {
  written: only("change.committed"),
  captured: only("evidence.captured"),
  answer: only("response.recorded"),
  asked: only("prompt.recorded"),
  submitted: only("run.submitted"),
  opened: entriesOf(entries, "prompt.opened")[0],
  contract: only("contract.frozen"),
  approval: only("approval.granted"),
  plan: only("plan.proposed"),
};

/** The entries with one more, right behind the one that it is like. */
const withLike = (like: TypedEntry, body: object): TypedEntry[] =>
  entries.flatMap((entry) =>
    entry === like
      ? // A body that is changed on purpose has the form of its kind.
        [entry, { ...entry, seq: entry.seq + 0.5, body: { ...entry.body, ...body } } as TypedEntry]
      : [entry],
  );

test("a commit is followed back to the plan", () => {
  expect(provenanceOf(entries, head)).toEqual(links);
});

test.each(Object.entries(links))("without %s nothing behind it is told", (name, entry) => {
  const found = provenanceOf(
    entries.filter((one) => one !== entry),
    head,
  );
  const told = Object.entries(found).flatMap(([link, one]) => (one === undefined ? [] : [link]));
  const names = Object.keys(links);
  const last = ["opened", "approval", "plan"].includes(name);
  // The issue is named by no other link, and neither of plan and approval rests on the other.
  const expected = last ? names.filter((one) => one !== name) : names.slice(0, names.indexOf(name));
  expect(told.sort()).toEqual((name === "contract" ? names.slice(0, 5) : expected).sort());
});

describe("another entry of the kind is not taken for it", () => {
  const other = { sha: "9".repeat(40), sha256: "9".repeat(64) };
  test.each<[keyof typeof links, object]>([
    ["written", { commit: other.sha }],
    ["captured", { run: "run-2-2" }],
    ["captured", { prompt: 4 }],
    ["captured", { attempt: { r: 0, s: 2 } }],
    ["captured", { attempt: { r: 1, s: 1 } }],
    ["answer", { result: { ...links.answer.body.result, sha256: other.sha256 } }],
    ["answer", { attempt: { r: 0, s: 2 } }],
    ["asked", { pack: { ...links.asked.body.pack, sha256: other.sha256 } }],
    ["asked", { prompt: 4 }],
    ["submitted", { run: "run-2-2" }],
    ["submitted", { prompts: [4] }],
    ["opened", { story: 5 }],
    ["opened", { revision: 2 }],
    ["opened", { issue: 5 }],
    ["contract", { story: 5 }],
    ["contract", { digest: other.sha256 }],
    ["approval", { story: 5 }],
    ["approval", { digest: other.sha256 }],
    ["plan", { story: 5 }],
    ["plan", { revision: 2 }],
  ])("%s with %j", (name, body) => {
    const like = links[name];
    if (like === undefined) throw new Error(`there is no ${name}`);
    expect(provenanceOf(withLike(like, body), head)).toEqual(links);
  });
});

test("nothing leads to a commit that a rollback took back, or that nobody recorded", () => {
  const { run, story, prompt, attempt, branch } = links.written.body;
  const undone: TypedEntry = {
    ...links.written,
    kind: "rollback.done",
    seq: entries.length + 1,
    body: {
      ...{ run, story, prompt, attempt, branch, checkpoint: "run-2-1/3/R0S1", to: null },
      ...{ undone: [head], comment: 1, closed: [] },
    },
  };
  expect(provenanceOf([...entries, undone], head)).toEqual({});
  expect(provenanceOf(entries, merged)).toEqual({});
});

test("a run or a contract that the ledger lacks rests on nothing", () => {
  const { story, digest } = links.contract.body;
  expect(runOrigin(entries, { run: "run-2-2", prompt: 3 })).toEqual({});
  expect(runOrigin(entries, { run: "run-2-1", prompt: 3 }, links.submitted.seq)).toEqual({});
  expect(contractOrigin(entries, { story: 5, digest })).toEqual({});
  expect(contractOrigin(entries, { story, digest }, links.contract.seq)).toEqual({});
});

test("a head is known by the merge, then by the last verdict, and else not at all", () => {
  const other = "9".repeat(40);
  const judged = withLike(only("verdict.given"), { head: other });
  expect(knownHead(judged, 11)).toBe(head);
  expect(
    knownHead(
      judged.filter(({ kind }) => kind !== "merge.observed"),
      11,
    ),
  ).toBe(other);
  expect(knownHead(judged, 12)).toBeUndefined();
});
