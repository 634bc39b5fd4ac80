import type { EntryBody } from "../../schemas/entries.ts";
import type { Instruction } from "../../schemas/step.ts";
import type { Risk } from "../../schemas/text.ts";
import { accept, type CommandAnswer, refuse } from "../answer.ts";
import {
  answersPart,
  approvalDigest,
  declaredPaths,
  deniedPatterns,
  isExpired,
  maxAnswersLength,
} from "../contract/contract.ts";
import { hasHeadings, maxMasterLength } from "../contract/master.ts";
import { sha256 } from "../digest.ts";
import { appActor, userActor } from "../entries.ts";
import { code } from "../escape.ts";
import type { CommandRequest } from "../facts.ts";
import { sourceKey } from "../identifiers.ts";
import { canonicalJson } from "../json.ts";
import { holders } from "../people/authority.ts";
import { idsOf, whoseWork } from "../people/authorship.ts";
import { openRun } from "../record/progress.ts";
import { contractOrigin, otherStoryOf } from "../record/provenance.ts";
import { requirementsOf } from "../record/requirements.ts";
import { askersOf, type PlanRecord, type StoryRecord } from "../record/story.ts";
import { contractBody } from "./bodies.ts";
import { isStory, type StoryContext } from "./facts.ts";
import { askedIn, ticketDigest } from "./ticket.ts";

type Contract = EntryBody<"contract.frozen">;

/** Why a contract-first story goes no further, the one next step, and who can take it. */
export type Parked = { why: string; step: string; who: string };

/** What a rule gives; or what the story is parked for, null while a fact that the rule needs is unknown. */
type OrParked<T> = { ok: true; value: T } | { ok: false; parked: Parked | null };

/** The template that the contract-first tier asks for at this risk; `value` null: it asks for none. */
export function templateFor(
  risk: Risk | null,
  { facts: { template }, loaded: { policy } }: StoryContext,
): OrParked<Instruction | null> {
  const tier = policy.tiers.contract;
  if (tier === undefined || risk === null || !tier.risk.includes(risk)) return { ok: true, value: null };
  if (template === null || !template.known) return { ok: false, parked: null };
  const path = code(tier.template);
  const why = `The risk is ${risk}, so the story needs a master contract (\`tiers.contract\`), and its template ${path}`;
  const park = (fault: string, step: string) => ({
    ok: false as const,
    parked: { why: `${why} ${fault}.`, step: `${step} on the default branch.`, who: "anyone who may push there" },
  });
  if (template.value === null) return park("is no text file of at most 16 KB on the default branch", `Add ${path}`);
  if (!hasHeadings(template.value)) return park("has no heading that it could fill", `Give ${path} headings`);
  return { ok: true, value: template.value };
}

/** What an approval would freeze now as the contract of the plan, without its digest. */
function draftContract(context: StoryContext): OrParked<Contract> {
  const { record, facts, loaded } = context;
  const { plan, planAnswers: answers } = record;
  if (plan === null || !facts.decisions.known) return { ok: false, parked: null };
  const asked = askedIn(facts);
  const { risk } = requirementsOf({ ...plan.plan, asked });
  const found = templateFor(risk, context);
  if (!found.ok) return found;
  const template = found.value;
  const master = template === null ? undefined : { template, forbidden: deniedPatterns(loaded.policy) };
  const decisions = facts.decisions.value.map(({ path }) => path);
  const contract = contractBody(facts.issue, plan, "", decisions, asked, { answers, master });
  const length = contract.master?.text.length ?? 0;
  if (length <= maxMasterLength) return { ok: true, value: contract };
  const parked = {
    why: `The master contract has ${length} characters, and nobody is shown more than ${maxMasterLength} of one.`,
    step: "/refine Split it: this story is too large.",
    who: holders(loaded.policy.people, "planners"),
  };
  return { ok: false, parked };
}

/** What an unapproved story is parked for; before there is a plan, people alone say the risk. Null: it is not parked. */
export function parkedContract(context: StoryContext): Parked | null {
  const { plan, contract } = context.record;
  if (contract !== null && contract.revision === plan?.revision) return null;
  const found = plan === null ? templateFor(askedIn(context.facts).risk, context) : draftContract(context);
  return found.ok ? null : found.parked;
}

/** One line of why a story is parked, for a reply. */
export function parkedLine({ why, step, who }: Parked): string {
  return `${why} Next: ${step} (${who})`;
}

/**
 * The digest under which the plan can be approved now, with its parts and the contract that this freezes; null while
 * base, decisions or template are unknown, or there is no plan or no master contract where one is asked for.
 */
