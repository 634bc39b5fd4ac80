import type { Claim } from "../../schemas/entry-parts.ts";
import { type EntryOf, entriesOf, lastEntry, type TypedEntry } from "../entries.ts";
import { knownHead } from "../record/provenance.ts";

/** What a person answers for in a pull request: their adoption of its head, and those before it, the newest last. */
export type AdoptedHead = { head: string; adoptions: EntryOf<"change.adopted">[] };

/**
 * The adoption of the commit that a pull request is known by: its merged head, or else the newest that the ledger knows.
 * Null when nobody adopted that commit, or only after the merge, or for another branch than the one it entered or was
 * last judged for.
 */
export function adoptedHead(entries: readonly TypedEntry[], pull: number): AdoptedHead | null {
  const ofPull = ({ body }: { body: { pull: number } }) => body.pull === pull;
  const merge = lastEntry(entries, "merge.observed", ofPull);
  const verdict = lastEntry(entries, "verdict.given", ofPull);
  const base = lastEntry(entries, "source.verified", ofPull)?.body.ref.replace(/^refs\/heads\//, "");
  const branch = base ?? verdict?.body.baseRef;
  const known = knownHead(entries, pull);
  const stands = ({ body }: EntryOf<"change.adopted">) =>
    ofPull({ body }) &&
    body.commits.includes(known ?? body.head) &&
    (branch ?? body.baseRef) === (body.baseRef ?? branch);
  const adopted = lastEntry(entries, "change.adopted", stands, merge?.seq);
  if (adopted === undefined) return null;
  const adoptions = entriesOf(entries, "change.adopted").filter(
    (entry) => ofPull(entry) && entry.seq <= adopted.seq,
  );
  return { head: known ?? adopted.body.head, adoptions };
}

/** Said of every trace that ends at an adoption. */
export const adoptionNote =
  "This trace ends at the person who stands for the commits. No run made them: who or what wrote them, from which prompt and with which model, is recorded nowhere; what they claim about it was checked by nobody.";

/** How many claims a link tells; the others stand in the entry. */
const maxClaimsShown = 5;

/** Claims on one line, as claims. Whoever pushed or described the change chose every word of them. */
export function claimsText(claims: readonly Claim[]): string {
  const shown = claims
    .slice(0, maxClaimsShown)
    .map(({ source, name, value }) => `${name}: ${value} (${source})`);
  const more = claims.length > maxClaimsShown ? [`and ${claims.length - maxClaimsShown} more`] : [];
  return `unchecked: ${[...shown, ...more].join("; ")}`;
}
