import { maxConcernLength } from "../../schemas/limits.ts";
import type { Account } from "../../schemas/text.ts";
import { accept, type CommandAnswer, refuse } from "../answer.ts";
import { isAboutThread, threadCriterion } from "../contract/rework.ts";
import type { EffectFailure, Step } from "../decision.ts";
import type { Effect } from "../effects.ts";
import { appActor, type Draft } from "../entries.ts";
import { plain } from "../escape.ts";
import { attemptName, effectKey } from "../identifiers.ts";
import { list } from "../markdown.ts";
import { isStopping } from "../record/concerns.ts";
import { openRun, writeConcern } from "../record/progress.ts";
import type { AttemptRecord, PromptRecord, StoryRecord } from "../record/story.ts";
import type { StoryContext, StoryFacts, Work } from "./facts.ts";

/** Answers a `/rework` about one pull request of the story: what failed there goes back to its agent. */
export function askRework({ pull, closedUnmerged, merge }: PromptRecord, record: StoryRecord): CommandAnswer {
  if (merge !== null) return refuse("merged", `#${pull} is merged. Open a new story for what is left.`);
  if (closedUnmerged)
    return refuse("closed", `#${pull} is closed, so nothing is written there. Open it again, then \`/rework\`.`);
  if (openRun(record) === null)
    return refuse("run-closed", `No run is open that could go on with #${pull}. \`/rework\` on the story starts one.`);
  return accept("reworking", `#${pull} goes back to its agent, on its branch, with what failed and what people wrote.`);
}

/** Parks a story: its change could not be written to the branch, and nothing there is overwritten. */
export function parkWrite({ attempt: { pack, rework } }: Work, facts: StoryFacts, failure: EffectFailure): Step {
  if (rework?.pull === undefined) return {};
  const message = `The rework of #${rework.pull} could not be written: ${failure.message}. Its answer is kept. An executor adopts what others pushed (\`/adopt\`) or sets the branch back, then writes \`/rework\`; \`/stop\` ends the run.`;
  const where = { ...rework, pull: rework.pull };
  return { drafts: [reworkConcern(writeConcern(pack), failure.code, message, where, facts)] };
}

/** A concern about the rework of one head; people answer it before anything goes on by itself. */
export function reworkConcern(
  concern: string,
  code: string,
  message: string,
  where: { story: number; prompt: number; pull: number; head: string },
  facts: Pick<StoryFacts, "ourselves">,
): Draft {
  const { story, prompt, pull, head } = where;
  return {
    kind: "concern.raised",
    actor: appActor(facts),
    subject: [{ name: concern, digest: { gitCommit: head } }],
    body: {
      concern,
      story,
      pull: null,
      prompt,
      code,
      message: message.slice(0, maxConcernLength).toWellFormed(),
      raisedBy: "app",
      about: { type: "rework", pull, head },
    },
  };
}

/**
 * Answers people on a reworked pull request, once for each attempt: each review thread with the commit or with the
 * agent's question, the whole with the agent's claims, and who asked for changes is asked to review again.
 */
export function answerRework({ record, facts }: StoryContext): Step {
  const effects = record.prompts.flatMap((prompt) => {
    if (prompt.merge !== null || prompt.closedUnmerged) return [];
    const attempt = prompt.attempts.findLast((one) => one.commit !== null || isStopping(one.response?.outcome));
    return attempt === undefined || attempt.rework === null ? [] : answersTo(attempt, facts);
  });
  return { effects: effects.filter(({ key }) => !facts.outcomes.has(key)) };
}

function answersTo(attempt: AttemptRecord, facts: StoryFacts): Effect[] {
  const { pack, response, commit, rework } = attempt;
  const result = response === null ? undefined : facts.results.get(response.result.sha256);
  if (rework?.pull === undefined || result === undefined) return [];
  const { pull, threads, reviewers, at } = rework;
  const { id } = facts.repository;
  const asks = [result.summary, ...result.questions].filter((line) => line !== "").join("\n");
  const threadLine = (thread: number) => {
    if (commit === null)
      return `Not mended yet: the agent asks on #${pack.story}, where \`/clarify\` answers. It says: `;
    return claimOf(thread) === undefined
      ? `${commit.commit} answers this (${attemptName(pack)}); the agent does not say how.`
      : `${commit.commit} answers this (${attemptName(pack)}). The agent says: `;
  };
  const claimOf = (thread: number) => result.claims.find(({ criterion }) => criterion === threadCriterion(thread))?.how;
  const replies = threads.map((thread): Effect => {
    const words = commit === null ? asks : claimOf(thread);
    const line = `${threadLine(thread)}${words === undefined ? "" : plain(words)}`;
    return { type: "answer-thread", key: effectKey.thread(id, thread, pack), pull, thread, line, readAt: at };
  });
  if (commit === null) return replies;
  const line = [
    `${commit.commit} is round ${rework.round} of rework (${attemptName(pack)}).`,
    "",
    ...claimLines(result),
  ];
  const key = effectKey.claims(id, pack);
  return [
    ...replies,
    { type: "reply", key, issue: pull, comment: null, accepted: true, line: line.join("\n") },
    ...askReview(reviewers, effectKey.review(id, pack), pull),
  ];
}

function askReview(reviewers: readonly Account[], key: string, pull: number): Effect[] {
  const logins = reviewers.map(({ login }) => login);
  return logins.length === 0 ? [] : [{ type: "ask-review", key, pull, reviewers: logins }];
}

/** What an agent says of its work, for people: claims, which nobody has checked. */
function claimLines({
  summary,
  claims,
}: {
  summary: string;
  claims: readonly { criterion: string; how: string }[];
}): string[] {
  const said = claims.filter((claim) => !isAboutThread(claim));
  return [
    `The agent says: ${plain(summary)}`,
    "",
    ...(said.length === 0 ? [] : ["Its claims, which gates and people check:", ""]),
    ...list(said.map(({ criterion, how }) => `${plain(criterion)} — claimed: ${plain(how)}`)),
  ];
}
