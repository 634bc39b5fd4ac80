import { type Known, known, unknown } from "../core/known.ts";
import { parseQueueRef } from "../core/queue-ref.ts";

/**
 * The subject of a job, and its head when the event was made; null where the event does not name the head. `branch`:
 * the pull requests from a branch of this owner, whose head is that commit.
 */
export type EventSubject =
  | { kind: "pull"; number: number; head: string | null }
  | { kind: "branch"; owner: string; branch: string; head: string }
  | { kind: "group"; ref: string; head: string };

/**
 * Finds the pull request or merge group of an event. The payload is as old as the event: a re-run still names the old
 * head. So only the number or the branch is taken from it; the head serves to notice a stale event. GitHub makes the
 * payload, and it quotes GitHub's users.
 */
export function subjectOfEvent(name: string, payload: unknown): Known<EventSubject> {
  const advice = "give the number with the input `pull-request`";
  if (name === "pull_request" || name === "pull_request_target") {
    const pull = field(payload, "pull_request");
    const number = positive(field(pull, "number"));
    const head = field(field(pull, "head"), "sha");
    if (number !== null && typeof head === "string") return known({ kind: "pull", number, head });
    return unknown(`the event file of ${name} names no pull request: ${advice}`);
  }
  if (name === "issue_comment") {
    const issue = field(payload, "issue");
    const number = positive(field(issue, "number"));
    if (number !== null && field(issue, "pull_request") !== undefined)
      return known({ kind: "pull", number, head: null });
    return unknown(
      "the comment is not on a pull request: let the job run only if `github.event.issue.pull_request` is set",
    );
  }
  if (name === "merge_group") {
    const group = field(payload, "merge_group");
    const ref = field(group, "head_ref");
    const head = field(group, "head_sha");
    if (typeof ref === "string" && parseQueueRef(ref) !== null && typeof head === "string")
      return known({ kind: "group", ref, head });
    return unknown("the event file of merge_group names no branch of a merge queue");
  }
  if (name === "workflow_run") {
    const run = field(payload, "workflow_run");
    const head = field(run, "head_sha");
    const branch = field(run, "head_branch");
    const from = field(run, "head_repository");
    const owner = field(field(from, "owner"), "login");
    if (typeof head !== "string" || typeof branch !== "string" || typeof owner !== "string")
      return unknown("the event file of workflow_run names no branch: the fork that it ran for may be gone");
    const ref = `refs/heads/${branch}`;
    // Whoever has a fork names its branches as they like.
    const isOurs = field(from, "id") === field(field(payload, "repository"), "id");
    const isGroup = isOurs && parseQueueRef(ref) !== null;
    return known(isGroup ? { kind: "group", ref, head } : { kind: "branch", owner, branch, head });
  }
  if (name === "pull_request_review" || name === "pull_request_review_comment")
    return unknown(
      `${name} runs the pull request's own workflow file, and its token may write nothing for a fork: let a workflow of its own tell this one by workflow_run, as \`npx sallyport init --action\` writes it`,
    );
  return unknown(`the event ${JSON.stringify(name)} is about no pull request: ${advice}`);
}

function field(value: unknown, name: string): unknown {
  if (value === null || typeof value !== "object" || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}

function positive(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : null;
}
