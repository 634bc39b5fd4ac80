import { casefileText } from "../contract/casefiles.ts";
import { handedOff, toGates } from "../contract/handoffs.ts";
import { awaitEffect, type Step } from "../decision.ts";
import type { Effect } from "../effects.ts";
import { appActor, type Draft, lastEntry, pullSubject } from "../entries.ts";
import { oneLine, plain } from "../escape.ts";
import { attemptName, effectKey } from "../identifiers.ts";
import { stateOf } from "../ledger/attempt-protocol.ts";
import { list, section, table } from "../markdown.ts";
import { notified } from "../people/notified.ts";
import { isWriteParked } from "../record/progress.ts";
import { type AttemptRecord, askersOf } from "../record/story.ts";
import { adviceFolds } from "./advising.ts";
import { pullBody, stepOf } from "./bodies.ts";
import type { StoryContext, StoryFacts, Work } from "./facts.ts";
import { parkWrite } from "./reworking.ts";
import { runClosed } from "./run-end.ts";

/** Writes an accepted answer as one commit, after its evidence is in the ledger. */
export function commit(work: Work, { facts }: StoryContext): Step {
  const { run, prompt, attempt } = work;
  const { pack } = attempt;
  const key = effectKey.change(facts.repository.id, pack);
  return awaitEffect(facts.outcomes.get(key), {
    ask: () => writeChange(key, work, facts),
    done: (result) => {
      if (result.type !== "commit") return {};
      const { commit: sha, tree, parent, files, casefiles } = result;
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
              ...(files === undefined ? {} : { files }),
              ...(casefiles === undefined ? {} : { casefiles }),
            },
          },
          // Its pull request is open already, so the gates judge the commit at once.
          ...(prompt.pull === null ? [] : [handedToGates(pack, sha, facts)]),
        ],
      };
    },
    failed: (failure) => {
      if (attempt.rework?.pull !== undefined) return isWriteParked(prompt) ? {} : parkWrite(work, facts, failure);
      const { message } = failure;
      return {
        drafts: [runClosed(run, facts, "failed", `the change of #${pack.prompt} could not be written: ${message}`)],
      };
    },
  });
}

function writeChange(key: string, { run, prompt, attempt }: Work, facts: StoryFacts): Step {
  const { pack, response } = attempt;
  const captured = lastEntry(facts.entries, "evidence.captured", ({ body }) => body.promptSha256 === pack.pack.sha256);
  // Wait until the entry is stored: a draft has neither a date for the commit nor a hash.
  if (response === null || captured === undefined) return {};
  // From the pack, which was made under the approved policy; the policy may have changed since.
  const { casefiles, trailers = [] } = facts.packs.get(pack.pack.sha256) ?? {};
  const { verification } = attempt;
  const message = [
    subjectLine(prompt.contract.title),
    "",
    `Sallyport-Run: ${run.run}`,
    `Sallyport-Story: #${pack.story}`,
    `Sallyport-Prompt: #${pack.prompt}`,
    `Sallyport-Attempt: ${attemptName(pack)}`,
    `Sallyport-Prompt-SHA256: ${pack.pack.sha256}`,
    `Sallyport-Answer-SHA256: ${response.result.sha256}`,
    `Sallyport-Evidence: ${captured.hash}`,
    `Sallyport-Model: ${oneLine(response.usage.model)}`,
    ...trailers.map((template) => filledTrailer(template, response)),
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
    ...(verification === null
      ? {}
      : {
          verified: {
            paths: verification.evidence.map(({ path }) => path),
            written: verification.written?.sha256 ?? null,
          },
        }),
  };
  return { effects: [effect] };
}

/** A template of the policy, filled with what worked: `Assisted-by: {agent}:{model}`. */
function filledTrailer(template: string, { run, tool, usage }: NonNullable<AttemptRecord["response"]>): string {
  const agent = tool === undefined ? "Sallyport" : [tool.name, tool.version].filter((one) => one !== null).join("/");
  const values: Record<string, string> = { "{agent}": agent, "{model}": usage.model, "{run}": run };
  return oneLine(template.replace(/\{(?:agent|model|run)\}/g, (name) => values[name] ?? name));
}

/**
 * A model's title as the first line of a commit's message: one line, which ends no message early, adds no trailer and
 * tells no CI to skip the commit.
 */
export function subjectLine(title: string): string {
  return oneLine(title)
    .replace(/\s+/g, " ")
    .trim()
    .replace(/\[([^\]]*(?:skip|no[ _-]?ci)[^\]]*)\]/gi, "($1)")
    .replace(/\*{3}|(?<=\bskip-checks):/gi, "");
}

function handedToGates(pack: AttemptRecord["pack"], commit: string, facts: StoryFacts): Draft {
  const where = { story: pack.story, prompt: pack.prompt };
  return handedOff(toGates(where, commit, facts.entries), appActor(facts));
}

