import type { Verdict } from "../../schemas/verdict.ts";
import type { OnCrash } from "../errors.ts";
import type { PullFacts } from "../facts.ts";
import { judge } from "./judge.ts";
import { blocking } from "./report.ts";

/**
 * A change that was merged, with its facts under each of two policies. `before` is null if there was no policy: then
 * nothing was judged. Whoever made the commit wrote its subject.
 */
export type PastChange = {
  sha: string;
  subject: string;
  pull: number | null;
  before: PullFacts | null;
  after: PullFacts;
};

/**
 * The outcome by the content gates. `undecided`: a fact could not be read, which blocks a merge but proves nothing
 * here.
 */
export type Outcome = "passes" | "blocked" | "undecided";

/** What the new policy changes for one change; `undecided` when either side is. */
export type BacktestEffect = "now-blocked" | "now-let-through" | "undecided" | "same";

/**
 * Why a change is blocked: the first reason of the first blocking gate, by the new policy if it blocks, else the old.
 */
export type BacktestReason = {
  by: "old" | "new";
  gate: string;
  message: string;
  path: string | null;
  policyLine: number | null;
};

/** One change under both policies; `because` is null when neither blocks it. */
export type BacktestRow = Pick<PastChange, "sha" | "subject" | "pull"> & {
  before: Outcome;
  after: Outcome;
  effect: BacktestEffect;
  because: BacktestReason | null;
};

/** The outcomes of merged changes under two policies, newest first. */
export type Backtest = {
  rows: BacktestRow[];
  totals: { changes: number; nowBlocked: number; nowLetThrough: number; undecided: number; same: number };
  /** Whether secrets were searched for; if not, the gate `secrets` has no meaning here. */
  secrets: boolean;
};

const outcomes: Record<Verdict["conclusion"], Outcome> = {
  success: "passes",
  failure: "blocked",
  pending: "undecided",
};

function effectOf(before: Outcome, after: Outcome): BacktestEffect {
  if (before === "undecided" || after === "undecided") return "undecided";
  if (before === after) return "same";
  return after === "blocked" ? "now-blocked" : "now-let-through";
}

function reasonFor(verdict: Verdict | null, by: BacktestReason["by"]): BacktestReason | null {
  const gates = verdict === null ? [] : blocking(verdict);
  const [first] = gates.flatMap(({ gate, reasons }) => reasons.map((reason) => ({ ...reason, gate })));
  if (first === undefined) return null;
  const { gate, message, path = null, policyLine = null } = first;
  return { by, gate, message, path, policyLine };
}

function rowOf({ sha, subject, pull, before, after }: PastChange, onCrash: OnCrash | undefined): BacktestRow {
  // An empty commit, or a merge whose content was there: no policy would have kept anything out.
  if (after.changes.known && after.changes.value.length === 0)
    return { sha, subject, pull, before: "passes", after: "passes", effect: "same", because: null };
  const oldVerdict = before === null ? null : judge(before, { settle: "content", onCrash });
  const newVerdict = judge(after, { settle: "content", onCrash });
  const outcomeBefore = oldVerdict === null ? "passes" : outcomes[oldVerdict.conclusion];
  const outcomeAfter = outcomes[newVerdict.conclusion];
  return {
    sha,
    subject,
    pull,
    before: outcomeBefore,
    after: outcomeAfter,
    effect: effectOf(outcomeBefore, outcomeAfter),
    because: reasonFor(newVerdict, "new") ?? reasonFor(oldVerdict, "old"),
  };
}

/**
 * Judges merged changes by the old and the new policy, with the gates that the commits alone settle. Reviews, checks,
 * sign-offs and the ledger are not used: their state at that time cannot be known now.
 */
export function backtest(
  changes: readonly PastChange[],
  { secrets, onCrash }: { secrets: boolean; onCrash?: OnCrash },
): Backtest {
  const rows = changes.map((change) => rowOf(change, onCrash));
  const count = (effect: BacktestEffect) => rows.filter((row) => row.effect === effect).length;
  return {
    rows,
    totals: {
      changes: rows.length,
      nowBlocked: count("now-blocked"),
      nowLetThrough: count("now-let-through"),
      undecided: count("undecided"),
      same: count("same"),
    },
    secrets,
  };
}

/** The pull request that a commit's subject names in one of GitHub's own forms; null if it names none. */
export function pullNamed(subject: string): number | null {
  const [, merged, squashed] = /^Merge pull request #([1-9][0-9]{0,8}) |\(#([1-9][0-9]{0,8})\)$/.exec(subject) ?? [];
  const digits = merged ?? squashed;
  return digits === undefined ? null : Number(digits);
}
