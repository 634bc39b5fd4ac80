import type { GateResult } from "../schemas/verdict.ts";
import { requesters } from "./authorship.ts";
import type { LoadedPolicy, PullFacts, Waiver } from "./facts.ts";

/** The newest waiver of a gate that holds for this head on this day, and that the policy still allows. */
function inForce(gate: string, facts: PullFacts, { policy }: LoadedPolicy): Waiver | null {
  if (!facts.record.known || !(policy.waivers?.gates ?? []).some((one) => one === gate)) return null;
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
  return holding.toSorted((one, other) => other.seq - one.seq)[0] ?? null;
}

/**
 * A gate's result after waivers: a failed or waiting gate that a person has waived for this commit passes, and says by
 * whom, why and until when. What could not be read is never waived: nobody knows what they would be waiving.
 */
export function waived(result: GateResult, facts: PullFacts, policy: LoadedPolicy): GateResult {
  if (result.status !== "fail" && result.status !== "pending") return result;
  const waiver = inForce(result.gate, facts, policy);
  if (waiver === null) return result;
  const { by, until, reason, seq } = waiver;
  const message = `Waived by @${by.login} on this commit until ${until} (entry ${seq}): ${reason}`;
  // What was waived stays to be read; a next step would ask for what nobody has to do.
  const found = result.reasons.map(({ next: _, ...rest }) => rest);
  return { gate: result.gate, status: "pass", reasons: [{ code: "waived", message }, ...found] };
}
