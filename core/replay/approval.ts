import type { EntryBody } from "../../schemas/entries.ts";
import type { ContractPrompt, DigestParts, Source } from "../../schemas/entry-parts.ts";
import { policyPath } from "../../schemas/limits.ts";
import type { PlannedPrompt } from "../../schemas/plan.ts";
import { answersPart, approvalDigest, declaredPaths, deniedPatterns } from "../contract/contract.ts";
import { digestOf, sha256 } from "../digest.ts";
import { type EntryOf, entriesOf, lastEntry, type TypedEntry } from "../entries.ts";
import { sourceKey } from "../identifiers.ts";
import { idsOf } from "../people/authorship.ts";
import { type PlanAnswer, planAnswers } from "../record/answers.ts";
import { requirementsOf } from "../record/requirements.ts";
import { askersOf } from "../record/story.ts";
import { contractBody, runBody } from "../story/bodies.ts";
import type { ReplayContext, RunBasis } from "./sources.ts";
import { comparedStep, costStep, fieldPairs, type Pair, type ReplayStep, type StepHead, untriedStep } from "./step.ts";

/**
 * Finds the entries that a run is based on, each the last one before the entry that uses it, whatever its digest, so
 * that a wrong digest is reported as a difference. A step reports a missing entry.
 */
export function findRunBasis(
  entries: readonly TypedEntry[],
  run: EntryOf<"run.submitted">,
): { ok: true; basis: RunBasis } | { ok: false; step: ReplayStep } {
  const { story } = run.body;
  const ofStory = ({ body }: { body: { story: number } }) => body.story === story;
  const lacking = (step: StepHead["step"], kind: string, seq: number) => ({
    ok: false as const,
    step: comparedStep({ step, seq, about: `story #${story}` }, `what entry ${seq} rests on`, [
      ["entry", `${kind} of story #${story} before entry ${seq}`, "none"],
    ]),
  });
  const contract = lastEntry(entries, "contract.frozen", ofStory, run.seq);
  if (contract === undefined) return lacking("contract", "contract.frozen", run.seq);
  const approval = lastEntry(entries, "approval.granted", ofStory, contract.seq);
  if (approval === undefined) return lacking("approval", "approval.granted", contract.seq);
  const plan = lastEntry(entries, "plan.proposed", ofStory, approval.seq);
  if (plan === undefined) return lacking("plan", "plan.proposed", approval.seq);
  return { ok: true, basis: { run, contract, approval, plan } };
}

/**
 * Derives the contract from the approved plan. The story's title comes from the frozen text; its decisions, what people
 * asked and what a master contract is filled from come from the recorded contract: no other entry has them.
 */
export function derivedContract(
  entries: readonly TypedEntry[],
  basis: Omit<RunBasis, "run">,
): EntryBody<"contract.frozen"> {
  const { plan, approval, contract } = basis;
  const { story, prompts, asked, decisions = [], master } = contract.body;
  const title = storyTitle(prompts[0]?.text ?? "", plan.body.plan.prompts[0], story);
  const { digest, tier } = approval.body;
  return contractBody({ number: story, title }, plan.body, digest, decisions, asked, {
    size: tier?.size,
    answers: frozenAnswers(entries, basis),
    master,
  });
}

/** The answers that the approval was bound to; older approvals leave them to each pack. */
function frozenAnswers(entries: readonly TypedEntry[], { approval }: Pick<RunBasis, "approval">): PlanAnswer[] {
  const { story, parts } = approval.body;
  if (parts.answers === undefined) return [];
  return planAnswers(
    entries.filter(({ seq }) => seq < approval.seq),
    story,
  );
}

function storyTitle(text: string, prompt: PlannedPrompt | undefined, story: number): string {
  const before = `# ${prompt?.title ?? ""}\n\nStory #${story}: `;
  return text.startsWith(before) ? (text.slice(before.length).split("\n", 1)[0] ?? "") : "";
}

/** Derives the prompts from the approved plan, by the issue that was opened for each before the run. */
export function derivedPrompts(entries: readonly TypedEntry[], basis: RunBasis): Map<number, ContractPrompt> {
  const { prompts } = derivedContract(entries, basis);
  return new Map(
    [...openedIssues(entries, basis)].flatMap(([issue, index]) => {
      const prompt = prompts[index - 1];
      return prompt === undefined ? [] : [[issue, prompt] as const];
    }),
  );
}

