import { accept, type CommandAnswer, refuse } from "../answer.ts";
import { answersPart, approvalDigest, declaredPaths, isExpired, maxAnswersLength } from "../contract/contract.ts";
import { appActor, userActor } from "../entries.ts";
import type { CommandRequest } from "../facts.ts";
import { sourceKey } from "../identifiers.ts";
import { canonicalJson } from "../json.ts";
import { idsOf, whoseWork } from "../people/authorship.ts";
import { contractOrigin, otherStoryOf } from "../record/provenance.ts";
import { requirementsOf } from "../record/requirements.ts";
import { askersOf, type StoryRecord } from "../record/story.ts";
import { contractBody } from "./bodies.ts";
import { isStory, type StoryContext } from "./facts.ts";
import { askedIn, ticketDigest } from "./ticket.ts";

/**
 * The digest under which the plan can be approved now, with its parts; null while the base is unknown or there is no
 * plan.
 */
export function currentDigest({ record, facts, loaded }: StoryContext) {
  if (record.plan === null || !facts.base.known) return null;
  const parts = {
    plan: record.plan.planSha256,
    issue: ticketDigest(facts, record.plan),
    base: facts.base.value,
    paths: declaredPaths(record.plan.plan),
    policy: loaded.blob,
    ...answersPart(record.planAnswers),
  };
  return { digest: approvalDigest(parts), parts };
}

/** Whether the plan answers the last request. One that a person asked to change is not open for approval any more. */
export function isCurrentPlan({ plan, request }: StoryRecord): boolean {
  return plan !== null && (request === null || sourceKey(plan.request) === sourceKey(request.source));
}

/** Answers an approval: bound to one digest, by a person who did not ask for the plan, while no run is open. */
export function approve(request: CommandRequest, digest: string, context: StoryContext): CommandAnswer | null {
  const { record, facts, loaded } = context;
  const { plan, run } = record;
  if (plan === null) return refuse("no-plan", "There is no plan to approve. Start with `/plan`.");
  // A new contract would replace the prompts of the open run.
  if (run !== null && run.closed === null)
    return refuse("run-open", `${run.run} is open. \`/stop\` it before a new plan is approved.`);
  if (record.contract?.digest === digest)
    return refuse("used", "This approval was used already: the contract is frozen.");
  if (record.contract?.revision === plan.revision)
    return refuse("used", "This plan was approved already; ask for a new one with `/refine`.");
  if (!isCurrentPlan(record))
    return refuse(
      "newer-request",
      `Revision ${plan.revision} is not open any more: somebody asked for another plan after it. Read the comment above.`,
    );
  if (!facts.base.known) return null;
  const current = currentDigest(context);
  if (current === null) return null;
  if (plan.issueSha256 !== current.parts.issue) {
    const line =
      "The story's text, or a comment that is part of it, changed after it was planned. Plan it again with `/plan`.";
    return refuse("story-changed", line);
  }
  const taken = plan.prompts?.find(({ issue }) => otherStoryOf(facts.entries, issue, facts.issue.number) !== undefined);
  if (taken !== undefined)
    return refuse(
      "prompt-taken",
      `#${taken.issue} was worked on for another issue since. Plan it again with \`/plan\`.`,
    );
  if (isExpired(plan.at, facts.now))
    return refuse("expired", "This plan is too old to be approved. Plan it again with `/plan`.");
  if (digest !== current.digest) {
    return refuse(
      "digest-moved",
      "That digest is not the current one: the plan, an answer, the story, the base or the policy moved. Read the comment above again.",
    );
  }
  if (Buffer.byteLength(canonicalJson(record.planAnswers)) > maxAnswersLength) {
    const line = `The answers to the plan's questions are longer than the ${maxAnswersLength} bytes that a contract holds.`;
    return refuse("long-answers", `${line} Put them into the story, then plan it again with \`/refine\`.`);
  }
  const work = whoseWork(request.by, idsOf(askersOf(plan)), loaded.policy.people);
  if (work === "own") {
    return refuse("own-plan", "You asked for this plan, so somebody else approves it (`people.separation: strict`).");
  }
  const actor = userActor(request.by);
  const subject = [{ name: `story #${facts.issue.number}`, digest: { sha256: digest } }];
  const decisions = facts.decisions.known ? facts.decisions.value.map(({ path }) => path) : [];
  if (request.source.type !== "comment") return refuse("wrong-place", "An approval is a comment.");
  const asked = askedIn(facts);
  const { risk, needsManualTest } = requirementsOf({ ...plan.plan, asked });
  const test = needsManualTest ? "a manual test" : "no manual test but the policy's";
  return accept(
    "approved",
    `Read as: approved by @${request.by.login} for \`${digest.slice(0, 12)}…\`, with risk ${risk} and ${test}. The diff prompts are being opened.`,
    [
      {
        kind: "approval.granted",
        actor,
        subject,
        body: {
          story: facts.issue.number,
          revision: plan.revision,
          digest,
          parts: current.parts,
          comment: request.source.id,
          solo: work === "own-but-solo",
        },
      },
      {
        kind: "contract.frozen",
        actor: appActor(facts),
        subject,
        body: contractBody(facts.issue, plan, digest, decisions, asked, { answers: record.planAnswers }),
      },
    ],
  );
}

/** Why an approved contract no longer holds: the story or the policy changed after the approval. Null: it holds. */
export function contractDrift({ record, facts, loaded }: StoryContext): string | null {
  const { contract, plan } = record;
  if (contract === null || plan === null) return null;
  const [what, again] = isStory(facts.issue)
    ? ["story", "Plan it again with `/plan`"]
    : ["issue", "Put the label `ai:run` on it again"];
  if (plan.revision === contract.revision && plan.issueSha256 !== ticketDigest(facts, plan)) {
    return `The ${what}'s text changed after the approval. ${again}.`;
  }
  const { approval } = contractOrigin(facts.entries, contract);
  if (approval !== undefined && approval.body.parts.policy !== loaded.blob) {
    return `The policy changed after the approval. ${again}, so that it is approved under the new one.`;
  }
  return null;
}
