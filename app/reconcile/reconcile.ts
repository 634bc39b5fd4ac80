import { type GitHub, requestResult } from "../../collect/github/request.ts";
import type { Decision } from "../../core/decision.ts";
import { crashText, SallyportError } from "../../core/errors.ts";
import type { Known } from "../../core/known.ts";
import { keyOf } from "../../core/record/keys.ts";
import { endGone } from "../../core/story/run-end.ts";
import type { Subject } from "../../core/subject.ts";
import { asSallyportError } from "../github/failure.ts";
import { tellFailures } from "../github/requests.ts";
import { observeGroup } from "./group.ts";
import { observeIssue } from "./issue.ts";
import { observePull } from "./pull.ts";
import { observeRepository } from "./repository.ts";
import type { Observation, ReconcileTools } from "./tools.ts";

/**
 * More rounds than this over one observation mean that a decision does not settle. A round decides, records the
 * decision, and decides again, because some entries and effects name an earlier entry by its position or its hash, and
 * a draft has neither until it is recorded. Inside a round `decideStory` has a loop of its own: there one draft leads
 * to the next without being recorded between, so that related entries are appended in one transaction.
 */
const maxRounds = 50;

/**
 * How often a subject is observed again at once because entries came in between that its decision would have read. Past
 * that it waits its turn.
 */
const maxMoves = 5;

/**
 * Reconciles one subject: takes its lease, observes its whole state on GitHub, then decides and records until nothing
 * more follows. The results of effects trigger another reconcile.
 */
export async function reconcile(subject: Subject, tools: ReconcileTools, moves = 0): Promise<void> {
  const fence = await tools.takeLease(subject);
  const met: { limit: Date | null } = { limit: null };
  const github = tellFailures(await tools.github(subject.repository), (error) => {
    const { code, notBefore } = asSallyportError(error, tools.now());
    if (code === "rate-limit") met.limit = notBefore ?? null;
  });
  const observed = await see(subject, github, tools);
  if (!observed.known) {
    if (await isGone(subject, github)) {
      tools.log(`${subject.kind} #${subject.number} is gone: ${observed.why}`);
      if (subject.kind === "issue") await endWork(subject, fence, github, tools);
      return;
    }
    // Thrown, so that the queue retries with a growing backoff: nothing can be decided without an observation.
    throw new SallyportError("github", observed.why, { retry: true });
  }
  const asked = new Map<string, string>();
  for (let round = 0; round < maxRounds; round++) {
    const { decision: whole, seen } = await observed.value.decide();
    for (const crash of whole.crashes) tools.log(`${subject.kind} #${subject.number}: ${crashText(crash)}`);
    // Each round asks for what GitHub did not show when it was observed; once is enough.
    const decision = { ...whole, effects: whole.effects.filter((one) => asked.get(one.key) !== JSON.stringify(one)) };
    if (isEmpty(decision)) return;
    // It would tell what it could not read in place of a verdict that stands. What others met kept nothing from it.
    if (met.limit !== null && decision.requeueAfter !== null)
      throw new SallyportError("rate-limit", "what GitHub did not give is read again once its limit ends", {
        retry: true,
        notBefore: met.limit,
      });
    const end = await tools.record({ subject, fence, repository: observed.value.repository, seen }, decision);
    if (end === "moved" && moves < maxMoves) return reconcile(subject, tools, moves + 1);
    if (end === "moved")
      throw new SallyportError("lease-lost", `the ledger of ${subject.kind} #${subject.number} goes on moving`, {
        retry: true,
      });
    if (decision.drafts.length === 0) return;
    for (const effect of decision.effects) asked.set(effect.key, JSON.stringify(effect));
  }
  tools.log(`${subject.kind} #${subject.number}: still deciding after ${maxRounds} rounds; left for the next look`);
}

function see(subject: Subject, github: GitHub, tools: ReconcileTools): Promise<Known<Observation>> {
  switch (subject.kind) {
    case "issue":
      return observeIssue(subject, github, tools);
    case "pull":
      return observePull(subject, github, tools);
    case "group":
      return observeGroup(subject, github, tools);
    case "repository":
      return observeRepository(subject, github, tools);
  }
}

/** Ends what goes on for an issue that is gone. If the ledger moves meanwhile, the next look does. */
async function endWork(subject: Subject, fence: number, { owner, repo }: GitHub, tools: ReconcileTools): Promise<void> {
  const { repository, number } = subject;
  const seen = await tools.entries(repository, [keyOf.number(number)]);
  const decision = endGone(number, seen.entries, tools);
  if (isEmpty(decision)) return;
  await tools.record(
    { subject, fence, repository: { id: repository, name: `${owner}/${repo}` }, seen: [seen] },
    decision,
  );
}

/** Whether GitHub says that a subject is no more, or not for us: an answer, and no failure that a retry could mend. */
async function isGone({ kind, number }: Subject, { request, owner, repo }: GitHub): Promise<boolean> {
  if (kind === "group" || kind === "repository") return false;
  // Every pull request is an issue too.
  const issue = request("GET /repos/{owner}/{repo}/issues/{issue_number}", { owner, repo, issue_number: number });
  const answer = await requestResult(`#${number}`, issue);
  // One that was moved to another repository is told from there, by its number there.
  return answer.ok ? answer.data.number !== number : answer.status === 404 || answer.status === 410;
}

function isEmpty(decision: Decision): boolean {
  const { drafts, effects, enqueue: others, requeueAfter, overview } = decision;
  const isSilent = drafts.length === 0 && effects.length === 0 && others.length === 0 && requeueAfter === null;
  return isSilent && overview === undefined;
}
