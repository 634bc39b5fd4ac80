import type { Verdict } from "../../schemas/verdict.ts";
import type { Step } from "../decision.ts";
import { effectKey } from "../identifiers.ts";
import type { Known } from "../known.ts";
import { annotationsOf } from "./annotations.ts";
import { type Advice, isNotSetUp, summaryMarkdown, titleOf } from "./report.ts";

/** The current state of our check on a commit, and its repository; `number`: its pull request, which a group lacks. */
export type CheckContext = { repository: { id: number }; ourCheck: Known<OurCheck | null>; number?: number };

type Shown = { counted?: Verdict["conclusion"]; title?: string };

/**
 * Writes a verdict to the check of the commit it judged, unless the check shows it already. An undecided check stays in
 * progress and is never skipped or neutral: GitHub counts both as a pass. It is neutral only in a repository that never
 * had a policy. `counted` and `title` differ from the verdict's own if another pull request with the same head has a
 * worse result.
 */
export function checkEffect(
  { repository, ourCheck, number }: CheckContext,
  verdict: Verdict,
  digest: string,
  { counted = verdict.conclusion, title = titleOf(verdict), ...advice }: Shown & Advice = {},
): Step {
  const shownAs = isNotSetUp(verdict) ? "neutral" : counted;
  const status = shownAs === "pending" ? "in_progress" : "completed";
  const conclusion = shownAs === "pending" ? null : shownAs;
  const shown = ourCheck.known ? ourCheck.value : null;
  if (shown?.externalId === digest && shown.status === status && shown.conclusion === conclusion) return {};
  return {
    effects: [
      {
        type: "ensure-check",
        key: effectKey.check(repository.id, verdict.head),
        sha: verdict.head,
        verdictSha256: digest,
        ...(number === undefined ? {} : { pull: number }),
        status,
        conclusion,
        title,
        summary: summaryMarkdown(verdict, advice),
        annotations: annotationsOf(verdict),
      },
    ],
  };
}

/** Our own check run on the head, as GitHub shows it. */
export type OurCheck = { externalId: string; status: string; conclusion: string | null };
