import type { PolicyReading } from "../../../core/facts.ts";
import type { PastChange } from "../../../core/verdict/backtest.ts";

/** The options of `sallyport backtest`, as they were given. */
export type BacktestOptions = {
  policy?: string;
  against?: string;
  last: string;
  repo?: string;
  branch?: string;
  prRepo?: string;
  secrets?: boolean;
  all?: boolean;
  strict?: boolean;
  json?: boolean;
};

/**
 * The question of a backtest: how many changes, and by which policies. The old one defaults to the default branch's.
 */
export type Question = {
  last: number;
  /** The new policy, and the old one if it was given. */
  after: PolicyReading;
  before: PolicyReading | null;
  secrets: boolean;
  day: string;
};

/** Merged changes and their source, such as `main` or `acme/web`. */
export type Found = { from: string; before: PolicyReading; changes: PastChange[] };
