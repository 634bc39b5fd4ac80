import { completionBody } from "../contract/conformance.ts";
import { sha256 } from "../digest.ts";
import { type EntryOf, entriesOf, type TypedEntry } from "../entries.ts";
import { canonicalJson } from "../json.ts";
import type { LedgerProblem } from "../ledger/problem.ts";
import { contractOrigin } from "../record/provenance.ts";
import { foldStory } from "../record/story.ts";
import { derivedContract } from "./approval.ts";

/** Derives the completion of a story again, from the entries that its report says it rests on. */
export function derivedCompletion(
  { seq, body: { story, conformance } }: EntryOf<"story.completed">,
  entries: readonly TypedEntry[],
): EntryOf<"story.completed">["body"] {
  const through = conformance?.through ?? seq - 1;
  const before = entries.filter((entry) => entry.seq <= through && entry.seq < seq);
  return completionBody(story, foldStory(story, before), before);
}

/**
 * Derives every master contract and every conformance report again; each problem is one that differs, or a contract that
 * nobody approved. Pass the entries of a verified chain, oldest first.
 */
export function contractProblems(entries: readonly TypedEntry[]): LedgerProblem[] {
  const found = (position: number, message: string) => ({ code: "bad-contract" as const, position, message });
  const withMaster = new Set<number>();
  const contracts = entriesOf(entries, "contract.frozen").flatMap(({ seq, body }): LedgerProblem[] => {
    if (body.master === undefined) return [];
    withMaster.add(body.story);
    const { contract, approval, plan } = contractOrigin(entries, body, seq + 1);
    if (contract === undefined || approval === undefined || plan === undefined)
      return [found(seq, `entry ${seq}: nobody approved this master contract`)];
    const again = derivedContract(entries, { contract, approval, plan }).master;
    if (again === undefined || canonicalJson(again) !== canonicalJson(body.master))
      return [found(seq, `entry ${seq}: this master contract does not follow from its plan and template`)];
    return approval.body.parts.contract === sha256(body.master.text)
      ? []
      : [found(seq, `entry ${seq}: approval ${approval.seq} is of another master contract`)];
  });
  const reports = entriesOf(entries, "story.completed").flatMap((entry): LedgerProblem[] => {
    const { seq, body } = entry;
    const isFree = body.conformance === undefined && !withMaster.has(body.story);
    if (isFree || canonicalJson(derivedCompletion(entry, entries)) === canonicalJson(body)) return [];
    return [found(seq, `entry ${seq}: this conformance report does not follow from the entries before it`)];
  });
  return [...contracts, ...reports];
}
