import { stickyMarker } from "../../collect/issue/conversation.ts";
import type { EffectResult } from "../../core/effects.ts";
import { listAllOrThrow, orNull } from "../github/requests.ts";
import { type EffectOf, marker, type PerformContext } from "./context.ts";
import { truncated } from "./text.ts";

/** Our own comments on an issue or pull request that end with a mark, oldest first; anybody else's with it is not ours. */
async function ownComments(
  { github: { request, owner, repo }, ourselves }: PerformContext,
  issue: number,
  mark: string,
) {
  const comments = await listAllOrThrow(`the comments of #${issue}`, (page) =>
    request("GET /repos/{owner}/{repo}/issues/{issue_number}/comments", {
      owner,
      repo,
      issue_number: issue,
      per_page: 100,
      page,
    }),
  );
  // At the end only: what stands before it can be somebody else's words.
  return comments.filter(
    (one) => Number(one.user?.id) === ourselves.bot.id && (one.body ?? "").trimEnd().endsWith(mark),
  );
}

/** Writes a comment once for all time: one with the same mark is left as it is. */
export async function commentOnce(
  context: PerformContext,
  issue: number,
  key: string,
  text: string,
): Promise<void> {
  const mark = marker(key);
  if ((await ownComments(context, issue, mark)).length > 0) return;
  const { request, owner, repo } = context.github;
  await request("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", {
    owner,
    repo,
    issue_number: issue,
    body: truncated(text, `\n\n${mark}`),
  });
}

/** One reaction and one line for a person's command. GitHub keeps a reaction single by itself. */
export async function reply(effect: EffectOf<"reply">, context: PerformContext): Promise<EffectResult> {
  const { request, owner, repo } = context.github;
  if (effect.comment !== null) {
    // A command that was deleted meanwhile still gets its line.
    await orNull(
      request("POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions", {
        owner,
        repo,
        comment_id: effect.comment,
        content: effect.accepted ? "+1" : "confused",
      }),
    );
  }
  await commentOnce(context, effect.issue, effect.key, effect.line);
  return { type: "none" };
}

/** Our one comment: edited when it differs, never repeated. */
export async function ensureSticky(
  effect: EffectOf<"ensure-sticky">,
  context: PerformContext,
): Promise<EffectResult> {
  await ensureComment(context, effect.issue, stickyMarker, effect.body);
  return { type: "none" };
}

/** One comment with a mark, showing this text. */
export async function ensureComment(
  context: PerformContext,
  issue: number,
  mark: string,
  text: string,
): Promise<void> {
  const { request, owner, repo } = context.github;
  const body = truncated(text.trimEnd(), `\n\n${mark}`);
  const [first, ...duplicates] = await ownComments(context, issue, mark);
  // Two can only come of a lost answer; the older stays, where people have seen it.
  for (const duplicate of duplicates) {
    await orNull(
      request("DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}", {
        owner,
        repo,
        comment_id: Number(duplicate.id),
      }),
    );
  }
  if (first === undefined) {
    await request("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", {
      owner,
      repo,
      issue_number: issue,
      body,
    });
  } else if (first.body !== body) {
    await request("PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}", {
      owner,
      repo,
      comment_id: Number(first.id),
      body,
    });
  }
}
