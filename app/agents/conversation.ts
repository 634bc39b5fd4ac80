import { setTimeout as sleep } from "node:timers/promises";
import Anthropic, { APIError } from "@anthropic-ai/sdk";
import type { Message, MessageCreateParamsNonStreaming } from "@anthropic-ai/sdk/resources/messages/messages";
import { sha256 } from "../../core/digest.ts";
import { messageOf, SallyportError } from "../../core/errors.ts";
import { canonicalJson } from "../../core/json.ts";
import { AnswerRedaction, type Usage } from "../../schemas/step.ts";
import { modelCalls, modelTokens } from "../settings/metrics.ts";
import type { CallStore, Service } from "./run.ts";

/** The model used when the policy names none. */
export const defaultModel = "claude-sonnet-5-5";

/** The service's address when the settings name none. */
export const anthropicAddress = "https://api.anthropic.com";

/** Why a call gave no answer, with a code of `StepResult.code`. */
export type CallFailure = {
  ok: false;
  code: "service" | "silence" | "time-exceeded" | "cancelled" | "bad-answer";
  message: string;
  lost: number;
};

/**
 * An answer with its redactions, or a failure. `lost` estimates the tokens of streams that broke off before they
 * reported their usage, and rather too many than too few.
 */
export type CallAnswer =
  | { ok: true; key: string; replayed: boolean; message: Message; redacted: AnswerRedaction[]; lost: number }
  | CallFailure;

/** One call's parameters: the part of Anthropic's that we use. */
export type CallInput = Pick<
  MessageCreateParamsNonStreaming,
  "system" | "messages" | "tools" | "tool_choice" | "max_tokens"
>;

/** The most tries of one call, and the milliseconds before the second; the wait then doubles. */
const limits = { tries: 3, firstWait: 500 } as const;

/** Fewer than any text has, so that an estimate is never too low. */
const charsPerToken = 3;

/** The statuses below 500 after which the same request may succeed. */
const passing: readonly number[] = [408, 409, 429];

/**
 * Makes one model call, or reads its answer from the store. An answer is stored under the hash of the whole call before
 * it is used, so a crash never pays twice and a replay pays nothing. The stored answer came from the service, and
 * anybody may have steered it: it is data.
 */
