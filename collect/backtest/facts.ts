import type { PolicyReading, PullFacts } from "../../core/facts.ts";
import { known, unknown } from "../../core/known.ts";
import type { PastChange } from "../../core/verdict/backtest.ts";
import { contentFacts } from "../content/content.ts";
import type { Objects } from "../objects.ts";

/** The two policies to judge past changes by; an absent old policy gives no verdict. */
export type BacktestInput = {
  before: PolicyReading;
  after: PolicyReading;
  /** Whether to search for secrets, which reads every commit and takes long. */
  secrets: boolean;
  /** The day of the judgement, such as `2026-11-21`. */
  day: string;
};

/** The facts of a change that its two commits give under any policy. */
type Content = Pick<
  PullFacts,
  "repository" | "pull" | "base" | "head" | "defaultBranch" | "mergeBase" | "changes" | "commits"
>;

const unread = unknown("a change that is merged is judged again by its commits alone");

/** Reads the facts that each of the two policies needs about a merged change. */
export async function readPastChange(
  objects: Objects,
  { name, content }: { name: Pick<PastChange, "sha" | "subject" | "pull">; content: Content },
  { before, after, secrets, day }: BacktestInput,
): Promise<PastChange> {
  const factsBy = async (policy: PolicyReading): Promise<PullFacts> => ({
    ...content,
    ...(await contentFacts(objects, {
      ...content,
      head: content.head.sha,
      policy: known(policy),
      record: unread,
      secrets,
    })),
    reviews: unread,
    authorPermission: unread,
    retargetedAt: unread,
    checks: unread,
    attachments: unread,
    day,
  });
  const old = before.state === "absent" ? null : await factsBy(before);
  return { ...name, before: old, after: await factsBy(after) };
}
