import type { People } from "../../schemas/policy.ts";
import { requeue, type Step } from "../decision.ts";
import { entriesOf, type TypedEntry } from "../entries.ts";
import { plain } from "../escape.ts";
import { effectKey } from "../identifiers.ts";
import { holders, writers } from "../people/authority.ts";
import type { Opener, StoryContext } from "./facts.ts";

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

/**
 * Whether a person with the duty took an epic or a story over, by `/take-over` or by asking for its plan. What nobody
 * took over and no planner opened is a request.
 */
export function isTakenOver(entries: readonly TypedEntry[], issue: number): boolean {
  return entriesOf(entries, "command").some(
    ({ body }) => body.issue === issue && body.accepted && (body.command === "take-over" || body.command === "plan"),
  );
}

/** Says of an epic or story that it is a request, of whom, and who takes it over how; null: it is none. */
export function requestLine(number: number, opener: Opener | null, how: string, people: People): string | null {
  if (opener === null || opener.isPlanner) return null;
  const by = plain(`@${opener.by.login}`);
  const who = plain(holders(people, "planners"));
  return `#${number} is a request of ${by}, who is no planner here: it counts once a planner takes it over ${how} (${who}).`;
}
