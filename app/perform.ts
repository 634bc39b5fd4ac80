import type { Effect, EffectResult } from "../core/effects.ts";
import { SallyportError } from "../core/errors.ts";
import { askPlannerFor, runAgent } from "./perform/agent.ts";
import { writeChange } from "./perform/change.ts";
import { ensureCheck } from "./perform/checks.ts";
import { ensureSticky, reply } from "./perform/comments.ts";
import { closeIssue, linkStory, openPrompt } from "./perform/issues.ts";
import { ensureLabelGone, ensureState } from "./perform/labels.ts";
import { openPull } from "./perform/pulls.ts";
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
      case "ensure-check":
        return await ensureCheck(effect, world, await anchor());
      case "ask-planner":
        return await askPlannerFor(effect, world);
      case "run-agent":
        return await runAgent(effect, world);
    }
  } catch (error) {
    throw asSallyportError(error, world.now());
  }
}

/** Which failures of GitHub may pass by themselves, and when to ask again. Source: GitHub docs, "Rate limits for the REST API". */
export function asSallyportError(error: unknown, now: Date): SallyportError {
  if (error instanceof SallyportError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const status =
    error instanceof Error && "status" in error && typeof error.status === "number" ? error.status : null;
  if (status === null) return new SallyportError("internal", message, { cause: error, retry: true });
  const headers = headersOf(error);
  const isLimit =
    headers["retry-after"] !== undefined ||
    headers["x-ratelimit-remaining"] === "0" ||
    // The secondary limit may come without headers; its wording is then all there is.
    /\bsecondary rate\b/i.test(message);
  if (status === 429 || (status === 403 && isLimit)) {
    return new SallyportError("rate-limit", message, {
      cause: error,
      retry: true,
      notBefore: notBefore(headers, now),
    });
  }
  // 401: the token was refused and is replaced before the next try. 409: the repository is busy.
  const passing = status >= 500 || status === 401 || status === 408 || status === 409;
  return new SallyportError("github", message, { cause: error, retry: passing });
}

function headersOf(error: unknown): Record<string, string | undefined> {
  if (!(error instanceof Error && "response" in error)) return {};
  const { response } = error;
  if (typeof response !== "object" || response === null || !("headers" in response)) return {};
  const { headers } = response;
  return typeof headers === "object" && headers !== null
    ? Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
    : {};
}

function notBefore(headers: Record<string, string | undefined>, now: Date): Date {
  const wait = Number(headers["retry-after"]);
  if (Number.isFinite(wait) && wait > 0) return new Date(now.getTime() + wait * 1_000);
  const reset = Number(headers["x-ratelimit-reset"]);
  // GitHub asks for a minute at least where it gives no time.
  return Number.isFinite(reset) && reset > 0 ? new Date(reset * 1_000) : new Date(now.getTime() + 60_000);
}
