import { accountOf, type EntryOf, lastEntry, type TypedEntry } from "./entries.ts";
import type { AdoptedPlan } from "./facts.ts";

/** The newest contract of a story and who approved it; null when there is none, or no person approved it. */
export function approvedContract(
  entries: readonly TypedEntry[],
  story: number,
): { digest: string; approvedBy: number } | null {
  const contract = lastEntry(entries, "contract.frozen", ({ body }) => body.story === story);
  const approval = contract === undefined ? undefined : approvalOf(entries, contract);
  return contract === undefined || approval === undefined
    ? null
    : { digest: contract.body.digest, approvedBy: approval.actor.id };
}

/** The person's approval that a contract was compiled from. */
function approvalOf(entries: readonly TypedEntry[], contract: EntryOf<"contract.frozen">) {
  const { story, digest } = contract.body;
  return lastEntry(
    entries,
    "approval.granted",
    ({ body, actor }) => body.story === story && body.digest === digest && actor.type === "user",
    contract.seq,
  );
}

/**
 * The approved plan that an adoption names, as far as the change is held to it. Null when the ledger lacks that contract, or
 * a person's approval of it.
 */
export function adoptedPlan(
  entries: readonly TypedEntry[],
  { body: { story = 0, digest = "" } }: EntryOf<"change.adopted">,
): AdoptedPlan | null {
  const contract = lastEntry(
    entries,
    "contract.frozen",
    ({ body }) => body.story === story && body.digest === digest,
  );
  const approval = contract === undefined ? undefined : approvalOf(entries, contract);
  if (contract === undefined || approval === undefined) return null;
  const { prompts, risk, manualTest, revision } = contract.body;
  return {
    story,
    digest,
    risk,
    paths: [...new Set(prompts.flatMap(({ paths }) => paths))],
    needsManualTest: manualTest !== null,
    approval: { by: accountOf(approval.actor), seq: approval.seq },
    requesters: entries.flatMap((entry) =>
      entry.kind === "plan.proposed" && entry.body.story === story && entry.body.revision <= revision
        ? [entry.body.requestedBy]
        : [],
    ),
  };
}
