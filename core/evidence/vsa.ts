import type { EntryBody } from "../../schemas/entries.ts";
import { statementType } from "../../schemas/ledger.ts";
import { policyPath } from "../../schemas/limits.ts";
import { type SummaryStatement, summaryType, type VerificationSummary } from "../../schemas/vsa.ts";
import { type EntryOf, entriesOf, lastEntry, type TypedEntry } from "../entries.ts";
import { evidenceBranch, segmentPath } from "../ledger/branch.ts";
import { engine } from "../verdict/engine.ts";

/** An observed merge: the pull request, its head, the merged commit, and the short name of the base branch. */
export type ObservedMerge = { pull: number; head: string; merged: string; branch: string };

/** Who summarises (the App's page on GitHub, whose server is the repository's), for which repository (`owner/name`), and when. */
export type Summariser = { page: string; repository: string; now: string };

/** The last verdict on a pull request at exactly this head; undefined if there is none. */
export function lastVerdict(
  entries: readonly TypedEntry[],
  pull: number,
  head: string,
): EntryOf<"verdict.given"> | undefined {
  return lastEntry(entries, "verdict.given", ({ body }) => body.pull === pull && body.head === head);
}

/**
 * Whether a verdict allows merging its head into a branch: it is a success for that branch. A pull request can be
 * retargeted and merged before it is judged again. Entries of older versions do not name the branch.
 */
export function allowsMerge(verdict: EntryOf<"verdict.given"> | undefined, branch: string): boolean {
  return verdict?.body.conclusion === "success" && (verdict.body.baseRef ?? branch) === branch;
}

/**
 * Summarises a merged revision in SLSA's terms: PASSED only if the last verdict on exactly the merged head was a
 * success for the branch it was merged into. The entries are those of our own store, or of a verified chain.
 */
export function summariseMerge(
  entries: readonly TypedEntry[],
  { pull, head, branch }: ObservedMerge,
  { page, repository, now }: Summariser,
): VerificationSummary {
  const verdict = lastVerdict(entries, pull, head);
  const waivers = verdict === undefined ? [] : waiversUnder(entries, verdict);
  const sealed = lastEntry(entries, "evidence.sealed", ({ body }) => body.pull === pull && body.commit === head);
  const source = `git+${new URL(page).origin}/${repository}`;
  const { policy } = verdict?.body ?? {};
  const read = [verdict, ...waivers, sealed].filter((entry) => entry !== undefined);
  const summary = {
    verifier: { id: page, version: { sallyport: engine } },
    timeVerified: now,
    resourceUri: source,
    policy:
      policy === undefined || policy === null
        ? { uri: `${source}#${policyPath}` }
        : { uri: `${source}@${policy.ref}#${policyPath}`, digest: { gitBlob: policy.blob } },
    inputAttestations: read.map(({ seq, hash }) => ({
      uri: `${source}@${evidenceBranch}#${segmentPath(seq)}`,
      digest: { sha256: hash },
    })),
    slsaVersion: "1.2",
  } as const;
  if (verdict === undefined || !allowsMerge(verdict, branch))
    return { ...summary, verificationResult: "FAILED", verifiedLevels: ["FAILED"] };
  return { ...summary, verificationResult: "PASSED", verifiedLevels: levelsOf(verdict, waivers) };
}

/**
 * The levels and properties that a success proves. Level 1 asks for version control with immutable revisions, a
 * readable diff, and this summary; GitHub gives the first two. Level 2 asks for a branch whose history nobody can
 * rewrite, without a gap since a known time: GitHub's rules set that and no verdict reads them, so no higher level is
 * claimed.
 */
function levelsOf({ body }: EntryOf<"verdict.given">, waivers: readonly EntryOf<"waiver.given">[]): string[] {
  const waived = new Set(waivers.map((waiver) => waiver.body.gate));
  const passed = Object.entries(body.gates).flatMap(([gate, status]) =>
    status === "pass" ? [gateProperty(gate, waived.has(gate))] : [],
  );
  return ["SLSA_SOURCE_LEVEL_1", ...passed.sort()];
}

/** The property that a revision has if a gate passed, such as `ORG_SOURCE_SALLYPORT_DIFF_SIZE`. */
export function gateProperty(gate: string, waived: boolean): string {
  return `ORG_SOURCE_SALLYPORT_${gate.toUpperCase().replaceAll("-", "_")}${waived ? "_WAIVED" : ""}`;
}

/**
 * The waivers for a verdict's commit and branch that were valid on its day: the gate of one may have passed only by it.
 */
function waiversUnder(
  entries: readonly TypedEntry[],
  { at, body: { pull, head, baseRef } }: EntryOf<"verdict.given">,
): EntryOf<"waiver.given">[] {
  const day = at.slice(0, 10);
  return entriesOf(entries, "waiver.given")
    .filter(({ body }) => body.pull === pull && body.sha === head && body.until >= day)
    .filter(({ body }) => (body.baseRef ?? baseRef) === (baseRef ?? body.baseRef));
}

/** The statement for other verifiers, about the merged revision and the judged head. */
export function summaryStatement({ head, merged, ref, summary }: EntryBody<"source.verified">): SummaryStatement {
  const revision = { name: "merged", digest: { gitCommit: merged }, annotations: { sourceRefs: [ref] } };
  // If the head was merged unchanged, both are the same commit, and a statement names each commit once.
  const judged = head === merged ? [] : [{ name: "judged", digest: { gitCommit: head } }];
  return { _type: statementType, subject: [revision, ...judged], predicateType: summaryType, predicate: summary };
}
