import type { EntryOf, TypedEntry } from "../entries.ts";
import { lastVerdict } from "./vsa.ts";

/** A commit of a branch's first-parent line. Author, date and subject are text of whoever made it. */
export type Revision = {
  sha: string;
  parents: readonly string[];
  author: string;
  at: string;
  subject: string;
};

/**
 * How a revision stands. verified: a summary of it passed. part: it is one of the commits that a verified merge put on the
 * branch one by one. not-judged: its summary failed. no-summary: its merge was observed and never summed up. unrecorded: the
 * ledger tells of no merge as that commit, so it was pushed, or merged unseen.
 */
export type RevisionState = "verified" | "part" | "not-judged" | "no-summary" | "unrecorded";

/** A revision's standing; `pull` and `seq` name the pull request and the entry that it rests on, if any. */
export type RevisionStatus = Revision & {
  state: RevisionState;
  pull: number | null;
  seq: number | null;
  levels: readonly string[];
};

/** A level or property that the tip has, since which revision without a gap, and over how many revisions. */
export type HeldSince = { property: string; since: string; revisions: number };

/**
 * A branch's history as the ledger covers it, newest first. `gaps` are those after the first verified revision; of the
 * `earlier` ones nothing is claimed. `covered`: the last revision is verified.
 */
export type Continuity = {
  ref: string;
  tip: string | null;
  covered: boolean;
  held: HeldSince[];
  gaps: RevisionStatus[];
  earlier: number;
  revisions: RevisionStatus[];
};

/** A merge that may have put several commits on the branch one by one, with the branch's commit it was judged for. */
export type PossibleSpan = { base: string; head: string; merged: string };

/**
 * Lays a branch's first-parent line, newest first, beside the summaries of a verified chain's entries. `ref` is the full
 * name of the branch: a summary for another branch counts for nothing. `spans`: how many commits of the line a merged
 * revision brought, where that is more than one.
 */
export function foldContinuity(
  line: readonly Revision[],
  entries: readonly TypedEntry[],
  ref: string,
  spans: ReadonlyMap<string, number> = new Map(),
): Continuity {
  const summaries = summariesFor(entries, ref);
  const observed = new Map(
    entries.flatMap((entry) => (entry.kind === "merge.observed" ? [[entry.body.merged, entry]] : [])),
  );
  const revisions: RevisionStatus[] = [];
  let above: { whole: RevisionStatus; left: number } | null = null;
  for (const revision of line) {
    const own = statusOf(revision, summaries.get(revision.sha), observed.get(revision.sha));
    if (own.state === "verified") above = { whole: own, left: (spans.get(own.sha) ?? 1) - 1 };
    else if (above !== null && above.left > 0 && own.state === "unrecorded") {
      const { pull, seq, levels } = above.whole;
      revisions.push({ ...revision, state: "part", pull, seq, levels });
      above.left -= 1;
      continue;
    } else above = null;
    revisions.push(own);
  }
  const [tip] = revisions;
  const first = revisions.findLastIndex(isCovered);
  return {
    ref,
    tip: tip?.sha ?? null,
    covered: tip !== undefined && isCovered(tip),
    held: (tip?.levels ?? []).map((property) => heldSince(property, revisions)),
    gaps: revisions.slice(0, first + 1).filter((revision) => !isCovered(revision)),
    earlier: revisions.length - first - 1,
    revisions,
  };
}

/**
 * The verified merges right above a revision that nothing tells of: each may have brought that one too, which only a
 * clone can show.
 */
export function possibleSpans(
  line: readonly Revision[],
  entries: readonly TypedEntry[],
  ref: string,
): PossibleSpan[] {
  const { revisions } = foldContinuity(line, entries, ref);
  const summaries = summariesFor(entries, ref);
  return revisions.flatMap(({ sha, state, parents }, index) => {
    const isCandidate =
      state === "verified" && parents.length === 1 && revisions[index + 1]?.state === "unrecorded";
    const body = isCandidate ? summaries.get(sha)?.[0]?.body : undefined;
    const base = body === undefined ? undefined : lastVerdict(entries, body.pull, body.head)?.body.base;
    return body === undefined || base === undefined ? [] : [{ base, head: body.head, merged: sha }];
  });
}

/** The summaries of each revision; two pull requests can have entered as one commit. */
function summariesFor(
  entries: readonly TypedEntry[],
  ref: string,
): Map<string, EntryOf<"source.verified">[]> {
  const found = new Map<string, EntryOf<"source.verified">[]>();
  for (const entry of entries) {
    if (entry.kind !== "source.verified" || entry.body.ref !== ref) continue;
    found.set(entry.body.merged, [...(found.get(entry.body.merged) ?? []), entry]);
  }
  return found;
}

function statusOf(
  revision: Revision,
  summaries: readonly EntryOf<"source.verified">[] = [],
  observed?: EntryOf<"merge.observed">,
): RevisionStatus {
  const [first, ...others] = summaries;
  if (first === undefined) {
    if (observed === undefined)
      return { ...revision, state: "unrecorded", pull: null, seq: null, levels: [] };
    return { ...revision, state: "no-summary", pull: observed.body.pull, seq: observed.seq, levels: [] };
  }
  // Pull requests that share a commit share the worse of their results.
  const failed = summaries.find(({ body }) => body.summary.verificationResult === "FAILED");
  const { seq, body } = failed ?? first;
  if (failed !== undefined) return { ...revision, state: "not-judged", pull: body.pull, seq, levels: [] };
  const levels = body.summary.verifiedLevels.filter((level) =>
    others.every((other) => other.body.summary.verifiedLevels.some((one) => one === level)),
  );
  return { ...revision, state: "verified", pull: body.pull, seq, levels };
}

function isCovered({ state }: RevisionStatus): boolean {
  return state === "verified" || state === "part";
}

/** From the tip back to the last revision of the unbroken run that has a property. */
function heldSince(property: string, revisions: readonly RevisionStatus[]): HeldSince {
  const end = revisions.findIndex(({ levels }) => !levels.includes(property));
  const count = end === -1 ? revisions.length : end;
  return { property, since: revisions[count - 1]?.sha ?? "", revisions: count };
}
