import { once } from "node:events";
import { chmod } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { sha256 } from "../../core/digest.ts";
import { messageOf, SallyportError } from "../../core/errors.ts";
import { isTooDeep } from "../../core/json.ts";
import { isModelAsked } from "../../core/model-name.ts";
import type { AnswerRedaction, Usage } from "../../schemas/step.ts";
import { give } from "../runner/run-folder.ts";
import { callModel } from "./conversation.ts";
import type { Exchange } from "./dialect.ts";
import { addLost, addUsage, type TalkFailure, tokensOf } from "./driver.ts";
import type { PassingCall } from "./passage.ts";
import { passages } from "./passages.ts";
import type { AgentEvent, CallStore, Service } from "./run.ts";

/** The most bytes of one call, how many are held at once, and the milliseconds between two signs of life. */
const limits = { callBytes: 32_000_000, atOnce: 8, ping: 10_000 } as const;

/** The calls of one run, as they pass: what they used, and whether one is under way. */
export type Calls = {
  usage: Usage;
  redacted: AnswerRedaction[];
  isWaiting(): boolean;
  /** Answers a request of the program's. */
  answer(request: IncomingMessage, response: ServerResponse): void;
  /** Lets no further call pass, and waits for the one under way. */
  end(why: string): Promise<void>;
};

/** A relay at work. */
export type Relay = Pick<Calls, "usage" | "redacted" | "isWaiting"> & { close(): Promise<void> };

/** What passes through a relay, and who hears of it. */
export type Passing = {
  service: Service;
  calls: CallStore;
  /** Names what the calls are about: their stored answers serve no other. */
  about: string;
  limits: { silence: number; turns: number; tokens: number };
  signal: AbortSignal;
  /** Hears of an answer before the program does. */
  onAnswer(event: AgentEvent): void | Promise<void>;
  /** The run has to end: why, or an error after which it may be tried again. No call passes any more. */
  onEnd(failure: TalkFailure | SallyportError): void;
};

/**
 * Passes on a program's model calls: those of one kind and one model to the one service, one after the other, with a key
 * that the program never sees. Each answer is stored before the program gets any of it, as our own agents' answers are,
 * so a second run reads it from the store. Limits are counted here; `before`: what the run's calls used already.
 */
