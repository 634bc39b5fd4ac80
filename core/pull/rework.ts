import type { People, Rework } from "../../schemas/policy.ts";
import type { ReworkCause } from "../../schemas/rework.ts";
import { awaitEffect, requeue, type Step } from "../decision.ts";
import { digestOf } from "../digest.ts";
import type { Effect, EffectResult } from "../effects.ts";
import { appActor, lastEntry, pullSubject } from "../entries.ts";
import { effectKey } from "../identifiers.ts";
import { stateOf } from "../ledger/attempt-protocol.ts";
import { untracedCommits } from "../people/authorship.ts";
import { usablePolicy } from "../policy/problem.ts";
import { openConcerns, stopsPull } from "../record/concerns.ts";
import { isWriteParked, openRun } from "../record/progress.ts";
import { recordOf } from "../record/pull.ts";
import { spentOnRework, takenUp } from "../record/rework.ts";
import { foldStory, type PromptRecord, type StoryRun } from "../record/story.ts";
import { reworkConcern } from "../story/reworking.ts";
import type { JudgedContext } from "./facts.ts";
import { causesOf, type Failing, failingOf, signatureOf } from "./failing.ts";

/** A run's prompt at rest on its open pull request, and what sends it back. */
type Due = {
  context: JudgedContext;
  run: StoryRun;
  prompt: PromptRecord;
  settings: Rework | undefined;
  people: People;
  failing: Failing;
  causes: [ReworkCause, ...ReworkCause[]];
  signature: string;
};

/**
 * Sends what failed on a run's pull request back to its agent, where the policy says so or a person wrote `/rework`:
 * what is to be mended is gathered, then a new round is recorded, and the story begins the attempt. A round that may
 * not begin ends in a concern, once for each head and each command.
 */
export function rework(context: JudgedContext): Step {
  const { facts, entries, verdict } = context;
  const loaded = usablePolicy(facts.policy);
  const opened = lastEntry(entries, "pull.opened", ({ body }) => body.pull === facts.number)?.body;
  if (loaded === null || opened === undefined) return {};
  const story = foldStory(opened.story, entries);
  const run = openRun(story);
  const prompt = story.prompts.find(({ pull }) => pull === facts.number);
  if (run === null || prompt === undefined || prompt.completed) return {};
  if (openConcerns(entries).some((one) => stopsPull(one, { pull: facts.number, story: opened.story }))) return {};
  const settings = loaded.policy.rework;
  const isAsked = prompt.rework.asked.length > 0;
  // A round that was left when its run ended gives way to the one that somebody asks for now.
  const isPending = prompt.rework.pending !== null && (prompt.rework.pending.run === run.run || !isAsked);
  if ((settings === undefined && !isAsked) || isPending || !isAtRest(prompt, run)) return {};
  // GitHub still shows an older head: our newest commit is not on it yet.
  if (prompt.branchState.commits.slice(0, -1).includes(verdict.head)) return {};
  const failing = failingOf(context, prompt.rework);
  if (failing === "unread") return { requeueAfter: requeue.undecided };
  // The end of each check is an event.
  if (failing === "running") return {};
  const causes: ReworkCause[] = causesOf(failing, settings?.on ?? []);
  const [first, ...others] = isAsked ? (["command", ...causes] as const) : causes;
  if (first === undefined) return {};
  const people = loaded.policy.people;
  const signature = signatureOf(failing);
  return begin({ context, run, prompt, settings, people, failing, causes: [first, ...others], signature });
}

/**
 * Whether no attempt is under way: the last one is written, could not be, belongs to an earlier run, or was to mend what
 * a reviewer agent said and did not.
 */
function isAtRest(prompt: PromptRecord, run: StoryRun): boolean {
  const last = prompt.attempts.at(-1);
  if (last === undefined) return false;
  if (last.pack.run !== run.run) return prompt.rework.asked.length > 0;
  if (stateOf(last) === "refused" && last.rework?.pull === undefined && last.rework !== null) return true;
  return stateOf(last) === "committed" || isWriteParked(prompt);
}

function begin(due: Due): Step {
  const { context, prompt } = due;
  const why = objection(due);
  if (why === "unread") return { requeueAfter: requeue.undecided };
  if (why !== null) return park(due, why.code, why.message);
  const effect = gather(due);
  return awaitEffect(context.facts.outcomes.get(effect.key), {
    ask: () => ({ effects: [effect] }),
    done: (result) => (result.type === "report" ? open(due, result) : {}),
    failed: ({ code, message }) => park(due, code, `What failed on #${prompt.pull} could not be gathered: ${message}`),
  });
}

