import type { Step } from "../decision.ts";
import { appActor, lastEntry } from "../entries.ts";
import { effectKey } from "../identifiers.ts";
import { table } from "../markdown.ts";
import type { PromptRecord } from "../record/story.ts";
import type { StoryContext, StoryFacts } from "./facts.ts";

/** Completes a merged prompt and closes its issue. */
export function complete(prompt: PromptRecord, merged: string, facts: StoryFacts): Step {
  const { issue, pull } = prompt;
  if (issue === null || pull === null) return {};
  return {
    drafts: [
      {
        kind: "prompt.completed",
        actor: appActor(facts),
        subject: [{ name: `prompt #${issue}`, digest: { gitCommit: merged } }],
        body: { story: facts.issue.number, prompt: issue, pull, merged },
      },
    ],
    effects: [
      {
        type: "close-issue",
        key: effectKey.close(facts.repository.id, issue),
        issue,
        comment: `Done: #${pull} was merged as ${merged}.`,
      },
    ],
  };
}

/** Completes the story when every prompt of its contract is complete, and has its epic decided next. */
export function completeStory({ record, facts }: StoryContext): Step {
  if (record.completed || record.contract === null || record.prompts.length === 0) return {};
  const running = record.run !== null && record.run.closed === null;
  if (running || !record.prompts.every((prompt) => prompt.completed)) return {};
  const prompts = record.prompts.flatMap((prompt) => prompt.issue ?? []);
  const pulls = record.prompts.flatMap((prompt) => prompt.pull ?? []);
  const rows = record.prompts.map((prompt) => {
    const seal = lastEntry(
      facts.entries,
      "evidence.sealed",
      ({ body }) => body.story === facts.issue.number && body.prompt === prompt.issue,
    );
    const evidence = seal === undefined ? "—" : `entry ${seal.seq}, \`${seal.hash.slice(0, 12)}…\``;
    return [`#${prompt.issue}`, `#${prompt.pull}`, `\`${prompt.merge?.merged.slice(0, 12) ?? ""}\``, evidence];
  });
  const comment = [
    "Complete: every diff prompt is merged, with evidence, gates and sign-off on its exact commit.",
    "",
    ...table("| prompt | pull request | merged as | evidence |", rows),
    "The entries are on the branch `sallyport/evidence`; `npx sallyport ledger verify` checks them without this server.",
  ].join("\n");
  return {
    drafts: [
      {
        kind: "story.completed",
        actor: appActor(facts),
        subject: [],
        body: { story: facts.issue.number, prompts, pulls },
      },
    ],
    effects: [
      {
        type: "close-issue",
        key: effectKey.close(facts.repository.id, facts.issue.number),
        issue: facts.issue.number,
        comment,
      },
    ],
    enqueue:
      facts.parent === null ? [] : [{ kind: "issue", repository: facts.repository.id, number: facts.parent.number }],
  };
}
