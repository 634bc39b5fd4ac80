import type { Change, CommitFact, PolicyReading, PullFacts } from "../../core/facts.ts";
import { countedPaths } from "../../core/gates/diff-size.ts";
import { type Known, known } from "../../core/known.ts";
import type { PullRecord } from "../../core/pull-record.ts";
import type { Objects } from "../objects.ts";
import { policyForChange } from "../policy/for-change.ts";
import { findSecrets } from "../secrets/secrets.ts";
import { readTexts } from "./texts.ts";

/**
 * The two commits of a change, and what is known before its content is read. `pull` holds the title and body that the
 * author of the pull request wrote; null: there is no pull request. Optional facts are those that the caller has read
 * already; they are not read again, but changes are counted.
 */
export type ContentSource = {
  mergeBase: Known<string>;
  head: string;
  policy: Known<PolicyReading>;
  record: Known<PullRecord>;
  pull: { title: string; body: string } | null;
  commits?: Known<CommitFact[]>;
  changes?: Known<Change[]>;
  /** False skips the search for secrets, which reads every commit and is slow. */
  secrets?: boolean;
};

/** The facts of a change that its two commits give under one policy. */
export type ContentFacts = Pick<
  PullFacts,
  "policy" | "mergeBase" | "changes" | "texts" | "commits" | "secrets" | "proposed" | "record"
>;

/**
 * Reads the content of a change at its two commits: paths, commits, the texts that gates need, secrets. Without a merge
 * base the content is unknown. The author of the change wrote all of it.
 */
export async function contentFacts(objects: Objects, source: ContentSource): Promise<ContentFacts> {
  const { mergeBase, head, record, pull } = source;
  const between = async <T>(read: (base: string, head: string) => Promise<Known<T>>) =>
    mergeBase.known ? read(mergeBase.value, head) : mergeBase;
  const changes = source.changes ?? (await between(objects.changes));
  const { policy, proposed } = await policyForChange(objects, { policy: source.policy, changes, head });
  // What the gates read themselves comes first: the rest of the budget is for what has no bounds.
  const texts = await readTexts(objects, { mergeBase, head, policy, changes, record });
  const counted = await countAsked(objects, policy, changes);
  const commits = source.commits ?? (await between(objects.commits));
  return {
    policy,
    mergeBase,
    changes: counted,
    texts,
    commits,
    proposed,
    secrets:
      source.secrets === false ? known([]) : await findSecrets(objects, { policy, mergeBase, changes, commits, pull }),
    record,
  };
}

/** The changes, with counts of those whose content the policy wants counted. */
async function countAsked(
  objects: Objects,
  policy: Known<PolicyReading>,
  changes: Known<Change[]>,
): Promise<Known<Change[]>> {
  if (!changes.known || !policy.known || policy.value.state !== "loaded") return changes;
  const isAsked = countedPaths(policy.value.policy);
  const counted = await objects.count(changes.value.filter(({ path }) => isAsked(path)));
  if (!counted.known) return counted;
  const byPath = new Map(counted.value.map((change) => [change.path, change]));
  return known(changes.value.map((change) => byPath.get(change.path) ?? change));
}
