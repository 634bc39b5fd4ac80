import { expect, test } from "@jest/globals";
import { type EntryOf, entriesOf, type TypedEntry } from "../../../core/entries.ts";
import { replayRun } from "../../../core/replay/replay.ts";
import type { ReplaySources } from "../../../core/replay/sources.ts";
import type { EntryBody, EntryKind } from "../../../schemas/entries.ts";
import { bodiesOf, sourcesOf } from "../../builders/recorded-run.ts";
import { begin } from "../../builders/story.ts";

const [first, second, third] = ["1", "2", "3"].map((digit) => digit.repeat(40)) as [string, string, string];

/** A story whose agent asks, whose second run goes on at the pull request, and whose second commit is taken back. */
function played(): { entries: TypedEntry[]; sources: ReplaySources } {
  const story = begin();
  story.answer({ outcome: "asked", code: "agent-asked", files: [], questions: ["Which colour?"] });
  story.say("lena", "/clarify Blue.");
  const write = (commit: string, parent: string) => {
    story.answer();
    const result = { type: "commit" as const, commit, tree: "e".repeat(40), parent };
    story.finish("write-change", { status: "done", result });
  };
  write(first, "b".repeat(40));
  story.finish("open-pull", { status: "done", result: { type: "pull", number: 11 } });
  story.say("lena", "/stop");
  story.say("lena", "/run");
  write(second, first);
  story.say("lena", "/rollback run-2-2/3/R0S2");
  story.finish("roll-back", { status: "done", result: { type: "rolled-back", closed: [] } });
  story.say("lena", "/retry");
  write(third, first);
  return {
    entries: story.entries,
    sources: sourcesOf(story.entries, {
      packs: bodiesOf([...story.packs.values()]),
      results: bodiesOf([...story.results.values()]),
    }),
  };
}

const { entries, sources } = played();
const differing = (run: string, from: readonly TypedEntry[], sourcesOf = sources) =>
  replayRun(run, from, sourcesOf)?.steps.flatMap(({ result, step, about }) =>
    result === "differs" ? [`${step} ${about}`] : [],
  );

test.each(["run-2-1", "run-2-2", "run-2-3"])("%s is the same in every step that can be tried", (run) => {
  expect(differing(run, entries)).toEqual([]);
});

test("what is new is derived again", () => {
  const steps = ["run-2-1", "run-2-2", "run-2-3"].flatMap((run) =>
    (replayRun(run, entries, sources)?.steps ?? []).flatMap(({ step, about, result }) =>
      ["checkpoint", "concern", "rollback", "hand-off"].includes(step) ? [`${result} ${step} ${about}`] : [],
    ),
  );
  expect(steps).toEqual([
    "same checkpoint run-2-1/3/R0S0",
    "same concern run-2-1/3/R0S0",
    "same checkpoint run-2-1/3/R0S1",
    "same hand-off #3 spec to execute",
    "same hand-off #3 execute to validate",
    "same checkpoint run-2-2/3/R0S2",
    "same hand-off #3 spec to execute",
    "same hand-off #3 execute to validate",
    "same rollback run-2-2/3/R0S2",
    "same rollback run-2-2/3/R0S2",
    "same checkpoint run-2-3/3/R1S0",
    "same hand-off #3 spec to execute",
    "same hand-off #3 execute to validate",
  ]);
});

test("an older version's run has none of it, and nothing differs", () => {
  const newer = ["checkpoint.recorded", "concern.raised", "handoff.made"];
  const older = entries.filter(({ kind }) => !newer.includes(kind));
  expect(differing("run-2-1", older)).toEqual([
    // What a person answered an agent is part of the next prompt only where the concern is recorded.
    "prompt #3 R0/S1",
  ]);
  const before = entriesOf(entries, "concern.raised")[0]?.seq ?? 0;
  const stopped = older.filter(({ seq }) => seq <= before);
  expect(differing("run-2-1", stopped)).toEqual([]);
});

/** The last entry of a kind with another body. */
function altered<K extends EntryKind>(kind: K, change: Partial<EntryBody<K>>): TypedEntry[] {
  const last = entriesOf(entries, kind).at(-1);
  return entries.map((entry) =>
    entry.seq === last?.seq ? ({ ...last, body: { ...last.body, ...change } } as EntryOf<K>) : entry,
  );
}

test.each([
  ["run-2-3", "checkpoint run-2-3/3/R1S0", altered("checkpoint.recorded", { head: null })],
  ["run-2-3", "checkpoint run-2-3/3/R1S0", altered("checkpoint.recorded", { branch: "main" })],
  ["run-2-1", "concern run-2-1/3/R0S0", altered("concern.raised", { message: "Nothing." })],
  ["run-2-2", "rollback run-2-2/3/R0S2", altered("rollback.decided", { to: null })],
  ["run-2-2", "rollback run-2-2/3/R0S2", altered("rollback.decided", { undone: [first] })],
  [
    "run-2-3",
    "hand-off #3 execute to validate",
    altered("handoff.made", { from: { stage: "execute", holder: "agent:other/model" } }),
  ],
  ["run-2-3", "hand-off #3 execute to validate", altered("handoff.made", { carries: second })],
])("%s: a change makes exactly one step differ: %s", (run, step, changed) => {
  expect(differing(run, changed)).toEqual([step]);
});

test("a concern that nobody recorded is missed", () => {
  const without = entries.filter(({ kind }) => kind !== "concern.raised" && kind !== "concern.answered");
  expect(differing("run-2-1", without)).toContain("concern run-2-1/3/R0S0");
});

test("a concern cannot be tried where the answer was not published", () => {
  const steps = replayRun("run-2-1", entries, { ...sources, results: new Map() })?.steps ?? [];
  expect(steps.filter(({ step }) => step === "concern")).toMatchObject([{ result: "unpublished" }]);
});
