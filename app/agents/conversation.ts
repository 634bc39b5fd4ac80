import { setTimeout as sleep } from "node:timers/promises";
import { sha256 } from "../../core/digest.ts";
import { messageOf, SallyportError } from "../../core/errors.ts";
import { oneLine } from "../../core/escape.ts";
import { canonicalJson } from "../../core/json.ts";
import { AnswerRedaction } from "../../schemas/step.ts";
import { modelCalls, modelTokens } from "../settings/metrics.ts";
import {
  type Access,
  type Answer,
  bytesOf,
  type Choice,
  type Dialect,
  type Exchange,
  estimatedTokens,
  type Refusal,
} from "./dialect.ts";
import { dialects } from "./dialects.ts";
import type { CallStore, Service } from "./run.ts";

/** Why a call gave no answer, with a code of `StepResult.code`. */
export type CallFailure = {
  ok: false;
  code: "service" | "silence" | "time-exceeded" | "cancelled" | "bad-answer" | "money-exceeded";
  message: string;
} & Lost;

/**
 * What calls used whose service did not tell: streams that broke off and answers that cannot be used. `lost` estimates
 * the tokens of what was sent and had come, rather too many than too few; `unknown` are as many as the answers may have
 * had.
 */
export type Lost = { lost: number; unknown: number };

/** An answer with its redactions, or a failure. */
export type CallAnswer =
  | ({ ok: true; key: string; replayed: boolean; answer: Answer; redacted: AnswerRedaction[] } & Lost)
  | CallFailure;

/**
 * The most tries of one call, the milliseconds before the second (the wait then doubles), and the longest wait that a
 * run spends at work; for a longer one it is parked.
 */
const limits = { tries: 3, firstWait: 500, longestWait: 30_000 } as const;

/** The statuses below 500 after which the same request may succeed. */
const passing: readonly number[] = [408, 409, 429];

/** What a service may say in a stream, without a status, that the same request meets again. */
const lasting: readonly string[] = [
  "context_length_exceeded",
  "invalid_prompt",
  "data_residency_mismatch",
  "bio_policy",
  "misalignment_policy_violation",
];

/**
 * Makes one model call, or reads its answer from the store. An answer is stored under the hash of the whole call before
 * it is used, so a crash never pays twice and a replay pays nothing. The stored answer came from the service, and
 * anybody may have steered it: it is data.
 */
