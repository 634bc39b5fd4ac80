import type { Effect, EffectResult } from "../../core/effects.ts";
import { SallyportError } from "../../core/errors.ts";
import { asSallyportError } from "../github/failure.ts";
import { adviseOn } from "./advice.ts";
import { askPlannerFor, runAgent } from "./agent.ts";
import { showBacktest } from "./backtest.ts";
import { writeChange } from "./change.ts";
import { ensureCheck } from "./checks.ts";
import { runCommands } from "./commands.ts";
import { ensureSticky, notify, reply, turnAway } from "./comments.ts";
import type { PerformContext } from "./context.ts";
import { openDashboard, postDigest } from "./dashboard.ts";
import { cancelRun } from "./dispatch.ts";
import { closeIssue, linkStory, openPrompt } from "./issues.ts";
import { ensureLabelGone, ensureLabels, ensureState } from "./labels.ts";
import { whileOpen } from "./model.ts";
import { openOnboarding } from "./onboarding.ts";
import { openPull } from "./pulls.ts";
import { gatherReport } from "./report.ts";
import { answerThread, askReview } from "./review.ts";
import { rollBack } from "./rollback.ts";

/**
 * Performs one effect. Each looks for its own result first, so that a second try after a crash or a lost answer finds
 * the first. `anchor` is the ledger's head, shown with the check.
 */
export async function perform(
  effect: Effect,
  context: PerformContext,
  anchor: () => Promise<string>,
): Promise<EffectResult> {
  try {
    // No effect starts once the service is told to stop.
    context.signal.throwIfAborted();
    switch (effect.type) {
      case "reply":
        return await reply(effect, context);
      case "turn-away":
        return await turnAway(effect, context);
      case "ensure-sticky":
        return await ensureSticky(effect, context);
      case "ensure-state":
        return await ensureState(effect, context);
      case "ensure-labels":
        return await ensureLabels(effect, context);
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
      case "open-onboarding":
        return await openOnboarding(effect, context);
      case "roll-back":
        return await rollBack(effect, context);
      case "ensure-check":
        return await ensureCheck(effect, context, await anchor());
      case "show-backtest":
        return await showBacktest(effect, context);
      case "gather-report":
        return await gatherReport(effect, context);
      case "answer-thread":
        return await answerThread(effect, context);
      case "ask-review":
        return await askReview(effect, context);
      case "notify":
        return await notify(effect, context);
      case "open-dashboard":
        return await openDashboard(context);
      case "post-digest":
        return await postDigest(effect, context);
      case "ask-planner":
        return await whileOpen(effect.key, context, (open) => askPlannerFor(effect, open));
      case "run-agent":
        return await whileOpen(effect.key, context, (open) => runAgent(effect, open));
      case "run-commands":
        return await whileOpen(effect.key, context, (open) => runCommands(effect, open));
      case "cancel-run":
        return await cancelRun(effect, context);
      case "ask-reviewer":
        return await whileOpen(effect.key, context, (open) => adviseOn(effect, open));
      default:
        throw newerOnly(effect, context.now());
    }
  } catch (error) {
    throw asSallyportError(error, context.now());
  }
}

/** The types end here; the store may hold what a newer version recorded, which then works beside this one. */
function newerOnly(effect: never, now: Date): SallyportError {
  const { type }: Pick<Effect, "type"> = effect;
  return new SallyportError("internal", `${type} is an effect of a newer version: only that one can do it`, {
    retry: true,
    notBefore: new Date(now.getTime() + 60_000),
  });
}
