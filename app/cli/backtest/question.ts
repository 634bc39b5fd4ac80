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

/** What is judged again, and by which old policy when none is given by hand: that of the default branch. */
export type Question = {
  last: number;
  /** The new policy, and the old one if it was given. */
  after: PolicyReading;
  before: PolicyReading | null;
  secrets: boolean;
  day: string;
};

/** Changes that have entered, and where from, such as `main` or `acme/web`. */
export type Found = { from: string; before: PolicyReading; changes: PastChange[] };