export async function callModel(
  exchange: Exchange,
  choice: Choice | undefined,
  context: { service: Service; calls: CallStore; about: string; signal: AbortSignal; silenceSeconds: number },
): Promise<CallAnswer> {
  const { service, calls, about, signal } = context;
  const { apiKey, baseUrl, model, purse } = service;
  const dialect = dialects[service.name];
  const nothing: Lost = { lost: 0, unknown: 0 };
  if (signal.aborted) return { ...stopped(signal), ...nothing };
  const input = exchange.input(choice);
  const key = sha256(canonicalText({ about, model, input }));
  const stored = await calls.get(key);
  const count = (outcome: string) => modelCalls.inc({ model, outcome });
  if (stored !== null) {
    count("stored");
    return { ok: true, key, replayed: true, ...readAnswer(stored, key, exchange), ...nothing };
  }
  if (apiKey === null) {
    const message = `there is no ${dialect.setting}_API_KEY; set it and start the service again`;
    return { ok: false, code: "service", message, ...nothing };
  }
  const size = bytesOf(input);
  const wasted = { ...nothing };
  for (let tries = 1; ; tries++) {
    const read = estimatedTokens(size) + (exchange.media ?? 0);
    const reserved = await purse?.reserve({ read, written: exchange.most });
    if (reserved?.ok === false) {
      if (reserved.until !== null) throw parked(reserved.why, reserved.until);
      return { ok: false, code: "money-exceeded", message: reserved.why, ...wasted };
    }
    const streamed = await streamOnce(exchange, choice, { apiKey, baseUrl, model }, dialect, context);
    count(streamed.ok ? "answered" : streamed.failure.code);
    const waste = () => {
      wasted.lost += estimatedTokens(size + streamed.received);
      wasted.unknown += exchange.most;
      return wasted;
    };
    if (streamed.ok) {
      const answer = storable({ ...streamed.answer, redacted: undefined });
      if (answer === null) return misshapen("the model's answer is not JSON that can be stored", waste());
      // Looked at before it is stored: what is stored is asked for no more.
      if (exchange.read(answer) === null)
        return misshapen("the service's answer has not the shape of its answers", waste());
      await calls.put(key, answer);
      // Read back from the store, so that a replay sees what the first run saw: an answer without secrets.
      const kept = await calls.get(key);
      if (kept === null) throw new SallyportError("internal", `the answer ${key} was not stored`);
      const read = readAnswer(kept, key, exchange);
      await reserved?.settle(read.answer.usage);
      modelTokens.inc({ model, direction: "read" }, read.answer.usage.read);
      modelTokens.inc({ model, direction: "written" }, read.answer.usage.written);
      return { ok: true, key, replayed: false, ...read, ...wasted };
    }
    if (streamed.isUncounted) waste();
    else await reserved?.settle(null);
    if (!streamed.again) return { ...streamed.failure, ...wasted };
    const { waitFor } = streamed;
    // A service that is down for longer is no reason to end the work: it is parked, and goes on from its stored answers.
    if ((waitFor ?? 0) > limits.longestWait)
      throw parked(streamed.failure.message, new Date(Date.now() + (waitFor ?? 0)));
    if (tries === (service.tries ?? limits.tries))
      throw new SallyportError("model", streamed.failure.message, { retry: true });
    // Spread by chance: what failed together does not come back together.
    const wait = waitFor ?? limits.firstWait * 2 ** (tries - 1) * (1 + Math.random());
    await sleep(wait, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return { ...stopped(signal), ...wasted };
  }
}

/** A limit that ends by itself: work waits for it, and no try of it counts. */
function parked(message: string, notBefore: Date): SallyportError {
  const until = `it is taken up again after ${notBefore.toISOString().slice(0, 16)}Z`;
  return new SallyportError("rate-limit", `${message}; ${until}`, { retry: true, notBefore });
}

function misshapen(message: string, lost: Lost): CallFailure {
  return { ok: false, code: "bad-answer", message, ...lost };
}

type Failure = Omit<CallFailure, keyof Lost>;

/** `isUncounted`: it may have to be paid for, and nobody says how much. */
type Streamed =
  | { ok: true; received: number; answer: object }
  | {
      ok: false;
      received: number;
      isUncounted: boolean;
      again: boolean;
      waitFor: number | null;
      failure: Failure;
    };

async function streamOnce(
  exchange: Exchange,
  choice: Choice | undefined,
  access: Access,
  dialect: Dialect,
  { service, signal, ...context }: { service: Service; signal: AbortSignal; silenceSeconds: number },
): Promise<Streamed> {
  const silenceSeconds = service.patience ?? context.silenceSeconds;
  const quiet = new AbortController();
  const listen = () => setTimeout(() => quiet.abort(), silenceSeconds * 1_000);
  let timer = listen();
  let received = 0;
  try {
    const heard = (size: number) => {
      received += size;
      clearTimeout(timer);
      timer = listen();
    };
    const either = AbortSignal.any([signal, quiet.signal]);
    const answer = await exchange.send(choice, { access, signal: either, heard });
    return { ok: true, received, answer };
  } catch (error) {
    const final = (failure: Failure): Streamed => ({
      ok: false,
      received,
      isUncounted: true,
      again: false,
      waitFor: null,
      failure,
    });
    if (signal.aborted) return final(stopped(signal));
    if (quiet.signal.aborted)
      return final({ ok: false, code: "silence", message: `the model said nothing for ${silenceSeconds} s` });
    const isUncounted = received > 0 || (dialect.refusalIn(error)?.status === undefined && !isUnreached(error));
    return { ok: false, received, isUncounted, ...serviceFailure(error, dialect) };
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a call did not come as far as the service. */
function isUnreached(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("code" in error && ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN"].includes(String(error.code))) return true;
  return isUnreached(error.cause);
}

/** Why aborted work ended: its time ran out, or somebody cancelled it. */
export function stopped(signal: AbortSignal): Failure {
  const late = signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
  return late
    ? { ok: false, code: "time-exceeded", message: "the time for this work is used up" }
    : { ok: false, code: "cancelled", message: "the run was stopped while the model was at work" };
}

/** A failure of the service. The statuses that mean our mistake are final; everything else may be retried. */
function serviceFailure(
  error: unknown,
  { setting, refusalIn }: Dialect,
): Pick<Extract<Streamed, { ok: false }>, "again" | "waitFor" | "failure"> {
  const refusal = refusalIn(error);
  const { status, code } = refusal ?? { status: undefined, code: null };
  const fail = (message: string) => ({ ok: false as const, code: "service" as const, message });
  if (status === 401 || status === 402 || status === 403 || code === "insufficient_quota") {
    const why = code === "insufficient_quota" ? code : status;
    const message = `the model service refuses our key (${why}); check ${setting}_API_KEY and the account`;
    return { again: false, waitFor: null, failure: fail(message) };
  }
  // All of this is the service's own text.
  const line = (text: string) => oneLine(text.replaceAll(/\s+/g, " ")).slice(0, 300).toWellFormed();
  const named = line([status, code, refusal?.requestID && `request ${refusal.requestID}`].filter(Boolean).join(", "));
  const isPassing = status === undefined || status >= 500 || passing.includes(status);
  const isElsewhere = status !== undefined && status >= 300 && status < 400;
  const where = isElsewhere ? `; it sends us to another address: check ${setting}_BASE_URL` : "";
  const next = status === 404 ? "; check the model that the policy names" : where;
  return {
    again: isPassing && !lasting.includes(code ?? ""),
    waitFor: retryAfter(refusal?.headers),
    failure: fail(`the model service failed${named === "" ? "" : ` (${named})`}: ${line(messageOf(error))}${next}`),
  };
}

/**
 * The milliseconds that a service asks us to wait, a day at most: its own `retry-after-ms`, or `Retry-After` in seconds
 * or as a date (RFC 9110, 10.2.3).
 */
function retryAfter(headers: Refusal["headers"]): number | null {
  const [exact, header] = [headers?.get("retry-after-ms"), headers?.get("retry-after")];
  const isNumber = (text: string | null | undefined) => /^\d+(\.\d+)?$/.test(text ?? "");
  const wait = isNumber(exact)
    ? Number(exact)
    : isNumber(header)
      ? Number(header) * 1_000
      : Date.parse(header ?? "") - Date.now();
  return Number.isNaN(wait) ? null : Math.min(Math.max(wait, 0), 86_400_000);
}

/** Canonical, so that the key order of an object from elsewhere does not change a hash. */
function canonicalText(value: unknown): string {
  return canonicalJson(JSON.parse(JSON.stringify(value)));
}

/**
 * An answer's text for the store; null if it has no canonical form to hash (half a surrogate pair, endless nesting).
 */
function storable(message: object): string | null {
  try {
    return canonicalText(message);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return null;
    throw error;
  }
}

/** An answer as we stored it. Only its outer shape is checked; tool inputs are parsed where they are used. */
function readAnswer(text: string, key: string, exchange: Exchange): { answer: Answer; redacted: AnswerRedaction[] } {
  const answer = exchange.read(text);
  if (answer === null) throw new SallyportError("internal", `the stored answer ${key} of a model is not a message`);
  const { redacted = [] }: { redacted?: unknown } = JSON.parse(text);
  return { answer, redacted: AnswerRedaction.array().parse(redacted) };
}
