import { createHash } from "node:crypto";
import { type GitHub, requestResult } from "../collect/github/request.ts";
import { oneLine } from "../core/escape.ts";
import { type Known, known, unknown } from "../core/known.ts";
import { conclude, verdictText } from "../core/verdict/judge.ts";
import { isNotSetUp, titleOf } from "../core/verdict/report.ts";
import { countedOf } from "../core/verdict/shared.ts";
import type { GateResult, GateStatus, Verdict } from "../schemas/verdict.ts";

/** What to set: the context of the joint status, and the gates that get one of their own, such as `sallyport / tests`. */
export type StatusSettings = { context: string; gates: readonly string[] };

/** One commit status. `mark` names the result that it shows: a status with the same mark needs no second one. */
type CommitStatus = {
  context: string;
  state: "success" | "failure" | "pending";
  description: string;
  mark: string;
};

/** A verdict on the commit, its results without those of a pull request's own text, and what it is about in words. */
type Judged = { verdict: Verdict; shared: readonly GateResult[]; about: string };

/** What one verdict makes of a status, and its state without the pull request's own text. */
type Candidate = { status: CommitStatus; shared: CommitStatus["state"] };

/** GitHub's limit of a description, in characters. */
const maxDescription = 140;

const stateOf: Record<GateStatus, CommitStatus["state"]> = {
  pass: "success",
  "not-applicable": "success",
  fail: "failure",
  pending: "pending",
  unknown: "pending",
};

/**
 * The statuses of a commit, which all open pull requests with this head share: what commits and bases settle counts as
 * the worst of them, and what each one's text adds as the best. The first of `judged` is the one that the job is about;
 * with `unread`, another one could not be judged.
 */
export function statusesOf(
  judged: readonly [Judged, ...Judged[]],
  unread: string | null,
  { context, gates }: StatusSettings,
): CommitStatus[] {
  const joint = judged.map(({ verdict, shared, about }, index): Candidate => {
    const title = `${index === 0 ? "" : `${about} has this commit too: `}${titleOf(verdict)}`;
    const isUnset = isNotSetUp(verdict);
    const state = isUnset ? "success" : verdict.conclusion;
    const status = statusOf(context, state, title, verdictText(verdict));
    return { status, shared: isUnset ? "success" : conclude(shared) };
  });
  const each = gates.map((gate) => {
    const name = `${context} / ${gate}`;
    const results = judged.flatMap(({ verdict, shared }, index): Candidate[] => {
      const isThis = (one: GateResult) => one.gate === gate;
      const found = verdict.gates.find(isThis);
      const whole = joint[index];
      // Without a policy, or on a merge group, the verdict has no result of this gate: what counts is the whole.
      if (found === undefined)
        return whole === undefined ? [] : [{ ...whole, status: { ...whole.status, context: name } }];
      const text = found.reasons[0]?.message ?? "Passes";
      const status = statusOf(name, stateOf[found.status], text, JSON.stringify(found));
      return [{ status, shared: stateOf[shared.find(isThis)?.status ?? "pass"] }];
    });
    return countingOf(name, results, unread);
  });
  return [countingOf(context, joint, unread), ...each];
}

/** The status that counts of one context. */
function countingOf(name: string, results: readonly Candidate[], unread: string | null): CommitStatus {
  const pending: Candidate = { status: statusOf(name, "pending", unread ?? "", unread ?? ""), shared: "pending" };
  const all = unread === null ? results : [...results, pending];
  const counted = countedOf(all.map(({ status, shared }) => ({ conclusion: status.state, shared })));
  const found =
    all.find(({ status, shared }) => status.state === counted && shared === counted) ??
    all.find(({ status }) => status.state === counted);
  return found?.status ?? statusOf(name, "pending", "Nothing was judged", "");
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
    // A status that is refused does not keep the others from being right.
    if (!answer.ok) refused ??= unknown(whyRefused(answer, context, sha));
  }
  return refused ?? known(statuses.length);
}

function whyRefused({ status, why }: { status: number; why: string }, context: string, sha: string): string {
  const what = `the status \`${context}\` could not be set on ${sha}`;
  if (status !== 403 && status !== 404) return `${what}: ${why}`;
  return `${what} (${status}): give the job \`statuses: write\` under \`permissions\`. A pull request from a fork, or of Dependabot, never gets it on \`pull_request\`: listen to \`pull_request_target\``;
}
