/** What an event says about which pull request is meant and at which commit it was when the event was made. */
export type EventPull = { ok: true; number: number; head: string | null } | { ok: false; why: string };

/**
 * Finds the pull request that an event is about. The payload is as old as the event: when a job is run again it still names the old head,
 * so only the number is taken from it and the head serves to notice that. A payload is made by GitHub and quotes its users.
 */
export function pullOfEvent(name: string, payload: unknown): EventPull {
  const advice = "give the number with the input `pull-request`";
  if (name === "pull_request" || name === "pull_request_target") {
    const pull = field(payload, "pull_request");
    const number = positive(field(pull, "number"));
    const head = field(field(pull, "head"), "sha");
    if (number !== null && typeof head === "string") return { ok: true, number, head };
    return { ok: false, why: `the event file of ${name} names no pull request: ${advice}` };
  }
  if (name === "issue_comment") {
    const issue = field(payload, "issue");
    const number = positive(field(issue, "number"));
    if (number !== null && field(issue, "pull_request") !== undefined)
      return { ok: true, number, head: null };
    return {
      ok: false,
      why: "the comment is not on a pull request: let the job run only if `github.event.issue.pull_request` is set",
    };
  }
  if (name === "merge_group") {
    // GitHub's merge queue names its branches gh-readonly-queue/<base>/pr-<number>-<commit>.
    const ref = field(field(payload, "merge_group"), "head_ref");
    const digits =
      typeof ref === "string"
        ? /^refs\/heads\/gh-readonly-queue\/.+\/pr-([1-9][0-9]*)-[0-9a-f]{40,64}$/.exec(ref)?.[1]
        : undefined;
    if (digits !== undefined) return { ok: true, number: Number(digits), head: null };
    return { ok: false, why: "the merge group's branch does not name a pull request" };
  }
  return { ok: false, why: `the event ${JSON.stringify(name)} is about no pull request: ${advice}` };
}

function field(value: unknown, name: string): unknown {
  if (value === null || typeof value !== "object" || !Object.hasOwn(value, name)) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

function positive(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : null;
}
