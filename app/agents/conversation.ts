import { setTimeout as sleep } from "node:timers/promises";
import Anthropic, { APIError } from "@anthropic-ai/sdk";
import type { Message, MessageCreateParamsNonStreaming } from "@anthropic-ai/sdk/resources/messages/messages";
import { sha256 } from "../../core/digest.ts";
import { messageOf, SallyportError } from "../../core/errors.ts";
import { canonicalJson } from "../../core/json.ts";
import { AnswerRedaction, type Usage } from "../../schemas/step.ts";
import type { CallStore, Service } from "./run.ts";

/** The model that is asked when the policy names none. */
export const defaultModel = "claude-sonnet-5-5";

/** Where the service is when the settings name no other place. */
export const anthropicAddress = "https://api.anthropic.com";

/** Why a call brought no answer, in the words of `StepResult.code`. */
export type CallFailure = {
  ok: false;
  code: "service" | "silence" | "time-exceeded" | "cancelled" | "bad-answer";
  message: string;
};

/** An answer and what was cut out of it, or why there is none. `lost` is a guess at the tokens of streams that broke off before they told their usage. */
export type CallAnswer =
  | { ok: true; key: string; replayed: boolean; message: Message; redacted: AnswerRedaction[]; lost: number }
  | CallFailure;

/** One call's parameters; the part of Anthropic's that we use. */
export type CallInput = Pick<
  MessageCreateParamsNonStreaming,
  "system" | "messages" | "tools" | "tool_choice" | "max_tokens"
>;

/** How often one call is sent at most, and the milliseconds before the second time; then twice that. */
const limits = { tries: 3, firstWait: 500 } as const;

/** The statuses after which the same request may succeed, besides those of a broken server. */
const passing: readonly number[] = [408, 409, 429];

/**
 * Makes one model call, or reads its answer from the store: an answer is stored under the hash of everything that went
 * into the call before anything of it is used, so a crash never pays twice and a replay pays nothing. The stored answer
 * came from the service, whoever may have steered it: data.
 */
