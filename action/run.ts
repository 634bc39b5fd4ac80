import type { RequestInterface } from "@octokit/types";
import type { Annotation } from "../core/effects.ts";
import { crashText } from "../core/errors.ts";
import type { Known } from "../core/known.ts";
import { known, unknown } from "../core/known.ts";
import { annotationsOf } from "../core/verdict/annotations.ts";
import { verdictText } from "../core/verdict/judge.ts";
import { isNotSetUp, summaryMarkdown, titleOf } from "../core/verdict/report.ts";
import { type EventSubject, subjectOfEvent } from "./event.ts";
import { verdictOn } from "./verdict.ts";

/** The job as the runner describes it, unparsed: inputs as the workflow's author wrote them, GitHub's event. */
export type Inputs = {
  /** `owner/repo`. */
  repository: string;
  /** Empty: the pull request of the event. */
  pullRequest: string;
  failOn: string;
  /** Empty: the default branch. */
  policyRef: string;
  /** RFC 3339. */
  now: string;
  event: { name: string; text: string | null };
};

/** All side effects of a run. Each port escapes its argument for its destination. */
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

/** Collects, judges and reports once. Any failure to reach a verdict fails the job with one line. */
export async function run(inputs: Inputs, ports: Ports): Promise<void> {
  const asked = readInputs(inputs);
  if (!asked.known) return ports.fail(asked.why);
  const { owner, repo, subject, failOn } = asked.value;
  const policyRef = inputs.policyRef === "" ? undefined : inputs.policyRef;
  const source = { request: await ports.connect(), owner, repo, now: inputs.now, policyRef };
  const answer = await verdictOn(source, subject, (crash) => ports.say(crashText(crash)));
  if (!answer.known) return ports.fail(answer.why);
  const { verdict, about } = answer.value;
  ports.output("conclusion", verdict.conclusion);
  ports.output("verdict", verdictText(verdict));
  await ports.summary(summaryMarkdown(verdict));
  for (const annotation of annotationsOf(verdict).slice(0, maxAnnotations)) ports.annotate(annotation);
  ports.say(`${titleOf(verdict)} (${about} at ${verdict.head})`);
  // Nobody has asked for anything yet: the App's check is neutral here. Who names a branch asked for its policy.
  if (isNotSetUp(verdict) && policyRef === undefined) return;
  if (verdict.conclusion === "failure" || (verdict.conclusion === "pending" && failOn === "pending"))
    ports.fail(titleOf(verdict));
}

type ParsedInputs = {
  owner: string;
  repo: string;
  subject: EventSubject;
  failOn: "failure" | "pending";
};

function readInputs({ repository, pullRequest, failOn, event }: Inputs): Known<ParsedInputs> {
  const [, owner, repo] = /^([^/\s]+)\/([^/\s]+)$/.exec(repository) ?? [];
  if (owner === undefined || repo === undefined)
    return unknown("GITHUB_REPOSITORY does not say owner/repo: run this inside a workflow");
  if (failOn !== "failure" && failOn !== "pending")
    return unknown(`the input fail-on is ${JSON.stringify(failOn)}: write failure or pending`);
  if (pullRequest !== "") {
    if (!/^[1-9][0-9]{0,9}$/.test(pullRequest))
      return unknown(`the input pull-request is ${JSON.stringify(pullRequest)}: write its number`);
    return known({ owner, repo, subject: { kind: "pull", number: Number(pullRequest), head: null }, failOn });
  }
  if (event.text === null)
    return unknown("the event file (GITHUB_EVENT_PATH) cannot be read: give the number with the input `pull-request`");
  const payload = parse(event.text);
  if (!payload.known) return payload;
  const subject = subjectOfEvent(event.name, payload.value);
  return subject.known ? known({ owner, repo, subject: subject.value, failOn }) : subject;
}

function parse(text: string): Known<unknown> {
  try {
    return known(JSON.parse(text));
  } catch {
    return unknown("the event file (GITHUB_EVENT_PATH) is not JSON: give the number with the input `pull-request`");
  }
}
