import type { TypedEntry } from "../../core/entries.ts";
import type { CheckFact, CommandRequest, CommitFact } from "../../core/facts.ts";
import { known } from "../../core/known.ts";
import type { PullSnapshot } from "../../core/pull/facts.ts";
import type { Claim } from "../../schemas/entry-parts.ts";
import { mergedStory } from "./merged-story.ts";
import { pullContext, recorded, say } from "./pull-context.ts";
import { base, change, facts } from "./pull-facts.ts";

export const [first, head, merged] = ["1".repeat(40), "2".repeat(40), "4".repeat(40)];
export const tree = "a".repeat(40);
const policy = `version: 1
people: { executors: ["@max", "@quinn"], approvers: ["@quinn"] }
gates:
  trace: { of: agents }
`;
/** A ledger in which the plan of story #2 was approved by @quinn (id 2). */
export const story = mergedStory(
  { base, head: "8".repeat(40), tree: "3".repeat(40), merged: "9".repeat(40), mergedTree: tree },
  { upTo: "captured" },
);
export const robot = { id: 77, login: "coder[bot]", type: "Bot" } as const;
const forged = "Mend it\n\nSallyport-Run: run-2-1\nSallyport-Prompt: 3\nModel: gpt-5";
export const commit = (sha: string, parent: string): CommitFact => ({
  sha,
  parents: [parent],
  tree,
  message: forged,
});
export const claims: Claim[] = [
  { source: "description", name: "session", value: "https://example.com/s/1" },
  { source: `commit ${head}`, name: "sallyport-run", value: "run-2-1" },
  { source: `commit ${"7".repeat(40)}`, name: "model", value: "of a commit that is not adopted" },
];
export const green: CheckFact = {
  id: 1,
  suite: 1,
  name: "test",
  app: "ci",
  status: "completed",
  conclusion: "success",
};

export const max = (line: string, over: Partial<CommandRequest> = {}) => say(line, "max", ["executors"], over);
export const because = `/adopt ${head} because I read it`;

/** The pull request #12 of a bot, with two commits. */
export function botPull(
  commands: CommandRequest[],
  entries: readonly TypedEntry[] = story,
  over: Partial<PullSnapshot["judged"]> = {},
  more: Partial<PullSnapshot> = {},
): PullSnapshot {
  const judged = {
    ...facts({ policy, changes: [change("web/step-1/a.ts")] }),
    pull: { number: 12, author: robot, title: "Mend it", body: forged, labels: [] },
    head: { sha: head },
    commits: known([commit(first, base), commit(head, first)]),
    checks: known([green]),
    ...over,
  };
  return pullContext(judged, { number: 12, commands, entries, claims, ...more });
}

export const adopted = (line = because, entries = story) => recorded(botPull([max(line)], entries));