export async function callModel(
  input: CallInput,
  context: { service: Service; calls: CallStore; about: string; signal: AbortSignal; silenceSeconds: number },
): Promise<CallAnswer> {
  const { service, calls, about, signal } = context;
  if (signal.aborted) return stopped(signal);
  const key = sha256(canonicalText({ about, model: service.model, input }));
  const stored = await calls.get(key);
  if (stored !== null) return { ok: true, key, replayed: true, ...readAnswer(stored, key), lost: 0 };
  if (service.apiKey === null) {
    return {
      ok: false,
      code: "service",
      message: "there is no ANTHROPIC_API_KEY; set it and start the service again",
    };
  }
  // Every option that the client would else read from the environment is given; it tries once and prints nothing.
  const client = new Anthropic({
    apiKey: service.apiKey,
    authToken: null,
    baseURL: service.baseUrl ?? anthropicAddress,
    maxRetries: 0,
    logLevel: "off",
  });
  let lost = 0;
  for (let tries = 1; ; tries++) {
    const streamed = await streamOnce(
      client,
      { ...input, model: service.model },
      signal,
      context.silenceSeconds,
    );
    if (streamed.ok) {
      const answer = storable(streamed.message);
      if (answer === null)
        return {
          ok: false,
          code: "bad-answer",
          message: "the model's answer is not JSON that can be stored",
        };
      await calls.put(key, answer);
      // Read back from what was stored, so that a replay sees exactly what the first run saw: an answer without secrets.
      const kept = await calls.get(key);
      if (kept === null) throw new SallyportError("internal", `the answer ${key} was not stored`);
      return { ok: true, key, replayed: false, ...readAnswer(kept, key), lost };
    }
    if (streamed.begun) lost += Math.ceil(JSON.stringify(input).length / 4);
    if (!streamed.again || tries === limits.tries) return streamed.failure;
    const wait = streamed.waitFor ?? limits.firstWait * 2 ** (tries - 1);
    await sleep(wait, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return stopped(signal);
  }
}

/** Adds what the service says that one answer used. */
export function addUsage(usage: Usage, { model, usage: used }: Message): void {
  usage.calls += 1;
  usage.model = model;
  usage.inputTokens +=
    used.input_tokens + (used.cache_creation_input_tokens ?? 0) + (used.cache_read_input_tokens ?? 0);
  usage.outputTokens += used.output_tokens;
}

type Streamed =
  | { ok: true; message: Message }
  | { ok: false; begun: boolean; again: boolean; waitFor: number | null; failure: CallFailure };

async function streamOnce(
  client: Anthropic,
  params: CallInput & { model: string },
  signal: AbortSignal,
  silenceSeconds: number,
): Promise<Streamed> {
  const quiet = new AbortController();
  const listen = () => setTimeout(() => quiet.abort(), silenceSeconds * 1_000);
  let timer = listen();
  let begun = false;
  try {
    const stream = client.messages.stream(params, { signal: AbortSignal.any([signal, quiet.signal]) });
    stream.on("streamEvent", () => {
      begun = true;
      clearTimeout(timer);
      timer = listen();
    });
    return { ok: true, message: await stream.finalMessage() };
  } catch (error) {
    const final = (failure: CallFailure): Streamed => ({
      ok: false,
      begun,
      again: false,
      waitFor: null,
      failure,
    });
    if (signal.aborted) return final(stopped(signal));
    if (quiet.signal.aborted)
      return final({ ok: false, code: "silence", message: `the model said nothing for ${silenceSeconds} s` });
    return { ok: false, begun, ...serviceFailure(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** Why work that was told to end did: its time is used up, or somebody stopped it. */
export function stopped(signal: AbortSignal): CallFailure {
  const late = signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
  return late
    ? { ok: false, code: "time-exceeded", message: "the time for this work is used up" }
    : { ok: false, code: "cancelled", message: "the run was stopped while the model was at work" };
}

/** What went wrong at the service. What it calls our mistake stays one; everything else may pass by itself. */
function serviceFailure(error: unknown): { again: boolean; waitFor: number | null; failure: CallFailure } {
  const status: number | undefined = error instanceof APIError ? error.status : undefined;
  const fail = (message: string): CallFailure => ({ ok: false, code: "service", message });
  if (status === 401 || status === 402 || status === 403) {
    const message = `the model service refuses our key (${status}); check ANTHROPIC_API_KEY and the account`;
    return { again: false, waitFor: null, failure: fail(message) };
  }
  const said = messageOf(error).replaceAll(/\s+/g, " ").slice(0, 300);
  return {
    again: status === undefined || status >= 500 || passing.includes(status),
    waitFor: error instanceof APIError ? retryAfter(error.headers?.get("retry-after") ?? null) : null,
    failure: fail(
      `the model service failed${status === undefined ? "" : ` (${status})`}: ${said.toWellFormed()}`,
    ),
  };
}

/** Milliseconds that a `Retry-After` header asks us to wait, from seconds or a date (RFC 9110, 10.2.3); a day at most. */
function retryAfter(header: string | null): number | null {
  if (header === null) return null;
  const wait = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(wait) ? null : Math.min(Math.max(wait, 0), 86_400_000);
}

/** Canonical, so that the order of keys in an object that came from elsewhere does not change a hash. */
function canonicalText(value: unknown): string {
  return canonicalJson(JSON.parse(JSON.stringify(value)));
}

/** An answer's text for the store; null for what has no canonical form and so no hash (half a surrogate pair, endless nesting). */
function storable(message: Message): string | null {
  try {
    return canonicalText(message);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return null;
    throw error;
  }
}

/** An answer as we stored it; only its outer shape is checked, tool inputs are parsed where they are used. */
function readAnswer(text: string, key: string): { message: Message; redacted: AnswerRedaction[] } {
  const { redacted = [], ...message }: Message & { redacted?: unknown } = JSON.parse(text);
  if (message.type === "message" && Array.isArray(message.content))
    return { message, redacted: AnswerRedaction.array().parse(redacted) };
  throw new SallyportError("internal", `the stored answer ${key} of a model is not a message`);
}
