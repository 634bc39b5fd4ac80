import { lineAt } from "../../yaml.ts";
import { holds } from "./expression.ts";
import { commandsOf } from "./shell-status.ts";
import type { Job, Step, Workflow } from "./workflow.ts";

/** Events that run with the repository's secrets although a stranger can bring them about. */
const privileged = ["pull_request_target", "workflow_run"];

/** What names the code of a pull request that is not merged yet. */
const head =
  /github\.event\.pull_request\.head\.|github\.head_ref|github\.event\.workflow_run\.(?:head_|pull_requests)|refs\/pull\/|github\.event\.(?:pull_request\.)?number|\bpull\/\$|github\.event\.pull_request\.merge_commit_sha/;

const fetching = new Set(["fetch", "pull", "clone", "checkout", "switch", "reset", "merge", "worktree"]);

/** The line on which a step brings the head's code into the working tree: `with.ref` of a checkout, or git by hand. */
function fetchingLine(step: Step, job: Job, workflow: Workflow): number | null {
  if (step.uses !== null) {
    const isCheckout = /^actions\/checkout@/i.test(step.uses);
    const isOfHead = [step.with.get("ref"), step.with.get("repository")].some((text) => head.test(text ?? ""));
    return isCheckout && isOfHead ? step.line : null;
  }
  const { run } = step;
  if (run === null) return null;
  const env = new Map([...workflow.env, ...job.env, ...step.env]);
  const filled = (word: string) => word.replace(/\$\{?(\w+)\}?/g, (whole, name: string) => env.get(name) ?? whole);
  const fetch = commandsOf(run.text, { errexit: true, pipefail: false }, () => false)?.find(({ words }) => {
    if (words[0] === "gh") return words[1] === "pr" && words[2] === "checkout";
    const isGit = words[0] === "git" && words.some((word) => fetching.has(word));
    return isGit && words.some((word) => head.test(filled(word)));
  });
  return fetch === undefined ? null : lineAt(run, fetch.offset);
}

/**
 * The line that fetches a stranger's code in a workflow that holds the repository's secrets; null: none does. Source: GitHub
 * docs, "Securely using pull_request_target".
 */
export function untrustedCheckout(workflow: Workflow): number | null {
  const events = privileged.filter((event) => workflow.events.has(event));
  const runsFor = (condition: string | null) =>
    events.some(
      (event) => holds(condition ?? "", (name) => (name === "github.event_name" ? event : undefined)) !== false,
    );
  for (const job of workflow.jobs) {
    if (!runsFor(job.condition)) continue;
    for (const step of job.steps) {
      const line = runsFor(step.condition) ? fetchingLine(step, job, workflow) : null;
      if (line !== null) return line;
    }
  }
  return null;
}
