import type { Change, CommitFact } from "../../core/facts.ts";
import type { MemberFacts } from "../../core/group/facts.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import type { PullRecord } from "../../core/pull-record.ts";
import { type Origin, originOf } from "../../core/queue-ref.ts";
import type { Range } from "../../core/record/held-work.ts";
import type { ObjectsCache } from "../github/cache.ts";
import type { GitHub } from "../github/request.ts";
import type { Objects } from "../objects.ts";
import { collectFacts } from "../pull/pull.ts";
import { readPullState } from "../pull/state.ts";
import { whyOtherContent } from "./merge-content.ts";

/**
 * The pull requests that a group's commits merge, in the order in which they land, and what is wrong with the other
 * commits. `closed`: one of the pull requests is closed.
 */
export type Members = { members: MemberFacts[]; strays: string[]; closed: boolean };

/** A repository on GitHub, and how to read the members of a merge group in it. */
export type MembersSource = GitHub & {
  /** The target branch of the group. */
  branch: string;
  /** RFC 3339. */
  now: string;
  /** The App's own records; without them they are read from the evidence branch. */
  record?: (pull: number, range: Range) => Known<PullRecord> | Promise<Known<PullRecord>>;
  cache?: ObjectsCache;
  /** As for a pull request. */
  policyRef?: string | undefined;
};

/**
 * The commits on a group's own line, oldest first: from the head by first parents down to the base commit. Unknown when
 * that line does not lead there.
 */
export function lineOf(commits: readonly CommitFact[], base: string, head: string): Known<CommitFact[]> {
  const bySha = new Map(commits.map((commit) => [commit.sha, commit]));
  const line: CommitFact[] = [];
  for (let sha = head; sha !== base; ) {
    const commit = bySha.get(sha);
    if (commit === undefined) return unknown(`the merge group at ${head} does not stand on ${base}`);
    // Each commit is taken once, so that a cycle would end as well.
    bySha.delete(sha);
    line.unshift(commit);
    sha = commit.parents[0] ?? "";
  }
  return known(line);
}

/** Reads every pull request that the commits name: its state, its facts, and whether the commit has its content. */
export async function readMembers(
  source: MembersSource,
  objects: Objects,
  line: readonly CommitFact[],
): Promise<Known<Members>> {
  const found: Members = { members: [], strays: [], closed: false };
  for (const commit of line) {
    const origin = originOf(commit);
    if (origin === null) {
      found.strays.push(`Commit ${commit.sha} of the group leads to no pull request.`);
      continue;
    }
    const member = await readMember(source, objects, commit, origin);
    if (!member.known) return member;
    found.members.push(member.value.member);
    found.closed ||= member.value.closed;
  }
  const numbers = found.members.map(({ number }) => number);
  for (const number of new Set(numbers.filter((one, index) => numbers.indexOf(one) !== index)))
    found.strays.push(`Two commits of the group say that they are #${number}.`);
  return known(found);
}

/** A pull request that cannot be read is a member whose verdict is unknown: the group waits for it. */
async function readMember(
  source: MembersSource,
  objects: Objects,
  commit: CommitFact,
  origin: Origin,
): Promise<Known<{ member: MemberFacts; closed: boolean }>> {
  const { branch, now, record, cache, policyRef, ...github } = source;
  const number = origin.pull;
  const state = await readPullState(github, number);
  if (!state.known) {
    const member = { number, commit: commit.sha, head: origin.head, foreign: null, facts: state };
    return known({ member, closed: false });
  }
  const { base, head } = state.value;
  const facts = await collectFacts(
    {
      ...github,
      number,
      now,
      policyRef,
      ...(cache === undefined ? {} : { cache }),
      ...(record === undefined ? {} : { record: (range: Range) => record(number, range) }),
    },
    state.value,
  );
  const closed = state.value.state === "closed";
  const foreign = closed
    ? known("it is closed.")
    : base.ref !== branch
      ? known(`it is aimed at ${JSON.stringify(base.ref)}, and the group at ${JSON.stringify(branch)}.`)
      : await otherContent(objects, commit, facts.changes);
  if (!foreign.known) return foreign;
  const member = {
    number,
    commit: commit.sha,
    head: origin.head ?? head.sha,
    foreign: foreign.value,
    facts: known(facts),
  };
  return known({ member, closed });
}

/**
 * Why the commit has other content than the pull request, or null. Null also while the member's own changes are
 * unknown: its verdict blocks the group then.
 */
async function otherContent(
  objects: Objects,
  commit: CommitFact,
  changes: Known<Change[]>,
): Promise<Known<string | null>> {
  const [parent] = commit.parents;
  if (!changes.known || parent === undefined) return known(null);
  const why = await whyOtherContent(objects, { parent, commit: commit.sha }, changes.value);
  return why.known && why.value !== null ? known(`${why.value}.`) : why;
}
