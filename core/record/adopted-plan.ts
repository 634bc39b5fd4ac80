import { accountOf, type EntryOf, lastEntry, type TypedEntry } from "../entries.ts";
import type { AdoptedPlan } from "../pull-record.ts";
import { contractOrigin } from "./provenance.ts";
import { requirementsOf } from "./requirements.ts";
import { askersOf } from "./story.ts";

/** The newest contract of a story and its approver; null when there is none, or no person approved it. */
export function approvedContract(
  entries: readonly TypedEntry[],
  story: number,
): { digest: string; approvedBy: number } | null {
  const last = lastEntry(entries, "contract.frozen", ({ body }) => body.story === story);
  const found = last === undefined ? null : approved(entries, last.body);
  return found === null ? null : { digest: found.contract.digest, approvedBy: found.approval.actor.id };
}

/** The named contract and its approval; null when there is none, or no person approved it. */
function approved(entries: readonly TypedEntry[], named: { story: number; digest: string }) {
  const { contract, approval } = contractOrigin(entries, named);
  return contract === undefined || approval?.actor.type !== "user" ? null : { contract: contract.body, approval };
}

/**
 * The requirements of the approved plan that an adoption names. Null when the ledger lacks that contract, or a person's
 * approval of it.
 */
export function adoptedPlan(
  entries: readonly TypedEntry[],
  { body: { story = 0, digest = "" } }: EntryOf<"change.adopted">,
): AdoptedPlan | null {
  const found = approved(entries, { story, digest });
  if (found === null) return null;
  const { prompts, revision } = found.contract;
  return {
    story,
    digest,
    ...requirementsOf(found.contract),
    paths: [...new Set(prompts.flatMap(({ paths }) => paths))],
    approval: { by: accountOf(found.approval.actor), seq: found.approval.seq },
    requesters: entries.flatMap((entry) =>
      entry.kind === "plan.proposed" && entry.body.story === story && entry.body.revision <= revision
        ? askersOf(entry.body)
        : [],
    ),
  };
}
