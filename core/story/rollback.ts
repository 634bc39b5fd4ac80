import type { EntryBody } from "../../schemas/entries.ts";
import { maxConcernLength, maxUndone } from "../../schemas/limits.ts";
import { accept, type CommandAnswer, refuse } from "../answer.ts";
import { awaitEffect, type EffectFailure, type Step } from "../decision.ts";
import { appActor, type Draft, entriesOf, userActor } from "../entries.ts";
import type { CommandRequest } from "../facts.ts";
import { attemptName, effectKey, sourceKey } from "../identifiers.ts";
import { stateOf } from "../ledger/attempt-protocol.ts";
import { undoneCommits } from "../record/checkpoints.ts";
import { openRun } from "../record/progress.ts";
import type { PromptRecord, StoryRecord, StoryRun } from "../record/story.ts";
import type { StoryContext, StoryFacts } from "./facts.ts";
import { runClosed } from "./run-end.ts";

type Checkpoint = EntryBody<"checkpoint.recorded">;

/**
 * Answers `/rollback`: whether the branch can go back to a checkpoint, and which commits that removes. It reads the
 * ledger and the effects' outcomes only; the performer checks the branch itself.
 */
export function rollBackTo(request: CommandRequest, name: string, { record, facts }: StoryContext): CommandAnswer {
  const found = findCheckpoint(name, facts);
  if ("refused" in found) return found.refused;
  const { checkpoint } = found;
  const prompt = record.prompts.find(({ issue }) => issue === checkpoint.prompt);
  if (prompt === undefined)
    return refuse(
      "replaced",
      `#${checkpoint.prompt} belongs to a plan that a newer one replaced. Close its pull request by hand.`,
    );
  if (prompt.completed || prompt.merge !== null)
    return refuse(
      "merged",
      `#${checkpoint.prompt} is merged. Nothing takes that back but a new change: plan it as a story.`,
    );
  const openRefusal = openRollback(record);
  if (openRefusal !== null) return openRefusal;
  const run = openRun(record);
  const inProgress = workInProgress(prompt, run, facts);
  if (inProgress !== null) return refuse("attempt-open", inProgress);
  const undone = commitsToUndo(checkpoint, prompt, facts);
  if (undone === null)
    return refuse(
      "gone",
      `\`${name}\` stands on work that was taken back since. Choose an earlier checkpoint: ${namesOf(facts)}.`,
    );
  const { branch, commits } = undone;
  if (branch === null || commits.length === 0)
    return refuse("nothing-to-undo", `Nothing was written after \`${name}\` that still stands.`);
  if (commits.length > maxUndone) return refuse("too-many", `At most ${maxUndone} commits are taken back at once.`);
  if (request.source.type !== "comment") return refuse("wrong-place", "A rollback is a comment.");
  const by = userActor(request.by);
  const decided: Draft = {
    kind: "rollback.decided",
    actor: by,
    subject: newest(commits, branch),
    body: {
      checkpoint: name,
      run: checkpoint.run,
      story: checkpoint.story,
      prompt: checkpoint.prompt,
      attempt: checkpoint.attempt,
      branch,
      to: checkpoint.head,
      undone: commits,
      comment: request.source.id,
    },
  };
  const end = run === null ? [] : [runClosed(run, facts, "cancelled", `taken back to ${name} by @${request.by.login}`)];
  const what =
    checkpoint.head === null
      ? `the branch \`${branch}\` goes, and its pull request is closed`
      : `the branch \`${branch}\` goes back to ${checkpoint.head}`;
  const line = `Read as: back to \`${name}\`; ${what}. \`/retry\` starts the next attempt from there.`;
  return accept("rolled-back", line, [decided, ...end]);
}

/** The refusal of a new run or rollback while a rollback is open; null: none is open. */
export function openRollback({ rollback }: StoryRecord): CommandAnswer | null {
  if (rollback === null) return null;
  const line = `The rollback to \`${rollback.checkpoint}\` is still being carried out; try again in a moment.`;
  return refuse("rollback-open", line);
}

