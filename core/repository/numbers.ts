import type { EntryKind } from "../../schemas/entries.ts";
import { entriesOf, type TypedEntry } from "../entries.ts";
import { openConcerns } from "../record/concerns.ts";
import { type Spent, spentIn } from "../record/spent.ts";

/** What a gate did: the pull requests that it failed, and the waivers that people gave for it. */
export type GateNumbers = { gate: string; failed: number; waived: number };

/** A repository's numbers since a moment; each stands beside what it is a part of. */
export type Numbers = {
  /** Pull requests with a verdict, and those that were ever red. */
  judged: number;
  red: number;
  /** Merges that were seen, and those that no success allowed. */
  merged: number;
  past: number;
  /** Pull requests that runs opened, and the rounds that sent their work back. */
  opened: number;
  rounds: number;
  /** Questions and blocks that are open now, whenever they were raised. */
  concerns: number;
  /** What models cost, in each currency. */
  spent: Spent;
  /** The gates that failed or were waived, the most failures first. */
  gates: GateNumbers[];
};

/** The kinds of entries that count for all but `concerns`. */
export const countedKinds = [
  "verdict.given",
  "merge.observed",
  "waiver.given",
  "pull.opened",
  "rework.opened",
] as const satisfies readonly EntryKind[];

/** Counts what the ledger tells since a moment (RFC 3339). */
export function numbersSince(entries: readonly TypedEntry[], since: string): Numbers {
  const recent = entries.filter(({ at }) => at >= since);
  const verdicts = entriesOf(recent, "verdict.given").map(({ body }) => body);
  const pulls = (fits: (body: (typeof verdicts)[number]) => boolean) =>
    new Set(verdicts.filter(fits).map(({ pull }) => pull)).size;
  const merges = entriesOf(recent, "merge.observed");
  const waivers = entriesOf(recent, "waiver.given");
  const failed = verdicts.flatMap(({ gates }) => Object.keys(gates).filter((gate) => gates[gate] === "fail"));
  const gates = [...new Set([...failed, ...waivers.map(({ body }) => body.gate)])].map((gate) => ({
    gate,
    failed: pulls((body) => body.gates[gate] === "fail"),
    waived: waivers.filter(({ body }) => body.gate === gate).length,
  }));
  return {
    judged: pulls(() => true),
    red: pulls(({ conclusion }) => conclusion === "failure"),
    merged: merges.length,
    past: merges.filter(({ body }) => !body.judged).length,
    opened: entriesOf(recent, "pull.opened").length,
    rounds: entriesOf(recent, "rework.opened").length,
    concerns: openConcerns(entries).length,
    spent: spentIn(recent),
    gates: gates.sort((one, other) => other.failed - one.failed || (one.gate < other.gate ? -1 : 1)),
  };
}
