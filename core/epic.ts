import { answered } from "./answer.ts";
import { authority } from "./authority.ts";
import { addStep, type Decision, emptyDecision } from "./decision.ts";
import { plain } from "./escape.ts";
import { effectKey, sourceKey } from "./identifiers.ts";
import { appActor } from "./story/answer.ts";
import type { ChildFacts, StoryFacts } from "./story-facts.ts";
import { policyTrouble } from "./trouble.ts";

/** The states of an epic (features A1). `archived` is an epic that was closed without being complete. */
export type EpicState = "draft" | "active" | "complete" | "archived";

/** Decides an epic: it is complete when all its stories are, and shows how far each has got. */
export function decideEpic(facts: StoryFacts): Decision {
  const decision = emptyDecision();
  if (policyTrouble(facts.policy) !== null)
    return { ...decision, requeueAfter: facts.policy.known ? null : 30 };
  answerHere(facts, decision, "An epic is not run itself; give this command on one of its stories.");

  const { issue, repository, children } = facts;
  const stories = children.filter((child) => child.labels.includes("story"));
  const completed = new Set(
    facts.entries.flatMap((entry) => (entry.kind === "story.completed" ? [entry.body.story] : [])),
  );
  const done = new Set(stories.filter((story) => !story.elsewhere && completed.has(story.number)));
  const recorded = facts.entries.some(
    (entry) => entry.kind === "epic.completed" && entry.body.epic === issue.number,
  );
  const complete = stories.length > 0 && done.size === stories.length;

  if (complete && !recorded) {
    const comment = [
      "Complete: all its stories are.",
      "",
      ...stories.map((story) => `- #${story.number} ${plain(story.title)}`),
      "",
      "What was asked, answered, judged and signed off is on the branch `sallyport/evidence`.",
    ].join("\n");
    addStep(decision, {
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
    });
  }
  const state: EpicState =
    complete || recorded
      ? "complete"
      : issue.state === "closed"
        ? "archived"
        : stories.length > 0
          ? "active"
          : "draft";
  showEpic(facts, stories, done, state, decision);
  return decision;
}

function showEpic(
  facts: StoryFacts,
  stories: ChildFacts[],
  done: ReadonlySet<ChildFacts>,
  state: EpicState,
  decision: Decision,
): void {
  const { issue, repository } = facts;
  const ours = issue.labels.filter((label) => label.startsWith("sallyport:"));
  if (ours.length !== 1 || ours[0] !== `sallyport:${state}`) {
    decision.effects.push({
      type: "ensure-state",
      key: effectKey.state(repository.id, issue.number),
      issue: issue.number,
      state,
    });
  }
  if (stories.length === 0 && facts.sticky === null) return;
  const body = [
    `### Sallyport: ${state}`,
    "",
    `${done.size} of ${stories.length} stories are complete.`,
    "",
    "| story | state |",
    "|---|---|",
    ...stories.map((story) => `| ${nameOf(story)} | ${done.has(story) ? "complete" : labelState(story)} |`),
    "",
  ].join("\n");
  if (body === facts.sticky) return;
  decision.effects.push({
    type: "ensure-sticky",
    key: effectKey.sticky(repository.id, issue.number),
    issue: issue.number,
    body,
  });
}

/** A number of another repository would lead to something else here. */
function nameOf({ number, title, elsewhere }: ChildFacts): string {
  return elsewhere ? `${plain(title)} (in another repository)` : `#${number}`;
}

function labelState(child: ChildFacts): string {
  if (child.elsewhere) return "not known here";
  const label = child.labels.find((one) => one.startsWith("sallyport:"));
  // Whoever may triage can put one on.
  return plain(label?.slice("sallyport:".length).replace("_", " ") ?? "draft");
}

/** Decides an issue that is neither story nor epic: a command given there is answered with where it belongs. */
export function decideOtherIssue(facts: StoryFacts): Decision {
  const decision = emptyDecision();
  if (policyTrouble(facts.policy) !== null)
    return { ...decision, requeueAfter: facts.policy.known ? null : 30 };
  const { issue, parent, repository } = facts;
  const isPrompt = issue.labels.includes("diff-prompt");
  const place =
    isPrompt && parent !== null ? `its story, #${parent.number}` : "an issue with the label `story`";
  answerHere(facts, decision, `Give this command on ${place}.`);
  if (isPrompt && parent !== null)
    decision.enqueue.push({ kind: "issue", repository: repository.id, number: parent.number });
  return decision;
}

/** Answers every open command with one refusal that says where to go; strangers are told that they have no say. */
function answerHere(facts: StoryFacts, decision: Decision, line: string): void {
  if (!facts.policy.known || facts.policy.value.state !== "loaded") return;
  const { people } = facts.policy.value.policy;
  const seen = new Set(
    facts.entries.flatMap((entry) => (entry.kind === "command" ? [sourceKey(entry.body.source)] : [])),
  );
  for (const ask of facts.asks) {
    if (seen.has(sourceKey(ask.source))) continue;
    const allowed = authority(ask, [], people);
    if (allowed.answer === "wait") {
      decision.requeueAfter = 15;
      continue;
    }
    const answer =
      allowed.answer === "no"
        ? { accepted: false, code: allowed.code, line: allowed.line }
        : { accepted: false, code: "wrong-place", line };
    addStep(decision, answered(ask, answer, facts));
  }
}
