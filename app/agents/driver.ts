import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import { isModelAsked } from "../../core/model-name.ts";
import type { AnswerRedaction, StepResult, Usage } from "../../schemas/step.ts";
import { callModel, type Lost, stopped } from "./conversation.ts";
import type { Answer, Choice, Opening, ToolReply } from "./dialect.ts";
import { dialects } from "./dialects.ts";
import type { AgentEvent, CallStore, Service } from "./run.ts";

/** The most tokens of one answer, and the most malformed calls in a row. */
const limits = { answerTokens: 16_000, malformedInRow: 3 } as const;

/** The reply to a model that ends in the same answer as a failed call: it has not seen the failure. */
const unseen = "not-finished: a call before this one failed; look at it, then finish";

/**
 * The reply to one tool call: a text for the model, or the end of the work with its value; `seen`: it is no end while a
 * call before it in the same answer failed.
 */
export type Reply<T> =
  | { type: "text"; ok: boolean; malformed: boolean; path: string | null; text: string }
  | { type: "end"; value: T; seen: boolean };

/** One talk with a model: what it is told, its tools, and its limits. */
export type Talk<T> = {
  system: string;
  first: string;
  tools: Opening["tools"];
  /** Which tools the next answer may use; any or none if absent. */
  choose?(usage: Usage): Choice;
  call(name: string, input: unknown): Promise<Reply<T>>;
  /** The names of the tools that end it, for a model that stops without one. */
  ends: string;
  /** Names what the talk is about: its stored answers serve no other. */
  about: string;
  limits: { runtime: number; silence: number; turns: number; tokens: number };
  service: Service;
  calls: CallStore;
  signal: AbortSignal;
};

/** Why a talk ended without a value, with a code of `StepResult.code`. */
export type TalkFailure = { ok: false; code: StepResult["code"]; message: string };

/** The end of a talk, with the model's usage and what was redacted from its answers. */
export type TalkEnd<T> = { end: { ok: true; value: T } | TalkFailure; usage: Usage; redacted: AnswerRedaction[] };

/**
 * Talks with a model: answers its tool calls until one of them ends the work or a limit is reached. Limits are enforced
 * here, outside the model, and are the same for every service.
 */
export async function* converse<T>(talk: Talk<T>): AsyncGenerator<AgentEvent, TalkEnd<T>> {
  const { system, tools, service, calls, about } = talk;
  const { effort } = service;
  const { answerTokens } = limits;
  const exchange = dialects[service.name].open({ system, first: talk.first, tools, answerTokens, effort });
  const usage: Usage = { model: service.model, calls: 0, inputTokens: 0, outputTokens: 0 };
  const signal = AbortSignal.any([talk.signal, AbortSignal.timeout(talk.limits.runtime * 1_000)]);
  const redacted: AnswerRedaction[] = [];
  const failed = (code: StepResult["code"], message: string) => ({
    end: { ok: false as const, code, message },
    usage,
    redacted,
  });
  let malformed = 0;
  let reminded = false;

  for (let turn = 0; turn < talk.limits.turns; turn++) {
    if (tokensOf(usage) > talk.limits.tokens)
      return failed("tokens-exceeded", `more than ${talk.limits.tokens} tokens were used`);
    const called = await callModel(exchange, talk.choose?.(usage), {
      ...{ service, calls, about, signal },
      silenceSeconds: talk.limits.silence,
    });
    if (!called.ok) {
      addLost(usage, called);
      return failed(called.code, called.message);
    }
    const { answer, key, replayed } = called;
    addUsage(usage, answer, called);
    yield { type: "answer", key, replayed, stopReason: answer.reason, usage: { ...usage } };
    redacted.push(...called.redacted);
    if (redacted.some(({ where }) => where === "file"))
      return failed("secret-in-answer", "the model wrote a secret into a file; nothing of it was used");

    if (!isModelAsked(answer.model, service.model)) {
      const other = JSON.stringify(answer.model.slice(0, 100));
      const why = `the service answered with ${other} and was asked for ${service.model}; nothing of it was used`;
      return failed("bad-answer", `${why}. Name the model in the policy as the service names it`);
    }

    switch (answer.end) {
      case "tools":
        break;
      case "text":
        if (reminded) return failed("bad-answer", `the model stopped without using ${talk.ends}`);
        reminded = true;
        exchange.reply(`Use ${talk.ends} to end.`);
        continue;
      case "cut-off":
        return failed("cut-off", "the model's answer was cut off by a length limit; nothing of it was applied");
      case "refused":
        return failed("refused", "the model refused the task");
      default:
        return failed("bad-answer", `the model stopped for a reason that is not known here: ${answer.reason}`);
    }

    const replies: ToolReply[] = [];
    let isFailed = false;
    for (const call of answer.calls) {
      // One answer can hold hundreds of calls that run in memory: yield, so that the service and our own timer can run.
      await yieldToEventLoop();
      if (signal.aborted) {
        const { code, message: why } = stopped(signal);
        return failed(code, why);
      }
      const reply = await talk.call(call.name, call.input);
      if (reply.type === "end") {
        if (!reply.seen || !isFailed) return { end: { ok: true, value: reply.value }, usage, redacted };
        replies.push({ call, ok: false, text: unseen });
        continue;
      }
      yield { type: "tool", name: call.name, path: reply.path, ok: reply.ok };
      isFailed ||= !reply.ok;
      malformed = reply.malformed ? malformed + 1 : 0;
      if (malformed === limits.malformedInRow)
        return failed("bad-answer", `the model called a tool wrongly ${malformed} times in a row: ${reply.text}`);
      replies.push({ call, ok: reply.ok, text: reply.text });
    }
    if (replies.length === 0) return failed("bad-answer", "the model said that it used a tool and used none");
    exchange.reply(replies);
  }
  return failed("turns-exceeded", `the work was not finished after ${talk.limits.turns} turns`);
}

/** Adds what the service counted for one answer, and what was lost before it. */
export function addUsage(usage: Usage, { model, usage: counted }: Answer, lost: Lost): void {
  const { read, cached, cacheWrite, written } = counted;
  usage.calls += 1;
  usage.model = model;
  usage.inputTokens += read;
  usage.outputTokens += written;
  if (cached > 0) usage.cachedTokens = (usage.cachedTokens ?? 0) + cached;
  if (cacheWrite > 0) usage.cacheWriteTokens = (usage.cacheWriteTokens ?? 0) + cacheWrite;
  addLost(usage, lost);
}

/** Adds what calls used whose service did not tell. */
export function addLost(usage: Usage, { lost, unknown }: Lost): void {
  usage.inputTokens += lost;
  if (unknown > 0) usage.unknownTokens = (usage.unknownTokens ?? 0) + unknown;
}

/** All tokens of a usage, as limits count them. */
export function tokensOf({ inputTokens, outputTokens, unknownTokens = 0 }: Usage): number {
  return inputTokens + outputTokens + unknownTokens;
}
