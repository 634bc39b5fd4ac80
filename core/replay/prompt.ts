import type { EntryBody } from "../../schemas/entries.ts";
import type { Policy } from "../../schemas/policy.ts";
import type { Pack } from "../../schemas/step.ts";
import { phaseOf } from "../contract/cards.ts";
import { type PromptStep, packFields, packOf } from "../contract/contract.ts";
import { reworkFailures } from "../contract/rework.ts";
import { earlierChanges } from "../contract/tests-only.ts";
import { bodyRef, sha256 } from "../digest.ts";
import { entriesOf, type TypedEntry } from "../entries.ts";
import { canonicalJson } from "../json.ts";
import { agentAnswers, answersFor } from "../record/answers.ts";
import { isStopping } from "../record/concerns.ts";
import { stepOf } from "../story/bodies.ts";
import { refsOf } from "../story/ticket.ts";
import { branchBefore, roundBefore, storyBefore } from "./progress.ts";
import { attemptEntries, type PromptEntry, type PublishedBody, type ReplayContext } from "./sources.ts";
import {
  attemptHead,
  bodilessStep,
  comparedStep,
  fieldPairs,
  type Pair,
  type ReplayStep,
  untriedStep,
} from "./step.ts";

/** A prompt that was derived again; `pack` is null if the policy lacks the role or the published body is no pack. */
type Derived = { text: string; pairs: Pair[]; pack: Pack | null };

/**
 * Derives again an agent's pack from the approval's policy or, if that is not available, compares the published body,
 * whose role paths and limits are then taken as recorded. `pack` is null if nothing could be compared.
 */
export function derivePrompt(
  promptEntry: PromptEntry,
  context: ReplayContext,
): { step: ReplayStep; pack: Pack | null } {
  const { body, seq } = promptEntry;
  const { entries, basis, prompts, purged, sources } = context;
  const head = attemptHead("prompt", seq, body);
  const contract = prompts.get(body.prompt);
  if (contract === undefined) {
    const expected = "an issue that was opened for the approved contract";
    const step = comparedStep(head, "its place in the contract", [["prompt", expected, `#${body.prompt}`]]);
    return { step, pack: null };
  }
  const policy = sources.git?.policy ?? null;
  const published = sources.packs.get(body.pack.sha256);
  const attempts = attemptsBefore(promptEntry, entries);
  const round = roundBefore(promptEntry, entries);
  const report = round === null ? null : (sources.reports.get(round.report.sha256)?.value ?? undefined);
  if (report === undefined && round !== null) {
    const why = "it holds a report of what failed, which was not published";
    return { step: bodilessStep(head, [round.report.sha256], purged, why), pack: published?.value ?? null };
  }
  const instructions = sources.git?.instructions;
  const given: PromptStep = {
    ...stepOf({ ...body, story: basis.run.body.story }),
    base: body.base,
    contract,
    repository: sources.names.get(seq) ?? "",
    failures: [
      ...(report === null || report === undefined ? [] : reworkFailures(report)),
      ...failuresOf(promptEntry, attempts, entries, basis.approval.body.parts.answers),
    ],
    previous: report?.previous ?? null,
    instructions: instructions?.known === true ? instructions.value : [],
    master: basis.approval.body.parts.contract,
    verification: basis.plan.body.plan.verification ?? [],
    tested: {
      criteria: basis.plan.body.plan.acceptance,
      earlier: earlierChanges(storyBefore(promptEntry, entries).prompts),
    },
  };
  const tries = failedBefore(promptEntry, attempts, entries);
  let derived: Derived;
  if (policy?.known === true && instructions?.known === true)
    derived = promptByPolicy(body, given, tries, policy.value, published);
  else if (published !== undefined) derived = promptByBody(body, given, published);
  else {
    const why = "its body was not published, and the policy lies in git";
    const unread = [policy, instructions].find((one) => one?.known === false);
    const step =
      unread?.known === false
        ? untriedStep(head, "missing", `the approval's policy or instructions: ${unread.why}`)
        : bodilessStep(head, [body.pack.sha256], purged, why);
    return { step, pack: null };
  }
  const branch: Pair = ["branch", branchBefore(promptEntry, entries).branch, body.branch];
  return { step: comparedStep(head, derived.text, [branch, ...derived.pairs]), pack: derived.pack };
}

