import type { GateResult, Reason } from "../schemas/verdict.ts";
import { holders } from "./authority.ts";
import { requesters } from "./authorship.ts";
import type { LoadedPolicy, PullFacts, Waiver } from "./facts.ts";
import { firstForBase, givenElsewhere } from "./retarget.ts";

/** The waivers of a gate on this head and day that the policy still allows, for whatever branch, the newest first. */
function waiversOf(gate: string, facts: PullFacts, { policy }: LoadedPolicy): Waiver[] {
  if (!facts.record.known || !(policy.waivers?.gates ?? []).some((one) => one === gate)) return [];
  const { waivers } = facts.record.value;
  const strict = policy.people.separation === "strict";
  const own = requesters(facts, facts.record.value);
  const holding = waivers.filter(
    (one) =>
      one.gate === gate &&
      one.sha === facts.head.sha &&
      one.until >= facts.day &&
      one.by.type === "User" &&
      !(strict && own.has(one.by.id)),
  );
  return holding.toSorted((one, other) => other.seq - one.seq);
}

/** What is said of a waiver that would hold for another branch. */
function notHere(waiver: Waiver, facts: PullFacts, { policy }: LoadedPolicy): Reason {
  const message = `@${waiver.by.login}'s waiver (entry ${waiver.seq}) was given ${givenElsewhere(waiver, facts)}.`;
  const step = `Mend it, or look at the change as it enters \`${facts.base.ref}\` and waive \`${waiver.gate}\` on ${waiver.sha} again.`;
  const who = policy.waivers === undefined ? "a maintainer" : holders(policy.people, policy.waivers.by);
  return { code: "waiver-for-another-base", message, next: { step, who } };
}

/**
 * A gate's result after waivers: a failed or waiting gate that a person has waived for this commit and branch passes, and
 * says by whom, why and until when. What could not be read is never waived: nobody knows what they would be waiving.
 */
export function waived(result: GateResult, facts: PullFacts, policy: LoadedPolicy): GateResult {
  const { gate, status, reasons } = result;
  if (status !== "fail" && status !== "pending") return result;
  const waivers = waiversOf(gate, facts, policy);
  const [newest] = waivers;
  if (newest === undefined) return result;
  const holding = firstForBase(waivers, facts);
  if (!holding.known) {
    const message = `Whether \`${gate}\` is waived for \`${facts.base.ref}\` could not be read: ${holding.why}`;
    const next = { step: "Wait: it is read again at the next event.", who: "a maintainer" };
    return { gate, status, reasons: [...reasons, { code: "retarget-unknown", message, next }] };
  }
  if (holding.value === null) return { gate, status, reasons: [...reasons, notHere(newest, facts, policy)] };
  const { by, until, reason, seq } = holding.value;
  const message = `Waived by @${by.login} on this commit until ${until} (entry ${seq}): ${reason}`;
  // What was waived stays to be read; a next step would ask for what nobody has to do.
  const found = reasons.map(({ next: _, ...rest }) => rest);
  return { gate, status: "pass", reasons: [{ code: "waived", message }, ...found] };
}
