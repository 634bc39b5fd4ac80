import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { entriesOf } from "../../../core/entries.ts";
import { checkpointName } from "../../../core/identifiers.ts";
import { recordOf } from "../../../core/record/pull.ts";
import { foldStory } from "../../../core/record/story.ts";
import { replayRun } from "../../../core/replay/replay.ts";
import { facts } from "../../builders/pull-facts.ts";
import { bodiesOf, sourcesOf } from "../../builders/recorded-run.ts";
import { approve, type Story } from "../../builders/story.ts";

/** What people do in turn: another attempt that is committed, or a rollback to one of the checkpoints. */
type Act = { type: "attempt" } | { type: "back"; to: number };
const act = fc.oneof(
  fc.constant<Act>({ type: "attempt" }),
  fc.nat(20).map((to): Act => ({ type: "back", to })),
);

/** What stands of the first prompt, by the story's own fold. */
const commitsOf = (story: Story) => foldStory(2, story.entries).prompts[0]?.branchState.commits ?? [];

/** A branch and pull requests as git and GitHub would have them, moved by the effects alone. */
function playAct(one: Act, story: Story, git: { branches: Map<string, string[]>; commits: number; pulls: number }) {
  if (one.type === "back") {
    const saved = entriesOf(story.entries, "checkpoint.recorded");
    const chosen = saved[one.to % Math.max(1, saved.length)];
    if (chosen === undefined) return;
    const before = story.asked.length;
    story.say("lena", `/rollback ${checkpointName(chosen.body)}`);
    const effect = story.asked.slice(before).find(({ type }) => type === "roll-back");
    if (effect?.type !== "roll-back") return;
    const there = git.branches.get(effect.branch) ?? [];
    expect(effect.undone).toEqual(effect.to === null ? there : there.slice(there.indexOf(effect.to) + 1));
    if (effect.to === null) git.branches.delete(effect.branch);
    else git.branches.set(effect.branch, there.slice(0, there.indexOf(effect.to) + 1));
    story.finish("roll-back", { status: "done", result: { type: "rolled-back", closed: [] } });
    return;
  }
  for (const command of ["/stop", "/run", "/retry"]) story.say("lena", command);
  story.answer();
  const effect = story.asked.findLast(({ type }) => type === "write-change");
  if (effect?.type !== "write-change") throw new Error("nothing is to be written");
  const there = git.branches.get(effect.branch);
  // Only onto what stands there, or onto the default branch where nothing does.
  expect(effect.parent).toBe(there?.at(-1) ?? "b".repeat(40));
  const commit = String(++git.commits).padStart(40, "0");
  git.branches.set(effect.branch, [...(there ?? []), commit]);
  const result = { type: "commit" as const, commit, tree: "e".repeat(40), parent: effect.parent };
  story.finish("write-change", { status: "done", result });
  if (foldStory(2, story.entries).prompts[0]?.pull !== null) return;
  story.finish("open-pull", { status: "done", result: { type: "pull", number: 10 + ++git.pulls } });
}

test("D14: whatever is tried and taken back, the ledger's branch is git's, its evidence is of what stands, and a replay agrees", () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 10 }), (acts) => {
      const story = approve();
      const git = { branches: new Map<string, string[]>(), commits: 0, pulls: 0 };
      for (const one of acts) {
        playAct(one, story, git);
        expect([...git.branches.values()]).toEqual(commitsOf(story).length === 0 ? [] : [commitsOf(story)]);
        const pull = foldStory(2, story.entries).prompts[0]?.pull ?? null;
        const record = pull === null ? null : recordOf(story.entries, pull, facts());
        if (record?.known === true) expect(record.value.evidence.map(({ commit }) => commit)).toEqual(commitsOf(story));
      }
      const sources = sourcesOf(story.entries, {
        packs: bodiesOf([...story.packs.values()]),
        results: bodiesOf([...story.results.values()]),
      });
      for (const { body } of entriesOf(story.entries, "run.submitted")) {
        const steps = replayRun(body.run, story.entries, sources)?.steps ?? [];
        expect(steps.filter(({ result }) => result === "differs")).toEqual([]);
      }
    }),
    { numRuns: 60 },
  );
});