function promptByPolicy(
  body: EntryBody<"prompt.recorded">,
  given: PromptStep,
  tries: number,
  policy: Policy,
  published: PublishedBody<Pack> | undefined,
): Derived {
  const pack = packOf(given, policy, body.phase === undefined ? undefined : phaseOf(policy));
  const text = pack === null ? "none: the policy has no such role" : canonicalJson(pack);
  const pairs: Pair[] = [
    ["pack", bodyRef(text), body.pack],
    ["instructions", refsOf(given.instructions), body.instructions ?? []],
  ];
  const { rework } = policy.agents.limits;
  if (tries > rework) pairs.push(["tries", `at most ${rework + 1}`, `${tries + 1}`]);
  if (published !== undefined) pairs.push(["published body", text, published.text]);
  const what = published === undefined ? "its digest" : "its digest and its published body";
  return { text: `${what}, from contract, base, policy and failures`, pairs, pack };
}

function promptByBody(
  { pack, instructions = [] }: EntryBody<"prompt.recorded">,
  given: PromptStep,
  { text, value }: PublishedBody<Pack>,
): Derived {
  const fields = packFields(given);
  const pairs: Pair[] = [
    ...fieldPairs(bodyRef(text), pack, ["sha256", "bytes"]),
    ["role", given.contract.role, value?.role.name ?? "none"],
    [
      "instructions",
      instructions,
      (value?.instructions ?? []).map(({ path, text: own }) => ({ path, sha256: sha256(own) })),
    ],
    ["tests", value?.tests ? { ...value.tests, ...given.tested } : null, value?.tests ?? null],
    ["failures", given.failures, value?.kind === "rework" ? value.failures : []],
    ["previous", given.previous, value?.kind === "rework" ? value.previous : null],
    ...fieldPairs(fields, value ?? {}, Object.keys(fields)),
  ];
  const taken = "the role's paths and the limits are taken as they are, because the policy is not here";
  return { text: `its published body, from contract, base and failures; ${taken}`, pairs, pack: value };
}

/** The attempts at the same prompt before this one, in the same run. */
function attemptsBefore({ seq, body }: PromptEntry, entries: readonly TypedEntry[]): PromptEntry[] {
  return entriesOf(entries, "prompt.recorded").filter(
    (entry) => entry.seq < seq && entry.body.run === body.run && entry.body.prompt === body.prompt,
  );
}

/** How many tries at the same revision failed before; an agent that asked or stopped waited for people instead. */
function failedBefore({ body }: PromptEntry, attempts: readonly PromptEntry[], entries: readonly TypedEntry[]): number {
  return attempts.filter((one) => {
    const { response, closed } = attemptEntries(entries, one);
    const waits = isStopping(response?.body.outcome);
    return one.body.attempt.r === body.attempt.r && closed?.body.accepted === false && !waits;
  }).length;
}

/**
 * The failures that the pack carries beside a report: why the last attempt was refused, and people's answers to the
 * prompt's agents so far, and to the plan's questions where the contract has not `frozen` them.
 */
function failuresOf(
  promptEntry: PromptEntry,
  attempts: readonly PromptEntry[],
  entries: readonly TypedEntry[],
  frozen: string | undefined,
) {
  const last = attempts.at(-1);
  const refused = last === undefined ? [] : (attemptEntries(entries, last).closed?.body.reasons ?? []);
  const answers = agentAnswers(entries.filter(({ seq }) => seq < promptEntry.seq));
  return [...refused, ...answersFor(answers, promptEntry.body, frozen)];
}