/** Carries out a decided rollback and records its outcome. */
export function rollBack({ record, facts }: StoryContext): Step {
  const { rollback } = record;
  if (rollback === null) return {};
  const { branch, to, undone, comment, checkpoint } = rollback;
  const key = effectKey.rollback(facts.repository.id, comment);
  const subject = newest(undone, branch);
  const actor = appActor(facts);
  const failed = ({ code, message }: EffectFailure): Step => ({
    drafts: [
      { kind: "rollback.failed", actor, subject, body: { ...rollback, code, message } },
      {
        kind: "concern.raised",
        actor,
        subject: [],
        body: {
          concern: sourceKey({ type: "comment", id: comment }),
          story: rollback.story,
          pull: null,
          prompt: rollback.prompt,
          code: "rollback-failed",
          message: `Nothing was taken back to ${checkpoint}: ${message}`.slice(0, maxConcernLength).toWellFormed(),
          raisedBy: "app",
          about: { type: "comment", id: comment },
        },
      },
    ],
  });
  return awaitEffect(facts.outcomes.get(key), {
    ask: () => {
      const text = `Taken back to the checkpoint \`${checkpoint}\`, before which nothing was written for #${rollback.prompt}. What was here stays in the ledger.`;
      return { effects: [{ type: "roll-back", key, branch, to, undone, comment: text }] };
    },
    done: (result) => {
      if (result.type !== "rolled-back")
        return failed({ code: "internal", message: "the rollback ended without saying what it did" });
      const { closed } = result;
      return { drafts: [{ kind: "rollback.done", actor, subject, body: { ...rollback, closed } }] };
    },
    failed,
  });
}

/** The newest 100 commits as an entry's subjects; an entry has no room for all. */
function newest(commits: readonly string[], branch: string): Draft["subject"] {
  return commits.slice(-100).map((commit) => ({ name: branch, digest: { gitCommit: commit } }));
}

/** Finds a checkpoint of this story by its name, or refuses. */
function findCheckpoint(name: string, facts: StoryFacts): { checkpoint: Checkpoint } | { refused: CommandAnswer } {
  const found = entriesOf(facts.entries, "checkpoint.recorded").find(({ body }) => body.checkpoint === name);
  if (found === undefined) {
    const line = `There is no checkpoint \`${name}\`; this story has: ${namesOf(facts)}.`;
    return { refused: refuse("unknown-checkpoint", line) };
  }
  if (found.body.story === facts.issue.number) return { checkpoint: found.body };
  const line = `\`${name}\` is a checkpoint of story #${found.body.story}. Give the command there.`;
  return { refused: refuse("other-story", line) };
}

/** The story's newest ten checkpoints, for people to choose from. */
function namesOf({ entries, issue }: StoryFacts): string {
  const names = entriesOf(entries, "checkpoint.recorded").flatMap(({ body }) =>
    body.story === issue.number ? [`\`${body.checkpoint}\``] : [],
  );
  return names.length === 0 ? "none yet" : names.slice(-10).join(", ");
}

/** The refusal's line while an attempt or a write of a prompt is in progress; null: none is. */
function workInProgress(prompt: PromptRecord, run: StoryRun | null, facts: StoryFacts): string | null {
  const last = prompt.attempts.at(-1);
  if (last === undefined) return null;
  const isOpen = last.pack.run === run?.run;
  const state = stateOf(last);
  const isAtWork = state !== "refused" && (state !== "committed" || prompt.pull === null);
  if (isOpen && isAtWork) return `${attemptName(last.pack)} of #${last.pack.prompt} is under way. \`/stop\` it first.`;
  return stillWritten(prompt, facts);
}

/** The refusal's line while an ended run's last attempt at a prompt is still being written or its pull request opened. */
export function stillWritten({ attempts }: PromptRecord, { repository, outcomes }: StoryFacts): string | null {
  const pack = attempts.at(-1)?.pack;
  if (pack === undefined) return null;
  const keys = [effectKey.change(repository.id, pack), effectKey.pull(repository.id, pack.run, pack.prompt)];
  return keys.some((key) => outcomes.get(key)?.status === "waiting")
    ? `${attemptName(pack)} of #${pack.prompt} is still being written; try again in a moment.`
    : null;
}

/**
 * The branch and the commits to remove for a rollback to a checkpoint: our commits after it, including those that were
 * written while their run was being stopped and so never recorded. Null: the checkpoint's head is not on the branch any
 * more.
 */
function commitsToUndo(
  { branch, head }: Checkpoint,
  { branchState, attempts }: PromptRecord,
  { repository, outcomes, entries }: StoryFacts,
): { branch: string | null; commits: string[] } | null {
  const gone = undoneCommits(entries);
  const late = attempts.flatMap(({ pack, commit }) => {
    const outcome = commit === null ? outcomes.get(effectKey.change(repository.id, pack)) : undefined;
    return outcome?.status === "done" && outcome.result.type === "commit" && !gone.has(outcome.result.commit)
      ? [{ branch: pack.branch, commit: outcome.result.commit }]
      : [];
  });
  const last = branchState.branch ?? late.at(-1)?.branch ?? null;
  const written = late.flatMap((one) => (one.branch === last ? [one.commit] : []));
  const commits = [...branchState.commits, ...written];
  if (head === null) return { branch: last, commits };
  const index = branch === last ? branchState.commits.indexOf(head) : -1;
  return index < 0 ? null : { branch: last, commits: commits.slice(index + 1) };
}
