import type { Claim } from "../../schemas/entry-parts.ts";
import { type EntryOf, entriesOf, lastEntry, type TypedEntry } from "../entries.ts";
import { knownHead } from "../record/provenance.ts";

/** The adopted head of a pull request, with its adoption and the earlier ones, newest last. */
export type AdoptedHead = { head: string; adoptions: EntryOf<"change.adopted">[] };

/**
 * The adoption of a pull request's head: the merged one, or else the newest that the ledger knows. Null if nobody
 * adopted that commit, or only after the merge, or for another branch than the one it was merged into or last judged
 * for.
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
  const adoptions = entriesOf(entries, "change.adopted").filter((entry) => ofPull(entry) && entry.seq <= adopted.seq);
  return { head: known ?? adopted.body.head, adoptions };
}

/** The note on every trace that ends at an adoption. */
export const adoptionNote =
  "This trace ends at the person who stands for the commits. No run made them: who or what wrote them, from which prompt and with which model, is recorded nowhere; what they claim about it was checked by nobody.";

/** The most claims that a link shows; the entry holds all of them. */
const maxClaimsShown = 5;

/** Claims on one line, marked as unchecked. Whoever pushed or described the change chose every word of them. */
export function claimsText(claims: readonly Claim[]): string {
  const shown = claims.slice(0, maxClaimsShown).map(({ source, name, value }) => `${name}: ${value} (${source})`);
  const more = claims.length > maxClaimsShown ? [`and ${claims.length - maxClaimsShown} more`] : [];
  return `unchecked: ${[...shown, ...more].join("; ")}`;
}
