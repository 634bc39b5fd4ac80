import type { Effect, EffectResult } from "../core/effects.ts";
import { askPlannerFor, runAgent } from "./perform/agent.ts";
import { showBacktest } from "./perform/backtest.ts";
import { writeChange } from "./perform/change.ts";
import { ensureCheck } from "./perform/checks.ts";
import { ensureSticky, reply } from "./perform/comments.ts";
import { asSallyportError } from "./perform/failure.ts";
import { closeIssue, linkStory, openPrompt } from "./perform/issues.ts";
import { ensureLabelGone, ensureState } from "./perform/labels.ts";
import { openPull } from "./perform/pulls.ts";
import { rollBack } from "./perform/rollback.ts";
import type { PerformContext } from "./perform/world.ts";

/**
 * Carries out one effect. Each looks for what it is to bring about before it does it, so that a second try after a crash
 * or a lost answer finds the first. `anchor` is the ledger's head, shown with the check.
 */
export async function perform(
  effect: Effect,
  context: PerformContext,
  anchor: () => Promise<string>,
): Promise<EffectResult> {
  try {
    // Nothing is begun any more once the service is told to stop.
    context.signal.throwIfAborted();
    switch (effect.type) {
      case "reply":
        return await reply(effect, context);
      case "ensure-sticky":
        return await ensureSticky(effect, context);
      case "ensure-state":
        return await ensureState(effect, context);
      case "ensure-label-gone":
        return await ensureLabelGone(effect, context);
      case "link-story":
        return await linkStory(effect, context);
      case "open-prompt":
        return await openPrompt(effect, context);
      case "close-issue":
        return await closeIssue(effect, context);
      case "write-change":
        return await writeChange(effect, context);
      case "open-pull":
        return await openPull(effect, context);
      case "roll-back":
        return await rollBack(effect, context);
      case "ensure-check":
        return await ensureCheck(effect, context, await anchor());
      case "show-backtest":
        return await showBacktest(effect, context);
      case "ask-planner":
        return await askPlannerFor(effect, context);
      case "run-agent":
        return await runAgent(effect, context);
    }
  } catch (error) {
    throw asSallyportError(error, context.now());
  }
}
