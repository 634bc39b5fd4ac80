import type { ContractPrompt } from "../schemas/entries.ts";
import type { Policy } from "../schemas/policy.ts";
import type { Pack } from "../schemas/step.ts";
import { agentAnswers } from "./concerns.ts";
import { packOf } from "./contract.ts";
import { sha256 } from "./digest.ts";
import { entriesOf, type TypedEntry } from "./entries.ts";
import { attemptName } from "./identifiers.ts";
import { canonicalJson } from "./json.ts";
import { type Asked, type AttemptLook, attemptEntries } from "./replay-entries.ts";
import { placeBefore } from "./replay-road.ts";
import type { PublishedBody } from "./replay-sources.ts";
import {
  bodilessStep,
  comparedStep,
  type Pair,
  type ReplayStep,
  type StepHead,
  untriedStep,
} from "./replay-step.ts";

/** An attempt's prompt tried again. `pack` is null if nothing of it could be tried, or there may be none. */
type Again = { step: ReplayStep; pack: Pack | null };

/**
 * Derives again what an agent was handed: by the approval's policy, or, where that is not here, by the published body, of
 * which then only the role's paths and the limits are taken as they are.
 */
export function promptAgain(asked: Asked, look: AttemptLook): Again {
  const { body, seq } = asked;
  const head: StepHead = { step: "prompt", seq, about: `#${body.prompt} ${attemptName(body)}` };
  const contract = look.prompts.get(body.prompt);
  if (contract === undefined) {
    const expected = "an issue that was opened for the approved contract";
    const step = comparedStep(head, "its place in the contract", [["prompt", expected, `#${body.prompt}`]]);
    return { step, pack: null };
  }
  const policy = look.sources.git?.policy ?? null;
  if (policy?.known === true) return promptByPolicy(head, asked, look, contract, policy.value);
  const published = look.sources.packs.get(body.pack.sha256);
  if (published !== undefined) return promptByBody(head, asked, look, contract, published);
  const step =
    policy === null
      ? bodilessStep(
          head,
          [body.pack.sha256],
          look.purged,
          "its body was not published, and the policy lies in git",
        )
      : untriedStep(head, "missing", `the approval's policy: ${policy.why}`);
  return { step, pack: null };
}

function promptByPolicy(
  head: StepHead,
  asked: Asked,
  look: AttemptLook,
  contract: ContractPrompt,
  policy: Policy,
): Again {
  const { body, seq } = asked;
  const { run, prompt, attempt, base } = body;
  const before = triesBefore(asked, look.entries);
  const pack = packOf({
    run,
    story: look.story,
    prompt,
    attempt,
    base,
    contract,
    policy,
    repository: look.sources.names.get(seq) ?? "",
    failures: failuresOf(asked, before, look.entries),
  });
  const text = pack === null ? "none: the policy has no such role" : canonicalJson(pack);
  const ref = { sha256: sha256(text), bytes: Buffer.byteLength(text), mediaType: "application/json" };
  const pairs: Pair[] = [branchPair(asked, look), ["pack", ref, body.pack]];
  const { rework } = policy.agents.limits;
  if (before.length > rework) pairs.push(["tries", `at most ${rework + 1}`, `${before.length + 1}`]);
  const published = look.sources.packs.get(body.pack.sha256);
  if (published !== undefined) pairs.push(["published body", text, published.text]);
  const what = published === undefined ? "its digest" : "its digest and its published body";
  return { step: comparedStep(head, `${what}, from contract, base, policy and failures`, pairs), pack };
}

function promptByBody(
  head: StepHead,
  asked: Asked,
  look: AttemptLook,
  contract: ContractPrompt,
  { text, value }: PublishedBody<Pack>,
): Again {
  const { run, prompt, attempt, base, pack } = asked.body;
  const { text: frozen, paths, acceptance, evidence } = contract;
  const failures = failuresOf(asked, triesBefore(asked, look.entries), look.entries);
  const derived = {
    run,
    story: look.story,
    prompt,
    attempt,
    repository: look.sources.names.get(asked.seq) ?? "",
    base,
    contract: frozen,
    paths,
    acceptance,
    evidence,
  };
  const step = comparedStep(
    head,
    "its published body, from contract, base and failures; the role's paths and the limits are taken as they are, because the policy is not here",
    [
      branchPair(asked, look),
      ["sha256", sha256(text), pack.sha256],
      ["bytes", Buffer.byteLength(text), pack.bytes],
      ["role", contract.role, value?.role.name ?? "none"],
      ["failures", failures, value?.kind === "rework" ? value.failures : []],
      ...Object.entries(derived).map(([name, one]): Pair => [name, one, fieldOf(value, name)]),
    ],
  );
  return { step, pack: value };
}

function branchPair(asked: Asked, { entries }: AttemptLook): Pair {
  return ["branch", placeBefore(asked, entries).branch, asked.body.branch];
}

function fieldOf(pack: Pack | null, name: string) {
  return Object.entries(pack ?? {}).find(([key]) => key === name)?.[1] ?? null;
}

/** The tries at the same prompt before this one, in the same run. */
function triesBefore({ seq, body }: Asked, entries: readonly TypedEntry[]): Asked[] {
  return entriesOf(entries, "prompt.recorded").filter(
    (entry) => entry.seq < seq && entry.body.run === body.run && entry.body.prompt === body.prompt,
  );
}

/** Why the last of these tries was refused, and what people had answered the prompt's agents by then. */
function failuresOf(asked: Asked, tries: readonly Asked[], entries: readonly TypedEntry[]) {
  const last = tries.at(-1);
  const refused = last === undefined ? [] : (attemptEntries(entries, last).closed?.body.reasons ?? []);
  const answers = agentAnswers(entries.filter(({ seq }) => seq < asked.seq));
  return [
    ...refused,
    ...answers.flatMap(({ prompt, finding }) => (prompt === asked.body.prompt ? [finding] : [])),
  ];
}
