import type { EffectResult } from "../../core/effects.ts";
import { SallyportError } from "../../core/errors.ts";
import { listAllOrThrow, orNull } from "../github/requests.ts";
import { commentOnce } from "./comments.ts";
import type { EffectOf, PerformContext } from "./context.ts";

/**
 * Moves a run's branch back to a checkpoint, or deletes it and closes its pull request. Only our own commits are
 * removed: a branch at any other commit is left alone. Removed commits stay in git under their ids. GitHub moves a ref
 * without comparing its old commit, so a push between our read and our write is not noticed.
 */
export async function rollBack(effect: EffectOf<"roll-back">, context: PerformContext): Promise<EffectResult> {
  const { branch, to, undone } = effect;
  if (!/^sallyport\/run-[0-9]+-[0-9]+\/[0-9]+$/.test(branch)) {
    throw new SallyportError("bad-input", `${JSON.stringify(branch)} is not a branch of a run; nothing was taken back`);
  }
  const pulls = await pullsOf(branch, context);
  const merged = pulls.find((pull) => pull.merged_at);
  if (merged !== undefined) {
    throw new SallyportError("pull-closed", `#${merged.number} of the branch ${branch} is merged; it was left alone`);
  }
  const at = await headOf(branch, context);
  if (at !== null && at !== to && !undone.includes(at)) {
    throw new SallyportError(
      "foreign-commit",
      `the branch ${branch} stands at ${at}, which this run did not write; it was left alone`,
    );
  }
  if (to === null) return takeAway(effect, at, pulls, context);
  if (at === null) throw new SallyportError("not-found", `the branch ${branch} is not there any more`);
  if (at !== to) await moveTo(to, branch, context);
  return { type: "rolled-back", closed: [] };
}

type Pull = { number: number; state: string; merged_at: string | null };

async function pullsOf(branch: string, { github: { request, owner, repo } }: PerformContext): Promise<Pull[]> {
  return listAllOrThrow(`the pull requests of ${branch}`, (page) =>
    request("GET /repos/{owner}/{repo}/pulls", {
      owner,
      repo,
      head: `${owner}:${branch}`,
      state: "all",
      per_page: 100,
      page,
    }),
  );
}

async function headOf(branch: string, { github: { request, owner, repo } }: PerformContext): Promise<string | null> {
  const ref = await orNull(request("GET /repos/{owner}/{repo}/git/ref/{ref}", { owner, repo, ref: `heads/${branch}` }));
  return ref?.data.object.sha ?? null;
}

async function moveTo(to: string, branch: string, { github: { request, owner, repo } }: PerformContext): Promise<void> {
  await request("PATCH /repos/{owner}/{repo}/git/refs/{ref}", {
    owner,
    repo,
    ref: `heads/${branch}`,
    sha: to,
    force: true,
  });
}

/** Closes the branch's pull requests with a comment before the branch is deleted: GitHub would close them silently. */
async function takeAway(
  { key, branch, comment }: EffectOf<"roll-back">,
  at: string | null,
  pulls: readonly Pull[],
  context: PerformContext,
): Promise<EffectResult> {
  const { request, owner, repo } = context.github;
  for (const { number, state } of pulls) {
    if (state !== "open") continue;
    await commentOnce(context, number, key, comment);
    await request("PATCH /repos/{owner}/{repo}/pulls/{pull_number}", {
      owner,
      repo,
      pull_number: number,
      state: "closed",
    });
  }
  if (at !== null)
    await request("DELETE /repos/{owner}/{repo}/git/refs/{ref}", { owner, repo, ref: `heads/${branch}` });
  return { type: "rolled-back", closed: pulls.map(({ number }) => number).sort((one, other) => one - other) };
}