/** The index in the contract of each issue that was opened for it before the run. */
function openedIssues(entries: readonly TypedEntry[], { contract, run }: RunBasis): Map<number, number> {
  const { story, revision } = contract.body;
  const opened = entriesOf(entries, "prompt.opened").filter(
    ({ seq, body }) => seq > contract.seq && seq < run.seq && body.story === story && body.revision === revision,
  );
  return new Map(opened.map(({ body }) => [body.issue, body.index]));
}

/** Derives again the plan's digest, the approval and its approver, the policy it names, the contract and the run. */
export function* approvalSteps(context: ReplayContext): Generator<ReplayStep> {
  const { plan, approval } = context.basis;
  const { revision, planSha256, issueSha256 } = plan.body;
  const about = `plan of revision ${revision}`;
  const planDigest = digestOf(plan.body.plan);
  yield comparedStep({ step: "plan", seq: plan.seq, about }, "its digest, from the plan", [
    ["planSha256", planDigest, planSha256],
  ]);
  const { parts, digest } = approval.body;
  const cost = costStep(plan);
  if (cost !== null) yield cost;
  const paths = declaredPaths(plan.body.plan);
  const answers: Pick<DigestParts, "answers"> =
    parts.answers === undefined ? {} : answersPart(frozenAnswers(context.entries, context.basis));
  const { master } = derivedContract(context.entries, context.basis);
  const contract: Pick<DigestParts, "contract"> = master === undefined ? {} : { contract: sha256(master.text) };
  yield comparedStep({ step: "paths", seq: approval.seq, about }, "the declared paths, from the plan", [
    ["paths", paths, parts.paths],
  ]);
  yield comparedStep({ step: "approval", seq: approval.seq, about }, "its digest, from its parts", [
    ["revision", revision, approval.body.revision],
    ["plan", planDigest, parts.plan],
    ["issue", issueSha256, parts.issue],
    ["answers", answers.answers ?? null, parts.answers ?? null],
    ["contract", contract.contract ?? null, parts.contract ?? null],
    [
      "digest",
      approvalDigest({ ...parts, plan: planDigest, issue: issueSha256, paths, ...answers, ...contract }),
      digest,
    ],
  ]);
  yield separationStep(context);
  yield policyStep(context);
  yield* contractSteps(context);
  yield runStep(context);
}

/**
 * Compares requester and approver with the authors of the accepted commands, and checks that the approver is a person
 * and `solo` says whether both are the same.
 */
function separationStep({ entries, basis, sources: { git } }: ReplayContext): ReplayStep {
  const { actor, seq, body } = basis.approval;
  const { requestedBy, request } = basis.plan.body;
  const { tier, comment } = body;
  const personOf = (source: Source) =>
    entriesOf(entries, "command").find(
      (entry) => entry.body.accepted && sourceKey(entry.body.source) === sourceKey(source),
    )?.actor.id ?? "nobody's accepted command";
  const source: Source | undefined =
    tier?.request ?? (comment === undefined ? undefined : { type: "comment", id: comment });
  const pairs: Pair[] = [
    ["requester", personOf(request), requestedBy.id],
    ["approver", source === undefined ? "a comment or a tier" : personOf(source), actor.id],
    ["approver's type", "user", actor.type],
    ["solo", tier === undefined && idsOf(askersOf(basis.plan.body)).has(actor.id), body.solo],
  ];
  if (tier !== undefined) {
    pairs.push(["one request", sourceKey(request), sourceKey(tier.request)]);
    const light = git?.policy.known === true ? git.policy.value.tiers.light : undefined;
    if (light !== undefined) pairs.push(["tiers.light", { files: light.files, lines: light.lines }, tier.size]);
    return comparedStep(
      { step: "separation", seq, about: `@${actor.login}` },
      "taken by a person under the light tier",
      pairs,
    );
  }
  if (body.solo && git?.policy.known === true)
    pairs.push(["people.separation", "solo", git.policy.value.people.separation]);
  const who = body.solo ? "who had asked for the plan" : `not by @${requestedBy.login}, who asked`;
  return comparedStep({ step: "separation", seq, about: `@${actor.login}` }, `approved by a person, ${who}`, pairs);
}

