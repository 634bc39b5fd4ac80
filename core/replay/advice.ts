import type { EntryBody } from "../../schemas/entries.ts";
import { advicePackFields, advicePackOf } from "../contract/advice.ts";
import { bodyRef } from "../digest.ts";
import { canonicalJson, type Json } from "../json.ts";
import { branchChange } from "../record/checkpoints.ts";
import { adviceBody, stepOf } from "../story/bodies.ts";
import { promptBefore } from "./progress.ts";
import type { AttemptEntries, ReplayContext } from "./sources.ts";
import { attemptHead, bodilessStep, comparedStep, fieldPairs, type ReplayStep } from "./step.ts";

/**
 * Derives again what a reviewer agent was asked about an attempt's commit, and compares what is recorded of its answer
 * with the stored one. The change that it read lies in git, at the two commits that its pack names.
 */
export function* adviceSteps(attempt: AttemptEntries, context: ReplayContext): Generator<ReplayStep> {
  const { adviceAsked: asked, advice: given } = attempt;
  if (asked !== undefined) yield askedStep(asked, context);
  if (given === undefined) return;
  const head = attemptHead("advice", given.seq, given.body);
  const { sha256 } = given.body.advice;
  const published = context.sources.advices.get(sha256);
  if (published === undefined)
    return yield bodilessStep(head, [sha256], context.purged, "what the reviewer said was not published");
  const { usage, cost, seconds } = given.body;
  const used = usage === undefined || seconds === undefined ? undefined : { usage, cost, seconds };
  const again: Json =
    asked === undefined || published.value === null
      ? "none: it was not asked for, or the body is no advice"
      : adviceBody(asked.body, published.value, used);
  yield comparedStep(head, "its digest, outcome and findings, from the published body", [
    ["digest", bodyRef(published.text), given.body.advice],
    ["advice", again, given.body],
  ]);
}

function askedStep(
  { seq, body }: { seq: number; body: EntryBody<"advice.asked"> },
  { entries, prompts, sources, purged }: ReplayContext,
): ReplayStep {
  const head = attemptHead("reviewer", seq, body);
  const record = promptBefore({ seq, body }, entries);
  const contract = prompts.get(body.prompt);
  const change = record === undefined ? null : branchChange(record.branchState, record.attempts);
  if (contract === undefined || change === null)
    return comparedStep(head, "the commits it is about", [["commits", "of this prompt's branch", "none"]]);
  const step = { ...stepOf(body), repository: sources.names.get(seq) ?? "" };
  const policy = sources.git?.policy;
  const published = sources.advicePacks.get(body.pack.sha256);
  const at = [
    ["base", change.base, body.base],
    ["head", change.head, body.head],
  ] as const;
  if (policy?.known === true) {
    const pack = advicePackOf(step, contract, change, policy.value.agents);
    const text = pack === null ? "none: the policy names no reviewer" : canonicalJson(pack);
    return comparedStep(head, "what it was given, from contract, commits and policy", [
      ...at,
      ["pack", bodyRef(text), body.pack],
    ]);
  }
  if (published === undefined)
    return bodilessStep(head, [body.pack.sha256], purged, "its body was not published, and the policy lies in git");
  const pack = advicePackFields(step, contract, change);
  return comparedStep(head, "what it was given, from contract and commits; its limits are taken as they are", [
    ...at,
    ...fieldPairs(bodyRef(published.text), body.pack, ["sha256", "bytes"]),
    ...fieldPairs(pack, published.value ?? {}, Object.keys(pack)),
  ]);
}
