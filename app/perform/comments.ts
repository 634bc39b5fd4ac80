import type { Octokit } from "@octokit/core";
import { requestResult } from "../../collect/github/request.ts";
import { stickyMarker } from "../../collect/issue/conversation.ts";
import type { EffectResult } from "../../core/effects.ts";
import { listAllOrThrow, orNull } from "../github/requests.ts";
import { type EffectOf, marker, type PerformContext } from "./context.ts";
import { truncated } from "./text.ts";

/**
 * Our own comments on an issue or pull request that end with a marker, oldest first; other people's are not counted.
 */
async function ownComments({ request, ourselves }: PerformContext, issue: number, mark: string) {
  const comments = await listAllOrThrow(`the comments of #${issue}`, (page) =>
    request("GET /repos/{owner}/{repo}/issues/{issue_number}/comments", { issue_number: issue, ...page }),
  );
  // Only at the end: the text before it can be somebody else's words.
  return comments.filter(
    (one) => Number(one.user?.id) === ourselves.bot.id && (one.body ?? "").trimEnd().endsWith(mark),
  );
}

/** Writes a comment once: an existing one with the same marker is left as it is. */
export async function commentOnce(context: PerformContext, issue: number, key: string, text: string): Promise<void> {
  const mark = marker(key);
  if ((await ownComments(context, issue, mark)).length > 0) return;
  const { request } = context;
  await request("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", {
    issue_number: issue,
    body: truncated(text, `\n\n${mark}`),
  });
}

/** One reaction to and one line on a person's command. GitHub itself keeps a reaction single. */
export async function reply(effect: EffectOf<"reply">, context: PerformContext): Promise<EffectResult> {
  await reactOnce(context, effect.comment, effect.accepted ? "+1" : "confused");
  await commentOnce(context, effect.issue, effect.key, effect.line);
  return { type: "none" };
}

/** Tells a stranger that their commands do not count, or does nothing on GitHub: its record is then all. */
export async function turnAway(
  { told, issue, key }: EffectOf<"turn-away">,
  context: PerformContext,
): Promise<EffectResult> {
  if (told === null) return { type: "none" };
  await reactOnce(context, told.comment, "confused");
  await commentOnce(context, issue, key, told.line);
  return { type: "none" };
}

/** Tells people once that an issue waits for them: GitHub notifies whom a new comment mentions, and nobody of an edit. */
export async function notify({ issue, key, line }: EffectOf<"notify">, context: PerformContext): Promise<EffectResult> {
  await commentOnce(context, issue, key, line);
  return { type: "none" };
}

/** Reacts to a comment, if a comment it was. One that was deleted meanwhile still gets its line. */
async function reactOnce({ request }: PerformContext, comment: number | null, content: "+1" | "confused") {
  if (comment === null) return;
  const reaction = { comment_id: comment, content };
  await orNull(request("POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions", reaction));
}

/** Our status comment: edited when it differs, never repeated. */
export async function ensureSticky(effect: EffectOf<"ensure-sticky">, context: PerformContext): Promise<EffectResult> {
  await ensureComment(context, effect.issue, stickyMarker, effect.body);
  return { type: "none" };
}

/** Makes sure that one comment with a marker shows this text. */
export async function ensureComment(context: PerformContext, issue: number, mark: string, text: string): Promise<void> {
  const { request } = context;
  const body = truncated(text.trimEnd(), `\n\n${mark}`);
  const [first, ...duplicates] = await ownComments(context, issue, mark);
  // Two exist only after a lost answer; the older stays, where people have seen it.
  for (const duplicate of duplicates) {
    await orNull(
      request("DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}", { comment_id: Number(duplicate.id) }),
    );
  }
  if (first === undefined) {
    await request("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", { issue_number: issue, body });
  } else if (first.body !== body) {
    await request("PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}", { comment_id: Number(first.id), body });
  }
}

/** Writes a comment as the person whose client it is: the one thing that a page of ours writes. */
export async function commentAs(client: Octokit, repository: string, number: number, body: string) {
  const [owner = "", repo = ""] = repository.split("/");
  return requestResult(
    "your comment",
    client.request("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", {
      ...{ owner, repo, issue_number: number },
      body,
    }),
  );
}
