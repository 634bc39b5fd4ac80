import { apiObjects } from "../../collect/github/objects.ts";
import { readPermission } from "../../collect/github/people.ts";
import type { GitHub } from "../../collect/github/request.ts";
import { readBaseText, readInstructions } from "../../collect/issue/base-files.ts";
import type { Conversation } from "../../collect/issue/conversation.ts";
import { type IssueReading, readIssue } from "../../collect/issue/issue.ts";
import { readOpeners } from "../../collect/issue/openers.ts";
import { type IssueState, readIssueState } from "../../collect/issue/state.ts";
import type { Objects } from "../../collect/objects.ts";
import { readPolicy } from "../../collect/policy/file.ts";
import { redactSecretsIn } from "../../collect/secrets/redaction.ts";
import type { Command } from "../../core/commands.ts";
import type { TypedEntry } from "../../core/entries.ts";
import type { CommandRequest } from "../../core/facts.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { writers } from "../../core/people/authority.ts";
import { usablePolicy } from "../../core/policy/problem.ts";
import { keyOf } from "../../core/record/keys.ts";
import { openRun } from "../../core/record/progress.ts";
import { contractOrigin } from "../../core/record/provenance.ts";
import { foldStory } from "../../core/record/story.ts";
import { decideEpic, decideOtherIssue } from "../../core/story/epic.ts";
import {
  type ChildFacts,
  epicOf,
  type InstructionReading,
  isStory,
  issueReads,
  type StoryFacts,
} from "../../core/story/facts.ts";
import { isTakenOver } from "../../core/story/linking.ts";
import { isAnswered, isUnderWay } from "../../core/story/planning.ts";
import { decideStory } from "../../core/story/story.ts";
import type { Subject } from "../../core/subject.ts";
import { Advice } from "../../schemas/advice.ts";
import { Plan } from "../../schemas/plan.ts";
import type { People } from "../../schemas/policy.ts";
import { ReworkReport } from "../../schemas/rework.ts";
import { Pack, StepResult } from "../../schemas/step.ts";
import type { Account } from "../../schemas/text.ts";
import type { Database } from "../store/database.ts";
import { getBody } from "../store/decisions.ts";
import { outcomesOf } from "../store/effects.ts";
import { readOpenCommands } from "./conversation.ts";
import { decideNothing, type Observation, type ReconcileTools } from "./tools.ts";

/** Observes an issue: the repository and its policy, the text, and people's commands under it. */
export async function observeIssue(
  subject: Subject,
  github: GitHub,
  tools: ReconcileTools,
): Promise<Known<Observation>> {
  const sight = await readIssueState(github, subject.number);
  if (!sight.known) return sight;
  const { repository, base, state: seen } = sight.value;
  const repositoryRef = { id: subject.repository, name: repository.name };
  // A pull request can have the same labels and is no issue.
  if (seen === null) return known({ repository: repositoryRef, decide: decideNothing });
  const state = await keptStory(seen, subject, tools);
  const objects = apiObjects(github, tools.cache);
  const policy = base.known ? await readPolicy(objects, base.value) : base;
  const common = { now: tools.now().toISOString(), ourselves: tools.ourselves, repository, base, policy };
  const people = usablePolicy(policy)?.policy.people ?? null;
  const issue = await readIssue(github, { repository, state }, { base, objects, people });
  if (!issue.known) return issue;
  const { written, ...reading } = issue.value;
  const { labels } = reading.issue;
  const { entries } = await tools.entries(
    subject.repository,
    issueReads({ ...reading, commands: [], outcomes: await outcomesOf(tools.db, subject) }),
  );
  const wantsTicket = (commands: readonly Pick<CommandRequest, "command">[]) =>
    isStory(reading.issue) &&
    (commands.some(({ command: { name } }) => name === "plan" || name === "refine") ||
      !isAnswered(foldStory(subject.number, entries)));
  // G1: as the label would, with the same rights.
  const assignment: Command | null = !reading.assignees.includes(tools.ourselves.bot.id)
    ? null
    : { name: isStory(reading.issue) ? "plan" : "run" };
  // An answered label command is not read again: only the effect recorded with its answer removes the label, and if
  // that effect is given up, the label stays.
  const conversation = await readOpenCommands(
    github,
    { subject, createdAt: reading.createdAt, labels, assignment, written },
    { policy, entries, tools, wantsTicket },
  );
  if (!conversation.known) return conversation;
  const isPlanned = wantsTicket(conversation.value.commands);
  const children = isPlanned ? await withPlanners(reading.children, github, people) : reading.children;
  const text = await readText({ ...reading, children }, conversation.value, tools);
  const { isEpic, epic } = { isEpic: labels.includes("epic"), epic: epicOf(reading) };
  // A story is planned by a planner's request, and its epic is looked at then.
  const openers = await readOpeners(github, { issue: reading.issue, epic }, people, {
    commands: conversation.value.commands,
    wanted: (number) =>
      (isEpic || isStory(reading.issue)) &&
      !isTakenOver(entries, number) &&
      (number === reading.issue.number || isPlanned || !isTakenOver(entries, reading.issue.number)),
  });
  if (!openers.known) return openers;
  const instructions = await readInstructionsFor(subject.number, common, entries, conversation.value, {
    objects,
    isPlanned,
  });
  const template = await readTemplateFor(reading.issue, common, entries, {
    objects,
    isAsked: isPlanned || conversation.value.commands.length > 0,
  });
  return known({
    repository: repositoryRef,
    decide: async () => {
      const outcomes = await outcomesOf(tools.db, subject);
      const keys = issueReads({ ...reading, ...conversation.value, outcomes });
      const fresh = await tools.entries(subject.repository, keys);
      const bodies = await readBodies(subject.number, fresh.entries, outcomes, tools.db);
      const facts: StoryFacts = {
        ...common,
        ...reading,
        ...conversation.value,
        ...bodies,
        children,
        text,
        openers: openers.value,
        instructions,
        template,
        entries: fresh.entries,
        outcomes,
      };
      const decide = labels.includes("story") ? decideStory : labels.includes("epic") ? decideEpic : decideOtherIssue;
      return { decision: decide(facts), seen: [fresh] };
    },
  });
}

