import { accept, answered, answeredSources, heard, refuse, turnAway } from "../answer.ts";
import { type CommandName, dutiesOn } from "../commands.ts";
import { awaitPolicy, type Decision, decisionOf, ensureState, ensureSticky, requeue, type Step } from "../decision.ts";
import { appActor, entriesOf } from "../entries.ts";
import { plain } from "../escape.ts";
import type { LoadedPolicy } from "../facts.ts";
import { effectKey, sourceKey } from "../identifiers.ts";
import { list, table } from "../markdown.ts";
import { authority } from "../people/authority.ts";
import { usablePolicy } from "../policy/problem.ts";
import { otherStoryOf } from "../record/provenance.ts";
import { storyOf } from "../record/pull.ts";
import { type ChildFacts, refOf, type StoryFacts } from "./facts.ts";
import { decisionProblems, storyForm } from "./form.ts";
import { hasLightContract } from "./light.ts";
import { requestLine } from "./linking.ts";
import { decideStory } from "./story.ts";

/** The states of an epic (features A1). `archived` is an epic that was closed without being complete. */
export type EpicState = "draft" | "active" | "complete" | "archived";

/** The input of an epic's rules: the facts, its stories, the complete ones among them, and the epic's state. */
type EpicContext = {
  facts: StoryFacts;
  /** Says that it is a request until somebody takes it over; null: it is none. */
  request: string | null;
  /** What is wrong with its form, one line each. */
  problems: string[];
  stories: readonly ChildFacts[];
  done: ReadonlySet<ChildFacts>;
  /** Whether the ledger records it as complete. */
  isRecorded: boolean;
  state: EpicState;
};

/** Decides an epic: it is complete when all its stories are; its comment shows the state of each. */
export function decideEpic(facts: StoryFacts): Decision {
  const loaded = usablePolicy(facts.policy);
  if (loaded === null) return awaitPolicy(facts.policy);
  const context = contextOf(facts, loaded);
  return decisionOf(
    answerHere(facts, loaded, "An epic is not run itself; give this command on one of its stories.", "take-over"),
    completeEpic(context),
    ensureState(refOf(facts), facts.issue.labels, context.state),
    showStories(context),
  );
}

function contextOf(facts: StoryFacts, { policy }: LoadedPolicy): EpicContext {
  const { entries, issue, decisions } = facts;
  const form = storyForm(issue.body);
  const problems = [
    ...(form.unreadRisk === null ? [] : ["**Risk**: choose low, medium, high or critical."]),
    ...decisionProblems(form, decisions.known ? decisions.value : [], policy.gates),
  ];
  const stories = facts.children.filter((child) => child.labels.includes("story"));
  const completed = new Set(entriesOf(entries, "story.completed").map(({ body }) => body.story));
  const done = new Set(stories.filter((story) => !story.elsewhere && completed.has(story.number)));
  const isRecorded = entriesOf(entries, "epic.completed").some(({ body }) => body.epic === issue.number);
  const isComplete = isRecorded || (stories.length > 0 && done.size === stories.length);
  const state = isComplete
    ? "complete"
    : issue.state === "closed"
      ? "archived"
      : stories.length > 0
        ? "active"
        : "draft";
  const request = requestLine(issue.number, facts.openers.issue, "with `/take-over`", policy.people);
  return { facts, request, problems, stories, done, isRecorded, state };
}

function completeEpic({ facts, stories, isRecorded, state }: EpicContext): Step {
  if (state !== "complete" || isRecorded) return {};
  const { issue, repository } = facts;
  const comment = [
    "Every story of this epic is complete.",
    "",
    ...list(stories.map((story) => `#${story.number} ${plain(story.title)}${pastCheckNote(story, facts)}`)),
    "What was asked, answered, judged and signed off is on the branch `sallyport/evidence`.",
  ].join("\n");
  return {
    drafts: [
      {
        kind: "epic.completed",
        actor: appActor(facts),
        subject: [],
        body: { epic: issue.number, stories: stories.map((story) => story.number) },
      },
    ],
    effects: [
      {
        type: "close-issue",
        key: effectKey.close(repository.id, issue.number),
        issue: issue.number,
        comment,
      },
    ],
  };
}

