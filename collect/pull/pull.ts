import type { Change, PolicyReading, PullFacts } from "../../core/facts.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import type { PullRecord } from "../../core/pull-record.ts";
import type { Range } from "../../core/record/held-work.ts";
import { openBudget } from "../budget.ts";
import { contentFacts } from "../content/content.ts";
import type { ObjectsCache } from "../github/cache.ts";
import { apiObjects } from "../github/objects.ts";
import { readPermission } from "../github/people.ts";
import { type GitHub, readBranch } from "../github/request.ts";
import { readApiLedger } from "../ledger/ledger.ts";
import type { Objects } from "../objects.ts";
import { readPolicy } from "../policy/file.ts";
import { policyForChange } from "../policy/for-change.ts";
import { readAttachments } from "./attachments.ts";
import { type RecordSubject, verifiedRecord } from "./record.ts";
import { othersChecks, wantsReviews, withPermissions } from "./reviews.ts";
import { readSignOffs } from "./sign-offs.ts";
import { type PullState, readPullState } from "./state.ts";

/**
 * A pull request on GitHub. The App passes its own `record`; otherwise the record is read from the repository's
 * evidence branch and verified against the keys that the policy pins.
 */
export type PullSource = GitHub & {
  number: number;
  record?: (range: Range) => Known<PullRecord> | Promise<Known<PullRecord>>;
  /** A branch to read the policy from instead of the default branch; the operator of the collector vouches for it. */
  policyRef?: string | undefined;
  /** For a caller that reads the repository repeatedly. */
  cache?: ObjectsCache;
  /** RFC 3339; a verdict depends only on its day. */
  now: string;
};

/**
 * Reads every fact about a pull request as it is now, never from an event's payload. Unknown when the pull request, its
 * repository or one of the two branches cannot be read: then there is no commit to give a verdict on.
 */
export async function collectPull(source: PullSource): Promise<Known<PullFacts>> {
  const state = await readPullState(source, source.number);
  return state.known ? known(await collectFacts(source, state.value)) : state;
}

/** As `collectPull`, for a caller that has read the state. The content is read at the commits that the state names. */
export async function collectFacts(source: PullSource, state: PullState): Promise<PullFacts> {
  const { number, author, title, body, labels, isDraft, base, retargetedAt, head, ahead } = state;
  const { id, name } = state.repository;
  const objects = apiObjects(source, source.cache, openBudget());
  const [found, mergeBase] = await Promise.all([
    policyOf(source, state, objects),
    ahead === null ? objects.mergeBase(base.sha, head.sha) : known(base.sha),
  ]);
  const listed = mergeBase.known ? await objects.changes(mergeBase.value, head.sha) : mergeBase;
  const changes = listed.known ? checkedCount(listed, state.changedFiles) : listed;
  const { policy } = await policyForChange(objects, { policy: found, changes, head: head.sha });
  const above = async () => (mergeBase.known ? objects.commits(mergeBase.value, head.sha) : mergeBase);
  const commits = ahead === null ? await above() : known(ahead);
  const range = { head, commits, changes, base, defaultBranch: state.defaultBranch.name };
  const subject = { repository: id, number, branch: head.ref, policy, range };
  const record = await (source.record?.(range) ?? readRecord(source, subject, state.createdAt));
  const content = await contentFacts(objects, {
    mergeBase,
    head: head.sha,
    policy,
    record,
    pull: { title, body },
    changes,
    commits,
  });
  const attachments = await readAttachments(source, objects, { state, policy, texts: content.texts });
  const reviewed = wantsReviews(policy) ? state.reviews : known([]);
  const people = policy.known && policy.value.state === "loaded" ? policy.value.policy.people : null;
  return {
    ...content,
    repository: { id, name },
    pull: { number, author, title, body, labels, ...(isDraft ? { draft: true } : {}) },
    base,
    retargetedAt,
    head: { sha: head.sha },
    defaultBranch: range.defaultBranch,
    ...(source.policyRef === undefined ? {} : { policyBranch: source.policyRef }),
    reviews: people === null ? known([]) : await withPermissions(source, reviewed, people),
    authorPermission:
      people?.separation === "solo" && wantsReviews(policy)
        ? await readPermission(source, author, people)
        : unknown("it is asked only where an author's own duty can count"),
    checks: othersChecks(state.checks),
    attachments,
    day: source.now.slice(0, 10),
  };
}

async function policyOf(source: PullSource, state: PullState, objects: Objects): Promise<Known<PolicyReading>> {
  if (source.policyRef !== undefined) {
    const tip = await readBranch(source, source.policyRef);
    return tip.known ? readPolicy(objects, tip.value) : tip;
  }
  return state.policy === null ? readPolicy(objects, state.defaultBranch.tip) : known(state.policy);
}

/** The ledger's record; in a repository without a ledger, with the sign-offs from comments. */
async function readRecord(source: PullSource, subject: RecordSubject, createdAt: string): Promise<Known<PullRecord>> {
  const lines = await readApiLedger(source);
  const record = verifiedRecord(lines, subject);
  const { policy } = subject;
  if (!record.known || !lines.known || lines.value !== null) return record;
  if (!policy.known || policy.value.state !== "loaded") return record;
  if (policy.value.policy.ledger !== undefined) return known({ ...record.value, lacksApp: true });
  const read = await readSignOffs(source, { number: source.number, createdAt }, policy.value.policy);
  return read.known ? known({ ...record.value, ...read.value }) : read;
}

/**
 * Checks the listing against GitHub's count: GitHub counts a rename once and we count it twice, so a lower count of
 * ours means that the listing is incomplete.
 */
function checkedCount(changes: { known: true; value: Change[] }, listed: number): Known<Change[]> {
  if (changes.value.length >= listed) return changes;
  return unknown(
    `the listing of changed files is incomplete: ${changes.value.length} were found and GitHub counts ${listed}; try again`,
  );
}