/** Opens the pull request of a written change, with a text from the ledger. */
export function openPull(work: Work, context: StoryContext): Step {
  const { facts } = context;
  const { run, attempt } = work;
  const { commit: written, pack } = attempt;
  if (written === null) return {};
  const key = effectKey.pull(facts.repository.id, run.run, pack.prompt);
  const folds = [...adviceFolds(work, facts), originFold(work)];
  const handed = lastEntry(facts.entries, "handoff.made", ({ body }) => body.prompt === pack.prompt);
  return awaitEffect(facts.outcomes.get(key), {
    ask: () => ({
      effects: [
        {
          type: "open-pull",
          key,
          branch: pack.branch,
          base: facts.repository.defaultBranch,
          head: written.commit,
          title: subjectLine(work.prompt.contract.title),
          body: pullText(work, context),
          folds,
        },
      ],
    }),
    done: (result) => {
      if (result.type !== "pull") return {};
      const pull = result.number;
      return {
        drafts: [
          {
            kind: "pull.opened",
            actor: appActor(facts),
            subject: [pullSubject(pull, written.commit)],
            body: pullBody(pack, written.commit, pull),
          },
          // It was handed over already where a reviewer agent read it.
          ...(handed?.body.to.stage === "validate" ? [] : [handedToGates(pack, written.commit, facts)]),
        ],
        effects: handOver(pull, work, context),
        enqueue: [{ kind: "pull", repository: facts.repository.id, number: pull }],
      };
    },
    failed: ({ message }) => ({
      drafts: [runClosed(run, facts, "failed", `the pull request of #${pack.prompt} could not be opened: ${message}`)],
    }),
  });
}

/**
 * Records what the last run has written, before anything else is decided: a commit whose run is ended first has no
 * record, and a pull request that was being opened when it ended would never be judged, and be opened a second time.
 */
export function recordWrites(context: StoryContext): Step {
  const { record, facts } = context;
  const { run, prompts } = record;
  const { id } = facts.repository;
  const isDone = (key: string) => facts.outcomes.get(key)?.status === "done";
  for (const prompt of run === null ? [] : prompts) {
    const ofRun = prompt.attempts.filter(({ pack }) => pack.run === run?.run);
    const attempt = ofRun.at(-1);
    if (run === null || attempt === undefined) continue;
    const work = { run, prompt, attempt };
    // No entry of an attempt follows the end of its run.
    if (run.closed === null && stateOf(attempt) === "captured" && isDone(effectKey.change(id, attempt.pack)))
      return commit(work, context);
    const written = ofRun.findLast((one) => one.commit !== null);
    // One that a rollback took back was closed by it.
    if (prompt.pull !== null || !prompt.branchState.commits.includes(written?.commit?.commit ?? "")) continue;
    if (written !== undefined && isDone(effectKey.pull(id, run.run, attempt.pack.prompt)))
      return openPull({ ...work, attempt: written }, context);
  }
  return {};
}

/**
 * Asks those who may pass the pull request for a review, and tells on the prompt's issue where its work is. A team is
 * mentioned: to ask one takes a permission that our writing client does not have. GitHub itself asks code owners.
 */
function handOver(pull: number, { run, attempt }: Work, { record, facts, loaded }: StoryContext): Effect[] {
  const { pack, response } = attempt;
  const { id } = facts.repository;
  const askers = [run.by, ...(record.plan === null ? [] : askersOf(record.plan))];
  const { users: reviewers, teams } = notified(loaded.policy.people, "approvers", askers);
  const said = facts.results.get(response?.result.sha256 ?? "")?.summary ?? "";
  const notice = (issue: number, about: string, line: string): Effect => ({
    type: "notify",
    key: effectKey.notice(id, issue, about),
    issue,
    line,
  });
  const names = teams.map((name) => `@${name}`).join(" ");
  return [
    ...(reviewers.length === 0
      ? []
      : [{ type: "ask-review", key: effectKey.notice(id, pull, "people"), pull, reviewers } as const]),
    ...(teams.length === 0
      ? []
      : [notice(pull, "teams", `${names}: this waits for a review or sign-off of one of you.`)]),
    notice(
      pack.prompt,
      `pull/${pull}`,
      `#${pull} is its pull request. The agent says: ${plain(said.slice(0, 1_000).toWellFormed())}`,
    ),
  ];
}

/** What a reviewer needs first: the task, its criteria and how to test. */
function pullText({ prompt, attempt: { pack, response } }: Work, { record, facts }: StoryContext): string {
  const { contract, issue } = prompt;
  const result = facts.results.get(response?.result.sha256 ?? "");
  const planned = record.plan?.revision === record.contract?.revision ? record.plan?.plan.prompts : undefined;
  const said = new Map(result?.claims.map(({ criterion, how }) => [criterion, how]));
  const test = record.contract?.manualTest ?? null;
  return [
    `${plain(planned?.[contract.index - 1]?.objective ?? contract.title)} (#${issue}${issue === pack.story ? "" : `, part of #${pack.story}`})`,
    "",
    ...(result === undefined ? [] : [`The agent says: ${plain(result.summary)}`, ""]),
    "### Acceptance criteria",
    "",
    ...list(
      contract.acceptance.map((criterion) => {
        const how = said.get(criterion);
        return `${plain(criterion)} — ${how === undefined ? "nothing is claimed" : `claimed: ${plain(how)}`}`;
      }),
    ),
    ...(test === null ? [] : section(`### How to test (${plain(test.environment)})`, test.steps)),
    "### How to have something mended",
    "",
    "Ask for changes in a review, or write `/rework` here. Gates and people check the claims; the check says what is open.",
  ].join("\n");
}

/** Where the change comes from, for whoever opens it. */
function originFold({ run, prompt: { contract }, attempt: { pack, response } }: Work): { title: string; text: string } {
  const text = [
    ...table("| recorded | |", [
      ["run", `${run.run}, submitted by @${run.by.login}`],
      ["attempt", `${attemptName(pack)} on ${pack.base.slice(0, 12)}`],
      ["prompt", `\`${pack.pack.sha256}\``],
      ["answer", `\`${response?.result.sha256 ?? ""}\` by ${response?.usage.model ?? ""}`],
      ["role", contract.role],
    ]),
    "Paths approved for it:",
    "",
    ...list(contract.paths.map((path) => `\`${path.replaceAll("`", "'")}\``)),
  ];
  return { title: "Where this change comes from, by the ledger", text: text.join("\n") };
}
