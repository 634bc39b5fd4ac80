import type { Source } from "../schemas/entry-parts.ts";
import type { Attempt } from "../schemas/step.ts";

/** One attempt at a prompt in a run; `prompt` is the number of the prompt's issue. */
type Step = { run: string; prompt: number; attempt: Attempt };

/** An attempt's name as people write it: `R0/S1`. */
export function attemptName({ attempt }: { attempt: Attempt }): string {
  return `R${attempt.r}/S${attempt.s}`;
}

/**
 * A checkpoint's name as people write it: the run, the prompt and the attempt that it comes before,
 * `run-12-1/34/R0S1`.
 */
export function checkpointName({ run, prompt, attempt }: Step): string {
  return `${run}/${prompt}/R${attempt.r}S${attempt.s}`;
}

/** Whether a text has the form of a checkpoint's name; only the ledger shows whether it exists. */
export function isCheckpointName(text: string): boolean {
  return /^run-[0-9]{1,10}-[0-9]{1,10}\/[0-9]{1,10}\/R[0-9]{1,10}S[0-9]{1,10}$/.test(text);
}

/**
 * The branch of one prompt in one run. Only this form is ever written; no part of it comes from a model or an issue.
 */
export function branchName(run: string, prompt: number): string {
  return `sallyport/${run}/${prompt}`;
}

/** Whether a branch has the form of a run's own: no other is written or taken back for one. */
export function isRunBranch(name: string): boolean {
  return /^sallyport\/run-[0-9]+-[0-9]+\/[0-9]+$/.test(name);
}

/** The stable name of a person's act: each comment, label event or assignment is answered once. */
export function sourceKey(source: Source): string {
  return `${source.type}/${source.id}`;
}

/**
 * The keys of effects. Effects are idempotent by key: two effects with one key are the same effect. A key holds exactly
 * what makes the effect due again. Keys are stored: in another form a key is another effect, and what was requested
 * under the old one is requested again. `repository` is the repository's id, `number` an issue's or a pull request's.
 */
export const effectKey = {
  /** Runs an agent, once for each attempt. */
  agent: (repository: number, { run, prompt, attempt }: Step) =>
    `agent/${repository}/${run}/${prompt}/${attemptName({ attempt })}`,
  /** Lets a reviewer agent read an attempt's commit; it ends with the run's other agents. */
  advice: (repository: number, { run, prompt, attempt }: Step) =>
    `agent/${repository}/${run}/${prompt}/${attemptName({ attempt })}/advice`,
  /** Runs the verification commands on an attempt's answer; it ends with the run's agents. */
  commands: (repository: number, { run, prompt, attempt }: Step) =>
    `agent/${repository}/${run}/${prompt}/${attemptName({ attempt })}/commands`,
  /** The beginning of the keys of all agents of a run. */
  agents: (repository: number, run: string) => `agent/${repository}/${run}/`,
  /** The beginnings of the keys of all that a run writes. */
  writes: (repository: number, run: string) => [`change/${repository}/${run}/`, `pull/${repository}/${run}/`],
  /** Cancels the workflow's run of a stopped agent, by the key of its effect. */
  cancel: (agent: string) => `cancel/${agent}`,
  /** Shows what a changed policy would have meant, once for each pair of policies (the SHAs of their blobs). */
  backtest: (repository: number, pull: number, before: string, after: string) =>
    `backtest/${repository}/${pull}/${before}/${after}`,
  /** Writes an attempt's commit. */
  change: (repository: number, { run, prompt, attempt }: Step) =>
    `change/${repository}/${run}/${prompt}/${attemptName({ attempt })}`,
  /** Shows what the agent says of a reworked commit. */
  claims: (repository: number, step: Step) => `claims/${repository}/${checkpointName(step)}`,
  /** Our check run on a commit. */
  check: (repository: number, sha: string) => `check/${repository}/${sha}`,
  /** Closes a complete issue. */
  close: (repository: number, number: number) => `close/${repository}/${number}`,
  /** Opens the issue below which stands what waits. */
  dashboard: (repository: number) => `dashboard/${repository}`,
  /** Tells what happened, once for each span, by its last day: below the dashboard (`issue`) and in a chat. */
  digest: (repository: number, day: string, to: "issue" | "chat") => `digest/${repository}/${day}/${to}`,
  /** Says that a run ended without a command. */
  ended: (repository: number, run: string) => `ended/${repository}/${run}`,
  /** Removes a command label from an issue. */
  label: (repository: number, number: number, label: string) => `label/${repository}/${number}/${label}`,
  /** Makes the labels that a repository lacks. */
  labels: (repository: number) => `labels/${repository}`,
  /** Makes a story a sub-issue of its epic. */
  link: (repository: number, epic: number, story: number) => `link/${repository}/${epic}/${story}`,
  /** Tells people that an issue waits for them, once for each thing that it waits for. */
  notice: (repository: number, number: number, about: string) => `notice/${repository}/${number}/${about}`,
  /** Asks the planner, once for each command that asks for a plan. */
  plan: (repository: number, story: number, source: Source) => `plan/${repository}/${story}/${sourceKey(source)}`,
  /** Proposes a first policy. */
  onboarding: (repository: number) => `onboarding/${repository}`,
  /** Opens the issue of one prompt of a contract, identified by the plan's revision. */
  prompt: (repository: number, story: number, revision: number, index: number) =>
    `prompt/${repository}/${story}/${revision}/${index}`,
  /** Opens the pull request of a run's prompt. */
  pull: (repository: number, run: string, prompt: number) => `pull/${repository}/${run}/${prompt}`,
  /** Answers a command. */
  reply: (repository: number, source: Source) => `reply/${repository}/${sourceKey(source)}`,
  /** Gathers what is to be mended at a head, once for each digest of what failed and was asked for there. */
  report: (repository: number, pull: number, head: string, digest: string) =>
    `report/${repository}/${pull}/${head}/${digest}`,
  /** Asks for a review of an attempt's commit. */
  review: (repository: number, step: Step) => `review/${repository}/${checkpointName(step)}`,
  /** Passes over a command in a review. */
  reviewCommand: (repository: number, review: number) => `review-command/${repository}/${review}`,
  /** Tells a person that their commands do not count, once a day (UTC, `2026-11-21`) on each issue or pull request. */
  refusal: (repository: number, number: number, person: number, day: string) =>
    `refusal/${repository}/${number}/${person}/${day}`,
  /** Rolls back to a checkpoint, once for each comment that asks for it. */
  rollback: (repository: number, comment: number) => `rollback/${repository}/${comment}`,
  /** The label that shows an issue's state. */
  state: (repository: number, number: number) => `state/${repository}/${number}`,
  /** Answers a review thread (the id of its first comment), once for each attempt that took it up. */
  thread: (repository: number, thread: number, step: Step) => `thread/${repository}/${thread}/${checkpointName(step)}`,
  /** Our one comment that is edited and never repeated. */
  sticky: (repository: number, number: number) => `sticky/${repository}/${number}`,
};
