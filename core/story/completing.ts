import { completionBody, conformanceText } from "../contract/conformance.ts";
import type { Step } from "../decision.ts";
import type { Effect } from "../effects.ts";
import { appActor, entriesOf, lastEntry } from "../entries.ts";
import { code } from "../escape.ts";
import { effectKey } from "../identifiers.ts";
import { table } from "../markdown.ts";
import { openRun } from "../record/progress.ts";
import type { PromptRecord } from "../record/story.ts";
import type { StoryContext, StoryFacts } from "./facts.ts";

/** Completes a merged prompt and closes its issue; under the light tier that is the story's own, closed with it. */
export function complete(prompt: PromptRecord, merged: string, facts: StoryFacts): Step {
  const { issue, pull } = prompt;
  if (issue === null || pull === null) return {};
  const close: Effect = {
    type: "close-issue",
    key: effectKey.close(facts.repository.id, issue),
    issue,
    comment: `Done: #${pull} was merged as ${merged}${pastCheck(prompt)}.`,
  };
  return {
    drafts: [
      {
        kind: "prompt.completed",
        actor: appActor(facts),
        subject: [{ name: `prompt #${issue}`, digest: { gitCommit: merged } }],
        body: { story: facts.issue.number, prompt: issue, pull, merged },
      },
    ],
    effects: issue === facts.issue.number ? [] : [close],
  };
}

/** How a merge past the check stands in a sentence; empty for a merge that a successful verdict allowed. */
function pastCheck({ merge, acceptedBy }: PromptRecord): string {
  if (merge?.judged !== false) return "";
  return `, past its check; ${acceptedBy === null ? "nobody accepted that" : `@${acceptedBy} accepted that`}`;
}

/** The row of a merged prompt: how it was merged, its gates, its sign-offs and its evidence, by the ledger. */
function rowOf(prompt: PromptRecord, { entries, issue: story }: StoryFacts): string[] {
  const { issue, pull, merge } = prompt;
  const onHead = ({ body }: { body: { pull: number; sha: string } }) => body.pull === pull && body.sha === merge?.head;
  const waived = new Set(
    entriesOf(entries, "waiver.given").flatMap((entry) => (onHead(entry) ? [entry.body.gate] : [])),
  );
  const signOffs = entriesOf(entries, "sign-off.given").filter(onHead);
  const sealed = lastEntry(
    entries,
    "evidence.sealed",
    ({ body }) => body.story === story.number && body.prompt === issue,
  );
  const verdict = merge?.judged === true ? "success" : `no success${pastCheck(prompt)}`;
  return [
    `#${issue}`,
    `#${pull}`,
    `\`${merge?.merged.slice(0, 12) ?? ""}\``,
    `${verdict}${waived.size === 0 ? "" : `, with a waiver of ${[...waived].map(code).join(", ")}`}`,
    signOffs.map(({ body, actor }) => `${code(body.test)} ${body.result}, @${actor.login}`).join("<br>") || "none",
    sealed === undefined ? "none" : `entry ${sealed.seq}, \`${sealed.hash.slice(0, 12)}…\``,
  ];
}

/** Completes the story when every prompt of its contract is complete, and has its epic decided next. */
export function completeStory({ record, facts }: StoryContext): Step {
  if (record.completed || record.contract === null || record.prompts.length === 0) return {};
  if (openRun(record) !== null || !record.prompts.every((prompt) => prompt.completed)) return {};
  const body = completionBody(facts.issue.number, record, facts.entries);
  const comment = [
    "Complete: every diff prompt is merged. This is what the ledger has of each:",
    "",
    ...table(
      "| prompt | pull request | merged as | last verdict before it | sign-off | evidence |",
      record.prompts.map((prompt) => rowOf(prompt, facts)),
    ),
    ...(body.conformance === undefined ? [] : conformanceText(body.conformance)),
    "The entries are on the branch `sallyport/evidence`; `npx sallyport ledger verify` checks them without this server.",
  ].join("\n");
  return {
    drafts: [
      {
        kind: "story.completed",
        actor: appActor(facts),
        subject: [],
        body,
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
