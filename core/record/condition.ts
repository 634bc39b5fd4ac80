import type { Condition } from "../../schemas/policy-evidence.ts";
import type { Change, PullBasics } from "../facts.ts";
import { matcher } from "../paths/patterns.ts";
import type { PullRecord } from "../pull-record.ts";

/** Why a condition of the policy holds for a change, in words; null if it does not. */
export function whyItHolds(
  when: Condition,
  { changes, record, pull }: { changes: readonly Change[]; record: PullRecord; pull: PullBasics["pull"] },
): string | null {
  const plan = record.run ?? record.adoptedFor;
  if (plan !== undefined && when.risk.includes(plan.risk)) return `the story's risk is ${plan.risk}`;
  // Anyone with the triage role can add and remove labels, so a label only ever adds to what the policy asks.
  const label = pull?.labels.find((one) => when.labels.includes(one));
  if (label !== undefined) return `the pull request has the label \`${label}\``;
  const paths = matcher(when.paths, "deny");
  for (const { path } of changes) {
    const pattern = paths.matches(path);
    if (pattern !== null) return `the change touches \`${pattern}\``;
  }
  return null;
}
