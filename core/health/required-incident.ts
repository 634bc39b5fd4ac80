import type { Ourselves } from "../effects.ts";
import { appActor, type Draft, type EntryOf, lastEntry, type TypedEntry } from "../entries.ts";
import { keyOf } from "../record/keys.ts";
import type { HealthFinding } from "./finding.ts";

/** The codes for "not required" and "required again": the last of them in the ledger tells the recorded state. */
const codes = { lacks: "check-not-required", back: "check-required-again" } as const;

/** The keys of what the ledger has of it. */
export const requiredReads: readonly string[] = Object.values(codes).map(keyOf.incident);

/** Whether the ledger has it that the default branch does not ask for the check. */
export function isNotRequired(entries: readonly TypedEntry[]): boolean {
  const isOne = ({ body }: EntryOf<"incident.raised">) => body.code === codes.lacks || body.code === codes.back;
  return lastEntry(entries, "incident.raised", isOne)?.body.code === codes.lacks;
}

/**
 * The ledger entry for a change of the required check: one when it is no longer required, one when it is required
 * again. Null if nothing changed or the state is unknown. `findings` are those of `judgeRequired`.
 */
export function noteRequired(
  findings: readonly HealthFinding[],
  entries: readonly TypedEntry[],
  ourselves: Ourselves,
): Extract<Draft, { kind: "incident.raised" }> | null {
  const found = findings.find(({ check }) => check === "required-check");
  const wasLacking = isNotRequired(entries);
  const isLacking = found?.status === "fail";
  if (found === undefined || found.status === "unknown" || isLacking === wasLacking) return null;
  const body = { code: isLacking ? codes.lacks : codes.back, message: found.message, issue: null };
  return { kind: "incident.raised", actor: appActor({ ourselves }), subject: [], body };
}
