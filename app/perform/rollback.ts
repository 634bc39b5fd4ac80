import type { EffectResult } from "../../core/effects.ts";
import { SallyportError } from "../../core/errors.ts";
import { isRunBranch } from "../../core/identifiers.ts";
import { commentOnce } from "./comments.ts";
import type { EffectOf, PerformContext } from "./context.ts";
import { branchTip, pullsOf } from "./pulls.ts";

/**
 * Moves a run's branch back to a checkpoint, or deletes it and closes its pull request. Only our own commits are
 * removed: a branch at any other commit is left alone. Removed commits stay in git under their ids. GitHub moves a ref
 * without comparing its old commit, so a push between our read and our write is not noticed.
 */
export async function rollBack(effect: EffectOf<"roll-back">, context: PerformContext): Promise<EffectResult> {
  const { branch, to, undone } = effect;
  if (!isRunBranch(branch)) {
    throw new SallyportError("bad-input", `${JSON.stringify(branch)} is not a branch of a run; nothing was taken back`);
  }
  const pulls = await pullsOf(branch, context);
  const merged = pulls.find((pull) => pull.merged_at);
  if (merged !== undefined) {
    throw new SallyportError("pull-closed", `#${merged.number} of the branch ${branch} is merged; it was left alone`);
  }
  const at = await branchTip(branch, context);
  if (at !== null && at !== to && !undone.includes(at)) {
    throw new SallyportError(
      "foreign-commit",
      `the branch ${branch} stands at ${at}, which this run did not write; it was left alone`,
    );
  }
  if (to === null) return takeAway(effect, at, pulls, context);
  if (at === null) throw new SallyportError("not-found", `the branch ${branch} is not there any more`);
  if (at !== to) {
    const ref = `heads/${branch}`;
    await context.request("PATCH /repos/{owner}/{repo}/git/refs/{ref}", { ref, sha: to, force: true });
  }
  return { type: "rolled-back", closed: [] };
}

/** Closes the branch's pull requests with a comment before the branch is deleted: GitHub would close them silently. */
async function takeAway(
  { key, branch, comment }: EffectOf<"roll-back">,
  at: string | null,
  pulls: Awaited<ReturnType<typeof pullsOf>>,
  context: PerformContext,
): Promise<EffectResult> {
  const { request } = context;
  for (const { number, state } of pulls) {
    if (state !== "open") continue;
    await commentOnce(context, number, key, comment);
    await request("PATCH /repos/{owner}/{repo}/pulls/{pull_number}", { pull_number: number, state: "closed" });
  }
  if (at !== null) await request("DELETE /repos/{owner}/{repo}/git/refs/{ref}", { ref: `heads/${branch}` });
  return { type: "rolled-back", closed: pulls.map(({ number }) => number).sort((one, other) => one - other) };
}
