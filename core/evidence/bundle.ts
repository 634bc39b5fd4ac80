import type { EvidenceBundle } from "../../schemas/evidence.ts";
import { commandsRun } from "../contract/verification.ts";
import { type EntryOf, lastEntry, type TypedEntry } from "../entries.ts";
import { knownHead, provenanceOf } from "../record/provenance.ts";
import { bundledReviews, reviewsOf } from "../record/reviews.ts";

/**
 * Inputs that the ledger does not hold: the repository's name (`owner/name`), and a lookup for large bodies by digest.
 */
export type BundleSource = { repository: string; body: (sha256: string) => string | null };

/**
 * Assembles the evidence bundle of a pull request's head: the merged one, or else the newest that the ledger knows.
 * Null if no recorded prompt and answer led to that head. Pass the entries of a verified chain: then only the App's key
 * could have written them.
 */
export function assembleBundle(
  entries: readonly TypedEntry[],
  pull: number,
  { repository, body }: BundleSource,
): EvidenceBundle | null {
  const opened = lastEntry(entries, "pull.opened", ({ body }) => body.pull === pull);
  if (opened === undefined) return null;
  const merge = lastEntry(entries, "merge.observed", ({ body }) => body.pull === pull);
  const head = knownHead(entries, pull) ?? opened.body.head;
  const { asked, answer, captured, written, verified } = provenanceOf(entries, head);
  // The branch may have been moved to the commit of another prompt.
  if (asked === undefined || answer === undefined || captured === undefined) return null;
  if (written?.body.prompt !== opened.body.prompt) return null;
  const sealed = lastEntry(
    entries,
    "evidence.sealed",
    ({ body }) => body.pull === pull && body.commit === head && body.captured === captured.hash,
  );
  const { run, story, prompt, attempt, role, base, files, usage, seconds } = captured.body;
  const { promptSha256, responseSha256 } = captured.body;
  const { cost, tool, actions } = answer.body;
  const ran = verified === undefined ? [] : commandsRun(verified.body);
  const reviews = reviewsOf(entries, pull, head);
  const from = [asked, answer, verified, captured, written, opened, ...reviews, sealed, merge].filter(
    (one) => one !== undefined,
  );
  return {
    bundle: (sealed ?? captured).hash,
    state: sealed === undefined ? "captured" : "sealed",
    story,
    prompt,
    run,
    attempt,
    role,
    base,
    promptSha256,
    rawPrompt: body(promptSha256),
    responseSha256,
    rawResponse: body(responseSha256),
    files,
    usage,
    ...(cost === undefined ? {} : { cost }),
    seconds,
    ...(tool === undefined ? {} : { tool }),
    ...(actions === undefined ? {} : { actions }),
    ...(ran.length === 0 ? {} : { verification: ran }),
    pull,
    ...(written.body.casefiles === undefined ? {} : { casefiles: written.body.casefiles }),
    pullUrl: pullAddress(entries, repository, pull),
    commit: written.body.commit,
    tree: written.body.tree,
    ci: sealed?.body.ci ?? null,
    checks: sealed?.body.checks ?? null,
    validator: sealed?.body.validator ?? null,
    verdictSha256: sealed?.body.verdictSha256 ?? null,
    at: (sealed ?? captured).at,
    reviews: bundledReviews(reviews),
    merge: merge === undefined ? null : mergeOf(merge, written.body.tree),
    entries: from
      .toSorted((one, other) => one.seq - other.seq)
      .map(({ seq, kind, hash }) => ({ seq, kind, sha256: hash })),
  };
}

/**
 * Where a pull request is read. Of the ledger's entries only the summaries of merges name GitHub's server; before the
 * first one it is taken to be github.com.
 */
export function pullAddress(entries: readonly TypedEntry[], repository: string, pull: number): string {
  const source = lastEntry(entries, "source.verified", () => true)?.body.summary.resourceUri;
  const server = source === undefined ? "https://github.com" : new URL(source.slice("git+".length)).origin;
  return `${server}/${repository}/pull/${pull}`;
}

/** The facts about the merge without a clone: only an equal tree shows that the judged change was merged. */
export function mergeOf({ at, body }: EntryOf<"merge.observed">, judgedTree: string | null): EvidenceBundle["merge"] {
  const { merged: commit, tree, judged, by } = body;
  const change = tree === judgedTree ? "same-tree" : "not-compared";
  return { commit, tree, judged, by, at, change, patchIds: null };
}
