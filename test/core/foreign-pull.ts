import type { Ask } from "../../core/authority.ts";
import { parseCommand } from "../../core/commands.ts";
import { type EntryOf, entriesOf, type TypedEntry } from "../../core/entries.ts";
import type { CheckFact, CommitFact } from "../../core/facts.ts";
import { known } from "../../core/known.ts";
import { decidePull } from "../../core/pull.ts";
import type { PullLookFacts } from "../../core/pull-facts.ts";
import type { Claim } from "../../schemas/claim.ts";
import { type EntryKind, entryBodies } from "../../schemas/entries.ts";
import type { Duty } from "../../schemas/policy-values.ts";
import { mergedStory } from "./merged-story.ts";
import { base, change, facts, policyOf } from "./sample-facts.ts";

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

let comments = 500;
export function say(line: string, login: string, duties: Duty[], over: Partial<Ask> = {}): Ask {
  const ids: Record<string, number> = { max: 30, quinn: 2, lena: 1 };
  return {
    source: { type: "comment", id: ++comments },
    command: parseCommand(line) ?? { name: "status" },
    by: { id: ids[login] ?? 99, login, type: "User" },
    at: "2026-11-21T10:00:00.000Z",
    edited: false,
    viaApp: false,
    atOpening: false,
    standing: known({ role: "write", duties }),
    ...over,
  };
}
export const max = (line: string, over: Partial<Ask> = {}) => say(line, "max", ["executors"], over);
export const because = `/adopt ${head} because I read it`;

/** The pull request #12 of a bot, with two commits. */
export function look(
  asks: Ask[],
  entries: TypedEntry[] = story,
  over: Partial<PullLookFacts["judged"]> = {},
  more: Partial<PullLookFacts> = {},
): PullLookFacts {
  const judged = {
    ...facts({ policy, changes: [change("web/step-1/a.ts")] }),
    pull: { number: 12, author: robot, title: "Mend it", body: forged, labels: [] },
    head: { sha: head },
    commits: known([commit(first, base), commit(head, first)]),
    checks: known([green]),
    ...over,
  };
  return {
    now: "2026-11-21T10:00:00.000Z",
    ourselves: { appId: 9, slug: "sallyport", bot: { id: 99, login: "sallyport[bot]", type: "Bot" } },
    repository: { id: judged.repository.id, name: judged.repository.name, defaultBranch: "main" },
    policy: known({ state: "loaded", ...policyOf(policy) }),
    base: known(judged.base.sha),
    asks,
    entries,
    outcomes: new Map(),
    sticky: null,
    judged,
    number: 12,
    state: "open",
    merged: null,
    ourCheck: known(null),
    twins: known([]),
    reviews: known({ reviews: [], more: false }),
    claims,
    ...more,
  };
}

/** The ledger after one round of a look; every new entry is checked against its kind. */
export function round(given: PullLookFacts): TypedEntry[] {
  const fresh = decidePull(given).drafts.map((draft, place): TypedEntry => {
    entryBodies[draft.kind].parse(draft.body);
    const seq = given.entries.length + place + 1;
    return { ...draft, seq, hash: seq.toString(16).padStart(64, "0"), at: given.now };
  });
  return [...given.entries, ...fresh];
}
/** The ledger after a look, which goes on until nothing more follows. */
export function recorded(given: PullLookFacts): TypedEntry[] {
  const entries = round(given);
  return entries.length === given.entries.length ? entries : recorded({ ...given, asks: [], entries });
}
export function last<K extends EntryKind>(entries: TypedEntry[], kind: K): EntryOf<K> | undefined {
  return entriesOf(entries, kind).at(-1);
}
export const adopted = (line = because, entries = story) => recorded(look([max(line)], entries));
