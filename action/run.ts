import type { RequestInterface } from "@octokit/types";
import { collectPull } from "../collect/pull.ts";
import { judge, verdictText } from "../core/judge.ts";
import type { Known } from "../core/known.ts";
import { known, unknown } from "../core/known.ts";
import { summaryMarkdown, titleOf } from "../core/report.ts";
import type { GateResult, Reason, Verdict } from "../schemas/verdict.ts";
import { pullOfEvent } from "./event.ts";

/** The job as the runner describes it, unparsed: inputs as the workflow's author wrote them, the event as GitHub sent it. */
export type Inputs = {
  /** `owner/repo`. */
  repository: string;
  /** Empty: the pull request of the event. */
  pullRequest: string;
  failOn: string;
  event: { name: string; text: string | null };
};

/** A note on the pull request's page; `message` and `title` may hold text by the author of the change. */
export type Annotation = { title: string; message: string; file?: string; line?: number };

/** Everything that a run does to the world around it. Each port escapes what it is given for where it goes. */
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
const mostAnnotations = 10;

/** Collects, judges and reports once. Every way in which this does not end in a verdict fails the job with one line. */
export async function run(inputs: Inputs, ports: Ports): Promise<void> {
  const asked = readInputs(inputs);
  if (!asked.known) return ports.fail(asked.why);
  const { owner, repo, number, head, failOn } = asked.value;
  const facts = await collectPull({ request: await ports.connect(), owner, repo, number });
  if (!facts.known) return ports.fail(facts.why);
  if (head !== null && head !== facts.value.head.sha) {
    const now = facts.value.head.sha;
    return ports.fail(
      `this job is about commit ${head}, and pull request #${number} is at ${now} now: look at that commit's own job`,
    );
  }
  const verdict = judge(facts.value, { settle: "all" });
  ports.output("conclusion", verdict.conclusion);
  ports.output("verdict", verdictText(verdict));
  await ports.summary(summaryMarkdown(verdict));
  for (const annotation of annotationsOf(verdict)) ports.annotate(annotation);
  ports.say(`${titleOf(verdict)} (pull request #${number} at ${verdict.head})`);
  if (verdict.conclusion === "failure" || (verdict.conclusion === "pending" && failOn === "pending"))
    ports.fail(titleOf(verdict));
}

type Asked = {
  owner: string;
  repo: string;
  number: number;
  head: string | null;
  failOn: "failure" | "pending";
};

function readInputs({ repository, pullRequest, failOn, event }: Inputs): Known<Asked> {
  const [, owner, repo] = /^([^/\s]+)\/([^/\s]+)$/.exec(repository) ?? [];
  if (owner === undefined || repo === undefined)
    return unknown("GITHUB_REPOSITORY does not say owner/repo: run this inside a workflow");
  if (failOn !== "failure" && failOn !== "pending")
    return unknown(`the input fail-on is ${JSON.stringify(failOn)}: write failure or pending`);
  if (pullRequest !== "") {
    if (!/^[1-9][0-9]{0,9}$/.test(pullRequest))
      return unknown(`the input pull-request is ${JSON.stringify(pullRequest)}: write its number`);
    return known({ owner, repo, number: Number(pullRequest), head: null, failOn });
  }
  if (event.text === null)
    return unknown(
      "the event file (GITHUB_EVENT_PATH) cannot be read: give the number with the input `pull-request`",
    );
  const payload = parse(event.text);
  if (!payload.known) return payload;
  const pull = pullOfEvent(event.name, payload.value);
  return pull.ok ? known({ owner, repo, number: pull.number, head: pull.head, failOn }) : unknown(pull.why);
}

function parse(text: string): Known<unknown> {
  try {
    return known(JSON.parse(text));
  } catch {
    return unknown(
      "the event file (GITHUB_EVENT_PATH) is not JSON: give the number with the input `pull-request`",
    );
  }
}

function annotationsOf(verdict: Verdict): Annotation[] {
  const blocking = verdict.gates.filter(
    ({ gate, status }) => status === "fail" && !verdict.deferred.includes(gate),
  );
  return blocking
    .flatMap((gate) => gate.reasons.map((reason) => annotationOf(gate, reason)))
    .slice(0, mostAnnotations);
}

function annotationOf({ gate }: GateResult, { message, path, line, next }: Reason): Annotation {
  const step = next === undefined ? "" : ` Next: ${next.step} (${next.who})`;
  return {
    title: `sallyport: ${gate}`,
    message: `${message}${step}`,
    ...(path === undefined ? {} : { file: path }),
    ...(line === undefined ? {} : { line }),
  };
}
