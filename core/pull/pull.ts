import { policyPath } from "../../schemas/limits.ts";
import type { People } from "../../schemas/policy.ts";
import { answered, answeredSources, heard, turnAway } from "../answer.ts";
import { type Decision, decisionOf, ensureSticky, requeue, type Step } from "../decision.ts";
import { appActor, type Draft, type EntryOf, lastEntry, pullSubject, type TypedEntry, withDrafts } from "../entries.ts";
import type { CommandRequest } from "../facts.ts";
import { isNotRequired } from "../health/required-incident.ts";
import { effectKey, sourceKey } from "../identifiers.ts";
import { known } from "../known.ts";
import { usablePolicy } from "../policy/problem.ts";
import { answeredBy, concernDrafts, openConcerns } from "../record/concerns.ts";
import { recordOf, storyOf } from "../record/pull.ts";
import { endedPulls } from "../record/unended.ts";
import type { Subject } from "../subject.ts";
import { checkEffect } from "../verdict/check.ts";
import { givenFacts, judgeWhole, verdictBody } from "../verdict/judged.ts";
import { type Advice, summaryMarkdown, titleOf } from "../verdict/report.ts";
import { countedOf, isBetter } from "../verdict/shared.ts";
import { answerOnPull } from "./commands.ts";
import { observeEnd, showPastCheck } from "./end.ts";
import type { JudgedContext, PullContext, PullSnapshot } from "./facts.ts";
import { endOverview, overviewOf } from "./overview.ts";
import { answerReviews, recordReviews } from "./reviews.ts";
import { rework } from "./rework.ts";
import { runNotes } from "./run-notes.ts";
import { sealAdoption } from "./seal-adoption.ts";
import { sealEvidence } from "./seal-evidence.ts";

/** Decides a pull request's next steps: answers commands, gives the verdict, seals evidence, observes the merge. */
export function decidePull(given: PullSnapshot): Decision {
  const facts = { ...given, policy: policyOf(given) };
  const { policy } = facts;
  if (policy.known && policy.value.state === "absent" && policy.value.removedBy === null) return decideUnset(facts);
  // Reviews come first, so that approvals before a merge precede it in the ledger.
  const reviews = recordReviews({ facts, entries: facts.entries });
  const answers = answerCommands(contextAfter(reviews, facts));
  const answeredFirst = decisionOf(reviews, answers);
  const context = contextAfter(answeredFirst, facts);
  if (facts.state === "closed") {
    const end = observeEnd(context);
    return decisionOf(
      answeredFirst,
      end,
      { overview: endOverview(facts) },
      showPastCheck({ facts, entries: withDrafts(context.entries, end.drafts ?? [], facts.now) }),
    );
  }
  if (isInBase(facts)) return decisionOf(answeredFirst, { requeueAfter: requeue.unannounced });
  if (answeredFirst.drafts.some(isNamedInVerdict)) return answeredFirst;
  const judged = judgePull(context);
  return decisionOf(
    answeredFirst,
    { crashes: judged.crashes },
    answerReviews(judged),
    recordVerdict(judged),
    sealEvidence(judged),
    sealAdoption(judged),
    showCheck(judged),
    showVerdict(judged),
    rework(judged),
    overviewOf(judged),
    backtestPolicy(judged),
    retryUnread(judged),
  );
}

/**
 * A policy that is in no commit of the default branch, while the ledger has a verdict by one, was removed by whoever
 * rewrote that branch.
 */
function policyOf({ policy, entries }: PullSnapshot): PullSnapshot["policy"] {
  if (!policy.known || policy.value.state !== "absent" || policy.value.removedBy !== null) return policy;
  const wasThere = lastEntry(entries, "verdict.given", ({ body }) => (body.policy ?? null) !== null) !== undefined;
  return wasThere ? known({ ...policy.value, removedBy: policy.value.ref }) : policy;
}

/** In a repository that never had a policy nothing is shown but the check, and nothing is recorded. */
function decideUnset(facts: PullSnapshot): Decision {
  return facts.state === "closed" ? decisionOf() : decisionOf(showCheck(judgePull({ facts, entries: facts.entries })));
}

function contextAfter({ drafts = [] }: Step, facts: PullSnapshot): PullContext {
  return { facts, entries: withDrafts(facts.entries, drafts, facts.now) };
}

