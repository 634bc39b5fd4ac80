import type { PolicyReading } from "../../core/facts.ts";
import { known } from "../../core/known.ts";
import { type BacktestRow, backtest, type PastChange } from "../../core/verdict/backtest.ts";
import { policyReading } from "../policy/file.ts";
import { policyOf } from "./policy.ts";

/** Merged changes of a branch, with the facts that one policy needs. */
export type Past = { from: string; changes: PastChange[] };

/** One drafted gate after its trial: the form that was settled on, what that form blocks, and whether it is kept. */
export type Tried = { yaml: string[]; blocked: BacktestRow[]; isKept: boolean };

/** What the built-in rules would have blocked, and each drafted gate beyond that. */
export type Trial = { builtIn: BacktestRow[]; rules: Tried[] };

/** The largest part of merged changes that a draft's own gates may block. */
const share = 0.03;

/** The policy of a repository that has none. */
export const absent: PolicyReading = { state: "absent", ref: "", removedBy: null };

/** A policy's text as a reading that no commit holds. */
export function draftReading(text: string): PolicyReading {
  return policyReading("", "", Buffer.from(text));
}

/** The changes that a policy would have blocked. It may ask for less than the one they were read for, never for more. */
export function blockedBy({ changes }: Past, policy: PolicyReading): BacktestRow[] {
  const judged = changes.map((one) => ({ ...one, after: { ...one.after, policy: known(policy) } }));
  return backtest(judged, { secrets: false }).rows.filter(({ after }) => after === "blocked");
}

/** The name of the gate that was tried. */
export function gateNameOf({ yaml }: Tried): string {
  return (yaml[0] ?? "").replace(/:.*$/, "");
}

/**
 * Tries gates on merged changes, as people made them without the gates. While the gates together would have blocked
 * more than a few, the one that blocks the most takes its next wider form, or is given up.
 */
export function tryRules(past: Past, proposed: readonly [string[], ...string[][]][]): Trial {
  const few = Math.max(1, Math.floor(past.changes.length * share));
  const builtIn = blockedBy(past, draftReading(policyOf([])));
  const anyway = new Set(builtIn.map(({ sha }) => sha));
  const tryOne = (yaml: string[]): Tried => ({
    yaml,
    blocked: blockedBy(past, draftReading(policyOf([yaml]))).filter(({ sha }) => !anyway.has(sha)),
    isKept: true,
  });
  const rules = proposed.map(([strict, ...wider]) => ({ tried: tryOne(strict), wider }));
  const kept = () => rules.filter(({ tried }) => tried.isKept);
  while (new Set(kept().flatMap(({ tried }) => tried.blocked.map(({ sha }) => sha))).size > few) {
    const [worst] = kept().toSorted((one, other) => other.tried.blocked.length - one.tried.blocked.length);
    if (worst === undefined) break;
    const next = worst.wider.shift();
    worst.tried = next === undefined ? { ...worst.tried, isKept: false } : tryOne(next);
  }
  return { builtIn, rules: rules.map(({ tried }) => tried) };
}
