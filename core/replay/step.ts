import type { Attempt } from "../../schemas/step.ts";
import { attemptName } from "../identifiers.ts";
import { canonicalJson, type Json } from "../json.ts";

/** What is derived again of a run, in the order in which it happened. */
export type ReplayStepName =
  | "plan"
  | "paths"
  | "approval"
  | "separation"
  | "policy"
  | "contract"
  | "run"
  | "hand-off"
  | "checkpoint"
  | "attempt"
  | "prompt"
  | "answer"
  | "review"
  | "concern"
  | "remediation"
  | "evidence"
  | "commit"
  | "trailers"
  | "pull request"
  | "rollback"
  | "end";

/**
 * `same`: derived again, it is what the ledger says, byte for byte. `differs`: it is not. `unpublished`: what it follows
 * from is not part of this copy, so it could not be tried. `purged`: an entry gave it up after its time. `missing`: the
 * clone's git lacks what it follows from.
 */
export type ReplayResult = "same" | "differs" | "unpublished" | "purged" | "missing";

/** One thing that is not what follows from the rest. Values that are no text are shown as canonical JSON. */
export type Difference = { what: string; expected: string; found: string };

/** One step of a run that was tried again, and the entry that recorded it. */
export type ReplayStep = {
  step: ReplayStepName;
  seq: number;
  about: string;
  result: ReplayResult;
  /** What was compared, or what is lacking and where to get it. */
  text: string;
  differences: Difference[];
};

/** What a step is about, before it is tried. */
export type StepHead = Pick<ReplayStep, "step" | "seq" | "about">;

/** Something that was derived beside what was found. */
export type Pair = readonly [what: string, expected: Json, found: Json];

/** A step about an attempt, before it is tried. */
export function attemptHead(
  step: ReplayStepName,
  seq: number,
  { prompt, attempt }: { prompt: number; attempt: Attempt },
): StepHead {
  return { step, seq, about: `#${prompt} ${attemptName({ attempt })}` };
}

/** A step whose parts were derived again: it is the same only if each of them is. */
export function comparedStep(head: StepHead, text: string, pairs: readonly Pair[]): ReplayStep {
  const differences = pairs.flatMap(([what, expected, found]) =>
    canonicalJson(expected) === canonicalJson(found)
      ? []
      : [{ what, expected: shown(expected), found: shown(found) }],
  );
  return { ...head, result: differences.length === 0 ? "same" : "differs", text, differences };
}

type Fields = { readonly [name: string]: Json | undefined };

/** Fields that were derived beside those that were found: those named, or all of both in the order of their names. */
export function fieldPairs(
  expected: Fields,
  found: Fields,
  names: readonly string[] = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort(),
): Pair[] {
  return names.map((name) => [name, expected[name] ?? null, found[name] ?? null]);
}

/** A step that could not be tried. */
export function untriedStep(
  head: StepHead,
  result: Exclude<ReplayResult, "same" | "differs">,
  text: string,
): ReplayStep {
  return { ...head, result, text, differences: [] };
}

/** A step that could not be tried for want of one of these bodies: it was given up, or it is no part of this copy. */
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
