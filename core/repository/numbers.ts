import type { TypedEntry } from "../entries.ts";
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

/** What a repository did on one day: pull requests by number, each once however often it was judged. */
export type DayNumbers = Pick<Numbers, "merged" | "past" | "opened" | "rounds"> & {
  judged: Set<number>;
  red: Set<number>;
  failed: Map<string, Set<number>>;
  waived: Map<string, number>;
  spent: Map<string, number>;
};

const emptyDay = (): DayNumbers => ({
  ...{ merged: 0, past: 0, opened: 0, rounds: 0 },
  ...{ judged: new Set(), red: new Set(), failed: new Map(), waived: new Map(), spent: new Map() },
});

/** Counts the next entry on its day (UTC, `2026-11-21`). */
export function countEntry(days: Map<string, DayNumbers>, entry: TypedEntry): void {
  const day = days.get(dayOf(entry.at)) ?? emptyDay();
  if (!countOn(day, entry)) return;
  days.set(dayOf(entry.at), day);
}

const dayOf = (moment: string) => moment.slice(0, 10);

function countOn(day: DayNumbers, entry: TypedEntry): boolean {
  const { kind, body } = entry;
  const spent = spentIn([entry]);
  for (const [currency, micros] of spent) addTo(day.spent, currency, micros);
  switch (kind) {
    case "verdict.given":
      day.judged.add(body.pull);
      if (body.conclusion === "failure") day.red.add(body.pull);
      for (const [gate, status] of Object.entries(body.gates))
        if (status === "fail") day.failed.set(gate, (day.failed.get(gate) ?? new Set()).add(body.pull));
      return true;
    case "merge.observed":
      day.merged += 1;
      if (!body.judged) day.past += 1;
      return true;
    case "waiver.given":
      addTo(day.waived, body.gate, 1);
      return true;
    case "pull.opened":
      day.opened += 1;
      return true;
    case "rework.opened":
      day.rounds += 1;
      return true;
    default:
      return spent.size > 0;
  }
}

function addTo(sums: Map<string, number>, name: string, count: number): void {
  sums.set(name, (sums.get(name) ?? 0) + count);
}

function spentOver(days: readonly DayNumbers[]): Spent {
  const all = new Map<string, number>();
  for (const { spent } of days) for (const [currency, micros] of spent) addTo(all, currency, micros);
  return all;
}

/** Adds up the days from that of a moment (RFC 3339) on. `concerns` are those that are open now. */
export function numbersSince(
  { days, concerns }: { days: ReadonlyMap<string, DayNumbers>; concerns: ReadonlyMap<string, object> },
  since: string,
): Numbers {
  const recent = [...days].flatMap(([day, numbers]) => (day >= dayOf(since) ? [numbers] : []));
  const sum = (count: (day: DayNumbers) => number) => recent.reduce((total, day) => total + count(day), 0);
  const pulls = (of: (day: DayNumbers) => Iterable<number>) => new Set(recent.flatMap((day) => [...of(day)])).size;
  const names = new Set(recent.flatMap(({ failed, waived }) => [...failed.keys(), ...waived.keys()]));
  const gates = [...names].map((gate) => ({
    gate,
    failed: pulls(({ failed }) => failed.get(gate) ?? []),
    waived: sum(({ waived }) => waived.get(gate) ?? 0),
  }));
  return {
    judged: pulls(({ judged }) => judged),
    red: pulls(({ red }) => red),
    merged: sum(({ merged }) => merged),
    past: sum(({ past }) => past),
    opened: sum(({ opened }) => opened),
    rounds: sum(({ rounds }) => rounds),
    concerns: concerns.size,
    spent: spentOver(recent),
    gates: gates.sort((one, other) => other.failed - one.failed || (one.gate < other.gate ? -1 : 1)),
  };
}
