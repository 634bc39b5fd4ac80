import { policyPath } from "../schemas/policy-place.ts";
import type { Verdict } from "../schemas/verdict.ts";
import { sealAdoption } from "./adoption-seal.ts";
import { answered } from "./answer.ts";
import type { Ask } from "./authority.ts";
import { checkEffect } from "./check-effect.ts";
import { undoneCommits } from "./checkpoints.ts";
import { concernDrafts, openConcerns } from "./concerns.ts";
import { sha256 } from "./contract.ts";
import { addStep, type Decision, emptyDecision, type Step } from "./decision.ts";
import { type Draft, lastEntry, type TypedEntry } from "./entries.ts";
import type { PullFacts, PullRecord } from "./facts.ts";
import { handedOff, toMerger } from "./handoffs.ts";
import { effectKey, sourceKey } from "./identifiers.ts";
import { judge, verdictText } from "./judge.ts";
import { type Known, unknown } from "./known.ts";
import { recordReviews } from "./observed-reviews.ts";
import { answerOnPull } from "./pull-answers.ts";
import { observeEnd } from "./pull-end.ts";
import type { PullLookFacts } from "./pull-facts.ts";
import { recordOf, storyOf } from "./record.ts";
import { summaryMarkdown, titleOf } from "./report.ts";
import { settledChecks } from "./settled-checks.ts";
import { appActor } from "./story/answer.ts";

/** Decides a pull request's next steps: commands answered, verdict given, evidence sealed, merge observed. */
export function decidePull(facts: PullLookFacts): Decision {
  const decision = emptyDecision();
  // Drafts have no place in the chain yet; an order after all entries is all that a fold needs.
  const entries = (): TypedEntry[] => [
    ...facts.entries,
    ...decision.drafts.map((draft) => ({ ...draft, seq: Number.MAX_SAFE_INTEGER, hash: "", at: facts.now })),
  ];
  // First, so that what was approved before a merge stands before it in the ledger.
  addStep(decision, recordReviews(facts));
  if (!facts.reviews.known || facts.reviews.value.more) decision.requeueAfter = 15;
  answerCommands(facts, entries, decision);
  if (facts.state === "closed") {
    observeEnd(facts, entries(), decision);
    return decision;
  }
  const { mergeBase, head } = facts.judged;
  if (mergeBase.known && mergeBase.value === head.sha) {
    // Its base has all of it, so GitHub is about to call it merged. A verdict on nothing would make that merge an incident.
    decision.requeueAfter = 60;
    return decision;
  }
  // A verdict tells the places of these entries, which they have only once they are recorded: it is given in the next round.
  if (decision.drafts.some(({ kind }) => kind === "change.adopted" || kind === "waiver.given"))
    return decision;
  const verdict = judge(factsFor(facts, recordFor(facts, entries())), { settle: "all" });
  const digest = sha256(verdictText(verdict));
  addStep(decision, recordVerdict(facts, entries(), verdict, digest));
  addStep(decision, sealEvidence(facts, entries(), verdict, digest));
  addStep(decision, sealAdoption(facts, verdict, digest));
  const twin = worseTwin(facts, entries(), verdict);
  const worse = {
    counted: twin ?? verdict.conclusion,
    title: "Another pull request with this commit is not green",
  };
  addStep(decision, checkEffect(facts, verdict, digest, twin === null ? {} : worse));
  showSticky(facts, verdict, decision);
  addStep(decision, backtestPolicy(facts));
  if (!facts.ourCheck.known || isFreshlyUnknown(facts, verdict, digest)) decision.requeueAfter = 15;
  return decision;
}

/**
 * Whether something that the verdict needs was not read, and may be at once. Where the check shows the very same already it
 * waits for the sweep: what can never be read, such as a history without a beginning, anybody may propose.
 */
function isFreshlyUnknown({ ourCheck }: PullLookFacts, verdict: Verdict, digest: string): boolean {
  const isShown = ourCheck.known && ourCheck.value?.externalId === digest;
  return !isShown && verdict.gates.some((gate) => gate.status === "unknown");
}