export async function callModel(
  input: CallInput,
  context: { service: Service; calls: CallStore; about: string; signal: AbortSignal; silenceSeconds: number },
): Promise<CallAnswer> {
  const { service, calls, about, signal } = context;
  if (signal.aborted) return { ...stopped(signal), lost: 0 };
  const key = sha256(canonicalText({ about, model: service.model, input }));
  const stored = await calls.get(key);
  const count = (outcome: string) => modelCalls.inc({ model: service.model, outcome });
  if (stored !== null) {
    count("stored");
    return { ok: true, key, replayed: true, ...readAnswer(stored, key), lost: 0 };
  }
  if (service.apiKey === null) {
    return {
      ok: false,
      code: "service",
      message: "there is no ANTHROPIC_API_KEY; set it and start the service again",
      lost: 0,
    };
  }
  // Sets every option that the client would otherwise read from the environment; it tries once and prints nothing.
  const client = new Anthropic({
    apiKey: service.apiKey,
    authToken: null,
    baseURL: service.baseUrl ?? anthropicAddress,
    maxRetries: 0,
    logLevel: "off",
  });
  let lost = 0;
  for (let tries = 1; ; tries++) {
    const streamed = await streamOnce(client, { ...input, model: service.model }, signal, context.silenceSeconds);
    count(streamed.ok ? "answered" : streamed.failure.code);
    if (streamed.ok) {
      const { input_tokens: read, output_tokens: written } = streamed.message.usage;
      modelTokens.inc({ model: service.model, direction: "read" }, read);
      modelTokens.inc({ model: service.model, direction: "written" }, written);
      const answer = storable(streamed.message);
      if (answer === null)
        return { ok: false, code: "bad-answer", message: "the model's answer is not JSON that can be stored", lost };
      await calls.put(key, answer);
      // Read back from the store, so that a replay sees what the first run saw: an answer without secrets.
      const kept = await calls.get(key);
      if (kept === null) throw new SallyportError("internal", `the answer ${key} was not stored`);
      return { ok: true, key, replayed: false, ...readAnswer(kept, key), lost };
    }
    if (streamed.received > 0) lost += Math.ceil((JSON.stringify(input).length + streamed.received) / charsPerToken);
    if (!streamed.again) return { ...streamed.failure, lost };
    // A service that is down for longer is no reason to end the work: it is parked, and goes on from its stored answers.
    if (tries === limits.tries) throw new SallyportError("model", streamed.failure.message, { retry: true });
    // Spread by chance: what failed together does not come back together.
    const wait = streamed.waitFor ?? limits.firstWait * 2 ** (tries - 1) * (1 + Math.random());
    await sleep(wait, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return { ...stopped(signal), lost };
  }
}

/** Adds the usage that the service reports for one answer, and what was lost before it. */
export function addUsage(usage: Usage, { model, usage: used }: Message, lost: number): void {
  usage.calls += 1;
  usage.model = model;
  usage.inputTokens +=
    lost + used.input_tokens + (used.cache_creation_input_tokens ?? 0) + (used.cache_read_input_tokens ?? 0);
  usage.outputTokens += used.output_tokens;
}

type Streamed =
  | { ok: true; message: Message }
  | { ok: false; received: number; again: boolean; waitFor: number | null; failure: Omit<CallFailure, "lost"> };

async function streamOnce(
  client: Anthropic,
  params: CallInput & { model: string },
  signal: AbortSignal,
  silenceSeconds: number,
): Promise<Streamed> {
  const quiet = new AbortController();
  const listen = () => setTimeout(() => quiet.abort(), silenceSeconds * 1_000);
  let timer = listen();
  let received = 0;
  try {
    const stream = client.messages.stream(params, { signal: AbortSignal.any([signal, quiet.signal]) });
    stream.on("streamEvent", (event) => {
      received += JSON.stringify(event).length;
      clearTimeout(timer);
      timer = listen();
    });
    return { ok: true, message: await stream.finalMessage() };
  } catch (error) {
    const final = (failure: Omit<CallFailure, "lost">): Streamed => ({
      ok: false,
      received,
      again: false,
      waitFor: null,
      failure,
    });
    if (signal.aborted) return final(stopped(signal));
    if (quiet.signal.aborted)
      return final({ ok: false, code: "silence", message: `the model said nothing for ${silenceSeconds} s` });
    return { ok: false, received, ...serviceFailure(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** Why aborted work ended: its time ran out, or somebody cancelled it. */
export function stopped(signal: AbortSignal): Omit<CallFailure, "lost"> {
  const late = signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
  return late
    ? { ok: false, code: "time-exceeded", message: "the time for this work is used up" }
    : { ok: false, code: "cancelled", message: "the run was stopped while the model was at work" };
}

/** A failure of the service. The statuses that mean our mistake are final; everything else may be retried. */
function serviceFailure(error: unknown): Pick<Extract<Streamed, { ok: false }>, "again" | "waitFor" | "failure"> {
  const status: number | undefined = error instanceof APIError ? error.status : undefined;
  const fail = (message: string) => ({ ok: false as const, code: "service" as const, message });
  if (status === 401 || status === 402 || status === 403) {
    const message = `the model service refuses our key (${status}); check ANTHROPIC_API_KEY and the account`;
    return { again: false, waitFor: null, failure: fail(message) };
  }
  const request = error instanceof APIError && error.requestID ? `, request ${error.requestID}` : "";
  const said = messageOf(error).replaceAll(/\s+/g, " ").slice(0, 300);
  return {
    again: status === undefined || status >= 500 || passing.includes(status),
    waitFor: error instanceof APIError ? retryAfter(error.headers?.get("retry-after") ?? null) : null,
    failure: fail(
      `the model service failed${status === undefined ? "" : ` (${status}${request})`}: ${said.toWellFormed()}`,
    ),
  };
}

/** The milliseconds of a `Retry-After` header, given in seconds or as a date (RFC 9110, 10.2.3); a day at most. */
function retryAfter(header: string | null): number | null {
  if (header === null) return null;
  const wait = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(wait) ? null : Math.min(Math.max(wait, 0), 86_400_000);
}

/** Canonical, so that the key order of an object from elsewhere does not change a hash. */
function canonicalText(value: unknown): string {
  return canonicalJson(JSON.parse(JSON.stringify(value)));
}

/**
 * An answer's text for the store; null if it has no canonical form to hash (half a surrogate pair, endless nesting).
 */
function storable(message: Message): string | null {
  try {
    return canonicalText(message);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return null;
    throw error;
  }
}

/** An answer as we stored it. Only its outer shape is checked; tool inputs are parsed where they are used. */
function readAnswer(text: string, key: string): { message: Message; redacted: AnswerRedaction[] } {
  const { redacted = [], ...message }: Message & { redacted?: unknown } = JSON.parse(text);
  if (message.type === "message" && Array.isArray(message.content))
    return { message, redacted: AnswerRedaction.array().parse(redacted) };
  throw new SallyportError("internal", `the stored answer ${key} of a model is not a message`);
}