function showStories({ facts, request, problems, stories, done, state }: EpicContext): Step {
  if (stories.length === 0 && problems.length === 0 && request === null && facts.sticky === null) return {};
  const body = [
    `### Sallyport: ${state}`,
    "",
    ...(request === null ? [] : [request, ""]),
    `${done.size} of ${stories.length} stories complete.`,
    "",
    ...(problems.length === 0 ? [] : ["Its form is to be mended, by its author:", "", ...list(problems)]),
    ...table(
      "| story | state |",
      stories.map((story) => [
        nameOf(story),
        `${done.has(story) ? "complete" : labelState(story)}${pastCheckNote(story, facts)}`,
      ]),
    ),
  ].join("\n");
  return ensureSticky(refOf(facts), body, facts.sticky);
}

/** The note on a story of which pull requests were merged past their check; empty: the ledger knows of none. */
function pastCheckNote({ number, elsewhere }: ChildFacts, { entries }: StoryFacts): string {
  const pulls = entriesOf(entries, "merge.observed").flatMap(({ body }) =>
    !body.judged && storyOf(entries, body.pull) === number ? [`#${body.pull}`] : [],
  );
  return elsewhere || pulls.length === 0 ? "" : ` (${pulls.join(", ")} merged past the check)`;
}

/** An issue number of another repository would link to something else here. */
function nameOf({ number, title, elsewhere }: ChildFacts): string {
  return elsewhere ? `${plain(title)} (in another repository)` : `#${number}`;
}

function labelState(child: ChildFacts): string {
  if (child.elsewhere) return "not known here";
  const states = child.labels.flatMap((one) => (one.startsWith("sallyport:") ? [one.slice("sallyport:".length)] : []));
  // Anyone with triage permission can add such a label.
  return plain(states.sort().join(", ").replace("_", " ") || "draft");
}

/**
 * Decides an issue that is neither story nor epic: one that is or goes onto the light tier as a story without a plan of
 * its own; elsewhere a command is refused with where it belongs.
 */
export function decideOtherIssue(facts: StoryFacts): Decision {
  const loaded = usablePolicy(facts.policy);
  if (loaded === null) return awaitPolicy(facts.policy);
  if (isOnLightTier(facts, loaded)) return decideStory(facts);
  const { issue, parent, entries, repository } = facts;
  const story =
    otherStoryOf(entries, issue.number, issue.number) ??
    (issue.labels.includes("diff-prompt") ? parent?.number : undefined);
  const target = story === undefined ? "an issue with the label `story`" : `its story, #${story}`;
  return decisionOf(answerHere(facts, loaded, `Give this command on ${target}.`), {
    enqueue: story === undefined ? [] : [{ kind: "issue", repository: repository.id, number: story }],
  });
}

function isOnLightTier({ entries, issue, commands }: StoryFacts, { policy }: LoadedPolicy): boolean {
  if (hasLightContract(entries, issue.number)) return true;
  if (policy.tiers.light === undefined || issue.labels.includes("diff-prompt")) return false;
  // Anybody who may triage takes a label off.
  if (otherStoryOf(entries, issue.number, issue.number) !== undefined) return false;
  const sources = answeredSources(entries);
  return commands.some(({ command, source }) => command.name === "run" && !sources.has(sourceKey(source)));
}

/**
 * Answers every open command with one refusal that says where to give it, but for the one that is `taken` here; a
 * command without authority gets that reason instead.
 */
function answerHere(facts: StoryFacts, { policy }: LoadedPolicy, line: string, taken?: CommandName): Step {
  const sources = answeredSources(facts.entries);
  const open = heard(facts).filter(({ source }) => !sources.has(sourceKey(source)));
  return decisionOf(
    turnAway(facts, refOf(facts)),
    ...open.map((request): Step => {
      const { command } = request;
      const isTaken = command.name === taken && !("reply" in command);
      const duties = isTaken ? dutiesOn("story", command.name, policy) : [];
      const allowed = authority(request, duties, policy.people);
      if (allowed.answer === "wait") return { requeueAfter: requeue.undecided };
      if (allowed.answer === "no") return answered(request, refuse(allowed.code, allowed.line), refOf(facts));
      if (!isTaken) return answered(request, refuse("wrong-place", line), refOf(facts));
      const answer = accept("taken-over", `@${request.by.login} took this epic over; its stories can be planned.`);
      return { ...answered(request, answer, refOf(facts)), requeueAfter: requeue.undecided };
    }),
  );
}
