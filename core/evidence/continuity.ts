import type { EntryOf, TypedEntry } from "../entries.ts";
import { lastVerdict } from "./vsa.ts";

/** A commit of a branch's first-parent line. Whoever made it chose author, date and subject. */
export type Revision = { sha: string; parents: readonly string[]; author: string; at: string; subject: string };

/**
 * The state of a revision. verified: a summary of it passed. part: a verified merge put several commits on the branch,
 * and this is one of them. not-judged: its summary failed. no-summary: its merge was observed but never summarised.
 * unrecorded: the ledger has no merge with that commit, so it was pushed, or merged unseen.
 */
export type RevisionState = "verified" | "part" | "not-judged" | "no-summary" | "unrecorded";

/** A revision with its state; `pull` and `seq` name the pull request and the entry it is based on, if any. */
export type RevisionStatus = Revision & {
  state: RevisionState;
  pull: number | null;
  seq: number | null;
  levels: readonly string[];
};

/**
 * A level or property of the tip, the oldest revision since which it holds without a gap, and the number of revisions.
 */
export type HeldSince = { property: string; since: string; revisions: number };

/**
 * A branch's history as the ledger covers it, newest first. `gaps` are the uncovered revisions after the first covered
 * one; nothing is claimed about the `earlier` ones. `covered`: the tip is covered.
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

/** A merge that may have put several commits on the branch, with the base commit it was judged for. */
export type PossibleSpan = { base: string; head: string; merged: string };

/**
 * Compares a branch's first-parent line, newest first, with the summaries of a verified chain's entries. `ref` is the
 * full name of the branch: summaries for other branches do not count. `spans`: how many commits of the line a merged
 * revision added, if more than one.
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
 * The verified merges directly above an unrecorded revision: each may have added that revision too, which only a clone
 * can show.
 */
export function possibleSpans(line: readonly Revision[], entries: readonly TypedEntry[], ref: string): PossibleSpan[] {
  const { revisions } = foldContinuity(line, entries, ref);
  const summaries = summariesFor(entries, ref);
  return revisions.flatMap(({ sha, state, parents }, index) => {
    const isCandidate = state === "verified" && parents.length === 1 && revisions[index + 1]?.state === "unrecorded";
    const body = isCandidate ? summaries.get(sha)?.[0]?.body : undefined;
    const base = body === undefined ? undefined : lastVerdict(entries, body.pull, body.head)?.body.base;
    return body === undefined || base === undefined ? [] : [{ base, head: body.head, merged: sha }];
  });
}

/** The summaries by revision; two pull requests can be merged as the same commit. */
function summariesFor(entries: readonly TypedEntry[], ref: string): Map<string, EntryOf<"source.verified">[]> {
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
    if (observed === undefined) return { ...revision, state: "unrecorded", pull: null, seq: null, levels: [] };
    return { ...revision, state: "no-summary", pull: observed.body.pull, seq: observed.seq, levels: [] };
  }
  // If several pull requests share a commit, the worse result counts.
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

/** Counts back from the tip to the last revision that has a property without a gap. */
function heldSince(property: string, revisions: readonly RevisionStatus[]): HeldSince {
  const end = revisions.findIndex(({ levels }) => !levels.includes(property));
  const count = end === -1 ? revisions.length : end;
  return { property, since: revisions[count - 1]?.sha ?? "", revisions: count };
}
