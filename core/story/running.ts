import { agentConcern } from "../concerns.ts";
import { routeOf, sha256 } from "../contract.ts";
import { cutReport } from "../cuts.ts";
import type { Step } from "../decision.ts";
import type { Draft } from "../entries.ts";
import type { LoadedPolicy } from "../facts.ts";
import { attemptName, effectKey } from "../identifiers.ts";
import { reviewResult } from "../review.ts";
import type { StoryFacts } from "../story-facts.ts";
import type { AttemptRecord, PromptRecord, RunRecord, StoryRecord } from "../story-record.ts";
import { appActor, runClosed } from "./answer.ts";
import { startAttempt } from "./starting.ts";
import { commit, complete, openPull, stepOf } from "./writing.ts";

/**
 * The next step of an open run: its prompts one after the other, each from recorded prompt to merged pull request.
 * Every rule looks only at what is recorded, so a crash between two steps repeats none of them.
 */
export function advanceRun(record: StoryRecord, facts: StoryFacts, loaded: LoadedPolicy): Step | null {
  const { run } = record;
  // A merge completes its prompt whether or not the run is still open: a person may reopen and merge after a stop.
  const merged = record.prompts.find((one) => one.merge !== null && !one.completed);
  if (merged?.merge) return complete(merged, merged.merge.merged, facts);
  if (run === null || run.closed !== null) return null;
  const prompt = record.prompts.find(
    (one) => one.issue !== null && run.prompts.includes(one.issue) && !one.completed,
  );
  if (prompt === undefined) {
    const isMerged = (issue: number) => record.prompts.some((one) => one.issue === issue && one.completed);
    const end = run.prompts.every(isMerged)
      ? runClosed(run, facts, "succeeded", "every prompt is merged")
      : runClosed(run, facts, "cancelled", "its prompts are not those of the approved plan any more");
    return { drafts: [end] };
  }
  if (prompt.closedUnmerged) {
    return {
      drafts: [runClosed(run, facts, "cancelled", `#${prompt.pull} was closed without being merged`)],
    };
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

function awaitAnswer(
  run: RunRecord,
  attempt: AttemptRecord,
  facts: StoryFacts,
  loaded: LoadedPolicy,
  prompt: PromptRecord,
): Step | null {
  const { pack } = attempt;
  const key = effectKey.agent(facts.repository.id, pack);
  const outcome = facts.outcomes.get(key);
  if (outcome?.status === "waiting") return null;
  if (outcome === undefined) {
    const { backend, model } = routeOf(loaded.policy, prompt.contract.role);
    return {
      effects: [
        { type: "run-agent", key, run: run.run, packSha256: pack.pack.sha256, backend, model: model ?? null },
      ],
    };
  }
  if (outcome.status === "failed" || outcome.result.type !== "answer") {
    const message =
      outcome.status === "failed" ? outcome.message : "the agent's effect ended without an answer";
    const drafts = [closed(pack, facts, [{ source: "agent", code: "no-answer", message }])];
    // The next try would be handed the same words.
    return outcome.status === "failed" && outcome.code === "secret-in-prompt"
      ? { drafts: [...drafts, runClosed(run, facts, "failed", message)] }
      : { drafts };
  }
  const { resultSha256, bytes, seconds, usage } = outcome.result;
  const result = facts.results.get(resultSha256);
  if (result === undefined) {
    return {
      drafts: [
        closed(pack, facts, [
          { source: "agent", code: "no-answer", message: "the stored answer could not be read back" },
        ]),
      ],
    };
  }
  return {
    drafts: [
      {
        kind: "response.recorded",
        actor: { type: "agent", id: facts.ourselves.bot.id, login: usage.model },
        subject: [
          { name: `answer to prompt #${pack.prompt} ${attemptName(pack)}`, digest: { sha256: resultSha256 } },
        ],
        body: {
          ...stepOf(pack),
          result: { sha256: resultSha256, bytes, mediaType: "application/json" },
          outcome: result.outcome,
          code: result.code,
          files: result.files.map(({ path, content }) => ({
            path,
            sha256: content === null ? null : sha256(content),
          })),
          usage,
          seconds,
          ...(result.redacted === undefined ? {} : { redacted: cutReport(result.redacted) }),
        },
      },
    ],
  };
}

function closed(
  pack: AttemptRecord["pack"],
  facts: StoryFacts,
  reasons: { source: string; code: string; message: string; path?: string }[],
): Draft {
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
  const concern = agentConcern(pack, response.result.sha256, result);
  if (concern !== null)
    drafts.push({
      kind: "concern.raised",
      actor: { type: "agent", id: facts.ourselves.bot.id, login: response.usage.model },
      subject: [{ name: concern.concern, digest: { sha256: response.result.sha256 } }],
      body: concern,
    });
  if (findings.length === 0) {
    drafts.push({
      kind: "evidence.captured",
      actor: appActor(facts),
      subject: [
        { name: `prompt #${pack.prompt} ${attemptName(pack)}`, digest: { sha256: response.result.sha256 } },
      ],
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
