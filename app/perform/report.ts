import { openBudget } from "../../collect/budget.ts";
import { readDiscussion } from "../../collect/pull/discussion.ts";
import { readFailedChecks } from "../../collect/pull/failed-checks.ts";
import { redactSecretsIn } from "../../collect/secrets/redaction.ts";
import { previousText } from "../../core/contract/rework.ts";
import type { EffectResult } from "../../core/effects.ts";
import { SallyportError } from "../../core/errors.ts";
import { canonicalJson } from "../../core/json.ts";
import { ReworkReport } from "../../schemas/rework.ts";
import { StepResult } from "../../schemas/step.ts";
import { type EffectOf, type PerformContext, readJson } from "./context.ts";

/** The most characters of what one person said, of what a check tells, and of a log. */
const characters = { said: 4_000, told: 1_000, log: 8_000 };

/** The most requests that one report takes: three for each check, one for each person, and pages of threads. */
const requests = 80;

/**
 * Gathers what one rework mends and stores it without secrets: nothing of it has reached a model yet. What could not be
 * read is said in the report; only if people's words could not be read at all there is none.
 */
export async function gatherReport(
  { pull, head, asked, gates, checks, taken, people, previous }: EffectOf<"gather-report">,
  context: PerformContext,
): Promise<EffectResult> {
  const { bodies, ourselves, reader, secrets } = context;
  const budget = openBudget({ requests });
  const failed = await readFailedChecks(reader, checks, budget);
  const said = await readDiscussion(reader, pull, { ourselves, people, taken: new Set(taken), budget });
  if (!said.known) {
    const { why, step } = said;
    // What people have to settle stays so; a failed read is tried again.
    throw step === undefined
      ? new SallyportError("github", why, { retry: true })
      : new SallyportError("over-budget", `${why}. ${step}`);
  }
  const { reviewers, unread, ...words } = said.value;
  const report: ReworkReport = {
    version: 1,
    pull,
    head,
    asked,
    gates,
    checks: failed.checks,
    ...words,
    unread: [...failed.unread, ...unread],
    previous: previous === null ? null : previousText(StepResult.parse(await readJson(previous, context))),
  };
  // A round without a word about what is to be mended would be paid for nothing.
  if (isEmpty(report))
    throw new SallyportError(
      "bad-input",
      [...report.unread, "Nothing was found that an agent could mend: say it in a new comment."].join(" "),
    );
  const { value } = await redactSecretsIn(report, secrets);
  const text = canonicalJson(shortened(ReworkReport.parse(value)));
  return {
    type: "report",
    report: await bodies.put(Buffer.from(text, "utf8"), "application/json"),
    reviewers,
    reviews: report.reviews.map(({ review }) => review),
    threads: report.threads.map(({ thread }) => thread),
    comments: [
      ...report.threads.flatMap(({ comments }) => comments.map(({ comment }) => comment)),
      ...report.comments.map(({ comment }) => comment),
    ],
  };
}

/** Whether neither a gate nor a check nor anybody's words say what is to be mended. */
function isEmpty({ asked, gates, checks, reviews, threads, comments }: ReworkReport): boolean {
  const found = [gates, checks, reviews, threads, comments];
  return found.every((list) => list.length === 0) && asked.every(({ text }) => text === "");
}

/** The report with its texts cut. Their secrets are cut before: a part of one would be known by nothing. */
function shortened(report: ReworkReport): ReworkReport {
  const said = <T extends { text: string }>(one: T): T => ({ ...one, text: beginning(one.text, characters.said) });
  const told = (text: string) => beginning(text, characters.told);
  return {
    ...report,
    checks: report.checks.map(({ summary, annotations, log, ...check }) => ({
      ...check,
      summary: told(summary),
      annotations: annotations.map(({ message, ...place }) => ({ ...place, message: told(message) })),
      // The last whole lines.
      log: log.length <= characters.log ? log : log.slice(-characters.log).replace(/^[^\n]*\n?/, ""),
    })),
    reviews: report.reviews.map(said),
    threads: report.threads.map(({ comments, ...thread }) => ({ ...thread, comments: comments.map(said) })),
    comments: report.comments.map(said),
  };
}

function beginning(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most).toWellFormed()} …`;
}
