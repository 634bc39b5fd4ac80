import type { Policy } from "../../schemas/policy.ts";
import type { GateResult, Reason } from "../../schemas/verdict.ts";
import type { LoadedPolicy, PullFacts } from "../facts.ts";
import { type Known, known } from "../known.ts";
import { otherHolders } from "../people/authority.ts";
import { barredOf, idsOf, requesters, whoseWork } from "../people/authorship.ts";
import { givenElsewhere, isForBase } from "../people/retarget.ts";
import type { Waiver } from "../pull-record.ts";

/** The waivers of a gate on this head that are valid today, for any base branch, newest first. */
function waiversOf(gate: string, facts: PullFacts, { people }: Policy): Waiver[] {
  if (!facts.record.known) return [];
  const { waivers } = facts.record.value;
  const askedBy = idsOf(requesters(facts, facts.record.value));
  const holding = waivers.filter(
    (one) =>
      one.gate === gate &&
      one.sha === facts.head.sha &&
      one.until >= facts.day &&
      one.by.type === "User" &&
      whoseWork(one.by, askedBy, people) !== "own",
  );
  return holding.toSorted((one, other) => other.seq - one.seq);
}

/**
 * The waivers that count for the base branch, one per person; unknown if an unreadable one decides. `wanted` is how
 * many people must waive.
 */
function countingOf(waivers: readonly Waiver[], facts: PullFacts, wanted: number): Known<Waiver[]> {
  const counting = new Map<number, Waiver>();
  let unread: Known<never> | null = null;
  for (const waiver of waivers) {
    const counts = isForBase(waiver, facts);
    if (!counts.known) unread ??= counts;
    else if (counts.value && !counting.has(waiver.by.id)) counting.set(waiver.by.id, waiver);
  }
  return unread !== null && counting.size < wanted ? unread : known([...counting.values()]);
}

/** The reason shown for a waiver given for another base branch. */
function forAnotherBase(waiver: Waiver, facts: PullFacts, who: string): Reason {
  const message = `@${waiver.by.login}'s waiver (entry ${waiver.seq}) was given ${givenElsewhere(waiver, facts)}.`;
  const step = `Mend it, or look at the change as it enters \`${facts.base.ref}\` and waive \`${waiver.gate}\` on ${waiver.sha} again.`;
  return { code: "waiver-for-another-base", message, next: { step, who } };
}

/** The reason shown when too few people waived the gate. */
function tooFew(counting: readonly Waiver[], newest: Waiver, wanted: number, who: string): Reason {
  const by = counting.map((one) => `@${one.by.login} (entry ${one.seq})`).join(", ");
  const message = `${counting.length} of ${wanted} people waived it on this commit: ${by}.`;
  const step = `/waive ${newest.gate} ${newest.sha} until ${newest.until} because …`;
  return { code: "waiver-takes-more-people", message, next: { step, who } };
}

type Waivers = NonNullable<Policy["waivers"]>;

/** How many people must waive a gate: what looks like a secret is waived by two at least, whatever the policy says. */
export function waivingPeople(gate: string, { people }: Waivers): number {
  return gate === "secrets" ? Math.max(2, people) : people;
}

/**
 * A gate's result after waivers. A failed or pending gate passes if enough people, by the policy, waived it for this
 * commit and branch; the reasons say who, why and until when. An unknown result is never waived: nobody knows what the
 * waiver would cover.
 */
export function waived(result: GateResult, facts: PullFacts, loaded: LoadedPolicy): GateResult {
  const { gate, status, reasons } = result;
  const { waivers: rule, people } = loaded.policy;
  if (!rule?.gates.some((one) => one === gate) || (status !== "fail" && status !== "pending")) return result;
  const waivers = waiversOf(gate, facts, loaded.policy);
  const [newest] = waivers;
  if (newest === undefined) return result;
  const barred = facts.record.known ? barredOf(requesters(facts, facts.record.value), people) : [];
  const wanted = waivingPeople(gate, rule);
  const counting = countingOf(waivers, facts, wanted);
  if (!counting.known) {
    const message = `Whether \`${gate}\` is waived for \`${facts.base.ref}\` could not be read: ${counting.why}`;
    const next = { step: "Wait: it is read again at the next event.", who: "a maintainer" };
    return { gate, status, reasons: [...reasons, { code: "retarget-unknown", message, next }] };
  }
  if (counting.value.length < wanted) {
    const who = otherHolders(people, rule.by, [...barred, ...counting.value.map(({ by }) => by)]);
    const why =
      counting.value.length === 0 ? forAnotherBase(newest, facts, who) : tooFew(counting.value, newest, wanted, who);
    return { gate, status, reasons: [...reasons, why] };
  }
  const given = counting.value.map(({ by, until, reason, seq }) => ({
    code: "waived",
    message: `Waived by @${by.login} on this commit until ${until} (entry ${seq}): ${reason}`,
  }));
  // The waived reasons stay visible, without their next step: nobody has to take it.
  const found = reasons.map(({ next: _, ...rest }) => rest);
  return { gate, status: "pass", reasons: [...given, ...found] };
}
