import type { Advice } from "../../schemas/advice.ts";
import type { EntryBody } from "../../schemas/entries.ts";
import type { Plan } from "../../schemas/plan.ts";
import type { ReworkReport } from "../../schemas/rework.ts";
import type { Attempt, Cost, StepResult, Usage } from "../../schemas/step.ts";
import type { Account } from "../../schemas/text.ts";
import { adviceSignature } from "../contract/advice.ts";
import { compilePrompt, type PromptExtras } from "../contract/contract.ts";
import { compileMaster, type MasterParts } from "../contract/master.ts";
import { type Verification, verifiedFiles } from "../contract/verification.ts";
import { bodyRef, sha256 } from "../digest.ts";
import { checkpointName } from "../identifiers.ts";
import { canonicalJson } from "../json.ts";
import { redactionReport } from "../redaction/redaction.ts";

// Entry bodies that are derived from earlier entries. The rules of a story draft them, and a replay derives them again
// to compare: a change here changes what a replay expects of old runs.

/** The fields that identify an attempt in all of its entries. */
export type AttemptStep = { run: string; story: number; prompt: number; attempt: Attempt };

/** Picks the fields that identify an attempt. */
export function stepOf({ run, story, prompt, attempt }: AttemptStep): AttemptStep {
  return { run, story, prompt, attempt };
}

/** What a contract holds beside the plan; `master`: what a master contract is filled from, under that tier. */
export type ContractExtras = PromptExtras & { master?: Pick<MasterParts, "template" | "forbidden"> | undefined };

/** The usage of a plan that our host compiled from people's text: no model was asked. */
export const noModel: Usage = { model: "none", calls: 0, inputTokens: 0, outputTokens: 0 };

/**
 * The contract of an approved plan, frozen here. A model wrote the plan, and anyone who can edit the issue its title;
 * `asked` is what the story and its epic say.
 */
export function contractBody(
  story: { number: number; title: string },
  { plan, revision }: { plan: Plan; revision: number },
  digest: string,
  decisions: string[],
  asked: EntryBody<"contract.frozen">["asked"],
  { master, ...extras }: ContractExtras = {},
): EntryBody<"contract.frozen"> {
  const contract = {
    story: story.number,
    revision,
    digest,
    risk: plan.risk,
    manualTest: plan.manualTest,
    ...(asked === undefined ? {} : { asked }),
    decisions,
    prompts: plan.prompts.map((prompt, index) => compilePrompt(story, plan, prompt, index + 1, extras)),
  };
  if (master === undefined) return contract;
  return { ...contract, master: compileMaster({ ...master, story, plan, contract, answers: extras.answers ?? [] }) };
}

/** A story's next run, after `runs` earlier ones, with its open prompts; a person submitted it and chose the mode. */
export function runBody(
  { story, digest }: Pick<EntryBody<"contract.frozen">, "story" | "digest">,
  runs: number,
  prompts: number[],
  by: Account,
  {
    mode = "stop_on_failure",
    ...routes
  }: Partial<Pick<EntryBody<"run.submitted">, "mode" | "route" | "reviewer">> = {},
): EntryBody<"run.submitted"> {
  return { run: `run-${story}-${runs + 1}`, story, mode, prompts, by, digest, ...routes };
}

/** The branch before an attempt; `head` null: it will be created on `base`. */
export function checkpointBody(
  step: AttemptStep,
  { branch, head }: { branch: string; head: string | null },
  base: string,
): EntryBody<"checkpoint.recorded"> {
  return { checkpoint: checkpointName(step), ...stepOf(step), branch, base: head ?? base, head };
}

/** The files of an answer without their content. A model chose the paths, and nobody has reviewed them yet. */
export function responseFiles({ files }: Pick<StepResult, "files">): EntryBody<"response.recorded">["files"] {
  return files.map(({ path, content }) => ({ path, sha256: content === null ? null : sha256(content) }));
}

/** The files of a change without their content: the answer's, and of evidence what verification commands wrote. */
export function writtenFiles(
  files: EntryBody<"response.recorded">["files"],
  verification: Verification | null,
): EntryBody<"response.recorded">["files"] {
  const evidence = verification?.evidence ?? [];
  return [...verifiedFiles(files, verification), ...evidence.filter(({ sha256 }) => sha256 !== null)];
}

/** The evidence bundle of an accepted answer, derived from the entries before. */
export function evidenceBody(
  asked: EntryBody<"prompt.recorded">,
  { result, files, usage, seconds }: EntryBody<"response.recorded">,
  verification: Verification | null,
  role: string,
): EntryBody<"evidence.captured"> {
  return {
    ...stepOf(asked),
    base: asked.base,
    promptSha256: asked.pack.sha256,
    responseSha256: result.sha256,
    files: writtenFiles(files, verification),
    role,
    usage,
    seconds,
  };
}

/** What became of an advice; a model chose what it found and where. */
export function adviceBody(
  { head, ...asked }: EntryBody<"advice.asked">,
  advice: Advice,
  used?: { usage: Usage; cost?: Cost | undefined; seconds: number },
): EntryBody<"advice.given"> {
  const { outcome, code, findings, redacted } = advice;
  return {
    ...stepOf(asked),
    head,
    advice: bodyRef(canonicalJson(advice)),
    outcome,
    code,
    findings: findings.map(({ severity, path, line, criterion }) => ({ severity, path, line, criterion })),
    ...(used === undefined ? {} : { usage: used.usage, seconds: used.seconds }),
    ...(used?.cost === undefined ? {} : { cost: used.cost }),
    ...(redacted === undefined ? {} : { redacted: redactionReport(redacted) }),
  };
}

/** A round of rework that an advice begins, before a pull request is open. */
export function adviceRoundBody(
  { run, story, prompt, head }: EntryBody<"advice.given">,
  report: ReworkReport,
  round: number,
): EntryBody<"rework.opened"> {
  return {
    ...{ run, story, prompt, head, round, causes: ["reviewer"], by: null },
    signature: adviceSignature(report),
    report: bodyRef(canonicalJson(report)),
    ...{ reviewers: [], reviews: [], threads: [], comments: [] },
  };
}

/** The pull request of a written commit; GitHub assigned its number. */
export function pullBody(
  { run, story, prompt, branch }: Omit<EntryBody<"pull.opened">, "pull" | "head">,
  head: string,
  pull: number,
): EntryBody<"pull.opened"> {
  return { run, story, prompt, pull, branch, head };
}
