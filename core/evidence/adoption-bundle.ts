import type { Claim } from "../../schemas/entry-parts.ts";
import type { AdoptionBundle } from "../../schemas/evidence.ts";
import { lastEntry, type TypedEntry } from "../entries.ts";
import { bundledReviews, reviewsOf } from "../record/reviews.ts";
import { adoptedHead } from "./adoption-trace.ts";
import { mergeOf, pullAddress } from "./bundle.ts";

/**
 * Assembles the bundle of an adopted head: the merged one, or else the newest that the ledger knows. Null if nobody
 * adopted that head. Pass the entries of a verified chain: then only the App's key could have written them, apart from
 * the claims, which anybody could choose.
 */
export function assembleAdoption(
  entries: readonly TypedEntry[],
  pull: number,
  repository: string,
): AdoptionBundle | null {
  const found = adoptedHead(entries, pull);
  const adopted = found?.adoptions.at(-1);
  if (found === null || adopted === undefined) return null;
  const { head: commit, adoptions } = found;
  const ofPull = ({ body }: { body: { pull: number } }) => body.pull === pull;
  const merge = lastEntry(entries, "merge.observed", ofPull);
  const opened = lastEntry(entries, "pull.opened", ofPull);
  const naming = adoptions.findLast(({ body }) => body.story !== undefined);
  const sealed = lastEntry(
    entries,
    "adoption.sealed",
    ({ body }) => body.pull === pull && body.commit === commit && body.adopted === adopted.hash,
  );
  const tree = sealed?.body.tree ?? (adopted.body.head === commit ? adopted.body.tree : undefined) ?? null;
  const reviews = reviewsOf(entries, pull, commit);
  const from = [...adoptions, opened, ...reviews, sealed, merge].filter((one) => one !== undefined);
  return {
    bundle: (sealed ?? adopted).hash,
    state: "adopted",
    prompt: null,
    run: opened?.body.run ?? null,
    story: naming?.body.story ?? null,
    digest: naming?.body.digest ?? null,
    pull,
    pullUrl: pullAddress(entries, repository, pull),
    author: adopted.body.author ?? null,
    commit,
    tree,
    adoptions: adoptions.map(({ actor: { id, login }, at, body: { commits, reason, comment } }) => ({
      by: { id, login, type: "User" },
      commits,
      reason,
      comment,
      at,
    })),
    claims: distinct(adoptions.flatMap(({ body }) => body.claims ?? [])),
    ci: sealed?.body.ci ?? null,
    checks: sealed?.body.checks ?? null,
    verdictSha256: sealed?.body.verdictSha256 ?? null,
    at: (sealed ?? adopted).at,
    reviews: bundledReviews(reviews),
    merge: merge === undefined ? null : mergeOf(merge, tree),
    entries: from
      .toSorted((one, other) => one.seq - other.seq)
      .map(({ seq, kind, hash }) => ({ seq, kind, sha256: hash })),
  };
}

/** Removes duplicate claims: every adoption of the pull request repeats those of the description. */
function distinct(claims: readonly Claim[]): Claim[] {
  const keyed = claims.map((claim) => [JSON.stringify([claim.source, claim.name, claim.value]), claim] as const);
  return [...new Map(keyed).values()];
}
