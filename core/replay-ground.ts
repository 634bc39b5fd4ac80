import type { ContractPrompt } from "../schemas/entries.ts";
import type { Source } from "../schemas/entry-parts.ts";
import type { PlannedPrompt } from "../schemas/plan.ts";
import { policyPath } from "../schemas/policy-place.ts";
import { approvalDigest, compilePrompt, declaredPaths } from "./contract.ts";
import { digestOf } from "./digest.ts";
import { type EntryOf, entriesOf, type TypedEntry } from "./entries.ts";
import { sourceKey } from "./identifiers.ts";
import type { ReplaySources } from "./replay-sources.ts";
import { comparedStep, type Pair, type ReplayStep, type StepHead, untriedStep } from "./replay-step.ts";

/** The entries that a run rests on. */
export type Ground = {
  run: EntryOf<"run.submitted">;
  contract: EntryOf<"contract.frozen">;
  approval: EntryOf<"approval.granted">;
  plan: EntryOf<"plan.proposed">;
};

/** Finds what a run rests on: each time the last entry before the one that uses it. A step says what is not there. */
export function findGround(
  entries: readonly TypedEntry[],
  run: EntryOf<"run.submitted">,
): { ok: true; ground: Ground } | { ok: false; step: ReplayStep } {
  const { story } = run.body;
  const isBefore = (later: number) => (entry: { seq: number; body: { story: number } }) =>
    entry.seq < later && entry.body.story === story;
  const lacking = (step: StepHead["step"], kind: string, seq: number) => ({
    ok: false as const,
    step: comparedStep({ step, seq, about: `story #${story}` }, `what entry ${seq} rests on`, [
      ["entry", `${kind} of story #${story} before entry ${seq}`, "none"],
    ]),
  });
  const contract = entriesOf(entries, "contract.frozen").findLast(isBefore(run.seq));
  if (contract === undefined) return lacking("contract", "contract.frozen", run.seq);
  const approval = entriesOf(entries, "approval.granted").findLast(isBefore(contract.seq));
  if (approval === undefined) return lacking("approval", "approval.granted", contract.seq);
  const plan = entriesOf(entries, "plan.proposed").findLast(isBefore(approval.seq));
  if (plan === undefined) return lacking("plan", "plan.proposed", approval.seq);
  return { ok: true, ground: { run, contract, approval, plan } };
}

/** The prompts that follow from the approved plan. The story's title comes from the frozen text: it stands nowhere else. */
export function derivedPrompts({ plan, contract }: Ground): ContractPrompt[] {
  const { story } = contract.body;
  const planned = plan.body.plan;
  const title = storyTitle(contract.body.prompts[0]?.text ?? "", planned.prompts[0], story);
  return planned.prompts.map((prompt, place) =>
    compilePrompt({ number: story, title }, planned, prompt, place + 1),
  );
}

function storyTitle(text: string, prompt: PlannedPrompt | undefined, story: number): string {
  const before = `# ${prompt?.title ?? ""}\n\nStory #${story}: `;
  return text.startsWith(before) ? (text.slice(before.length).split("\n", 1)[0] ?? "") : "";
}

/** The place in the contract of each issue that was opened for it before the run. */
export function openedIssues(entries: readonly TypedEntry[], { contract, run }: Ground): Map<number, number> {
  const { story, revision } = contract.body;
  const opened = entriesOf(entries, "prompt.opened").filter(
    ({ seq, body }) =>
      seq > contract.seq && seq < run.seq && body.story === story && body.revision === revision,
  );
  return new Map(opened.map(({ body }) => [body.issue, body.index]));
}

/** Derives again the plan's digest, the approval and who gave it, the policy it names, the contract and the run. */
export function* groundSteps(
  entries: readonly TypedEntry[],
  ground: Ground,
  sources: ReplaySources,
): Generator<ReplayStep> {
  const { plan, approval } = ground;
  const { revision, planSha256, issueSha256 } = plan.body;
  const about = `plan of revision ${revision}`;
  const planDigest = digestOf(plan.body.plan);
  yield comparedStep({ step: "plan", seq: plan.seq, about }, "its digest, from the plan", [
    ["planSha256", planDigest, planSha256],
  ]);
  const { parts, digest } = approval.body;
  const paths = declaredPaths(plan.body.plan);
  yield comparedStep({ step: "paths", seq: approval.seq, about }, "the declared paths, from the plan", [
    ["paths", paths, parts.paths],
  ]);
  yield comparedStep({ step: "approval", seq: approval.seq, about }, "its digest, from its parts", [
    ["revision", revision, approval.body.revision],
    ["plan", planDigest, parts.plan],
    ["issue", issueSha256, parts.issue],
    ["digest", approvalDigest({ ...parts, plan: planDigest, issue: issueSha256, paths }), digest],
  ]);
  yield separationStep(entries, ground, sources);
  yield policyStep(ground, sources);
  yield* contractSteps(ground);
  yield runStep(entries, ground);
}