/**
 * Whether the base already contains the head, so that GitHub is about to mark the pull request as merged. A verdict on
 * an empty change would make that merge an incident.
 */
function isInBase({ judged: { mergeBase, head } }: PullSnapshot): boolean {
  return mergeBase.known && mergeBase.value === head.sha;
}

/** Whether a verdict names such an entry by its sequence number: it is given once the entry is recorded and has one. */
function isNamedInVerdict({ kind }: Draft): boolean {
  return kind === "change.adopted" || kind === "waiver.given" || kind === "concern.raised";
}

/** Judges the pull request with its ledger record. */
function judgePull(context: PullContext): JudgedContext {
  const { facts } = context;
  const record = recordOf(context.entries, facts.number, facts.judged);
  const given = { ...facts.judged, policy: facts.policy, record };
  return { ...context, ...judgeWhole(given), given: givenFacts(given) };
}

/**
 * Answers the open commands, oldest first, each with the earlier answers recorded; a command that cannot be decided yet
 * holds up the rest.
 */
function answerCommands(context: PullContext): Step {
  const { facts } = context;
  const loaded = usablePolicy(facts.policy);
  if (loaded === null) return {};
  const sources = answeredSources(facts.entries);
  let answers = decisionOf(turnAway(facts, facts));
  for (const request of heard(facts)) {
    if (sources.has(sourceKey(request.source))) continue;
    const entries = withDrafts(context.entries, answers.drafts, facts.now);
    const record = recordOf(entries, facts.number, facts.judged);
    const answer = record.known ? answerOnPull(request, { facts, loaded, record: record.value }) : null;
    if (answer === null) return decisionOf(answers, { requeueAfter: requeue.undecided });
    const concerns = answer.accepted ? concernsOf(request, facts.number, entries, loaded.policy.people) : [];
    const drafts = [...(answer.drafts ?? []), ...concerns];
    const isTold = request.command.name === "rework" || concerns.length > 0;
    const story = isTold ? storyOf(entries, facts.number) : undefined;
    const enqueue: Subject[] =
      story === undefined ? [] : [{ kind: "issue", repository: facts.repository.id, number: story }];
    answers = decisionOf(answers, answered(request, { ...answer, drafts }, facts), { enqueue });
  }
  return answers;
}

/**
 * The concerns that an accepted command raises or answers on this pull request; those of its story are answered there,
 * but for those about the rework of this one.
 */
function concernsOf(request: CommandRequest, pull: number, entries: readonly TypedEntry[], people: People): Draft[] {
  const opened = lastEntry(entries, "pull.opened", ({ body }) => body.pull === pull)?.body;
  const open = openConcerns(entries).filter(
    ({ issue, about }) => issue === pull || (about.type === "rework" && about.pull === pull),
  );
  return concernDrafts(request, answeredBy(request, open, [], people), {
    story: opened?.story ?? null,
    pull,
    prompt: opened?.prompt ?? null,
  });
}

/**
 * Records a verdict that differs from the last one, or the first since somebody opened the pull request again, which
 * nothing else records; and has its readers decided again: the story and the pull requests with the same head.
 */
function recordVerdict(context: JudgedContext): Step {
  const { facts, entries, verdict, shared, digest, given } = context;
  const last = lastEntry(entries, "verdict.given", ({ body }) => body.pull === facts.number)?.body;
  const { ref: baseRef } = facts.judged.base;
  const isReopened = endedPulls(entries).has(facts.number);
  // Two branches can point at one commit, and the verdict names only the commit.
  if (!isReopened && last?.verdictSha256 === digest && (last.baseRef ?? baseRef) === baseRef) return {};
  // A verdict with an unread fact will be given again at once; recording each would fill the ledger with noise. Where
  // only its own text is unread, the others with this head do not wait for it.
  const isUnread = verdict.gates.some((gate) => gate.status === "unknown");
  if (isUnread && verdict.conclusion === "pending" && shared === "pending") return {};
  const { repository, number, sameHeadPulls } = facts;
  const story = storyOf(entries, number);
  return {
    drafts: [
      {
        kind: "verdict.given",
        actor: appActor(facts),
        subject: [pullSubject(number, verdict.head)],
        body: verdictBody(number, baseRef, context),
      },
    ],
    bodies: given === null ? [] : [given],
    enqueue: [
      ...(story === undefined ? [] : [{ kind: "issue" as const, repository: repository.id, number: story }]),
      // They share the check, which may change with this verdict.
      ...(sameHeadPulls.known ? sameHeadPulls.value : []).map((other) => ({
        kind: "pull" as const,
        repository: repository.id,
        number: other,
      })),
    ],
  };
}

