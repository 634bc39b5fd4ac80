import type { RequestInterface } from "@octokit/types";
import type { Annotation } from "../core/annotation.ts";
import { crashText } from "../core/errors.ts";
import type { Known } from "../core/known.ts";
import { annotationsOf } from "../core/verdict/annotations.ts";
import { verdictText } from "../core/verdict/judge.ts";
import { isNotSetUp, summaryMarkdown, titleOf } from "../core/verdict/report.ts";
import { type Inputs, type ParsedInputs, parseInputs } from "./inputs.ts";
import { type StatusSettings, setStatuses, statusesOf } from "./statuses.ts";
import { type JobVerdict, type VerdictSource, verdictOn } from "./verdict.ts";

/** All side effects of a run but the commit statuses. Each port escapes its argument for its destination. */
export type Ports = {
  /** Octokit's `request` with the job's token in place. */
  connect(): Promise<RequestInterface>;
  output(name: "conclusion" | "verdict", value: string): void;
  summary(markdown: string): Promise<void>;
  annotate(annotation: Annotation): void;
  say(line: string): void;
  fail(line: string): void;
};

/** GitHub shows ten annotations of a step and drops the others. */
const maxAnnotations = 10;

/** With more other pull requests on one head than this, none of them is judged, and its status waits. */
const maxSameHead = 5;

/** Collects, judges and reports once. Any failure to reach a verdict fails the job with one line. */
export async function run(inputs: Inputs, ports: Ports): Promise<void> {
  const asked = parseInputs(inputs);
  if (!asked.known) return ports.fail(asked.why);
  const { owner, repo, subject, failOn, status } = asked.value;
  const policyRef = inputs.policyRef === "" ? undefined : inputs.policyRef;
  const source = { request: await ports.connect(), owner, repo, now: inputs.now, policyRef };
  const answer = await verdictOn(source, subject, (crash) => ports.say(crashText(crash)));
  if (!answer.known) return ports.fail(answer.why);
  if (answer.value === null)
    return ports.say("No open pull request has the commit of this event as its head: there is nothing to judge.");
  const { verdict, about, unheard } = answer.value;
  ports.output("conclusion", verdict.conclusion);
  ports.output("verdict", verdictText(verdict));
  await ports.summary(`${summaryMarkdown(verdict)}${unheard}`);
  if (isShownOnHead(asked.value))
    for (const annotation of annotationsOf(verdict).slice(0, maxAnnotations)) ports.annotate(annotation);
  ports.say(`${titleOf(verdict)} (${about} at ${verdict.head})`);
  if (status !== null) {
    // Anybody may comment on it for ever; its commit may be an open one's too, which is judged by its own events.
    if (!answer.value.isOpen) return ports.say(`${about} is closed, so nothing is shown on its head.`);
    const set = await publish(source, answer.value, { ...status, page: inputs.page });
    return set.known ? undefined : ports.fail(set.why);
  }
  // Nobody has asked for anything yet: the App's check is neutral here. Who names a branch asked for its policy.
  if (isNotSetUp(verdict) && policyRef === undefined) return;
  if (verdict.conclusion === "failure" || (verdict.conclusion === "pending" && failOn === "pending"))
    ports.fail(titleOf(verdict));
}

/** The job of an event that names no head is shown on the default branch, where annotations would mark other files. */
function isShownOnHead({ subject, eventName }: ParsedInputs): boolean {
  return subject.kind !== "branch" && eventName !== "issue_comment" && eventName !== "workflow_run";
}

/** Sets the statuses of the head, by the verdicts of all pull requests that share it. */
async function publish(
  source: VerdictSource,
  { sameHeadPulls: others, ...own }: JobVerdict,
  { page, ...settings }: StatusSettings & { page: string },
): Promise<Known<number>> {
  const sha = own.verdict.head;
  const judged: [JobVerdict | typeof own, ...JobVerdict[]] = [own];
  let unread = others.known ? null : `Other pull requests with this commit could not be read: ${others.why}`;
  if (others.known && others.value.length > maxSameHead)
    unread = `${others.value.length} other pull requests have this commit: close those that need not be open`;
  else if (others.known)
    for (const number of others.value) {
      const other = await verdictOn(source, { kind: "pull", number, head: sha });
      if (other.known && other.value !== null) judged.push(other.value);
      else unread = `Pull request #${number} has this commit too and could not be judged`;
    }
  return setStatuses(source, { sha, statuses: statusesOf(judged, unread, settings), page });
}