/** A change of the policy is judged by the old one; what the new one would have meant is shown beside it, once for each text. */
function backtestPolicy(facts: PullLookFacts): Step {
  const { judged, policy, repository, number } = facts;
  if (!judged.changes.known || !policy.known || policy.value.state !== "loaded") return {};
  const blob = judged.changes.value.find((change) => change.path === policyPath)?.after?.sha;
  if (blob === undefined) return {};
  const key = effectKey.backtest(repository.id, number, policy.value.blob, blob);
  if (facts.outcomes.has(key)) return {};
  const { ref: policyRef } = policy.value;
  const branch = repository.defaultBranch;
  return {
    effects: [{ type: "show-backtest", key, pull: number, head: judged.head.sha, policyRef, branch }],
  };
}

/** What the gates judge, with the ledger's side of it filled in. */
function factsFor(facts: PullLookFacts, record: Known<PullRecord>): PullFacts {
  return { ...facts.judged, policy: facts.policy, record };
}

/**
 * The ledger's side of a pull request. A run's pull request is there, and looked at, a moment before the ledger can tell its
 * number; it must not pass for one that no run made, so until then the record is unknown.
 */
function recordFor(facts: PullLookFacts, entries: TypedEntry[]): Known<PullRecord> {
  const written = entries.findLast(
    (entry) => entry.kind === "change.committed" && entry.body.commit === facts.judged.head.sha,
  );
  if (written?.kind !== "change.committed") return recordOf(entries, facts.number);
  const { branch, prompt } = written.body;
  const isOpened = entries.some(
    (entry) => entry.kind === "pull.opened" && entry.body.branch === branch && entry.body.prompt === prompt,
  );
  return isOpened
    ? recordOf(entries, facts.number)
    : unknown(`the head was written for prompt #${prompt}, and its pull request is not recorded yet`);
}

function answerCommands(facts: PullLookFacts, entries: () => TypedEntry[], decision: Decision): void {
  if (!facts.policy.known || facts.policy.value.state !== "loaded") return;
  const loaded = facts.policy.value;
  const seen = new Set(
    facts.entries.flatMap((entry) => (entry.kind === "command" ? [sourceKey(entry.body.source)] : [])),
  );
  for (const ask of facts.asks) {
    if (seen.has(sourceKey(ask.source))) continue;
    const record = recordFor(facts, entries());
    const answer = record.known ? answerOnPull(ask, facts, loaded, record.value) : null;
    if (answer === null) {
      decision.requeueAfter = 15;
      return;
    }
    const concerns = answer.accepted ? concernsOf(ask, facts.number, entries()) : [];
    addStep(
      decision,
      answered(
        ask,
        { ...answer, drafts: [...(answer.drafts ?? []), ...concerns] },
        { issue: { number: facts.number }, repository: facts.repository },
      ),
    );
  }
}

/** What an accepted command means for the concerns of this pull request; those of its story are answered there. */
function concernsOf(ask: Ask, pull: number, entries: TypedEntry[]): Draft[] {
  const opened = lastEntry(entries, "pull.opened", ({ body }) => body.pull === pull)?.body;
  const open = openConcerns(entries).filter((concern) => concern.issue === pull);
  return concernDrafts(ask, open, { story: opened?.story ?? null, pull, prompt: opened?.prompt ?? null });
}

