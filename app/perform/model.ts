import { redactSecrets, redactSecretsIn } from "../../collect/secrets/redaction.ts";
import { SallyportError } from "../../core/errors.ts";
import { oneLine } from "../../core/escape.ts";
import type { Json } from "../../core/json.ts";
import type { Spending } from "../../core/money.ts";
import { type Effort, ModelService } from "../../schemas/policy-agents.ts";
import { dialects } from "../agents/dialects.ts";
import type { AgentEvent, Service } from "../agents/run.ts";
import type { PerformContext } from "./context.ts";

// What every effect shares that asks a model, whoever it is asked for: a planner, an agent or a reviewer.

/**
 * The service and model of an effect, and what pays for it. The policy named both; the ledger of another version may
 * name what we lack.
 */
export function serviceOf(
  effect: { key: string; backend: string; model: string | null; effort?: Effort; spending?: Spending },
  context: Pick<PerformContext, ModelService | "purse">,
): Service {
  const { data: name } = ModelService.safeParse(effect.backend);
  const model = effect.model ?? (name === undefined ? null : dialects[name].model);
  const { key, effort, spending } = effect;
  const paid = spending === undefined ? {} : { purse: context.purse(key, spending) };
  const hard = effort === undefined ? {} : { effort };
  if (name !== undefined && model !== null) return { name, ...context[name], model, ...hard, ...paid };
  const what = name === undefined ? `this version has: ${Object.keys(dialects).join(", ")}` : "it needs `agents.model`";
  throw new SallyportError(
    "bad-input",
    `the policy names the agent backend ${JSON.stringify(effect.backend)}; ${what}`,
  );
}

/**
 * Why a prompt must not be sent: it holds a secret. The secret is not redacted, because the sent and the recorded text
 * must be the same. The author, the policy's authors and earlier answers wrote it.
 */
export async function secretIn(prompt: Json, { secrets }: PerformContext): Promise<string | null> {
  const { redactions } = await redactSecretsIn(prompt, secrets);
  const [first] = redactions;
  if (first === undefined) return null;
  return `its ${first.at[0] ?? "text"} holds what looks like a secret (${first.rule}). Take it out where it stands, and ask for a new plan`;
}

/**
 * Follows a model's work on an effect to its end, and logs what it does under a name; it ends early once the effect is
 * open no more. `note` gets the same, without secrets.
 */
export async function follow<T>(
  events: AsyncGenerator<AgentEvent, T>,
  { key, name, note }: { key: string; name: string; note?: (line: string, event: AgentEvent) => Promise<void> },
  context: PerformContext,
): Promise<T> {
  let step = await events.next();
  while (step.done !== true) {
    if (step.value.type === "answer" && !(await context.isOpen(key))) throw stopped();
    const { text } = await redactSecrets(oneLine(describe(step.value)), context.secrets);
    context.progress(`${name}: ${text}`);
    await note?.(text, step.value);
    step = await events.next();
  }
  return step.value;
}

function describe(event: AgentEvent): string {
  if (event.type === "answer")
    return `the model answered (${event.stopReason}${event.replayed ? ", from the store" : ""})`;
  const path = event.path === null ? "" : ` ${JSON.stringify(event.path)}`;
  return `${event.name}${path}${event.ok ? "" : ": refused"}`;
}

const stopped = () => new SallyportError("cancelled", "it was stopped while the model was at work");

/** How often a model at work is checked for a stop, in milliseconds. */
const stopCheck = 1_000;

/**
 * Works on an effect with a signal that also aborts once the effect is open no more: somebody stopped it, here or in
 * another process. The call in flight is broken off, and none follows it. Checks that fail do not end the work.
 */
export async function whileOpen<T>(
  key: string,
  context: PerformContext,
  work: (context: PerformContext) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const timer = setInterval(() => {
    context.isOpen(key).then(
      (isOpen) => isOpen || stop.abort(stopped()),
      () => undefined,
    );
  }, stopCheck);
  try {
    return await work({ ...context, signal: AbortSignal.any([context.signal, stop.signal]) });
  } finally {
    clearInterval(timer);
  }
}