/** Who asked, who approved: each the one whose accepted command brought the entry, and not the same person. */
function separationStep(
  entries: readonly TypedEntry[],
  { plan, approval }: Ground,
  { git }: ReplaySources,
): ReplayStep {
  const { actor, seq, body } = approval;
  const { requestedBy, request } = plan.body;
  const personOf = (source: Source) =>
    entriesOf(entries, "command").find(
      (entry) => entry.body.accepted && sourceKey(entry.body.source) === sourceKey(source),
    )?.actor.id ?? "nobody's accepted command";
  const pairs: Pair[] = [
    ["requester", personOf(request), requestedBy.id],
    ["approver", personOf({ type: "comment", id: body.comment }), actor.id],
    ["approver's type", "user", actor.type],
    ["solo", actor.id === requestedBy.id, body.solo],
  ];
  if (body.solo && git?.policy.known === true)
    pairs.push(["people.separation", "solo", git.policy.value.people.separation]);
  const who = body.solo ? "who had asked for the plan" : `not by @${requestedBy.login}, who asked`;
  return comparedStep(
    { step: "separation", seq, about: `@${actor.login}` },
    `approved by a person, ${who}`,
    pairs,
  );
}

function policyStep({ approval }: Ground, { git }: ReplaySources): ReplayStep {
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

function* contractSteps(ground: Ground): Generator<ReplayStep> {
  const { plan, approval, contract } = ground;
  const { seq, body } = contract;
  const derived = derivedPrompts(ground);
  const head = (about: string): StepHead => ({ step: "contract", seq, about });
  yield comparedStep(head(`revision ${body.revision}`), "what it was frozen from", [
    ["digest", approval.body.digest, body.digest],
    ["revision", plan.body.revision, body.revision],
    ["risk", plan.body.plan.risk, body.risk],
    ["manualTest", plan.body.plan.manualTest, body.manualTest],
    ["prompts", derived.length, body.prompts.length],
  ]);
  for (const [place, frozen] of body.prompts.entries()) {
    const again = derived[place];
    const fields = new Set([...Object.keys(again ?? {}), ...Object.keys(frozen)]);
    yield comparedStep(
      head(`prompt ${place + 1} of ${body.prompts.length}`),
      "the frozen text and scope, from the plan; the story's title is read out of the text",
      again === undefined
        ? [["prompt", "none", frozen]]
        : [...fields].sort().map((name): Pair => [name, fieldOf(again, name), fieldOf(frozen, name)]),
    );
  }
}

function fieldOf(prompt: ContractPrompt, name: string) {
  return Object.entries(prompt).find(([key]) => key === name)?.[1] ?? null;
}

function runStep(entries: readonly TypedEntry[], ground: Ground): ReplayStep {
  const { run, contract } = ground;
  const { story, digest, prompts, by } = run.body;
  const earlier = entriesOf(entries, "run.submitted").filter(
    ({ seq, body }) => seq <= run.seq && body.story === story,
  );
  const completed = new Set(
    entriesOf(entries, "prompt.completed").flatMap(({ seq, body }) => (seq < run.seq ? [body.prompt] : [])),
  );
  const open = [...openedIssues(entries, ground)]
    .sort(([, one], [, other]) => one - other)
    .flatMap(([issue]) => (completed.has(issue) ? [] : [issue]));
  return comparedStep(
    { step: "run", seq: run.seq, about: `@${run.actor.login}` },
    "its name, its contract and the prompts that were open",
    [
      ["run", `run-${story}-${earlier.length}`, run.body.run],
      ["digest", contract.body.digest, digest],
      ["prompts", open, prompts],
      ["by", run.actor.id, by.id],
    ],
  );
}
