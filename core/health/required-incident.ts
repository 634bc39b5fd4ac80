import type { Ourselves } from "../effects.ts";
import { appActor, type Draft, lastEntry, type TypedEntry } from "../entries.ts";
import type { HealthFinding } from "./finding.ts";

/** The codes for "not required" and "required again": the last of them in the ledger tells the recorded state. */
const codes = { lacks: "check-not-required", back: "check-required-again" } as const;

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
  const last = lastEntry(
    entries,
    "incident.raised",
    ({ body }) => body.code === codes.lacks || body.code === codes.back,
  );
  const wasLacking = last?.body.code === codes.lacks;
  const isLacking = found?.status === "fail";
  if (found === undefined || found.status === "unknown" || isLacking === wasLacking) return null;
  const body = { code: isLacking ? codes.lacks : codes.back, message: found.message, issue: null };
  return { kind: "incident.raised", actor: appActor({ ourselves }), subject: [], body };
}