/**
 * An issue as a story where one is under way that lost its label: anybody who may triage takes a label off, and nobody
 * would take its agent's answer then, or could stop it.
 */
async function keptStory(
  state: IssueState,
  { repository, number }: Subject,
  tools: ReconcileTools,
): Promise<IssueState> {
  const { labels } = state.issue;
  if (isStory(state.issue) || labels.includes("epic")) return state;
  const { entries } = await tools.entries(repository, [keyOf.number(number)]);
  return isUnderWay(foldStory(number, entries))
    ? { ...state, issue: { ...state.issue, labels: [...labels, "story"] } }
    : state;
}

/** The most people whose right to write diff prompts is read: anybody may open a sub-issue of their own. */
const maxAuthors = 10;

/** The sub-issues, with whether those who wrote diff prompts are planners; past the first authors nobody is. */
async function withPlanners(children: ChildFacts[], github: GitHub, people: People | null): Promise<ChildFacts[]> {
  const read = new Map<number, Known<boolean>>();
  const isPlanner = async (by: Account): Promise<Known<boolean>> => {
    if (people === null) return unknown("there is no valid policy");
    if (read.size === maxAuthors) return known(false);
    const permission = await readPermission(github, by, people);
    if (!permission.known) return permission;
    const { role, duties } = permission.value;
    return known(writers.has(role) && duties.includes("planners"));
  };
  const told: ChildFacts[] = [];
  for (const child of children) {
    if (child.written === undefined) {
      told.push(child);
      continue;
    }
    const { by } = child.written;
    const found = read.get(by.id) ?? (await isPlanner(by));
    read.set(by.id, found);
    told.push({ ...child, written: { ...child.written, isPlanner: found } });
  }
  return told;
}

/**
 * What has to be known of people's text that becomes a contract without a planner: of an issue that a `/run` or
 * `ai:run` takes onto the light tier, and of diff prompts that people wrote below a story.
 */
async function readText(
  { issue, children, textAt: editedAt }: Omit<IssueReading, "written">,
  { commands }: Conversation,
  { secrets }: ReconcileTools,
): Promise<StoryFacts["text"]> {
  const secretIn = async (texts: string[]) => (await redactSecretsIn(texts, secrets)).redactions[0]?.rule ?? null;
  const prompts = children.flatMap(({ title, written }) => (written?.isPlanner.known ? [title, written.body] : []));
  if (prompts.length > 0)
    return known({ editedAt: null, secret: await secretIn([issue.title, issue.body, ...prompts]) });
  if (isStory(issue) || commands.every(({ command }) => command.name !== "run")) return unknown("nobody asked for it");
  return known({ editedAt, secret: await secretIn([issue.title, issue.body]) });
}

