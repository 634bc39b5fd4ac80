import { expect, test } from "@jest/globals";
import type { Draft } from "../../../core/entries.ts";
import { known } from "../../../core/known.ts";
import { decidePull } from "../../../core/pull/pull.ts";
import { recordOf } from "../../../core/record/pull.ts";
import { pullContext } from "../../builders/pull-context.ts";
import { change, facts } from "../../builders/pull-facts.ts";
import { playRun } from "../../builders/recorded-run.ts";
import { playStory } from "../../builders/story.ts";

const policy = `version: 1
roles: { web: { allow: ["web/**"] } }
gates: { diff-size: { story: { lines: 100 }, ignore: ["docs/**"] } }
`;
const actor = { type: "app", id: 99, login: "sallyport[bot]" } as const;
const commit = (digit: string) => digit.repeat(40);

/** A story whose two prompts were merged as #11 and #12, and the look at one of them before that. */
function twoPrompts() {
  const story = playStory();
  let count = 0;
  const entries = playRun(({ parent }) => {
    count += 1;
    return { commit: commit(String(count)), tree: commit("a"), parent };
  }, story);
  const isMerge = (pull: number) => (one: (typeof entries)[number]) =>
    one.kind === "merge.observed" && one.body.pull === pull;
  const before = (pull: number) => entries.slice(0, entries.findIndex(isMerge(pull)));
  return { entries, before };
}

const range = (sha: string) => ({
  ...facts({ policy, changes: [change("web/step-1/a.ts", { added: 90 }), change("docs/a.md", { added: 50 })] }),
  head: { sha },
  commits: known([{ sha, parents: [commit("b")], tree: commit("a"), message: "m" }]),
});

test("H12: a verdict's entry has what a run's change adds, and a later prompt of the story counts it", () => {
  const { before, entries } = twoPrompts();
  const first = before(11);
  const { drafts } = decidePull(pullContext(range(commit("1")), { number: 11, entries: first }));
  const verdict = drafts.find(
    (draft): draft is Extract<Draft, { kind: "verdict.given" }> => draft.kind === "verdict.given",
  );
  expect(verdict?.body.size).toEqual({ files: 1, lines: 90 });

  const added = (list: typeof entries, pull: number, sha: string) => {
    const record = recordOf(list, pull, range(sha));
    return record.known ? record.value.run?.added : record.why;
  };
  expect(added(first, 11, commit("1"))).toEqual([]);
  expect(added(before(12), 12, commit("2"))).toEqual([{ pull: 11, size: null }]);
  if (verdict === undefined) throw new Error("there is a verdict");
  const judged = before(12).map((entry) => ({ ...entry, seq: entry.seq * 10 }));
  const at = first.length * 10 + 1;
  const told = [...judged, { ...verdict, seq: at, hash: "1".repeat(64), at: "2026-11-21T10:00:00.000Z" }];
  told.sort((one, other) => one.seq - other.seq);
  expect(added(told, 12, commit("2"))).toEqual([{ pull: 11, size: { files: 1, lines: 90 } }]);

  const open = told.filter(({ kind }) => kind !== "merge.observed");
  expect(added(open, 12, commit("2"))).toHaveLength(1);
  expect(added(open, 11, commit("1"))).toEqual([]);
  const body = { pull: 11, head: commit("1") };
  const closed = { kind: "pull.closed" as const, actor, body, seq: 9_999, hash: "2".repeat(64), at: "" };
  expect(added([...open, closed], 12, commit("2"))).toEqual([]);
});