function recordVerdict(facts: PullLookFacts, entries: TypedEntry[], verdict: Verdict, digest: string): Step {
  const last = entries.findLast(
    (entry) => entry.kind === "verdict.given" && entry.body.pull === facts.number,
  );
  const { ref: baseRef } = facts.judged.base;
  // Two branches can stand at one commit, and the verdict's bytes name the commit alone.
  if (
    last?.kind === "verdict.given" &&
    last.body.verdictSha256 === digest &&
    (last.body.baseRef ?? baseRef) === baseRef
  )
    return {};
  // A verdict with an unread fact will be given again at once; recording each would fill the ledger with noise.
  if (verdict.gates.some((gate) => gate.status === "unknown") && verdict.conclusion === "pending") return {};
  const gates = Object.fromEntries(verdict.gates.map((gate) => [gate.gate, gate.status]));
  const story = storyOf(entries, facts.number);
  return {
    drafts: [
      {
        kind: "verdict.given",
        actor: appActor(facts),
        subject: [{ name: `pull request #${facts.number}`, digest: { gitCommit: verdict.head } }],
        body: {
          pull: facts.number,
          head: verdict.head,
          base: verdict.base,
          baseRef,
          conclusion: verdict.conclusion,
          policy: verdict.policy,
          gates,
          verdictSha256: digest,
        },
      },
    ],
    enqueue: [
      ...(story === undefined
        ? []
        : [{ kind: "issue" as const, repository: facts.repository.id, number: story }]),
      // They share the check, so what is shown there may change with this verdict.
      ...(facts.twins.known ? facts.twins.value : []).map((number) => ({
        kind: "pull" as const,
        repository: facts.repository.id,
        number,
      })),
    ],
  };
}

/** Seals the evidence of an agent's commit once its checks have settled and the verdict is success. */
function sealEvidence(facts: PullLookFacts, entries: TypedEntry[], verdict: Verdict, digest: string): Step {
  const settled = settledChecks(facts.judged.checks);
  if (verdict.conclusion !== "success" || settled === null) return {};
  const written = entries.findLast(
    (entry) => entry.kind === "change.committed" && entry.body.commit === verdict.head,
  );
  if (written?.kind !== "change.committed") return {};
  const { run, story, prompt, attempt, commit, tree } = written.body;
  const sealed = entries.some(
    (entry) =>
      entry.kind === "evidence.sealed" && entry.body.commit === commit && entry.body.verdictSha256 === digest,
  );
  const captured = entries.findLast(
    (entry) =>
      entry.kind === "evidence.captured" &&
      entry.body.prompt === prompt &&
      entry.body.attempt.s === attempt.s &&
      entry.body.attempt.r === attempt.r,
  );
  if (sealed || undoneCommits(entries).has(commit) || captured === undefined) return {};
  const handed = toMerger({ story, prompt }, commit, entries);
  return {
    drafts: [
      {
        kind: "evidence.sealed",
        actor: appActor(facts),
        subject: [{ name: `prompt #${prompt}`, digest: { gitCommit: commit } }],
        body: {
          run,
          story,
          prompt,
          attempt,
          pull: facts.number,
          commit,
          tree,
          ...settled,
          validator: "pass",
          verdictSha256: digest,
          captured: captured.hash,
        },
      },
      ...(handed === null ? [] : [handedOff(handed, appActor(facts))]),
    ],
  };
}

/**
 * A commit has one check, so pull requests that share their head share it: the worse verdict counts (invariant 5). Null
 * when no other one is worse; an unread or unjudged twin holds the check open.
 */
function worseTwin(
  facts: PullLookFacts,
  entries: TypedEntry[],
  verdict: Verdict,
): "failure" | "pending" | null {
  if (verdict.conclusion === "failure") return null;
  if (!facts.twins.known) return "pending";
  const conclusions = facts.twins.value.map((twin) => {
    const last = entries.findLast(
      (entry) =>
        entry.kind === "verdict.given" && entry.body.pull === twin && entry.body.head === verdict.head,
    );
    return last?.kind === "verdict.given" ? last.body.conclusion : "pending";
  });
  if (conclusions.includes("failure")) return "failure";
  return verdict.conclusion === "success" && conclusions.includes("pending") ? "pending" : null;
}

function showSticky(facts: PullLookFacts, verdict: Verdict, decision: Decision): void {
  const body = `### Sallyport: ${titleOf(verdict)}\n\n${summaryMarkdown(verdict)}`;
  if (body.trimEnd() === facts.sticky?.trimEnd()) return;
  decision.effects.push({
    type: "ensure-sticky",
    key: effectKey.sticky(facts.repository.id, facts.number),
    issue: facts.number,
    body,
  });
}