/**
 * The policy's instructions at the commits where they are wanted now: the default branch's tip for a planner and for a
 * light run, and the approval's base for the agents of an open run.
 */
async function readInstructionsFor(
  story: number,
  { base, policy }: Pick<StoryFacts, "base" | "policy">,
  entries: readonly TypedEntry[],
  { commands }: Conversation,
  { objects, isPlanned }: { objects: Pick<Objects, "entry" | "blob">; isPlanned: boolean },
): Promise<StoryFacts["instructions"]> {
  const paths = usablePolicy(policy)?.policy.agents.instructions ?? [];
  const record = foldStory(story, entries);
  const { contract } = record;
  const approval = contract === null ? undefined : contractOrigin(entries, contract).approval;
  const isRun = openRun(record) !== null || commands.length > 0;
  const wanted = new Set([
    ...(base.known && (isPlanned || commands.length > 0) ? [base.value] : []),
    ...(isRun && approval !== undefined ? [approval.body.parts.base] : []),
  ]);
  const read = new Map<string, Known<InstructionReading[]>>();
  if (paths.length > 0) for (const commit of wanted) read.set(commit, await readInstructions(objects, commit, paths));
  return read;
}

/** The template of master contracts, where the policy has that tier and a plan of the story is open or asked for. */
async function readTemplateFor(
  issue: StoryFacts["issue"],
  { base, policy }: Pick<StoryFacts, "base" | "policy">,
  entries: readonly TypedEntry[],
  { objects, isAsked }: { objects: Pick<Objects, "entry" | "blob">; isAsked: boolean },
): Promise<StoryFacts["template"]> {
  const path = usablePolicy(policy)?.policy.tiers.contract?.template;
  const { contract, plan } = foldStory(issue.number, entries);
  const isOpen = isAsked || contract === null || contract.revision !== plan?.revision;
  if (path === undefined || !isStory(issue) || !isOpen) return null;
  return base.known ? readBaseText(objects, base.value, path) : base;
}

/**
 * The stored plans, packs, answers, reports and advice of one story; each was checked when it was stored and is parsed
 * again here.
 */
async function readBodies(
  story: number,
  entries: readonly TypedEntry[],
  outcomes: StoryFacts["outcomes"],
  db: Database,
) {
  const wanted = {
    plans: new Set<string>(),
    packs: new Set<string>(),
    results: new Set<string>(),
    reports: new Set<string>(),
    advices: new Set<string>(),
  };
  for (const outcome of outcomes.values()) {
    if (outcome.status !== "done") continue;
    if (outcome.result.type === "plan") wanted.plans.add(outcome.result.planSha256);
    if (outcome.result.type === "answer") wanted.results.add(outcome.result.resultSha256);
    if (outcome.result.type === "advice") wanted.advices.add(outcome.result.advice.sha256);
  }
  for (const entry of entries) {
    if (entry.kind === "prompt.recorded" && entry.body.story === story) wanted.packs.add(entry.body.pack.sha256);
    if (entry.kind === "response.recorded" && entry.body.story === story) wanted.results.add(entry.body.result.sha256);
    if (entry.kind === "rework.opened" && entry.body.story === story) wanted.reports.add(entry.body.report.sha256);
    if (entry.kind === "advice.given" && entry.body.story === story) wanted.advices.add(entry.body.advice.sha256);
  }
  const load = async <T>(digests: Set<string>, schema: { parse(value: unknown): T }) => {
    const loaded = new Map<string, T>();
    for (const sha256 of digests) {
      const bytes = await getBody(db, sha256);
      if (bytes !== null) loaded.set(sha256, schema.parse(JSON.parse(Buffer.from(bytes).toString("utf8"))));
    }
    return loaded;
  };
  return {
    plans: await load(wanted.plans, Plan),
    packs: await load(wanted.packs, Pack),
    results: await load(wanted.results, StepResult),
    reports: await load(wanted.reports, ReworkReport),
    advices: await load(wanted.advices, Advice),
  };
}
