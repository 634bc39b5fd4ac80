import { casefileText } from "../casefiles.ts";
import type { Step } from "../decision.ts";
import type { Effect } from "../effects.ts";
import { type Draft, lastEntry } from "../entries.ts";
import { handedOff, toGates } from "../handoffs.ts";
import { attemptName, effectKey } from "../identifiers.ts";
import type { StoryFacts } from "../story-facts.ts";
import type { AttemptRecord, PromptRecord, RunRecord, StoryRecord } from "../story-record.ts";
import { appActor, runClosed } from "./answer.ts";

/** The step that all entries of one attempt carry. */
export function stepOf(pack: AttemptRecord["pack"]) {
  const { run, story, prompt, attempt } = pack;
  return { run, story, prompt, attempt };
}

/** A merged prompt is completed and its issue closed. */
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

/** Writes an accepted answer as one commit; its evidence is in the ledger by then. */
export function commit(
  run: RunRecord,
  prompt: PromptRecord,
  attempt: AttemptRecord,
  facts: StoryFacts,
): Step | null {
  const { pack, response, evidence } = attempt;
  if (response === null || evidence === null) return null;
  const key = effectKey.change(facts.repository.id, pack);
  const outcome = facts.outcomes.get(key);
  if (outcome?.status === "waiting") return null;
  if (outcome?.status === "failed") {
    const why = `the change of #${pack.prompt} could not be written: ${outcome.message}`;
    return { drafts: [runClosed(run, facts, "failed", why)] };
  }
  if (outcome?.status === "done") {
    if (outcome.result.type !== "commit") return null;
    const { commit: sha, tree, parent, casefiles } = outcome.result;
    return {
      drafts: [
        {
          kind: "change.committed",
          actor: appActor(facts),
          subject: [{ name: pack.branch, digest: { gitCommit: sha } }],
          body: {
            ...stepOf(pack),
            branch: pack.branch,
            commit: sha,
            tree,
            parent,
            ...(casefiles === undefined ? {} : { casefiles }),
          },
        },
        // Its pull request is open already: what is written there is judged at once.
        ...(prompt.pull === null ? [] : [handedToGates(pack, sha, facts)]),
      ],
    };
  }
  const captured = lastEntry(
    facts.entries,
    "evidence.captured",
    ({ body }) => body.promptSha256 === pack.pack.sha256,
  );
  // The entry is not in the ledger yet in the look that drafts it: the commit's date comes from the stored one.
  if (captured === undefined) return null;
  // By the pack, which was made under the approved policy; the policy may have moved since.
  const casefiles = facts.packs.get(pack.pack.sha256)?.casefiles;
  const message = [
    prompt.contract.title,
    "",
    `Sallyport-Run: ${run.run}`,
    `Sallyport-Story: #${pack.story}`,
    `Sallyport-Prompt: #${pack.prompt}`,
    `Sallyport-Attempt: ${attemptName(pack)}`,
    `Sallyport-Prompt-SHA256: ${pack.pack.sha256}`,
    `Sallyport-Answer-SHA256: ${response.result.sha256}`,
    `Sallyport-Evidence: ${captured.hash}`,
    `Sallyport-Model: ${response.usage.model}`,
    "",
  ].join("\n");
  const effect: Effect = {
    type: "write-change",
    key,
    packSha256: pack.pack.sha256,
    resultSha256: response.result.sha256,
    branch: pack.branch,
    parent: pack.base,
    message,
    at: captured.at,
    ...(casefiles === undefined
      ? {}
      : {
          casefiles: casefiles.map(({ name, path }) => ({
            name,
            path,
            text: casefileText(name, facts.entries, captured),
          })),
        }),
  };
  return { effects: [effect] };
}

function handedToGates(pack: AttemptRecord["pack"], commit: string, facts: StoryFacts): Draft {
  const where = { story: pack.story, prompt: pack.prompt };
  return handedOff(toGates(where, commit, facts.entries), appActor(facts));
}