/**
 * Shows on the commit what counts for all pull requests with this head, which share its one check. Where another one's
 * verdict is the better that counts, the decision on that one shows it.
 */
function showCheck(context: JudgedContext): Step {
  const { facts, verdict, digest } = context;
  const { counted, worse } = countedHere(context);
  if (isBetter(counted, verdict.conclusion)) return {};
  const advice = adviceOf(context);
  if (counted === verdict.conclusion) return checkEffect(facts, verdict, digest, advice);
  const which = worse.length === 0 ? "Another pull request" : worse.map((pull) => `#${pull}`).join(", ");
  const title = `${which} with this commit is not green`;
  return checkEffect(facts, verdict, digest, { counted, title, ...advice });
}

/** Whether the ledger has it that the branch does not ask for the check; only the default branch is watched. */
function adviceOf({ facts, entries }: JudgedContext): Advice {
  const { ref } = facts.judged.base;
  return { notRequiredOn: ref === facts.repository.defaultBranch && isNotRequired(entries) ? ref : null };
}

/**
 * What counts on a shared head. `worse`: the other pull requests that are not green by what they share. One that is
 * not judged yet keeps the check pending.
 */
function countedHere({ facts, entries, verdict, shared }: JudgedContext) {
  const sameHead = facts.sameHeadPulls.known ? facts.sameHeadPulls.value : [null];
  const others = sameHead.map((pull) => {
    const isOf = ({ body }: EntryOf<"verdict.given">) => body.pull === pull && body.head === verdict.head;
    const last = lastEntry(entries, "verdict.given", isOf)?.body;
    const conclusion = last?.conclusion ?? "pending";
    return { pull, conclusion, shared: last?.shared ?? conclusion };
  });
  return {
    counted: countedOf([{ conclusion: verdict.conclusion, shared }, ...others]),
    worse: others.flatMap((one) => (one.pull !== null && one.shared !== "success" ? [one.pull] : [])),
  };
}

/** GitHub takes 65,536 characters. */
const maxComment = 65_400;

function showVerdict(context: JudgedContext): Step {
  const { facts, verdict } = context;
  const report = `### Sallyport: ${titleOf(verdict)}\n\n${summaryMarkdown(verdict, adviceOf(context))}`;
  const notes = runNotes(context.entries, verdict.head, facts.judged.checks);
  // A long verdict fills the comment alone.
  const body = Buffer.byteLength(report) + Buffer.byteLength(notes) > maxComment ? report : `${report}${notes}`;
  return ensureSticky(facts, body, facts.sticky);
}

/**
 * Shows what a changed policy would have meant, once for each pair of policies. The change itself is judged by the old
 * policy.
 */
function backtestPolicy({ facts }: PullContext): Step {
  const { judged, repository, number } = facts;
  const loaded = usablePolicy(facts.policy);
  if (!judged.changes.known || loaded === null) return {};
  const blob = judged.changes.value.find((change) => change.path === policyPath)?.after?.sha;
  if (blob === undefined) return {};
  const key = effectKey.backtest(repository.id, number, loaded.blob, blob);
  if (facts.outcomes.has(key)) return {};
  const { ref: policyRef } = loaded;
  const branch = repository.defaultBranch;
  return {
    effects: [{ type: "show-backtest", key, pull: number, head: judged.head.sha, policyRef, branch }],
  };
}

/**
 * Retries unread facts. If the check already shows this verdict, the next sweep does: anyone can propose a change with
 * a fact that can never be read, such as a history without a beginning.
 */
function retryUnread({ facts: { ourCheck }, verdict, digest }: JudgedContext): Step {
  const isShown = ourCheck.known && ourCheck.value?.externalId === digest;
  const isUnread = verdict.gates.some((gate) => gate.status === "unknown");
  return !ourCheck.known || (isUnread && !isShown) ? { requeueAfter: requeue.undecided } : {};
}
