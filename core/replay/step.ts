import type { Attempt, Cost, Usage } from "../../schemas/step.ts";
import { attemptName } from "../identifiers.ts";
import { canonicalJson, type Json } from "../json.ts";
import { microsOf } from "../money.ts";

/** The kinds of steps that a replay derives again. */
export type ReplayStepName =
  | "plan"
  | "paths"
  | "approval"
  | "separation"
  | "policy"
  | "contract"
  | "master contract"
  | "run"
  | "hand-off"
  | "checkpoint"
  | "attempt"
  | "prompt"
  | "answer"
  | "commands"
  | "cost"
  | "review"
  | "reviewer"
  | "advice"
  | "concern"
  | "rework"
  | "remediation"
  | "evidence"
  | "commit"
  | "trailers"
  | "pull request"
  | "verdict"
  | "rollback"
  | "end"
  | "conformance";

/**
 * `same`: the derived value equals the ledger's, byte for byte. `differs`: it does not. `unpublished`: this copy lacks
 * its sources, so it could not be compared. `purged`: an entry removed a source after its retention time. `missing`:
 * the clone's git lacks a source.
 */
export type ReplayResult = "same" | "differs" | "unpublished" | "purged" | "missing";

/** One value that differs from the derived one. Values that are not strings are shown as canonical JSON. */
export type Difference = { what: string; expected: string; found: string };

/** One replayed step of a run, and the entry that recorded it. */
export type ReplayStep = {
  step: ReplayStepName;
  seq: number;
  about: string;
  result: ReplayResult;
  /** What was compared, or what is missing and where to get it. */
  text: string;
  differences: Difference[];
};

/** Identifies a step before it is compared. */
export type StepHead = Pick<ReplayStep, "step" | "seq" | "about">;

/** A derived value and the recorded one. */
export type Pair = readonly [what: string, expected: Json, found: Json];

/** Identifies a step of an attempt. */
export function attemptHead(
  step: ReplayStepName,
  seq: number,
  { prompt, attempt }: { prompt: number; attempt: Attempt },
): StepHead {
  return { step, seq, about: `#${prompt} ${attemptName({ attempt })}` };
}

/** A step with its derived and recorded values: it is `same` only if all pairs are equal. */
export function comparedStep(head: StepHead, text: string, pairs: readonly Pair[]): ReplayStep {
  const differences = pairs.flatMap(([what, expected, found]) =>
    canonicalJson(expected) === canonicalJson(found) ? [] : [{ what, expected: shown(expected), found: shown(found) }],
  );
  return { ...head, result: differences.length === 0 ? "same" : "differs", text, differences };
}

/** Derives what a model cost again, from its usage and the price that the entry holds; null: the policy had none. */
export function costStep(
  entry: { seq: number; kind: string; body: { usage?: Usage | undefined; cost?: Cost | undefined } } | undefined,
): ReplayStep | null {
  const { usage, cost } = entry?.body ?? {};
  if (entry === undefined || usage === undefined || cost === undefined) return null;
  const head: StepHead = { step: "cost", seq: entry.seq, about: `${cost.currency} of ${entry.kind}` };
  return comparedStep(head, "what the model's tokens cost, by the recorded price", [
    ["micros", microsOf(usage, cost.price), cost.micros],
  ]);
}

type Fields = { readonly [name: string]: Json | undefined };

/** Pairs of derived and recorded fields: the named ones, or all of both in the order of their names. */
export function fieldPairs(
  expected: Fields,
  found: Fields,
  names: readonly string[] = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort(),
): Pair[] {
  return names.map((name) => [name, expected[name] ?? null, found[name] ?? null]);
}

/** A step that could not be compared. */
export function untriedStep(
  head: StepHead,
  result: Exclude<ReplayResult, "same" | "differs">,
  text: string,
): ReplayStep {
  return { ...head, result, text, differences: [] };
}

/** A step that could not be compared for lack of a body: it was purged, or this copy does not have it. */
export function bodilessStep(
  head: StepHead,
  digests: readonly string[],
  purged: ReadonlyMap<string, number>,
  text: string,
): ReplayStep {
  const by = digests.flatMap((sha256) => purged.get(sha256) ?? [])[0];
  return by === undefined
    ? untriedStep(head, "unpublished", text)
    : untriedStep(head, "purged", `a body that it needs was given up after its time, by entry ${by}`);
}

function shown(value: Json): string {
  return typeof value === "string" ? value : canonicalJson(value);
}
