import { createHash } from "node:crypto";
import type { GitHub } from "../collect/github/request.ts";
import { requestResult } from "../collect/github/request.ts";
import { oneLine } from "../core/escape.ts";
import { type Known, known, unknown } from "../core/known.ts";
import { verdictText } from "../core/verdict/judge.ts";
import { isNotSetUp, titleOf } from "../core/verdict/report.ts";
import type { GateStatus, Verdict } from "../schemas/verdict.ts";

/** What to set: the context of the joint status, and the gates that get one of their own, such as `sallyport / tests`. */
export type StatusSettings = { context: string; gates: readonly string[] };

/** One commit status. `mark` names the result that it shows: a status with the same mark needs no second one. */
export type CommitStatus = {
  context: string;
  state: "success" | "failure" | "pending";
  description: string;
  mark: string;
};

/** A verdict on the commit, and the pull request or merge group in words. */
type Judged = { verdict: Verdict; about: string };

/** GitHub's limit of a description, in characters. */
const maxDescription = 140;

const stateOf: Record<GateStatus, CommitStatus["state"]> = {
  pass: "success",
  "not-applicable": "success",
  fail: "failure",
  pending: "pending",
  unknown: "pending",
};

/** The worst first. */
const ranks: readonly CommitStatus["state"][] = ["failure", "pending", "success"];

/**
 * The statuses of a commit: of all open pull requests with this head the worst counts, because a status is the
 * commit's. The first of `judged` is the one that the job is about; with `unread`, another one could not be judged.
 */
export function statusesOf(
  judged: readonly [Judged, ...Judged[]],
  unread: string | null,
  { context, gates }: StatusSettings,
): CommitStatus[] {
  const show = (name: string, results: CommitStatus[]): CommitStatus => {
    const all = unread === null ? results : [...results, statusOf(name, "pending", unread, unread)];
    const worst = ranks.flatMap((state) => all.find((one) => one.state === state) ?? [])[0];
    return worst ?? statusOf(name, "pending", "Nothing was judged", "");
  };
  const joint = judged.map(({ verdict, about }, index) => {
    const title = `${index === 0 ? "" : `${about} has this commit too: `}${titleOf(verdict)}`;
    return statusOf(context, isNotSetUp(verdict) ? "success" : verdict.conclusion, title, verdictText(verdict));
  });
  const each = gates.map((gate) => {
    const name = `${context} / ${gate}`;
    const results = judged.map(({ verdict }, index): CommitStatus => {
      const found = verdict.gates.find((one) => one.gate === gate);
      const whole = joint[index];
      // Without a policy, or on a merge group, the verdict has no result of this gate: what counts is the whole.
      if (found === undefined) return { ...(whole ?? statusOf(name, "pending", "", "")), context: name };
      return statusOf(name, stateOf[found.status], found.reasons[0]?.message ?? "Passes", JSON.stringify(found));
    });
    return show(name, results);
  });
  return [show(context, joint), ...each];
}

function statusOf(context: string, state: CommitStatus["state"], text: string, result: string): CommitStatus {
  const line = oneLine(text);
  const description = (line.length <= maxDescription ? line : `${line.slice(0, maxDescription - 1)}…`).toWellFormed();
  return { context, state, description, mark: createHash("sha256").update(result).digest("hex").slice(0, 12) };
}

/**
 * Sets the statuses on a commit, each with a link to the job's page. One that stands there already, for the same result,
 * is left alone: GitHub keeps a thousand of a context on a commit. Unknown if one could not be set.
 * Source: GitHub docs, "REST API endpoints for commit statuses".
 */
export async function setStatuses(
  github: GitHub,
  { sha, statuses, page }: { sha: string; statuses: readonly CommitStatus[]; page: string },
): Promise<Known<number>> {
  const { request, owner, repo } = github;
  const shown = await requestResult(
    `the statuses of ${sha}`,
    request("GET /repos/{owner}/{repo}/commits/{ref}/status", { owner, repo, ref: sha, per_page: 100 }),
  );
  const isThere = ({ context, state, mark }: CommitStatus) =>
    shown.ok &&
    shown.data.statuses.some(
      (one) => one.context === context && one.state === state && one.target_url?.endsWith(`#${mark}`) === true,
    );
  let refused: Known<never> | null = null;
  for (const status of statuses.filter((one) => !isThere(one))) {
    const { context, state, description, mark } = status;
    const answer = await requestResult(
      `the status ${context}`,
      request("POST /repos/{owner}/{repo}/statuses/{sha}", {
        owner,
        repo,
        sha,
        context,
        state,
        description,
        target_url: `${page}#${mark}`,
      }),
    );
    // One that is refused does not keep the others from being right.
    if (!answer.ok) refused ??= unknown(whyRefused(answer, context, sha));
  }
  return refused ?? known(statuses.length);
}

function whyRefused({ status, why }: { status: number; why: string }, context: string, sha: string): string {
  const what = `the status \`${context}\` could not be set on ${sha}`;
  if (status !== 403 && status !== 404) return `${what}: ${why}`;
  return `${what} (${status}): give the job \`statuses: write\` under \`permissions\`. A pull request from a fork, or of Dependabot, never gets it on \`pull_request\`: listen to \`pull_request_target\``;
}
