import { parseCommand } from "../../core/commands.ts";
import type { CheckFact, PolicyReading, ReviewFact, SeenReview } from "../../core/facts.ts";
import { checkName } from "../../core/health/required-check.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import type { People } from "../../schemas/policy.ts";
import { Account } from "../../schemas/text.ts";
import { listAll } from "../github/listing.ts";
import { readPermission } from "../github/people.ts";
import type { GitHub } from "../github/request.ts";

/** Null for a review that is not submitted: only its author sees it. */
export function reviewState(named: string): ReviewFact["state"] | null {
  const states = ["approved", "changes_requested", "commented", "dismissed"] as const;
  return states.find((state) => state.toUpperCase() === named) ?? null;
}

/** The submitted reviews of a pull request, oldest first. Reviews by deleted accounts are left out. */
export async function readReviews({ request, owner, repo }: GitHub, number: number): Promise<Known<SeenReview[]>> {
  const listed = await listAll(`the reviews of #${number}`, (page) =>
    request("GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews", { owner, repo, pull_number: number, ...page }),
  );
  if (!listed.known) return listed;
  return known(
    listed.value.flatMap(({ id, user, state, body, commit_id: sha, submitted_at: at }) => {
      const by = Account.safeParse({ id: user?.id, login: user?.login, type: user?.type });
      const named = reviewState(state);
      if (!by.success || named === null) return [];
      return [{ id: Number(id), by: by.data, state: named, sha, at: at ?? "", ...commandIn(body) }];
    }),
  );
}

/** Marks a review whose text begins as a command. GitHub does not tell of a review whether an app wrote it. */
export function commandIn(text: string): { isCommand?: true } {
  return parseCommand(text) === null ? {} : { isCommand: true };
}

/** Reads each reviewer's permission, once per person, and only for those whose review could count. */
export async function withPermissions(
  github: GitHub,
  reviews: Known<SeenReview[]>,
  people: People,
): Promise<Known<ReviewFact[]>> {
  if (!reviews.known) return reviews;
  const permissions = new Map<number, ReviewFact["permission"]>();
  for (const { by, state } of reviews.value) {
    if (state === "commented" || by.type !== "User" || permissions.has(by.id)) continue;
    permissions.set(by.id, await readPermission(github, by, people));
  }
  const unasked = unknown("this review is nothing that could count");
  return known(
    reviews.value.map(({ isCommand: _, ...one }) => ({ ...one, permission: permissions.get(one.by.id) ?? unasked })),
  );
}

/** Whether a policy has a gate that needs reviews, or reworks what they ask for. */
export function wantsReviews(policy: Known<PolicyReading>): policy is Extract<typeof policy, { known: true }> {
  if (!policy.known || policy.value.state !== "loaded") return false;
  const { gates, extends: pack, rework, tiers } = policy.value.policy;
  const asking = [gates.review, gates.protected, gates.adr, tiers.light];
  return pack === "default" || rework?.on.includes("review") === true || asking.some((one) => one !== undefined);
}

/** A check on a commit as GitHub lists it; its App wrote `externalId`. */
export type CheckRun = CheckFact & { appId: number; externalId: string };

/**
 * The check runs on a commit, of every attempt, the newest first. Source: GitHub docs, "List check runs for a Git
 * reference".
 */
export async function readChecks({ request, owner, repo }: GitHub, sha: string): Promise<Known<CheckRun[]>> {
  const runs = await listAll(`the checks of ${sha}`, (page) =>
    request("GET /repos/{owner}/{repo}/commits/{ref}/check-runs", {
      owner,
      repo,
      ref: sha,
      filter: "all",
      ...page,
    }).then(({ data, headers }) => ({ data: data.check_runs, headers })),
  );
  if (!runs.known) return runs;
  const newestFirst = runs.value.sort((one, other) => Number(other.id) - Number(one.id));
  return known(
    newestFirst.map((run) => ({
      id: Number(run.id),
      suite: Number(run.check_suite?.id ?? 0),
      name: run.name,
      app: run.app?.slug ?? "",
      appId: Number(run.app?.id ?? 0),
      status: run.status,
      conclusion: run.conclusion,
      externalId: run.external_id ?? "",
    })),
  );
}

/** The newest check of our own App; null: there is none yet. The name is not enough: any App can use it. */
export function findOurCheck(checks: Known<CheckRun[]>, appId: number): Known<CheckRun | null> {
  if (!checks.known) return checks;
  return known(checks.value.find((run) => run.name === checkName && run.appId === appId) ?? null);
}

/** The checks that gates judge: all but ours, whose conclusion is their result. */
export function othersChecks(checks: Known<CheckRun[]>): Known<CheckFact[]> {
  if (!checks.known) return checks;
  return known(
    checks.value
      .filter(({ name }) => name !== checkName)
      .map(({ id, suite, name, app, status, conclusion }) => ({ id, suite, name, app, status, conclusion })),
  );
}