export function passCalls(passing: Passing, before?: Pick<Calls, "usage" | "redacted">): Calls {
  const { service, calls, about, signal, onAnswer } = passing;
  const passage = passages[service.name];
  const usage: Usage = { ...(before?.usage ?? { model: service.model, calls: 0, inputTokens: 0, outputTokens: 0 }) };
  const redacted: AnswerRedaction[] = [...(before?.redacted ?? [])];
  let waiting = 0;
  let held = 0;
  let closed: string | null = null;
  let turn: Promise<void> = Promise.resolve();
  const end = (failure: TalkFailure | SallyportError) => {
    if (closed === null) passing.onEnd(failure);
    closed ??= failure.message;
  };
  /** Why no further call may pass; the run ends then. */
  const spent = (): TalkFailure | null => {
    if (tokensOf(usage) > passing.limits.tokens)
      return { ok: false, code: "tokens-exceeded", message: `more than ${passing.limits.tokens} tokens were used` };
    if (usage.calls >= passing.limits.turns)
      return { ok: false, code: "turns-exceeded", message: `more than ${passing.limits.turns} calls were made` };
    return null;
  };

  const told = new Map<string, string[]>();
  /** A call whose key would be that of another one before it has a key of its own. Another run makes them in this order. */
  const apart = ({ exact, exchange }: Extract<PassingCall, { ok: true }>): Exchange => {
    const shared = sha256(JSON.stringify(exchange.input(undefined)));
    const digest = sha256(exact);
    const known = told.get(shared) ?? [];
    const nth = known.includes(digest) ? known.indexOf(digest) : known.push(digest) - 1;
    told.set(shared, known);
    return nth === 0 ? exchange : { ...exchange, input: (choice) => ({ ...exchange.input(choice), nth }) };
  };

  const pass = async (request: IncomingMessage, body: string, response: ServerResponse): Promise<void> => {
    const refuse = (message: string) => send(response, 400, passage.refusal(message));
    if (closed !== null) return refuse(closed);
    if (isTooDeep(body)) return refuse("Sallyport refuses this call: its parts are nested too deep");
    const call = passage.take(jsonOf(body), request.headers, request.url ?? "");
    if (!call.ok) return refuse(`Sallyport refuses this call: ${call.why}`);
    if (call.model !== null && call.model !== service.model)
      return refuse(
        `Sallyport passes on calls of ${service.model} only, and this one is of ${call.model.slice(0, 100)}`,
      );
    const over = spent();
    if (over !== null) {
      end(over);
      return refuse(over.message);
    }
    const alive = setInterval(() => {
      if (!call.isStream) return;
      if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(passage.pause);
    }, limits.ping);
    try {
      const silenceSeconds = passing.limits.silence;
      const called = await callModel(apart(call), undefined, { service, calls, about, signal, silenceSeconds });
      if (!called.ok) {
        addLost(usage, called);
        end({ ok: false, code: called.code, message: called.message });
        return refuse(called.message);
      }
      const { answer, key, replayed } = called;
      addUsage(usage, answer, called);
      redacted.push(...called.redacted);
      if (!isModelAsked(answer.model, service.model)) {
        const message = `the service answered with ${JSON.stringify(answer.model.slice(0, 100))} and was asked for ${service.model}`;
        end({ ok: false, code: "bad-answer", message: `${message}; nothing of it was used` });
        return refuse(message);
      }
      await onAnswer({ type: "answer", key, replayed, stopReason: answer.reason, usage: { ...usage } });
      const stored = await calls.get(key);
      if (stored === null) throw new SallyportError("internal", `the answer ${key} was not stored`);
      if (!call.isStream) return send(response, 200, JSON.parse(stored));
      if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream" });
      const events = passage.events(stored);
      const named = ({ type }: { type?: string }) => (type === undefined ? "" : `event: ${type}\n`);
      response.end(events.map((event) => `${named(event)}data: ${JSON.stringify(event)}\n\n`).join(""));
    } finally {
      clearInterval(alive);
    }
  };
  const fail = (error: unknown, response: ServerResponse) => {
    // As for any effect that meets what nobody foresaw, such as a store that fails: it may be tried again.
    const known =
      error instanceof SallyportError ? error : new SallyportError("internal", messageOf(error), { retry: true });
    end(known);
    send(response, 400, passage.refusal(known.message));
  };

  return {
    usage,
    redacted,
    isWaiting: () => waiting > 0,
    answer(request, response) {
      const paths = passage.paths(service.model);
      if (request.method !== "POST" || !paths.includes(request.url?.split("?")[0] ?? ""))
        return send(response, 404, passage.refusal(`Sallyport passes on ${paths.join(" and ")} only`));
      if (held >= limits.atOnce) return send(response, 429, passage.refusal("too many calls at once: try again later"));
      held += 1;
      response.on("close", () => {
        held -= 1;
      });
      void bodyOf(request).then((body) => {
        if (body === null) return send(response, 400, passage.refusal("the call is too large, or broke off"));
        waiting += 1;
        // One after the other, so that several at once do not pass a limit.
        turn = turn
          .then(() => pass(request, body, response))
          .catch((error: unknown) => fail(error, response))
          .finally(() => {
            waiting -= 1;
          });
      });
    },
    async end(why) {
      closed ??= why;
      await turn;
    },
  };
}

/** Serves a program's model calls on a Unix socket, its only way out. */
export async function startRelay(socket: string, passing: Passing): Promise<Relay> {
  const stop = new AbortController();
  const calls = passCalls({ ...passing, signal: AbortSignal.any([passing.signal, stop.signal]) });
  const server = createServer(calls.answer);
  server.listen(socket);
  await once(server, "listening");
  // Whoever else is on this machine has no business here.
  await chmod(socket, 0o600);
  await give(socket);
  return {
    ...calls,
    close() {
      const ended = calls.end("the run has ended");
      // Nobody waits for the answer of a call that is under way.
      stop.abort();
      server.close();
      server.closeAllConnections();
      return ended;
    },
  };
}

function send(response: ServerResponse, status: number, body: object): void {
  // A stream that has begun can only be told of it in the stream.
  if (response.headersSent) response.end(`event: error\ndata: ${JSON.stringify(body)}\n\n`);
  else response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of request) {
      size += part.length;
      if (size > limits.callBytes) return null;
      parts.push(part);
    }
  } catch {
    return null;
  }
  return Buffer.concat(parts).toString("utf8");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