export function currentDigest(context: StoryContext) {
  const { record, facts, loaded } = context;
  const draft = draftContract(context);
  if (record.plan === null || !facts.base.known || !draft.ok) return null;
  const { master } = draft.value;
  const parts = {
    plan: record.plan.planSha256,
    issue: ticketDigest(facts, record.plan),
    base: facts.base.value,
    paths: declaredPaths(record.plan.plan),
    policy: loaded.blob,
    ...answersPart(record.planAnswers),
    ...(master === undefined ? {} : { contract: sha256(master.text) }),
  };
  const digest = approvalDigest(parts);
  return { digest, parts, contract: { ...draft.value, digest } };
}

type CurrentDigest = NonNullable<ReturnType<typeof currentDigest>>;

/** Whether the plan answers the last request. One that a person asked to change is not open for approval any more. */
export function isCurrentPlan({ plan, request }: StoryRecord): boolean {
  return plan !== null && (request === null || sourceKey(plan.request) === sourceKey(request.source));
}

/** Answers an approval: bound to one digest, by a person who did not ask for the plan, while no run is open. */
export function approve(request: CommandRequest, digest: string, context: StoryContext): CommandAnswer | null {
  const { record, facts, loaded } = context;
  const { plan } = record;
  if (plan === null) return refuse("no-plan", "There is no plan to approve. Start with `/plan`.");
  const closed = notOpen(plan, digest, context);
  if (closed !== null) return closed;
  const current = currentDigest(context);
  if (current === null) return null;
  const changed = changedSince(plan, digest, current, context);
  if (changed !== null) return changed;
  const work = whoseWork(request.by, idsOf(askersOf(plan)), loaded.policy.people);
  if (work === "own") {
    return refuse("own-plan", "You asked for this plan, so somebody else approves it (`people.separation: strict`).");
  }
  const actor = userActor(request.by);
  const subject = [{ name: `story #${facts.issue.number}`, digest: { sha256: digest } }];
  if (request.source.type !== "comment") return refuse("wrong-place", "An approval is a comment.");
  const { contract } = current;
  const { risk, needsManualTest } = requirementsOf(contract);
  const test = needsManualTest ? "a manual test" : "no manual test but the policy's";
  return accept(
    "approved",
    `Read as: approved by @${request.by.login} for \`${digest.slice(0, 12)}…\`, with risk ${risk} and ${test}.${contract.master === undefined ? "" : " The master contract is frozen."} The diff prompts are being opened.`,
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
        body: contract,
      },
    ],
  );
}

/** Refuses a plan that nobody can approve now, whatever its digest is; null: it is open for approval. */
function notOpen(plan: PlanRecord, digest: string, context: StoryContext): CommandAnswer | null {
  const { record } = context;
  const run = openRun(record);
  // A new contract would replace the prompts of the open run.
  if (run !== null) return refuse("run-open", `${run.run} is open. \`/stop\` it before a new plan is approved.`);
  // A later plan may be the same in every part, and is another all the same.
  if (record.contract?.revision === plan.revision)
    return record.contract.digest === digest
      ? refuse("used", "This approval was used already: the contract is frozen.")
      : refuse("used", "This plan was approved already; ask for a new one with `/refine`.");
  if (!isCurrentPlan(record))
    return refuse(
      "newer-request",
      `Revision ${plan.revision} is not open any more: somebody asked for another plan after it. Read the comment above.`,
    );
  const parked = parkedContract(context);
  return parked === null ? null : refuse("template", parkedLine(parked));
}

/** Refuses a plan of which something is not as it was when it was made, or when its digest was shown; null: all is. */
function changedSince(
  plan: PlanRecord,
  digest: string,
  current: CurrentDigest,
  { record, facts }: StoryContext,
): CommandAnswer | null {
  if (plan.issueSha256 !== current.parts.issue)
    return refuse(
      "story-changed",
      "The story's text, or a comment that is part of it, changed after it was planned. Plan it again with `/plan`.",
    );
  const taken = plan.prompts?.find(({ issue }) => otherStoryOf(facts.entries, issue, facts.issue.number) !== undefined);
  if (taken !== undefined)
    return refuse(
      "prompt-taken",
      `#${taken.issue} was worked on for another issue since. Plan it again with \`/plan\`.`,
    );
  if (isExpired(plan.at, facts.now))
    return refuse("expired", "This plan is too old to be approved. Plan it again with `/plan`.");
  if (digest !== current.digest)
    return refuse(
      "digest-moved",
      "That digest is not the current one: the plan, an answer, the story, the base or the policy moved. Read the comment above again.",
    );
  if (Buffer.byteLength(canonicalJson(record.planAnswers)) <= maxAnswersLength) return null;
  const line = `The answers to the plan's questions are longer than the ${maxAnswersLength} bytes that a contract holds.`;
  return refuse("long-answers", `${line} Put them into the story, then plan it again with \`/refine\`.`);
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
