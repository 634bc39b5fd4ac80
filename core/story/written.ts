import type { WrittenPrompt } from "../../schemas/entry-parts.ts";
import { Plan } from "../../schemas/plan.ts";
import { issueDigest } from "../contract/contract.ts";
import { planProblems } from "../contract/plan-problems.ts";
import type { EffectFailure, Step } from "../decision.ts";
import { digestOf } from "../digest.ts";
import type { PlanRules } from "../effects.ts";
import { appActor } from "../entries.ts";
import { oneLine } from "../escape.ts";
import { planQuestions } from "../record/concerns.ts";
import { otherStoryOf } from "../record/provenance.ts";
import { highestRisk } from "../record/requirements.ts";
import { hasOpenPull, type PlanRequest, type StoryRecord } from "../record/story.ts";
import { shownText } from "../redaction/shown-text.ts";
import { noModel } from "./bodies.ts";
import type { ChildFacts, StoryContext, StoryFacts } from "./facts.ts";
import { formSections, listItems, storyForm } from "./form.ts";
import { askedIn, intakeQuestions, planRules, refsOf, writtenDigest } from "./ticket.ts";

/** A sub-issue that a person wrote as a diff prompt. */
type Written = ChildFacts & Required<Pick<ChildFacts, "written">>;

/** The open diff prompts that people wrote below a story, in the order of its sub-issues; anybody may have edited them. */
export function writtenPrompts({ children }: Pick<StoryFacts, "children">): Written[] {
  return children.flatMap((child) => {
    const { written, state, elsewhere } = child;
    return written === undefined || state === "closed" || elsewhere ? [] : [{ ...child, written }];
  });
}

/**
 * The parts of the form that a plan cannot do without, by their labels; a mission says some of them by another name.
 */
const parts = ["Inputs", "Objective", "Role", "Paths", "Non-goals", "Acceptance criteria", "Output"] as const;
const missionNames = new Map([
  ["Objective", "Intent"],
  ["Non-goals", "Constraints"],
  ["Acceptance criteria", "Success criteria"],
]);

/** Reads one diff prompt's form; `earlier` are the issues of those before it. */
function promptOf({ number, title, written }: Written, earlier: readonly number[]) {
  const sections = formSections(shownText(written.body).text);
  const section = (label: string) => {
    const own = sections.get(label.toLowerCase()) ?? "";
    return own || (sections.get(missionNames.get(label)?.toLowerCase() ?? "") ?? "");
  };
  const items = (label: string) => listItems(section(label));
  const after = items("Depends on").flatMap((line) => (line.match(/[0-9]+/g) ?? []).map(Number));
  const lacks = parts.filter((label) => section(label) === "").map((label) => `#${number} lacks **${label}**.`);
  const unknown = after.filter((issue) => !earlier.includes(issue));
  const paths = items("Paths").map((line) => line.replaceAll("`", ""));
  const prompt = {
    title: oneLine(title).trim(),
    objective: oneLine(section("Objective")),
    role: oneLine(section("Role")),
    paths,
    inputs: items("Inputs"),
    nonGoals: items("Non-goals"),
    acceptance: items("Acceptance criteria"),
    output: items("Output"),
    evidence: items("Evidence").map((line) => line.replaceAll("`", "")),
    dependsOn: after.map((issue) => earlier.indexOf(issue) + 1),
  };
  const problems = [
    ...lacks,
    ...unknown.map((issue) => `#${number} depends on #${issue}, which is no diff prompt before it.`),
  ];
  return { prompt, problems };
}

/**
 * Proposes the diff prompts that people wrote below a story as its plan, with no planner model: the same digest,
 * approval and run follow. `failed` records why there is none.
 */
