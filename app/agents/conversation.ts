import Anthropic, { APIError } from "@anthropic-ai/sdk";
import type { Message, MessageCreateParamsNonStreaming } from "@anthropic-ai/sdk/resources/messages/messages";
import { z } from "zod";
import { digestOf } from "../../core/contract.ts";
import type { Json } from "../../core/json.ts";
import type { CallStore } from "../perform/world.ts";

/** The service and model of a call. */
export type Service = { apiKey: string | null; baseUrl: string | null; model: string };

/** The model that is asked when the policy names none. */
export const defaultModel = "claude-sonnet-5-5";

/** Why a call brought no answer, in the words of `StepResult.code`. */
export type CallFailure = {
  ok: false;
  code: "service" | "silence" | "time-exceeded" | "cancelled";
  message: string;
};
export type CallAnswer = { ok: true; key: string; replayed: boolean; message: Message } | CallFailure;

/** One call's parameters; the part of Anthropic's that we use. */
export type CallInput = Pick<
  MessageCreateParamsNonStreaming,
  "system" | "messages" | "tools" | "tool_choice" | "max_tokens"
>;

/** How often a stream that broke off is asked for again. */
const mostTries = 3;

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
  const key = digestOf({ about, model: service.model, input: plainJson(input) });
  const stored = await calls.get(key);
  if (stored !== null) {
    const message = parseMessage(stored);
    if (message !== null) return { ok: true, key, replayed: true, message };
  }
  if (service.apiKey === null) {
    return {
      ok: false,
      code: "service",
      message: "there is no ANTHROPIC_API_KEY; set it and start the service again",
    };
  }
  const client = new Anthropic({
    apiKey: service.apiKey,
    ...(service.baseUrl === null ? {} : { baseURL: service.baseUrl }),
    maxRetries: 2,
  });
  for (let tries = 1; ; tries++) {
    const answer = await streamOnce(
      client,
      { ...input, model: service.model },
      signal,
      context.silenceSeconds,
    );
    if (answer.ok) {
      await calls.put(key, JSON.stringify(answer.message));
      return { ok: true, key, replayed: false, message: answer.message };
    }
    if (!answer.again || tries === mostTries) return answer.failure;
    await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** tries));
  }
}

type Streamed = { ok: true; message: Message } | { ok: false; again: boolean; failure: CallFailure };

async function streamOnce(
  client: Anthropic,
  params: CallInput & { model: string },
  signal: AbortSignal,
  silenceSeconds: number,
): Promise<Streamed> {
  const quiet = new AbortController();
  let timer = setTimeout(() => quiet.abort(), silenceSeconds * 1_000);
  try {
    const stream = client.messages.stream(params, { signal: AbortSignal.any([signal, quiet.signal]) });
    stream.on("streamEvent", () => {
      clearTimeout(timer);
      timer = setTimeout(() => quiet.abort(), silenceSeconds * 1_000);
    });
    return { ok: true, message: await stream.finalMessage() };
  } catch (error) {
    const fail = (code: CallFailure["code"], message: string, again = false): Streamed => ({
      ok: false,
      again,
      failure: { ok: false, code, message },
    });
    if (signal.aborted)
      return fail(
        signal.reason instanceof DOMException ? "time-exceeded" : "cancelled",
        "the run was stopped while the model was at work",
      );
    if (quiet.signal.aborted) return fail("silence", `the model said nothing for ${silenceSeconds} s`);
    const status = error instanceof APIError ? error.status : undefined;
    const message = error instanceof Error ? error.message : String(error);
    if (status === 401 || status === 402 || status === 403) {
      return fail(
        "service",
        `the model service refuses our key (${status}); check ANTHROPIC_API_KEY and the account`,
      );
    }
    // What the service calls a bad request stays one; everything else may pass by itself.
    const again = status === undefined || status === 429 || status >= 500;
    return fail(
      "service",
      `the model service failed${status === undefined ? "" : ` (${status})`}: ${message.slice(0, 300)}`,
      again,
    );
  } finally {
    clearTimeout(timer);
  }
}

function plainJson(input: CallInput): Json {
  return z.json().parse(JSON.parse(JSON.stringify(input)));
}

/** An answer as we stored it; only its outer shape is checked, tool inputs are parsed where they are used. */
function parseMessage(text: string): Message | null {
  const message: Message = JSON.parse(text);
  return message.type === "message" && Array.isArray(message.content) ? message : null;
}
