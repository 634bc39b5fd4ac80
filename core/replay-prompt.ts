import type { Pack } from "../schemas/step.ts";
import { branchName, packOf, sha256 } from "./contract.ts";
import type { TypedEntry } from "./entries.ts";
import { canonicalJson } from "./json.ts";
import { attemptName } from "./record.ts";
import { type Asked, type AttemptLook, attemptEntries } from "./replay-entries.ts";
import {
  comparedStep,
  entriesOf,
  type Pair,
  type ReplayStep,
  type StepHead,
  untriedStep,
} from "./replay-step.ts";

/** What an agent was handed, derived again. `pack` is null if nothing of it could be tried or the policy gives none. */
export function promptAgain(asked: Asked, look: AttemptLook): { step: ReplayStep; pack: Pack | null } {
  const { body, seq } = asked;
  const head: StepHead = { step: "prompt", seq, about: `#${body.prompt} ${attemptName(body)}` };
  const { git, names, packs } = look.sources;
  const published = packs.get(body.pack.sha256);
  const contract = look.prompts.get(body.prompt);
  const branch: Pair = ["branch", branchName(body.run, body.prompt), body.branch];
  if (contract === undefined) {
    const expected = "an issue that was opened for the approved contract";
    return {
      step: comparedStep(head, "its place in the contract", [["prompt", expected, `#${body.prompt}`]]),
      pack: null,
    };
  }
  const { run, prompt, attempt, base } = body;
  const { story } = look;
  const failures = failuresBefore(asked, look.entries);
  const repository = names.get(seq) ?? "";
  if (git?.policy.known === true) {
    const policy = git.policy.value;
    const pack = packOf({ run, story, prompt, attempt, repository, base, contract, policy, failures });
    const text = pack === null ? "none: the policy has no such role" : canonicalJson(pack);
    const ref = {
      sha256: sha256(text),
      bytes: Buffer.byteLength(text),
      mediaType: "application/json",
    };
    const pairs: Pair[] = [branch, ["pack", ref, body.pack]];
    if (published !== undefined) pairs.push(["published body", text, published.text]);
    const whole = published === undefined ? "its digest" : "its digest and its published body";
    return { step: comparedStep(head, `${whole}, from contract, base, policy and failures`, pairs), pack };
  }
  if (published === undefined) {
    const step =
      git === null
        ? untriedStep(head, "unpublished", "its body was not published, and the policy lies in git")
        : untriedStep(head, "missing", `the approval's policy: ${git.policy.known ? "" : git.policy.why}`);
    return { step, pack: null };
  }
  const { value } = published;
  const expected = {
    ...{ run, story, prompt, attempt, repository, base, contract: contract.text },
    ...{ paths: contract.paths, acceptance: contract.acceptance, evidence: contract.evidence },
  };
  const pairs: Pair[] = [
    branch,
    ["sha256", sha256(published.text), body.pack.sha256],
    ["bytes", Buffer.byteLength(published.text), body.pack.bytes],
    ["role", contract.role, value?.role.name ?? "none"],
    ["failures", failures, value?.kind === "rework" ? value.failures : []],
    ...Object.entries(expected).map(([name, one]): Pair => [name, one, fieldOf(value, name)]),
  ];
  return {
    step: comparedStep(
      head,
      "its published body, from contract, base and failures; the role's paths and the limits are taken from the body, because the policy is not here",
      pairs,
    ),
    pack: value,
  };
}

function fieldOf(pack: Pack | null, name: string) {
  return Object.entries(pack ?? {}).find(([key]) => key === name)?.[1] ?? null;
}

/** Why the try before this one, in the same run, was refused; empty for the first. */
function failuresBefore({ seq, body }: Asked, entries: readonly TypedEntry[]) {
  const isSame = (entry: { seq: number; body: { run: string; prompt: number } }) =>
    entry.seq < seq && entry.body.run === body.run && entry.body.prompt === body.prompt;
  const before = entriesOf(entries, "prompt.recorded").findLast(isSame);
  if (before === undefined) return [];
  return attemptEntries(entries, before).closed?.body.reasons ?? [];
}