export function proposeWritten(
  prompts: readonly Written[],
  request: PlanRequest,
  { record, facts, loaded }: StoryContext,
  failed: (failure: EffectFailure) => Step,
): Step {
  const { issue, text } = facts;
  if (!text.known || prompts.some(({ written }) => !written.isPlanner.known)) return {};
  if (text.value.secret !== null) {
    const message = `The story or a diff prompt holds what looks like a secret (${text.value.secret}). Take it out.`;
    return failed({ code: "secret-in-prompt", message });
  }
  const read = prompts.map((one, index) =>
    promptOf(
      one,
      prompts.slice(0, index).map(({ number }) => number),
    ),
  );
  const plan = planOf(
    read.map(({ prompt }) => prompt),
    facts,
  );
  const own = [...untakable(prompts, record, facts), ...read.flatMap((one) => one.problems)];
  const problems = own.length > 0 ? own : unfit(plan, prompts, planRules(facts, loaded.policy), facts);
  if (problems.length > 0)
    return failed({ code: "prompts-unfit", message: problems.join(" ").slice(0, 4_000).toWellFormed() });
  const taken: WrittenPrompt[] = prompts.map(({ number, title, written: { by, body } }) => ({
    issue: number,
    by,
    sha256: writtenDigest(title, body),
  }));
  const found = intakeQuestions(plan, { facts, loaded });
  if (found === null) return {};
  const planSha256 = digestOf(plan);
  const task = facts.task?.state === "read" ? refsOf([facts.task.file])[0] : undefined;
  const body = {
    story: issue.number,
    revision: (record.plan?.revision ?? 0) + 1,
    requestedBy: request.by,
    request: request.source,
    plan,
    planSha256,
    issueSha256: issueDigest(issue, [], taken, task),
    ...(task === undefined ? {} : { task }),
    usage: noModel,
    compiled: "people" as const,
    prompts: taken,
  };
  const subject = [{ name: `plan of story #${issue.number}`, digest: { sha256: planSha256 } }];
  const actor = appActor(facts);
  return {
    drafts: [
      { kind: "plan.proposed", actor, subject, body },
      ...planQuestions(body, found).map((one) => ({ kind: "concern.raised" as const, actor, subject, body: one })),
    ],
  };
}

/** The plan that these prompts make: what it says beside them is the story's own text, risk and task file. */
function planOf(prompts: Plan["prompts"], facts: StoryFacts): Plan {
  const form = storyForm(facts.issue.body);
  const described = shownText(form.description).text.slice(0, 5_000).toWellFormed().trim();
  const own = shownText(form.acceptance.join("\n"))
    .text.split("\n")
    .filter((line) => line.trim() !== "");
  const acceptance = own.length > 0 ? own : prompts.flatMap((prompt) => prompt.acceptance);
  return {
    approach: described.length < 10 ? "As its diff prompts say." : described,
    risks: [],
    unknowns: [],
    risk: highestRisk([askedIn(facts).risk]) ?? "low",
    acceptance: acceptance.slice(0, 100),
    manualTest: null,
    ...(facts.task?.state === "read" && facts.task.task.verification.length > 0
      ? { verification: facts.task.task.verification.slice(0, 100) }
      : {}),
    prompts,
  };
}

/** Why prompts cannot be taken, whatever they say: who wrote them, and what was done for them before. */
function untakable(prompts: readonly Written[], record: StoryRecord, { entries, issue }: StoryFacts): string[] {
  const open = record.prompts.filter(hasOpenPull);
  return [
    ...prompts.flatMap(({ number, written: { by, isPlanner } }) =>
      isPlanner.known && isPlanner.value
        ? []
        : [`#${number} is by @${by.login}, who is no planner: a planner writes it anew.`],
    ),
    ...prompts.flatMap(({ number }) => {
      const other = otherStoryOf(entries, number, issue.number);
      return other === undefined ? [] : [`#${number} was worked on for #${other} already: write it anew.`];
    }),
    ...prompts.flatMap(({ number }) =>
      open.flatMap((one) =>
        one.issue === number ? [`#${number} has the open pull request #${one.pull}: close it first.`] : [],
      ),
    ),
  ];
}

/** What is wrong with a plan that was compiled from these prompts: its form, or what the policy has against it. */
function unfit(plan: Plan, prompts: readonly Written[], rules: PlanRules, facts: StoryFacts): string[] {
  const parsed = Plan.safeParse(plan);
  if (parsed.success) return planProblems(plan, rules, facts.issue.number, decisionsNamed(facts));
  return parsed.error.issues.map(({ path, message }) => {
    const [part, index, ...field] = path;
    const prompt = part === "prompts" && typeof index === "number" ? prompts[index] : undefined;
    const name = prompt === undefined ? "The story" : `#${prompt.number}`;
    return `${name}: ${(prompt === undefined ? path : field).join(".")}: ${message}.`;
  });
}

/** The decision records that the story names. */
export function decisionsNamed({ decisions }: Pick<StoryFacts, "decisions">): string[] {
  return decisions.known ? decisions.value.map(({ path }) => path) : [];
}
