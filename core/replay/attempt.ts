import type { EntryBody } from "../../schemas/entries.ts";
import type { Pack } from "../../schemas/step.ts";
import { outOfScope, reviewResult } from "../contract/review.ts";
import { commandsOf, isPassed, isVerified } from "../contract/verification.ts";
import { bodyRef } from "../digest.ts";
import { type EntryOf, entriesOf, lastEntry, type TypedEntry } from "../entries.ts";
import { checkpointName } from "../identifiers.ts";
import { deliveredAt } from "../record/checkpoints.ts";
import { agentConcern, isStopping } from "../record/concerns.ts";
import { isOfAttempt } from "../record/provenance.ts";
import { checkpointBody, evidenceBody, responseFiles } from "../story/bodies.ts";
import { adviceSteps } from "./advice.ts";
import { commitSteps } from "./commit.ts";
import { branchBefore, promptBefore } from "./progress.ts";
import { derivePrompt } from "./prompt.ts";
import { type AttemptEntries, attemptEntries, type PromptEntry, type ReplayContext } from "./sources.ts";
import {
  attemptHead,
  bodilessStep,
  comparedStep,
  costStep,
  type Pair,
  type ReplayStep,
  type StepHead,
} from "./step.ts";

/**
 * Derives again one attempt: its checkpoint and number, its pack and answer, the review, the evidence or the concern,
 * the commit, and a reviewer agent's advice on it.
 */
export function attemptSteps(promptEntry: PromptEntry, context: ReplayContext): ReplayStep[] {
  const attempt = attemptEntries(context.entries, promptEntry);
  const { step, pack } = derivePrompt(promptEntry, context);
  return [
    checkpointStep(promptEntry, context),
    protocolStep(promptEntry, context),
    step,
    answerStep(attempt, context),
    costStep(attempt.response),
    costStep(attempt.advice),
    commandsStep(attempt, pack),
    reviewStep(attempt, pack, context),
    evidenceStep(attempt, context),
    concernStep(attempt, context),
    ...commitSteps(attempt, pack, context),
    ...adviceSteps(attempt, context),
  ].filter((one) => one !== null);
}

/** Null for an attempt of an older version, which has no checkpoint to compare. */
function checkpointStep(promptEntry: PromptEntry, { entries }: ReplayContext): ReplayStep | null {
  const found = checkpointOf(promptEntry, entries);
  if (found === undefined) return null;
  const again = checkpointBody(promptEntry.body, branchBefore(promptEntry, entries), promptEntry.body.base);
  return comparedStep(
    { step: "checkpoint", seq: found.seq, about: again.checkpoint },
    "where the branch stood before the attempt, from the commits and rollbacks before it",
    [["checkpoint", again, found.body]],
  );
}

function checkpointOf({ seq, body }: PromptEntry, entries: readonly TypedEntry[]) {
  const name = checkpointName(body);
  return lastEntry(entries, "checkpoint.recorded", (entry) => entry.body.checkpoint === name, seq);
}

function protocolStep({ seq, body: promptEntry }: PromptEntry, { entries, basis, broken }: ReplayContext): ReplayStep {
  const pairs = entries.flatMap((entry): Pair[] => {
    if (!isOfAttempt(entry, promptEntry)) return [];
    const { body } = entry;
    const problem = broken.get(entry.seq);
    return [
      [`story of entry ${entry.seq}`, basis.run.body.story, "story" in body ? (body.story ?? "none") : "none"],
      ...(problem === undefined ? [] : [[`entry ${entry.seq}`, "the attempt protocol", problem] as const]),
    ];
  });
  return comparedStep(
    attemptHead("attempt", seq, promptEntry),
    "its number, its story and the order of its entries, by the protocol",
    pairs,
  );
}

function answerStep({ response }: AttemptEntries, { sources, purged }: ReplayContext): ReplayStep | null {
  if (response === undefined) return null;
  const { seq, body } = response;
  const head = attemptHead("answer", seq, body);
  const { sha256 } = body.result;
  const published = sources.results.get(sha256);
  if (published === undefined) return bodilessStep(head, [sha256], purged, "its body was not published");
  const { text, value } = published;
  return comparedStep(head, "its digest, outcome and files, from the published body", [
    ["result", bodyRef(text), body.result],
    ["outcome", value?.outcome ?? "none: the body is no answer", body.outcome],
    ["code", value?.code ?? "none: the body is no answer", body.code],
    ["files", value === null ? [] : responseFiles(value), body.files],
  ]);
}

