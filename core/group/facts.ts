import type { CommonFacts } from "../decision.ts";
import type { PullFacts } from "../facts.ts";
import type { Known } from "../known.ts";
import { keyOf } from "../record/keys.ts";
import type { OurCheck } from "../verdict/check.ts";

/** A pull request in a merge group: the commit that merges it, and the head that was judged and signed off. */
export type MemberFacts = {
  number: number;
  commit: string;
  /** null when the pull request could not be read and its commit does not name the head. */
  head: string | null;
  /** Why the commit is not this pull request as it was judged, on one line; null when it is. */
  foreign: string | null;
  facts: Known<PullFacts>;
};

/** A merge group: commits that GitHub's queue made from pull requests, judged as one change before they land. */
export type GroupFacts = {
  /** The full ref of the group's branch. */
  ref: string;
  /** The change from the group's base commit to its head, judged by the policy of the default branch. */
  tree: PullFacts;
  /** In the order in which they would land. */
  members: MemberFacts[];
  /** Why commits of the group lead to no pull request, one line each: nobody judged their content. */
  strays: string[];
  /** The group below this one in the queue; null when its base is the branch itself. */
  below: GroupFacts | null;
};

/** The keys of what a merge group's decision reads of the ledger, besides its members' records. */
export function groupReads({ tree }: Pick<GroupFacts, "tree">): string[] {
  return [keyOf.commit(tree.head.sha)];
}

/** Everything the next step of a merge group depends on. */
export type GroupSnapshot = Pick<CommonFacts, "ourselves" | "entries"> & {
  repository: { id: number; name: string };
  group: GroupFacts;
  ourCheck: Known<OurCheck | null>;
};
