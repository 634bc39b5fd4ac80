import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import type { MessageParam, ToolResultBlockParam, ToolUseBlock } from "@anthropic-ai/sdk/resources/messages/messages";
import type { AnswerRedaction, StepResult, Usage } from "../../schemas/step.ts";
import { addUsage, type CallInput, callModel, stopped } from "./conversation.ts";
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
  tools: NonNullable<CallInput["tools"]>;
  /** Which tools the next answer may use; any or none if absent. */
  choose?(usage: Usage): CallInput["tool_choice"];
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
 * Talks with an Anthropic model: answers its tool calls until one of them ends the work or a limit is reached. Limits
 * are enforced here, outside the model.
 */
export async function* converse<T>(talk: Talk<T>): AsyncGenerator<AgentEvent, TalkEnd<T>> {
  const { system, tools, service, calls, about } = talk;
  const messages: MessageParam[] = [{ role: "user", content: talk.first }];
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
    if (usage.inputTokens + usage.outputTokens > talk.limits.tokens)
      return failed("tokens-exceeded", `more than ${talk.limits.tokens} tokens were used`);
    const choice = talk.choose?.(usage);
    const answer = await callModel(
      {
        system,
        messages,
        tools,
        ...(choice === undefined ? {} : { tool_choice: choice }),
        max_tokens: limits.answerTokens,
      },
      { service, calls, about, signal, silenceSeconds: talk.limits.silence },
    );
    if (!answer.ok) {
      usage.inputTokens += answer.lost;
      return failed(answer.code, answer.message);
    }
    const { message, key, replayed } = answer;
    addUsage(usage, message, answer.lost);
    yield { type: "answer", key, replayed, stopReason: message.stop_reason ?? "none" };
    redacted.push(...answer.redacted);
    if (redacted.some(({ where }) => where === "file"))
      return failed("secret-in-answer", "the model wrote a secret into a file; nothing of it was used");

    switch (message.stop_reason) {
      case "tool_use":
        break;
      case "end_turn":
      case "stop_sequence":
        if (reminded) return failed("bad-answer", `the model stopped without using ${talk.ends}`);
        reminded = true;
        messages.push(
          { role: "assistant", content: message.content },
          { role: "user", content: `Use ${talk.ends} to end.` },
        );
        continue;
      case "max_tokens":
      case "model_context_window_exceeded":
        return failed("cut-off", "the model's answer was cut off by a length limit; nothing of it was applied");
      case "refusal":
        return failed("refused", "the model refused the task");
      default:
        return failed(
          "bad-answer",
          `the model stopped for a reason that is not known here: ${String(message.stop_reason)}`,
        );
    }

    const results: ToolResultBlockParam[] = [];
    let isFailed = false;
    for (const block of message.content) {
      if (block.type !== "tool_use") continue;
      // One answer can hold hundreds of calls that run in memory: yield, so that the service and our own timer can run.
      await yieldToEventLoop();
      if (signal.aborted) {
        const { code, message: why } = stopped(signal);
        return failed(code, why);
      }
      const reply = await talk.call(block.name, block.input);
      if (reply.type === "end") {
        if (!reply.seen || !isFailed) return { end: { ok: true, value: reply.value }, usage, redacted };
        results.push(toolResult(block, false, unseen));
        continue;
      }
      yield { type: "tool", name: block.name, path: reply.path, ok: reply.ok };
      isFailed ||= !reply.ok;
      malformed = reply.malformed ? malformed + 1 : 0;
      if (malformed === limits.malformedInRow)
        return failed("bad-answer", `the model called a tool wrongly ${malformed} times in a row: ${reply.text}`);
      results.push(toolResult(block, reply.ok, reply.text));
    }
    if (results.length === 0) return failed("bad-answer", "the model said that it used a tool and used none");
    messages.push({ role: "assistant", content: message.content }, { role: "user", content: results });
  }
  return failed("turns-exceeded", `the work was not finished after ${talk.limits.turns} turns`);
}

function toolResult(block: ToolUseBlock, ok: boolean, text: string): ToolResultBlockParam {
  return { type: "tool_result", tool_use_id: block.id, content: text, is_error: !ok };
}
