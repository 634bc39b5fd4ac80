import { attemptName } from "../record.ts";
import { branchName, digestOf, packOf, routeOf, sha256 } from "../contract.ts";
import type { Draft } from "../entries.ts";
import type { Effect } from "../effects.ts";
import type { LoadedPolicy } from "../facts.ts";
import { canonicalJson } from "../json.ts";
import { reviewResult } from "../review.ts";
import type { Step, StoryFacts } from "../story-facts.ts";
import type { AttemptRecord, PromptRecord, RunRecord, StoryRecord } from "../story-record.ts";
import { appActor, contractDrift, runClosed } from "./answers.ts";

/**
 * The next step of an open run: its prompts one after the other, each from recorded prompt to merged pull request.
 * Every rule looks only at what is recorded, so a crash between two steps repeats none of them.
 */
export function advanceRun(record: StoryRecord, facts: StoryFacts, loaded: LoadedPolicy): Step | null {
  const { run } = record;
  if (run === null || run.closed !== null) return null;
  const prompt = record.prompts.find((one) => one.issue !== null && run.prompts.includes(one.issue) && !one.completed);
  if (prompt === undefined) return { drafts: [runClosed(run, facts, "succeeded", "every prompt is merged")] };
  if (prompt.merge !== null) return complete(prompt, prompt.merge.merged, facts);
  if (prompt.closedUnmerged) {
    return { drafts: [runClosed(run, facts, "cancelled", `#${prompt.pull} was closed without being merged`)] };
  }
  const attempt = prompt.attempts.findLast(({ pack }) => pack.run === run.run);
  if (attempt === undefined || (attempt.closed !== null && !attempt.closed.accepted)) {
    return startAttempt(record, run, prompt, attempt, facts, loaded);
  }
  if (attempt.response === null) return awaitAnswer(run, attempt, facts, loaded, prompt);
  if (attempt.closed === null) return closeAttempt(attempt, facts);
  if (attempt.commit === null) return commit(run, prompt, attempt, facts);
  if (prompt.pull === null) return openPull(run, prompt, attempt, facts);
  return null;
}

function complete(prompt: PromptRecord, merged: string, facts: StoryFacts): Step {
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
        key: `close/${facts.repository.id}/${issue}`,
        issue,
        comment: `Done: #${pull} was merged as ${merged}.`,
      },
    ],
  };
}

/** The step that all entries of one attempt carry. */
function stepOf(pack: AttemptRecord["pack"]) {
  const { run, story, prompt, attempt } = pack;
  return { run, story, prompt, attempt };
}

function startAttempt(
  record: StoryRecord,
  run: RunRecord,
  prompt: PromptRecord,
  last: AttemptRecord | undefined,
  facts: StoryFacts,
  loaded: LoadedPolicy,
): Step | null {
  const { issue, contract } = prompt;
  if (issue === null || !facts.base.known) return null;
  const drift = contractDrift(record, facts, loaded);
  if (drift !== null) return { drafts: [runClosed(run, facts, "failed", drift)] };
  const tries = prompt.attempts.filter(({ pack }) => pack.run === run.run).length;
  const failures = last?.closed?.reasons ?? [];
  if (tries > loaded.policy.agents.limits.rework) {
    const why = failures.map((failure) => failure.message).join(" ");
    return { drafts: [runClosed(run, facts, "failed", `#${issue} failed ${tries} times; the last time: ${why}`)] };
  }
  // D2: the first attempt is R0/S0 and each further try at the same prompt adds one to S, over all runs.
  const s = prompt.attempts.reduce((most, { pack }) => Math.max(most, pack.attempt.s + 1), 0);
  const attempt = { r: 0, s };
  const pack = packOf({
    run: run.run,
    story: facts.issue.number,
    prompt: issue,
    attempt,
    repository: facts.repository.name,
    base: facts.base.value,
    contract,
    policy: loaded.policy,
    failures,
  });
  if (pack === null) {
    return { drafts: [runClosed(run, facts, "failed", `the policy has no role \`${contract.role}\` any more`)] };
  }
  const text = canonicalJson(pack);
  const digest = digestOf(pack);
  return {
    bodies: [{ sha256: digest, text, mediaType: "application/json" }],
    drafts: [
      {
        kind: "prompt.recorded",
        actor: appActor(facts),
        subject: [{ name: `prompt #${issue} ${attemptName({ attempt })}`, digest: { sha256: digest } }],
        body: {
          run: run.run,
          story: facts.issue.number,
          prompt: issue,
          attempt,
          base: facts.base.value,
          branch: branchName(run.run, issue),
          pack: { sha256: digest, bytes: Buffer.byteLength(text), mediaType: "application/json" },
        },
      },
    ],
  };
}

