import { readMergedPulls } from "../../collect/backtest/merged-pulls.ts";
import { apiObjects } from "../../collect/github/objects.ts";
import { valueOrThrow } from "../../collect/github/request.ts";
import { readPolicy } from "../../collect/policy/file.ts";
import type { EffectResult } from "../../core/effects.ts";
import { type Crash, crashText } from "../../core/errors.ts";
import type { PolicyReading } from "../../core/facts.ts";
import { policyProblem } from "../../core/policy/problem.ts";
import { backtest } from "../../core/verdict/backtest.ts";
import { backtestMarkdown } from "../../core/verdict/backtest-report.ts";
import { ensureComment } from "./comments.ts";
import { type EffectOf, marker, type PerformContext } from "./context.ts";

/** How many merged pull requests are judged again. */
const last = 50;

/** Judges merged pull requests by the policy that a change proposes, and shows on it which verdicts would differ. */
export async function showBacktest(effect: EffectOf<"show-backtest">, context: PerformContext): Promise<EffectResult> {
  const { github } = context;
  const objects = apiObjects(github);
  const before = valueOrThrow(await readPolicy(objects, effect.policyRef));
  const proposed = await readPolicy(objects, effect.head);
  const after = valueOrThrow(proposed);
  const problem = policyProblem(proposed);
  const text = problem === null ? await backtestText(effect, context, before, after) : `${heading}\n\n${problem}`;
  await ensureComment(context, effect.pull, marker("backtest"), text);
  return { type: "none" };
}

const heading = "### Sallyport: this change of the policy";

async function backtestText(
  { branch }: EffectOf<"show-backtest">,
  { github, now, progress }: PerformContext,
  before: PolicyReading,
  after: PolicyReading,
): Promise<string> {
  const day = now().toISOString().slice(0, 10);
  const comparison = { before, after, secrets: false, day };
  const onProgress = (done: number, all: number) => {
    if (done % 10 === 0 || done === all) progress(`backtest: ${done} of ${all} merged pull requests`);
  };
  const onCrash = (crash: Crash) => progress(crashText(crash));
  const changes = valueOrThrow(await readMergedPulls(github, { last, branch }, comparison, onProgress));
  return `${heading}\n\n${backtestMarkdown(backtest(changes, { secrets: false, onCrash }))}`;
}
