import { addStep, type Decision, emptyDecision, type Step } from "./decision.ts";
import type { Effect } from "./effects.ts";
import type { LoadedPolicy } from "./facts.ts";
import { intakeProblems, storyForm } from "./forms.ts";
import { effectKey } from "./identifiers.ts";
import { answerNext } from "./story/answers.ts";
import { openPrompts, plan } from "./story/planning.ts";
import { remediate } from "./story/remediating.ts";
import { rollBack } from "./story/rollback.ts";
import { advanceRun } from "./story/running.ts";
import { promptState, storyState, storySticky } from "./story/surface.ts";
import { completeStory } from "./story/writing.ts";
import type { StoryFacts } from "./story-facts.ts";
import { foldStory, type StoryRecord } from "./story-record.ts";
import { policyTrouble } from "./trouble.ts";

type Rule = (record: StoryRecord, facts: StoryFacts, loaded: LoadedPolicy, missing: string[]) => Step | null;

/**
 * In the order of the road; each is asked again until none has anything to do. First what failed is recorded, while the run
 * that it failed in is still the last one.
 */
const rules: readonly Rule[] = [
  remediate,
  answerNext,
  rollBack,
  plan,
  openPrompts,
  advanceRun,
  completeStory,
];

/** No story needs so many steps in one look; more means two rules undo each other, which is a fault of ours. */
const mostSteps = 200;

/** What a story lacks before it can be planned, as lines for its author. */
export function missingParts(facts: StoryFacts): string[] {
  const form = storyForm(facts.issue.body);
  const isEpic = (issue: StoryFacts["parent"]) =>
    issue?.labels.includes("epic") === true && issue.state === "open";
  const epic = isEpic(facts.parent)
    ? "linked"
    : isEpic(facts.namedEpic)
      ? "named"
      : form.epic === null
        ? "missing"
        : "not-an-epic";
  return intakeProblems(form, { epic, decisions: facts.decisions.known ? facts.decisions.value : [] });
}

/** Decides a story's next steps: a pure function of its facts. */
export function decideStory(facts: StoryFacts): Decision {
  const decision = emptyDecision();
  const trouble = policyTrouble(facts.policy);
  if (trouble !== null) return showTrouble(facts, trouble, decision);
  if (!facts.policy.known || facts.policy.value.state !== "loaded") return decision;
  const loaded = facts.policy.value;
  const missing = missingParts(facts);

  const fold = () =>
    foldStory(facts.issue.number, [
      ...facts.entries,
      ...decision.drafts.map((draft) => ({ ...draft, at: facts.now })),
    ]);
  let record = fold();
  for (let steps = 0; ; steps++) {
    const step = nextOf(record, facts, loaded, missing, decision);
    if (step === null) break;
    if (steps === mostSteps) throw new Error(`story #${facts.issue.number}: no end after ${mostSteps} steps`);
    addStep(decision, step);
    record = fold();
  }
  linkToEpic(facts, decision);
  takeLabelsOff(facts, decision);
  show(record, facts, loaded, missing, decision);
  if (!facts.base.known || !facts.decisions.known || facts.asks.some((ask) => !ask.standing.known))
    decision.requeueAfter = 15;
  return decision;
}

/** The first rule that has something new to do; an effect that was asked for already is nothing new. */
function nextOf(
  record: StoryRecord,
  facts: StoryFacts,
  loaded: LoadedPolicy,
  missing: string[],
  decision: Decision,
): Step | null {
  for (const rule of rules) {
    const step = rule(record, facts, loaded, missing);
    if (step === null) continue;
    const asked = (effect: Effect) => decision.effects.some((other) => other.key === effect.key);
    const effects = (step.effects ?? []).filter((effect) => !asked(effect));
    if ((step.drafts ?? []).length > 0 || effects.length > 0) return { ...step, effects };
  }
  return null;
}

function linkToEpic(facts: StoryFacts, decision: Decision): void {
  const { namedEpic, parent, issue, repository } = facts;
  if (parent !== null || namedEpic === null || !namedEpic.labels.includes("epic")) return;
  const key = effectKey.link(repository.id, namedEpic.number, issue.number);
  if (!facts.outcomes.has(key))
    decision.effects.push({ type: "link-story", key, epic: namedEpic.number, story: issue.number });
}

/** A command label is taken off once its command is answered. */
function takeLabelsOff(facts: StoryFacts, decision: Decision): void {
  const { issue, repository } = facts;
  for (const ask of facts.asks) {
    if (ask.source.type !== "label" || !issue.labels.includes(ask.source.label)) continue;
    const { label } = ask.source;
    decision.effects.push({
      type: "ensure-label-gone",
      key: effectKey.label(repository.id, issue.number, label),
      issue: issue.number,
      label,
    });
  }
}

function show(
  record: StoryRecord,
  facts: StoryFacts,
  loaded: LoadedPolicy,
  missing: string[],
  decision: Decision,
): void {
  const { issue, repository } = facts;
  const state = (number: number, labels: string[], wanted: string) => {
    const ours = labels.filter((label) => label.startsWith("sallyport:"));
    if (ours.length === 1 && ours[0] === `sallyport:${wanted}`) return;
    decision.effects.push({
      type: "ensure-state",
      key: effectKey.state(repository.id, number),
      issue: number,
      state: wanted,
    });
  };
  state(issue.number, issue.labels, storyState(record));
  for (const prompt of record.prompts) {
    const child = facts.children.find((one) => !one.elsewhere && one.number === prompt.issue);
    if (child !== undefined) state(child.number, child.labels, promptState(prompt, record));
  }
  const body = storySticky(record, facts, loaded, missing);
  if (body !== facts.sticky) {
    decision.effects.push({
      type: "ensure-sticky",
      key: effectKey.sticky(repository.id, issue.number),
      issue: issue.number,
      body,
    });
  }
}

/** Without a usable policy nothing is decided; the comment says why, and the next look comes with the policy. */
function showTrouble(facts: StoryFacts, trouble: string, decision: Decision): Decision {
  const { issue, repository } = facts;
  const body = `### Sallyport: waiting\n\n${trouble}\n`;
  const engaged = facts.asks.length > 0 || facts.sticky !== null;
  if (engaged && body !== facts.sticky) {
    decision.effects.push({
      type: "ensure-sticky",
      key: effectKey.sticky(repository.id, issue.number),
      issue: issue.number,
      body,
    });
  }
  return { ...decision, requeueAfter: facts.policy.known ? null : 30 };
}
