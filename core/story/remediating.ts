import type { EntryBody } from "../../schemas/entries.ts";
import { maxReasonLength, maxReasons } from "../../schemas/limits.ts";
import type { Step } from "../decision.ts";
import { digestOf } from "../digest.ts";
import { appActor, type Draft } from "../entries.ts";
import { isStopping } from "../record/concerns.ts";
import type { AttemptRecord, PromptRecord, StoryRecord, StoryRun } from "../record/story.ts";
import type { StoryContext } from "./facts.ts";

type Opened = EntryBody<"remediation.opened">;
type Closed = EntryBody<"remediation.closed">;

/** Records a failure once for each prompt of a run, and later its end. */
export function remediate({ record, facts }: StoryContext): Step {
  const actor = appActor(facts);
  const known = new Set(record.remediations.map(({ opened }) => opened.remediation));
  const opened = failuresOf(record).flatMap((body): Draft[] =>
    known.has(body.remediation)
      ? []
      : [
          {
            kind: "remediation.opened",
            actor,
            subject: [{ name: body.remediation, digest: { sha256: body.signature.sha256 } }],
            body,
          },
        ],
  );
  const closed = record.remediations.flatMap((one): Draft[] => {
    const body = one.closed === null ? endOf(record, one.opened) : null;
    if (body === null) return [];
    const subject = body.by.type === "merge" ? [{ name: body.remediation, digest: { gitCommit: body.by.merged } }] : [];
    return [{ kind: "remediation.closed", actor, subject, body }];
  });
  return { drafts: [...opened, ...closed] };
}

/**
 * The failures of the story's last run, open or failed: each prompt with a refused attempt that another followed, and
 * the prompt at which a failed run ended. Of several failures at one prompt, the first counts. An agent that asked or
 * stopped has not failed: that is a concern, which people answer.
 */
export function failuresOf({ run, prompts }: StoryRecord): Opened[] {
  if (run === null || (run.closed !== null && run.closed.status !== "failed")) return [];
  const worked = prompts.filter(({ issue }) => issue !== null && run.prompts.includes(issue));
  const current = worked.find(({ completed }) => !completed);
  return worked.flatMap((prompt) => {
    if (prompt.completed || prompt.issue === null) return [];
    const attempts = prompt.attempts.filter(({ pack }) => pack.run === run.run);
    const refused = attempts.slice(0, -1).find(isFailure);
    if (refused !== undefined) return [opened(run, prompt.issue, refused, "attempt", refused.closed?.reasons ?? [])];
    // A person who closed a pull request declined it.
    const isEnd = run.mode === "independent" ? attempts.length > 0 && !prompt.closedUnmerged : prompt === current;
    return isEnd && run.closed?.status === "failed"
      ? [endedAt(run, run.closed.reason, prompt, prompt.issue, attempts.at(-1))]
      : [];
  });
}

/** Whether an attempt was refused; one that asked or stopped waits for people instead. */
function isFailure({ response, closed }: AttemptRecord): boolean {
  return closed?.accepted === false && closed.reasons.length > 0 && !isStopping(response?.outcome);
}

/** How many tries at one revision of a prompt failed in a run; rounds of rework and waits for people are no failures. */
export function failuresAt({ attempts }: PromptRecord, run: string, revision: number): number {
  return attempts.filter((one) => one.pack.run === run && one.pack.attempt.r === revision && isFailure(one)).length;
}

/** The failure at which a run ended. */
function endedAt(
  run: StoryRun,
  reason: string,
  { pull }: PromptRecord,
  issue: number,
  last: AttemptRecord | undefined,
): Opened {
  const origin = originOf(last, pull);
  const own = origin === "attempt" ? (last?.closed?.reasons ?? []) : [];
  // The run's own reason is always kept, however many reasons the attempt has.
  const end = { source: "run", code: `${origin}-failed`, message: reason };
  return opened(run, issue, last, origin, [...own.slice(0, maxReasons - 1), end]);
}

function originOf(last: AttemptRecord | undefined, pull: number | null): Opened["origin"] {
  if (last === undefined || last.closed === null) return "start";
  if (!last.closed.accepted) return "attempt";
  if (last.commit === null) return "write";
  return pull === null ? "pull" : "start";
}

function opened(
  { run, story }: StoryRun,
  prompt: number,
  failed: AttemptRecord | undefined,
  origin: Opened["origin"],
  all: Opened["reasons"],
): Opened {
  const reasons = all
    .slice(0, maxReasons)
    .map((reason) => ({ ...reason, message: reason.message.slice(0, maxReasonLength).toWellFormed() }));
  const codes = [...new Set(reasons.map(({ code }) => code))].sort();
  return {
    remediation: `${run}/${prompt}`,
    run,
    story,
    prompt,
    after: failed?.pack.attempt ?? null,
    origin,
    signature: { codes, sha256: digestOf(codes) },
    reasons,
  };
}

/**
 * The end of a failure; null: it is still open. It is fixed when a change for its prompt was merged with a successful
 * verdict; a merge without one records it as open. It is abandoned when its own run was cancelled or another plan
 * replaced the prompt. A failed run alone does not end it.
 */
export function endOf({ prompts, run, contract }: StoryRecord, failure: Opened): Closed | null {
  const { remediation, story, prompt: issue } = failure;
  const about = { remediation, run: failure.run, story, prompt: issue };
  const prompt = prompts.find((one) => one.issue === issue);
  if (prompt === undefined)
    return contract === null ? null : { ...about, status: "abandoned", by: { type: "plan", digest: contract.digest } };
  if (prompt.completed && prompt.merge !== null) {
    const { pull, head, merged, judged } = prompt.merge;
    const last = prompt.attempts.findLast(({ commit }) => commit?.commit === head);
    const made = last === undefined ? null : { run: last.pack.run, attempt: last.pack.attempt };
    return {
      ...about,
      status: judged ? "fixed" : "open",
      by: { type: "merge", pull, head, merged, made },
    };
  }
  if (run?.run !== failure.run || run.closed?.status !== "cancelled") return null;
  return { ...about, status: "abandoned", by: { type: "run", reason: run.closed.reason } };
}
