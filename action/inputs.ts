import { gateNames } from "../core/gates/registry.ts";
import { type Known, known, unknown } from "../core/known.ts";
import { suggestion } from "../core/suggestion.ts";
import { type EventSubject, subjectOfEvent } from "./event.ts";
import type { StatusSettings } from "./statuses.ts";

/** The job as the runner describes it, unparsed: inputs as the workflow's author wrote them, GitHub's event. */
export type Inputs = {
  /** `owner/repo`. */
  repository: string;
  /** Empty: the pull request of the event. */
  pullRequest: string;
  failOn: string;
  /** The context of the commit status; empty: the job alone shows the verdict. */
  status: string;
  /** `each`, or names of gates with commas. */
  gates: string;
  /** Empty: the default branch. */
  policyRef: string;
  /** RFC 3339. */
  now: string;
  /** The address of the job's run. */
  page: string;
  event: { name: string; text: string | null };
};

/** The inputs, parsed; `status` null: the job itself shows the verdict. */
export type ParsedInputs = {
  owner: string;
  repo: string;
  subject: EventSubject;
  eventName: string;
  failOn: "failure" | "pending";
  status: StatusSettings | null;
};

/** Parses what the workflow's author wrote; unknown with what to write instead. */
export function parseInputs(inputs: Inputs): Known<ParsedInputs> {
  const { repository, failOn, event } = inputs;
  const [, owner, repo] = /^([^/\s]+)\/([^/\s]+)$/.exec(repository) ?? [];
  if (owner === undefined || repo === undefined)
    return unknown("GITHUB_REPOSITORY does not say owner/repo: run this inside a workflow");
  if (failOn !== "failure" && failOn !== "pending")
    return unknown(`the input fail-on is ${JSON.stringify(failOn)}: write failure or pending`);
  const status = statusSettings(inputs);
  if (!status.known) return status;
  const subject = subjectOf(inputs);
  if (!subject.known) return subject;
  const { value } = subject;
  return known({
    owner,
    repo,
    // A status is set on the head as it is now, so an event of an older one is as good as any.
    subject: status.value !== null && value.kind === "pull" ? { ...value, head: null } : value,
    eventName: event.name,
    failOn,
    status: status.value,
  });
}

function statusSettings({ status, gates }: Inputs): Known<StatusSettings | null> {
  const named = gates.split(/[\s,]+/).filter((name) => name !== "");
  if (status === "")
    return named.length === 0
      ? known(null)
      : unknown("the input gates is about commit statuses: give `status: sallyport` too");
  if (!/^[^\p{Cc}]{1,100}$/u.test(status))
    return unknown(`the input status is ${JSON.stringify(status)}: write a name of at most 100 characters`);
  if (named.length === 1 && named[0] === "each") return known({ context: status, gates: gateNames });
  const wrong = named.find((name) => !gateNames.some((gate) => gate === name));
  if (wrong === undefined) return known({ context: status, gates: named });
  const meant = suggestion(wrong, gateNames);
  const advice = meant === null ? `write \`each\`, or some of ${gateNames.join(", ")}` : `did you mean \`${meant}\`?`;
  return unknown(`the input gates names ${JSON.stringify(wrong)}, and there is no such gate: ${advice}`);
}

function subjectOf({ pullRequest, event }: Inputs): Known<EventSubject> {
  if (pullRequest !== "") {
    if (!/^[1-9][0-9]{0,9}$/.test(pullRequest))
      return unknown(`the input pull-request is ${JSON.stringify(pullRequest)}: write its number`);
    return known({ kind: "pull", number: Number(pullRequest), head: null });
  }
  if (event.text === null)
    return unknown("the event file (GITHUB_EVENT_PATH) cannot be read: give the number with the input `pull-request`");
  const payload = parse(event.text);
  return payload.known ? subjectOfEvent(event.name, payload.value) : payload;
}

function parse(text: string): Known<unknown> {
  try {
    return known(JSON.parse(text));
  } catch {
    return unknown("the event file (GITHUB_EVENT_PATH) is not JSON: give the number with the input `pull-request`");
  }
}
