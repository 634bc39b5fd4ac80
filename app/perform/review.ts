import type { EffectResult } from "../../core/effects.ts";
import { ignoreStatus, listAllOrThrow, orNull } from "../github/requests.ts";
import { type EffectOf, marker, type PerformContext } from "./context.ts";
import { truncated } from "./text.ts";

/**
 * Answers a review thread once, below its first comment; a thread that was deleted gets none. What was edited after it
 * was read is said: the agent saw the text before.
 */
export async function answerThread(effect: EffectOf<"answer-thread">, context: PerformContext): Promise<EffectResult> {
  const { request, ourselves } = context;
  const { pull: pull_number, thread, line, readAt } = effect;
  const comments = await listAllOrThrow(`the review comments of #${pull_number}`, (page) =>
    request("GET /repos/{owner}/{repo}/pulls/{pull_number}/comments", { pull_number, ...page }),
  );
  const mark = marker(effect.key);
  const inThread = comments.filter(({ id, in_reply_to_id }) => Number(id) === thread || in_reply_to_id === thread);
  const isAnswered = inThread.some(
    ({ user, body }) => Number(user?.id) === ourselves.bot.id && body.trimEnd().endsWith(mark),
  );
  if (isAnswered || inThread.length === 0) return { type: "none" };
  const edited = inThread.some(
    ({ user, created_at, updated_at }) =>
      Number(user?.id) !== ourselves.bot.id && created_at !== updated_at && Date.parse(updated_at) > Date.parse(readAt),
  );
  const note = edited ? "\n\nA comment here was edited after it was read; write a new one to have that mended." : "";
  await orNull(
    request("POST /repos/{owner}/{repo}/pulls/{pull_number}/comments/{comment_id}/replies", {
      pull_number,
      comment_id: thread,
      body: truncated(line + note, `\n\n${mark}`),
    }),
  );
  return { type: "none" };
}

/**
 * Asks people for a review, unless they are asked already. GitHub asks none of them where one is no collaborator, so then
 * they are asked one by one, and who cannot be is left out.
 */
export async function askReview(
  { pull: pull_number, reviewers }: EffectOf<"ask-review">,
  { request }: PerformContext,
): Promise<EffectResult> {
  const route = "/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers";
  const { data: asked } = await request(`GET ${route}`, { pull_number });
  const left = reviewers.filter((login) => !asked.users.some((one) => one.login.toLowerCase() === login.toLowerCase()));
  const ask = (those: string[]) => ignoreStatus(request(`POST ${route}`, { pull_number, reviewers: those }), 422);
  if (left.length > 0 && (await ask(left)) === null && left.length > 1) for (const one of left) await ask([one]);
  return { type: "none" };
}