/** Opens the pull request of a written change; its text is made from the ledger. */
export function openPull(
  run: RunRecord,
  prompt: PromptRecord,
  attempt: AttemptRecord,
  facts: StoryFacts,
): Step | null {
  const { commit: written, pack } = attempt;
  if (written === null) return null;
  const key = effectKey.pull(facts.repository.id, run.run, pack.prompt);
  const outcome = facts.outcomes.get(key);
  if (outcome?.status === "waiting") return null;
  if (outcome?.status === "failed") {
    const why = `the pull request of #${pack.prompt} could not be opened: ${outcome.message}`;
    return { drafts: [runClosed(run, facts, "failed", why)] };
  }
  if (outcome?.status === "done") {
    if (outcome.result.type !== "pull") return null;
    const pull = outcome.result.number;
    return {
      drafts: [
        {
          kind: "pull.opened",
          actor: appActor(facts),
          subject: [{ name: `pull request #${pull}`, digest: { gitCommit: written.commit } }],
          body: {
            run: run.run,
            story: pack.story,
            prompt: pack.prompt,
            pull,
            branch: pack.branch,
            head: written.commit,
          },
        },
        handedToGates(pack, written.commit, facts),
      ],
      enqueue: [{ kind: "pull", repository: facts.repository.id, number: pull }],
    };
  }
  const lines = [
    `The change of #${pack.prompt}, part of story #${pack.story}.`,
    "",
    "| recorded | |",
    "|---|---|",
    `| run | ${run.run}, submitted by @${run.by.login} |`,
    `| attempt | ${attemptName(pack)} on ${pack.base.slice(0, 12)} |`,
    `| prompt | \`${pack.pack.sha256}\` |`,
    `| answer | \`${attempt.response?.result.sha256 ?? ""}\` by ${attempt.response?.usage.model ?? ""} |`,
    `| role | ${prompt.contract.role} |`,
    "",
    "Paths approved for this change:",
    "",
    ...prompt.contract.paths.map((path) => `- \`${path.replaceAll("`", "'")}\``),
    "",
    "This text is made from the ledger, not from the model's words.",
  ];
  return {
    effects: [
      {
        type: "open-pull",
        key,
        branch: pack.branch,
        base: facts.repository.defaultBranch,
        head: written.commit,
        title: prompt.contract.title,
        body: lines.join("\n"),
      },
    ],
  };
}

/** The story is complete when every prompt of its contract is; the epic is looked at next. */
export function completeStory(record: StoryRecord, facts: StoryFacts): Step | null {
  if (record.completed || record.contract === null || record.prompts.length === 0) return null;
  const running = record.run !== null && record.run.closed === null;
  if (running || !record.prompts.every((prompt) => prompt.completed)) return null;
  const prompts = record.prompts.flatMap((prompt) => prompt.issue ?? []);
  const pulls = record.prompts.flatMap((prompt) => prompt.pull ?? []);
  const sealed = facts.entries.flatMap((entry) =>
    entry.kind === "evidence.sealed" && entry.body.story === facts.issue.number ? [entry] : [],
  );
  const rows = record.prompts.map((prompt) => {
    const seal = sealed.findLast((entry) => entry.body.prompt === prompt.issue);
    const evidence = seal === undefined ? "—" : `entry ${seal.seq}, \`${seal.hash.slice(0, 12)}…\``;
    return `| #${prompt.issue} | #${prompt.pull} | \`${prompt.merge?.merged.slice(0, 12) ?? ""}\` | ${evidence} |`;
  });
  const comment = [
    "Complete: every diff prompt is merged, with evidence, gates and sign-off on its exact commit.",
    "",
    "| prompt | pull request | merged as | evidence |",
    "|---|---|---|---|",
    ...rows,
    "",
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
      facts.parent === null
        ? []
        : [{ kind: "issue", repository: facts.repository.id, number: facts.parent.number }],
  };
}
