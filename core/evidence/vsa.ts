import type { EntryBody } from "../../schemas/entries.ts";
import { statementType } from "../../schemas/ledger.ts";
import { policyPath } from "../../schemas/policy-place.ts";
import { type SummaryStatement, summaryType, type VerificationSummary } from "../../schemas/vsa.ts";
import { type EntryOf, entriesOf, lastEntry, type TypedEntry } from "../entries.ts";
import { evidenceBranch, segmentPath } from "../ledger/branch.ts";
import { engine } from "../verdict/engine.ts";

/** A merge that was observed: the pull request, its head, the commit it became, and the short name of the branch it entered. */
export type ObservedMerge = { pull: number; head: string; merged: string; branch: string };

/** Who summarises, for which repository (`owner/name`), and when. */
export type Summariser = { slug: string; repository: string; now: string };

/** The last verdict on a pull request at exactly this head; undefined when there was none. */
export function lastVerdict(
  entries: readonly TypedEntry[],
  pull: number,
  head: string,
): EntryOf<"verdict.given"> | undefined {
  return lastEntry(entries, "verdict.given", ({ body }) => body.pull === pull && body.head === head);
}

/**
 * Whether a verdict lets its head enter a branch: it is a success, and was judged for that branch. A pull request can be
 * pointed at another one, and merged there before it is judged again. Older entries do not tell the branch.
 */
export function allowsMerge(verdict: EntryOf<"verdict.given"> | undefined, branch: string): boolean {
  return verdict?.body.conclusion === "success" && (verdict.body.baseRef ?? branch) === branch;
}

/**
 * Sums up what the ledger says of a merged revision as SLSA has it: PASSED only when the last verdict on exactly the merged
 * head was a success for the branch it entered. The entries are those of our own store, or of a verified chain.
 */
export function summariseMerge(
  entries: readonly TypedEntry[],
  { pull, head, branch }: ObservedMerge,
  { slug, repository, now }: Summariser,
): VerificationSummary {
  const verdict = lastVerdict(entries, pull, head);
  const waivers = verdict === undefined ? [] : waiversUnder(entries, verdict);
  const sealed = lastEntry(
    entries,
    "evidence.sealed",
    ({ body }) => body.pull === pull && body.commit === head,
  );
  const source = `git+https://github.com/${repository}`;
  const { policy } = verdict?.body ?? {};
  const read = [verdict, ...waivers, sealed].filter((entry) => entry !== undefined);
  const summary = {
    verifier: { id: `https://github.com/apps/${slug}`, version: { sallyport: engine } },
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
 * What a success says of a revision. Level 1 asks for version control with immutable revisions, a diff that people can
 * read, and this summary; GitHub gives the first two. Level 2 asks for a branch whose history nobody can rewrite, without a
 * gap since when: that is set in GitHub's rules, which no verdict reads, so nothing higher would be true.
 */
function levelsOf({ body }: EntryOf<"verdict.given">, waivers: readonly EntryOf<"waiver.given">[]): string[] {
  const waived = new Set(waivers.map((waiver) => waiver.body.gate));
  const passed = Object.entries(body.gates).flatMap(([gate, status]) =>
    status === "pass" ? [gateProperty(gate, waived.has(gate))] : [],
  );
  return ["SLSA_SOURCE_LEVEL_1", ...passed.sort()];
}

/** The name of the property that a gate's passing gives a revision, such as `ORG_SOURCE_SALLYPORT_DIFF_SIZE`. */
export function gateProperty(gate: string, waived: boolean): string {
  return `ORG_SOURCE_SALLYPORT_${gate.toUpperCase().replaceAll("-", "_")}${waived ? "_WAIVED" : ""}`;
}

/** The waivers on a verdict's commit and branch that held on its day: a gate that one names may have passed by it alone. */
function waiversUnder(
  entries: readonly TypedEntry[],
  { at, body: { pull, head, baseRef } }: EntryOf<"verdict.given">,
): EntryOf<"waiver.given">[] {
  const day = at.slice(0, 10);
  return entriesOf(entries, "waiver.given")
    .filter(({ body }) => body.pull === pull && body.sha === head && body.until >= day)
    .filter(({ body }) => (body.baseRef ?? baseRef) === (baseRef ?? body.baseRef));
}

/** The statement that other verifiers read, about the merged revision and the head that was judged. */
export function summaryStatement({
  head,
  merged,
  ref,
  summary,
}: EntryBody<"source.verified">): SummaryStatement {
  const revision = {
    name: "merged",
    digest: { gitCommit: merged },
    annotations: { sourceRefs: [ref] },
  };
  // A head that entered as it was is one commit, and a statement names each once.
  const judged = head === merged ? [] : [{ name: "judged", digest: { gitCommit: head } }];
  return {
    _type: statementType,
    subject: [revision, ...judged],
    predicateType: summaryType,
    predicate: summary,
  };
}