function awaitAnswer(run: RunRecord, attempt: AttemptRecord, facts: StoryFacts, loaded: LoadedPolicy, prompt: PromptRecord): Step | null {
  const { pack } = attempt;
  const key = `agent/${facts.repository.id}/${run.run}/${pack.prompt}/${attemptName(pack)}`;
  const outcome = facts.outcomes.get(key);
  if (outcome?.status === "waiting") return null;
  if (outcome === undefined) {
    const { backend, model } = routeOf(loaded.policy, prompt.contract.role);
    return { effects: [{ type: "run-agent", key, run: run.run, packSha256: pack.pack.sha256, backend, model: model ?? null }] };
  }
  if (outcome.status === "failed" || outcome.result.type !== "answer") {
    const message = outcome.status === "failed" ? outcome.message : "the agent's effect ended without an answer";
    return { drafts: [closed(pack, facts, [{ source: "agent", code: "no-answer", message }])] };
  }
  const { resultSha256, bytes, seconds, usage } = outcome.result;
  const result = facts.results.get(resultSha256);
  if (result === undefined) {
    return { drafts: [closed(pack, facts, [{ source: "agent", code: "no-answer", message: "the stored answer could not be read back" }])] };
  }
  return {
    drafts: [
      {
        kind: "response.recorded",
        actor: { type: "agent", id: facts.ourselves.bot.id, login: usage.model },
        subject: [{ name: `answer to prompt #${pack.prompt} ${attemptName(pack)}`, digest: { sha256: resultSha256 } }],
        body: {
          ...stepOf(pack),
          result: { sha256: resultSha256, bytes, mediaType: "application/json" },
          outcome: result.outcome,
          code: result.code,
          files: result.files.map(({ path, content }) => ({ path, sha256: content === null ? null : sha256(content) })),
          usage,
          seconds,
        },
      },
    ],
  };
}

function closed(pack: AttemptRecord["pack"], facts: StoryFacts, reasons: { source: string; code: string; message: string; path?: string }[]): Draft {
  return {
    kind: "attempt.closed",
    actor: appActor(facts),
    subject: [],
    body: { ...stepOf(pack), accepted: reasons.length === 0, reasons },
  };
}

/** Reviews the recorded answer; an accepted one becomes evidence before anything of it is written to GitHub. */
function closeAttempt(attempt: AttemptRecord, facts: StoryFacts): Step | null {
  const { pack, response } = attempt;
  if (response === null) return null;
  const given = facts.packs.get(pack.pack.sha256);
  const result = facts.results.get(response.result.sha256);
  if (given === undefined || result === undefined) return null;
  const findings = reviewResult(given, result);
  const drafts: Draft[] = [closed(pack, facts, findings)];
  if (findings.length === 0) {
    drafts.push({
      kind: "evidence.captured",
      actor: appActor(facts),
      subject: [{ name: `prompt #${pack.prompt} ${attemptName(pack)}`, digest: { sha256: response.result.sha256 } }],
      body: {
        ...stepOf(pack),
        base: pack.base,
        promptSha256: pack.pack.sha256,
        responseSha256: response.result.sha256,
        files: response.files,
        role: given.role.name,
        usage: response.usage,
        seconds: response.seconds,
      },
    });
  }
  return { drafts };
}

function commit(run: RunRecord, prompt: PromptRecord, attempt: AttemptRecord, facts: StoryFacts): Step | null {
  const { pack, response, evidence } = attempt;
  if (response === null || evidence === null) return null;
  const key = `change/${facts.repository.id}/${run.run}/${pack.prompt}/${attemptName(pack)}`;
  const outcome = facts.outcomes.get(key);
  if (outcome?.status === "waiting") return null;
  if (outcome?.status === "failed") {
    return { drafts: [runClosed(run, facts, "failed", `the change of #${pack.prompt} could not be written: ${outcome.message}`)] };
  }
  if (outcome?.status === "done") {
    if (outcome.result.type !== "commit") return null;
    const { commit: sha, tree, parent } = outcome.result;
    return {
      drafts: [
        {
          kind: "change.committed",
          actor: appActor(facts),
          subject: [{ name: pack.branch, digest: { gitCommit: sha } }],
          body: { ...stepOf(pack), branch: pack.branch, commit: sha, tree, parent },
        },
      ],
    };
  }
  const captured = facts.entries.findLast((entry) => entry.kind === "evidence.captured" && entry.body.promptSha256 === pack.pack.sha256);
  // The entry is not in the ledger yet in the look that drafts it: the commit's date comes from the stored one.
  if (captured === undefined) return null;
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
  };
  return { effects: [effect] };
}

function openPull(run: RunRecord, prompt: PromptRecord, attempt: AttemptRecord, facts: StoryFacts): Step | null {
  const { commit: written, pack } = attempt;
  if (written === null) return null;
  const key = `pull/${facts.repository.id}/${run.run}/${pack.prompt}`;
  const outcome = facts.outcomes.get(key);
  if (outcome?.status === "waiting") return null;
  if (outcome?.status === "failed") {
    return { drafts: [runClosed(run, facts, "failed", `the pull request of #${pack.prompt} could not be opened: ${outcome.message}`)] };
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
          body: { run: run.run, story: pack.story, prompt: pack.prompt, pull, branch: pack.branch, head: written.commit },
        },
      ],
      look: [{ kind: "pull", repository: facts.repository.id, number: pull }],
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
  if (record.run?.closed?.status !== "succeeded" || !record.prompts.every((prompt) => prompt.completed)) return null;
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
    effects: [{ type: "close-issue", key: `close/${facts.repository.id}/${facts.issue.number}`, issue: facts.issue.number, comment }],
    look: facts.parent === null ? [] : [{ kind: "issue", repository: facts.repository.id, number: facts.parent.number }],
  };
}
