import type { EntryBody } from "../schemas/entries.ts";
import { type EntryOf, entriesOf, type TypedEntry } from "./entries.ts";
import { agentHolder, toAgent, toCleanup, toGates, toMerger } from "./handoffs.ts";
import type { AttemptLook } from "./replay-entries.ts";
import type { Ground } from "./replay-ground.ts";
import { stoodBefore } from "./replay-road.ts";
import { comparedStep, type ReplayStep } from "./replay-step.ts";

/** Derives again the hand-offs of a run's prompts: each from the entry that caused it. */
export function* handoffSteps(
  entries: readonly TypedEntry[],
  { run, contract }: Ground,
  { prompts, sources }: Pick<AttemptLook, "prompts" | "sources">,
): Generator<ReplayStep> {
  const end = entriesOf(entries, "run.submitted").find(
    (entry) => entry.seq > run.seq && entry.body.story === run.body.story,
  );
  const policy = sources.git?.policy;
  for (const entry of entriesOf(entries, "handoff.made")) {
    const { prompt, from, to, carries } = entry.body;
    if (entry.seq < run.seq || (end !== undefined && entry.seq > end.seq)) continue;
    if (!run.body.prompts.includes(prompt)) continue;
    const where = { story: run.body.story, prompt };
    const isToAgent = to.stage === "execute";
    const holder =
      policy?.known === true ? agentHolder(prompts.get(prompt)?.role ?? "", policy.value) : to.holder;
    const again = isToAgent
      ? toAgent(where, contract.body.digest, holder)
      : handedAgain(
          entry,
          where,
          entries.filter(({ seq }) => seq < entry.seq),
        );
    const taken =
      isToAgent && policy?.known !== true ? "; the agent is taken as it is: the policy is not here" : "";
    yield comparedStep(
      { step: "hand-off", seq: entry.seq, about: `#${prompt} ${from.stage} to ${to.stage}` },
      `who had the work, who got it, and ${carries.slice(0, 12)}, which it carries${taken}`,
      [["hand-off", again, entry.body]],
    );
  }
}

/** A hand-off after the work at a prompt, from the entries before it. */
function handedAgain(
  { body: { to } }: EntryOf<"handoff.made">,
  where: { story: number; prompt: number },
  before: readonly TypedEntry[],
): EntryBody<"handoff.made"> | null {
  const { standing } = stoodBefore(where.prompt, Number.POSITIVE_INFINITY, before);
  const commit = standing.commits.at(-1) ?? "none";
  if (to.stage === "validate") return toGates(where, commit, before);
  if (to.stage === "package") return toMerger(where, commit, before);
  return toCleanup(where, mergeOf(before, where.prompt) ?? "none");
}

/** What a prompt's pull request was merged as. */
function mergeOf(before: readonly TypedEntry[], prompt: number): string | undefined {
  const pulls = new Set(
    entriesOf(before, "pull.opened").flatMap(({ body }) => (body.prompt === prompt ? [body.pull] : [])),
  );
  return entriesOf(before, "merge.observed").findLast(({ body }) => pulls.has(body.pull))?.body.merged;
}
