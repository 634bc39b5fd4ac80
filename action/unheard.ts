import { plain } from "../core/escape.ts";
import type { PullFacts } from "../core/facts.ts";
import { idsOf, requesters, whoseWork } from "../core/people/authorship.ts";
import { givenElsewhere, isForBase } from "../core/people/retarget.ts";
import type { SignOff } from "../core/pull-record.ts";
import type { People } from "../schemas/policy.ts";

/**
 * The comments that were meant as sign-offs and do not count, each with the reason, for the job's summary: without the
 * App nobody answers them. Empty where there are none, or where the ledger has the sign-offs. Anyone who can comment
 * wrote them.
 */
export function unheardMarkdown(facts: PullFacts): string {
  const { policy, record } = facts;
  if (!record.known || !policy.known || policy.value.state !== "loaded") return "";
  const { ledger, people } = policy.value.policy;
  if (ledger !== undefined) return "";
  const askedBy = idsOf(requesters(facts, record.value));
  const outdated = record.value.signOffs.flatMap((one) => {
    const why = whyVoid(one, facts, askedBy, people);
    return why === null ? [] : [{ by: one.by, comment: one.seq, why }];
  });
  const all = [...(record.value.unheard ?? []), ...outdated].toSorted((one, other) => other.comment - one.comment);
  if (all.length === 0) return "";
  const lines = all.map(({ by, comment, why }) => `- ${plain(`@${by.login}, comment ${comment}: ${why}`)}\n`);
  return `\n#### Comments that do not count as sign-offs\n\n${lines.join("")}`;
}

/** Why the sign-off of somebody with the duty does not count for this head; null if it does. */
function whyVoid(one: SignOff, facts: PullFacts, askedBy: ReadonlySet<number>, people: People): string | null {
  if (one.sha !== facts.head.sha) return `It is for ${one.sha}, and the head is ${facts.head.sha}.`;
  if (whoseWork(one.by, askedBy, people) === "own")
    return "They asked for this change, so somebody else signs it off: the policy says `separation: strict`.";
  const counts = isForBase(one, facts);
  return counts.known && !counts.value ? `It was given ${givenElsewhere(one, facts)}.` : null;
}
