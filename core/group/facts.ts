import type { CommonFacts } from "../decision.ts";
import type { PullFacts } from "../facts.ts";
import type { Known } from "../known.ts";
import type { OurCheck } from "../verdict/check.ts";

/** A pull request in a merge group: the commit that brings it in, and the head that was judged and signed off. */
export type MemberFacts = {
  number: number;
  commit: string;
  /** null when the pull request could not be read and its commit does not tell. */
  head: string | null;
  /** Why the commit does not bring in this pull request as it was judged, in one line; null when it does. */
  foreign: string | null;
  facts: Known<PullFacts>;
};

/** A merge group: commits that GitHub's queue made of pull requests, to be judged as one change before they land. */
export type GroupFacts = {
  /** The full ref of the group's branch. */
  ref: string;
  /** From the commit the group stands on to its head, judged by the policy of the default branch. */
  tree: PullFacts;
  /** In the order in which they would land. */
  members: MemberFacts[];
  /** Why commits of the group lead to no pull request, one line each: nobody judged what they bring. */
  strays: string[];
  /** The group that this one stands on; null when it stands on the branch itself. */
  below: GroupFacts | null;
};

/** Everything the next step of a merge group depends on. */
export type GroupSnapshot = Pick<CommonFacts, "ourselves" | "entries"> & {
  repository: { id: number; name: string };
  group: GroupFacts;
  ourCheck: Known<OurCheck | null>;
};