/** Why no round may begin now; null: one may. */
function objection(due: Due): { code: string; message: string } | "unread" | null {
  const { context, prompt, settings, causes, signature } = due;
  const { rounds } = prompt.rework;
  const spent = spentOnRework(prompt.attempts);
  const foreign = foreignCommits(context, prompt);
  if (foreign === "unread") return foreign;
  if (foreign !== null) return { code: "moved-branch", message: foreign };
  if (settings?.tokens !== undefined && spent >= settings.tokens)
    return {
      code: "rework-budget",
      message: `The rework of #${prompt.pull} used ${spent} tokens, and the policy allows ${settings.tokens} (\`rework.tokens\`).`,
    };
  if (causes.includes("command") || settings === undefined) return null;
  if (rounds.length >= settings.rounds)
    return {
      code: "rework-rounds",
      message: `#${prompt.pull} failed after ${rounds.length} rounds of rework, as many as the policy lets begin by themselves.`,
    };
  return rounds.at(-1)?.signature === signature
    ? {
        code: "same-failure",
        message: `#${prompt.pull} failed twice in the same way, so no further round begins by itself.`,
      }
    : null;
}

/** What others did to the branch that nobody answers for, in a sentence; null: it holds the run's work and nothing else. */
function foreignCommits({ facts, entries }: JudgedContext, { branchState }: PromptRecord): string | "unread" | null {
  const { commits, head } = facts.judged;
  const record = recordOf(entries, facts.number, facts.judged);
  if (!commits.known || !record.known) return "unread";
  const last = branchState.commits.at(-1);
  if (!commits.value.some(({ sha }) => sha === last))
    return `The branch of #${facts.number} does not hold ${last}, the run's last commit, any more.`;
  const untraced = untracedCommits(commits.value, record.value, facts.judged);
  if (!untraced.known) return "unread";
  const [first] = untraced.value;
  return first === undefined
    ? null
    : `Somebody pushed ${first.sha} to the branch of #${facts.number}, and nobody adopted it (\`/adopt ${head.sha} because …\`).`;
}

/** Raises a concern with what was tried; by itself once for each head, and once for each time that somebody asks. */
function park(due: Due, code: string, message: string): Step {
  const { context, run, prompt, causes } = due;
  const { facts, verdict } = context;
  const { parked, rounds } = prompt.rework;
  const isRaised = parked.some(({ head }) => head === verdict.head);
  if (prompt.issue === null || (isRaised && !causes.includes("command"))) return {};
  const tried = rounds.map(
    ({ round, causes: why, head }) => `round ${round} on ${head.slice(0, 12)} (${why.join(", ")})`,
  );
  const lines = [
    message,
    tried.length === 0 ? "" : `Tried: ${tried.join("; ")}.`,
    "An executor writes `/rework <what to mend>` for another round, `/clarify` leaves the pull request as it is for people to mend, `/stop` ends the run.",
  ];
  const where = { story: run.story, prompt: prompt.issue, pull: facts.number, head: verdict.head };
  const name = `rework-${facts.number}-${parked.length + 1}`;
  return {
    drafts: [reworkConcern(name, code, lines.filter((line) => line !== "").join(" "), where, facts)],
    enqueue: [{ kind: "issue", repository: facts.repository.id, number: run.story }],
  };
}

/**
 * Gathers what is to be mended. Its key holds what failed and what was asked for, so that more of either is gathered
 * anew; so is everything when somebody asks again after a concern, since what was in the way may be gone by then.
 */
function gather({ context, prompt, people, failing, causes }: Due): Extract<Effect, { type: "gather-report" }> {
  const { facts, verdict } = context;
  const { asked, rounds, parked } = prompt.rework;
  const parts = {
    asked: [...asked.map(({ by, text }) => ({ by: by.login, text })), ...failing.tests],
    gates: failing.gates,
    checks: failing.checks.map(({ id, name, app, conclusion }) => ({ id, name, app, conclusion: conclusion ?? "" })),
    taken: takenUp(prompt.rework).flatMap(({ reviews, comments }) => [...reviews, ...comments]),
    people,
    previous: prompt.attempts.findLast(({ commit }) => commit !== null)?.response?.result.sha256 ?? null,
  };
  const reviews = failing.reviews.map(({ id }) => id);
  const again = causes.includes("command") && parked.length > 0 ? { parked: parked.length } : {};
  const digest = digestOf({ ...parts, reviews, rounds: rounds.length, ...again }).slice(0, 16);
  const key = effectKey.report(facts.repository.id, facts.number, verdict.head, digest);
  return { type: "gather-report", key, pull: facts.number, head: verdict.head, ...parts };
}

function open(due: Due, result: Extract<EffectResult, { type: "report" }>): Step {
  const { context, run, prompt, causes, signature } = due;
  const { facts, verdict } = context;
  if (prompt.issue === null) return {};
  const { type: _, ...gathered } = result;
  return {
    drafts: [
      {
        kind: "rework.opened",
        actor: appActor(facts),
        subject: [pullSubject(facts.number, verdict.head)],
        body: {
          run: run.run,
          story: run.story,
          prompt: prompt.issue,
          pull: facts.number,
          head: verdict.head,
          round: prompt.rework.rounds.length + 1,
          causes,
          by: prompt.rework.asked.at(-1)?.by ?? null,
          signature,
          ...gathered,
        },
      },
    ],
    enqueue: [{ kind: "issue", repository: facts.repository.id, number: run.story }],
  };
}
