import { requeue, type Step } from "../decision.ts";
import { plain } from "../escape.ts";
import { effectKey } from "../identifiers.ts";
import { holders, writers } from "../people/authority.ts";
import type { StoryContext } from "./facts.ts";

/**
 * Whether a story may be put under the epic that its text names: text is no authority, so whoever wrote it may plan or
 * write here. Null: it names none, or has a parent already; `unread`: the writer or their permission.
 */
function mayLink({ facts: { namedEpic, namedBy, parent } }: StoryContext): "yes" | "no" | "unread" | null {
  if (parent !== null || namedEpic === null || namedBy === null || !namedEpic.labels.includes("epic")) return null;
  const { permission } = namedBy;
  if (!permission.known) return "unread";
  const { role, duties } = permission.value;
  return writers.has(role) || duties.includes("planners") ? "yes" : "no";
}

/** Makes a story a sub-issue of the epic that it names, once. */
export function linkToEpic(context: StoryContext): Step {
  const { namedEpic, issue, repository, outcomes } = context.facts;
  const answer = mayLink(context);
  if (answer === "unread") return { requeueAfter: requeue.undecided };
  if (answer !== "yes" || namedEpic === null) return {};
  const key = effectKey.link(repository.id, namedEpic.number, issue.number);
  return outcomes.has(key)
    ? {}
    : { effects: [{ type: "link-story", key, epic: namedEpic.number, story: issue.number }] };
}

/** Why a story is not put under the epic that it names, and who may do it; empty: nothing holds it back. */
export function notLinked(context: StoryContext): string {
  const { namedEpic, namedBy } = context.facts;
  if (mayLink(context) !== "no") return "";
  const who = plain(`${holders(context.loaded.policy.people, "planners")} or whoever may write here`);
  const by = namedBy?.by === null || namedBy === null ? "an account that is gone" : plain(`@${namedBy.by.login}`);
  return `Not a sub-issue of #${namedEpic?.number}: ${by} wrote that and may not link it. ${who} can, there or by editing this text.`;
}
