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
import type { World } from "./perform/world.ts";

/**
 * Carries out one effect. Each looks for what it is to bring about before it does it, so that a second try after a crash
 * or a lost answer finds the first. `anchor` is the ledger's head, shown with the check.
 */
export async function perform(
  effect: Effect,
  world: World,
  anchor: () => Promise<string>,
): Promise<EffectResult> {
  try {
    // Nothing is begun any more once the service is told to stop.
    world.signal.throwIfAborted();
    switch (effect.type) {
      case "reply":
        return await reply(effect, world);
      case "ensure-sticky":
        return await ensureSticky(effect, world);
      case "ensure-state":
        return await ensureState(effect, world);
      case "ensure-label-gone":
        return await ensureLabelGone(effect, world);
      case "link-story":
        return await linkStory(effect, world);
      case "open-prompt":
        return await openPrompt(effect, world);
      case "close-issue":
        return await closeIssue(effect, world);
      case "write-change":
        return await writeChange(effect, world);
      case "open-pull":
        return await openPull(effect, world);
      case "roll-back":
        return await rollBack(effect, world);
      case "ensure-check":
        return await ensureCheck(effect, world, await anchor());
      case "show-backtest":
        return await showBacktest(effect, world);
      case "ask-planner":
        return await askPlannerFor(effect, world);
      case "run-agent":
        return await runAgent(effect, world);
    }
  } catch (error) {
    throw asSallyportError(error, world.now());
  }
}