function reviewStep(
  { promptEntry, response, verification, closed }: AttemptEntries,
  pack: Pack | null,
  { entries, sources, purged }: ReplayContext,
): ReplayStep | null {
  if (closed === undefined) return null;
  const { seq, body } = closed;
  const head = attemptHead("review", seq, body);
  if (response === undefined)
    return comparedStep(head, "no answer came, so nothing could be accepted", [["accepted", false, body.accepted]]);
  const result = sources.results.get(response.body.result.sha256)?.value ?? null;
  if (pack !== null && result !== null) {
    const prompt = promptBefore(closed, entries);
    const delivered = prompt === undefined ? undefined : deliveredAt(pack.base, prompt);
    const findings = reviewResult(pack, result, delivered, verification?.body ?? null);
    if (isUnrun(closed, verification, pack, findings)) return null;
    return comparedStep(head, "the review of the published answer", [
      ["accepted", findings.length === 0, body.accepted],
      ["reasons", findings, body.reasons],
    ]);
  }
  const refused = body.accepted ? refusedByEntry(response.body, pack) : null;
  if (refused !== null)
    return comparedStep(head, "what the recorded outcome and files alone refuse", [
      ["accepted", refused, body.accepted],
    ]);
  const needed = [response.body.result.sha256, ...(pack === null ? [promptEntry.body.pack.sha256] : [])];
  return bodilessStep(
    head,
    needed,
    purged,
    "the review needs pack and answer; what the ledger says of them is not against it",
  );
}

/** Whether an attempt was closed because our host could not run the commands: a fault, taken as it is recorded. */
function isUnrun(
  { body }: EntryOf<"attempt.closed">,
  verification: object | undefined,
  pack: Pack,
  findings: readonly object[],
): boolean {
  const isWaiting = findings.length === 0 && verification === undefined && isVerified(pack);
  return isWaiting && !body.accepted && body.reasons.every(({ code }) => code === "commands-not-run");
}

/** Compares the verification commands that were run with those of the pack; what came of them is taken as recorded. */
function commandsStep({ response, verification }: AttemptEntries, pack: Pack | null): ReplayStep | null {
  if (verification === undefined) return null;
  const { seq, body } = verification;
  const isInstalled = body.install === undefined || isPassed(body.install);
  const pairs: Pair[] = [["answer", response?.body.result.sha256 ?? "none", body.result]];
  const again: Pair[] =
    pack === null
      ? []
      : [
          ["commands", isInstalled ? commandsOf(pack) : [], body.commands.map(({ argv }) => argv)],
          ["evidence", pack.evidence, body.evidence.map(({ path }) => path)],
        ];
  return comparedStep(
    attemptHead("commands", seq, body),
    "which commands ran on which answer, from the pack; their ends and what they wrote are taken as recorded",
    [...pairs, ...again],
  );
}

/** Why an answer could not be accepted, whatever its body says; null: the entry shows no reason. */
function refusedByEntry({ outcome, files }: EntryBody<"response.recorded">, pack: Pack | null): string | null {
  if (outcome !== "finished") return `refused: the agent ${outcome}`;
  if (files.length === 0) return "refused: no file was changed";
  const [outside] = pack === null ? [] : outOfScope(pack, files);
  return outside === undefined ? null : `refused: ${outside.path} is ${outside.why}`;
}

/** Compares the evidence bundle of an accepted answer. */
function evidenceStep(
  { promptEntry, response, verification, closed, evidence }: AttemptEntries,
  { prompts }: ReplayContext,
): ReplayStep | null {
  if (closed?.body.accepted !== true || response === undefined) return null;
  const role = prompts.get(promptEntry.body.prompt)?.role ?? "";
  return comparedStep(
    attemptHead("evidence", evidence?.seq ?? closed.seq, promptEntry.body),
    "the bundle, from the entries of the attempt",
    [
      [
        "bundle",
        evidenceBody(promptEntry.body, response.body, verification?.body ?? null, role),
        evidence?.body ?? "none",
      ],
    ],
  );
}

/** Compares the concern that an agent's answer raised when it stopped or asked. */
function concernStep(
  { promptEntry, response }: AttemptEntries,
  { entries, sources, purged }: ReplayContext,
): ReplayStep | null {
  if (response === undefined) return null;
  const name = checkpointName(promptEntry.body);
  const found = entriesOf(entries, "concern.raised").find(({ body }) => body.concern === name);
  const isOlder = checkpointOf(promptEntry, entries) === undefined;
  if (found === undefined && (isOlder || !isStopping(response.body.outcome))) return null;
  const head: StepHead = { step: "concern", seq: found?.seq ?? response.seq, about: name };
  const { sha256 } = response.body.result;
  const result = sources.results.get(sha256)?.value ?? null;
  if (result === null)
    return bodilessStep(head, [sha256], purged, "it follows from the answer, whose body was not published");
  return comparedStep(head, "what the agent stopped for or asked, from its published answer", [
    ["concern", agentConcern(promptEntry.body, sha256, result), found?.body ?? null],
  ]);
}
