import type { Ourselves } from "../effects.ts";
import { appActor, type Draft, lastEntry, type TypedEntry } from "../entries.ts";
import type { HealthFinding } from "./finding.ts";

/** That the check lacks, and that it is back: the last of the two in a ledger says how it was found to stand. */
const codes = { lacks: "check-not-required", back: "check-required-again" } as const;

/**
 * What the ledger is told about the check in the branch rules: that it is not required, once until it is, and then that it
 * is again. Null when nothing changed, and when it is not known how it stands. `findings` are those of `judgeRequired`.
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
