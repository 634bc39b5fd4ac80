import { policyPath } from "../../schemas/limits.ts";
import type { Policy } from "../../schemas/policy.ts";
import type { PhaseCard } from "../../schemas/step.ts";
import { matcher } from "../paths/patterns.ts";

/** The words of a role or a phase in the policy. */
type Words = Pick<Policy["roles"][string], "card" | "do" | "do-not">;

/** What a role or a phase says in words, as packs carry it. */
export function cardOf({ card, do: does, "do-not": doNot }: Words): Pick<PhaseCard, "card" | "do" | "doNot"> {
  return {
    ...(card === undefined ? {} : { card }),
    ...(does === undefined ? {} : { do: does }),
    ...(doNot === undefined ? {} : { doNot }),
  };
}

/** The present phase of the work; undefined: the policy has none. */
export function phaseOf({ phases }: Pick<Policy, "phases">): PhaseCard | undefined {
  const phase =
    phases === undefined || !Object.hasOwn(phases.of, phases.current) ? undefined : phases.of[phases.current];
  if (phases === undefined || phase === undefined) return undefined;
  const { allow, deny } = phase;
  return { name: phases.current, ...(allow === undefined ? {} : { allow }), deny, ...cardOf(phase) };
}

/** Says of a path whether the phase closes it, as the gate `phase` will; without a phase nothing is closed. */
export function phaseGuard(phase: Pick<PhaseCard, "allow" | "deny"> | undefined): (path: string) => boolean {
  if (phase === undefined) return () => false;
  const closed = matcher(phase.deny, "deny");
  const open = phase.allow === undefined ? null : matcher(phase.allow, "allow");
  return (path) =>
    closed.matches(path) !== null || (open !== null && path !== policyPath && open.matches(path) === null);
}