function policyStep({ basis: { approval }, sources: { git } }: ReplayContext): ReplayStep {
  const { base, policy } = approval.body.parts;
  const head: StepHead = { step: "policy", seq: approval.seq, about: policyPath };
  if (git === null)
    return untriedStep(head, "unpublished", "the policy lies in git, and this copy has only the ledger");
  if (!git.policyAtBase.known) return untriedStep(head, "missing", git.policyAtBase.why);
  const found = git.policyAtBase.value;
  return comparedStep(head, `its blob in the approval's base ${base}`, [
    ["blob", policy, found?.sha ?? "none"],
    ["mode", "100644", found?.mode ?? "none"],
  ]);
}

function* contractSteps(context: ReplayContext): Generator<ReplayStep> {
  const { entries, basis } = context;
  const { seq, body } = basis.contract;
  const derived = derivedContract(entries, basis);
  const head = (about: string): StepHead => ({ step: "contract", seq, about });
  yield comparedStep(head(`revision ${body.revision}`), "what it was frozen from", [
    ...fieldPairs(derived, body, ["digest", "revision", "risk", "manualTest"]),
    ["prompts", derived.prompts.length, body.prompts.length],
  ]);
  if (derived.master !== undefined && body.master !== undefined)
    yield comparedStep(
      { step: "master contract", seq, about: body.master.template.path },
      "its text and headings, from the template, the plan and the answers",
      fieldPairs(derived.master, body.master, ["template", "forbidden", "headings", "text"]),
    );
  yield* templateStep(context);
  for (const [index, frozen] of body.prompts.entries()) {
    const expected = derived.prompts[index];
    yield comparedStep(
      head(`prompt ${index + 1} of ${body.prompts.length}`),
      "the frozen text and scope, from the plan; the story's title is read out of the text",
      expected === undefined ? [["prompt", "none", frozen]] : fieldPairs(expected, frozen),
    );
  }
}

/** Compares whether there is a master contract, and what it was filled from, with the approval's policy and base. */
function* templateStep({ basis, sources: { git } }: ReplayContext): Generator<ReplayStep> {
  const { contract, approval } = basis;
  if (git === null || !git.policy.known || approval.body.tier !== undefined) return;
  const { master } = contract.body;
  const policy = git.policy.value;
  const tier = policy.tiers.contract;
  const isAsked = tier?.risk.includes(requirementsOf(contract.body).risk) === true;
  if (!isAsked && master === undefined) return;
  const head: StepHead = { step: "master contract", seq: contract.seq, about: "tiers.contract" };
  if (!git.template.known) return yield untriedStep(head, "missing", git.template.why);
  yield comparedStep(head, "its template in the approval's base, and what the policy keeps from agents", [
    ["template", isAsked ? (git.template.value ?? "none") : "none asked for", master?.template ?? "none"],
    ["forbidden", deniedPatterns(policy), master?.forbidden ?? []],
  ]);
}

function runStep({ entries, basis }: ReplayContext): ReplayStep {
  const { run, contract } = basis;
  const { story, by } = run.body;
  const earlier = entriesOf(entries, "run.submitted").filter(({ seq, body }) => seq < run.seq && body.story === story);
  const completed = new Set(
    entriesOf(entries, "prompt.completed").flatMap(({ seq, body }) => (seq < run.seq ? [body.prompt] : [])),
  );
  const open = [...openedIssues(entries, basis)]
    .sort(([, one], [, other]) => one - other)
    .flatMap(([issue]) => (completed.has(issue) ? [] : [issue]));
  const again = runBody({ story, digest: contract.body.digest }, earlier.length, open, by);
  return comparedStep(
    { step: "run", seq: run.seq, about: `@${run.actor.login}` },
    "its name, its contract and the prompts that were open",
    [...fieldPairs(again, run.body, ["run", "digest", "prompts"]), ["by", run.actor.id, by.id]],
  );
}
