import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import type { MessageParam, ToolResultBlockParam, ToolUseBlock } from "@anthropic-ai/sdk/resources/messages/messages";
import { digestOf } from "../../core/digest.ts";
import type { AnswerRedaction, StepResult, Usage } from "../../schemas/step.ts";
import { addUsage, callModel, stopped } from "./conversation.ts";
import { stepPrompt } from "./prompt.ts";
import type { AgentEvent, AgentRun } from "./run.ts";
import { callTool, toolDefinitions } from "./tools.ts";

/** The most tokens of one answer, and the most malformed calls in a row. */
const limits = { answerTokens: 16_000, malformedInRow: 3 } as const;

/** The reply to a model that finishes in the same answer as a failed call: it has not seen the failure. */
const unseen = "not-finished: a call before this one failed; look at it, then finish";

/**
 * Works on one pack with an Anthropic model: it answers tool calls over the workspace until the model finishes or a
 * limit is reached. Limits are enforced here, outside the model. Only a finished run returns files.
 */
export async function* runAnthropic(run: AgentRun): AsyncGenerator<AgentEvent, { result: StepResult; usage: Usage }> {
  const { pack, workspace, calls, service } = run;
  const { system, first } = stepPrompt(pack);
  const tools = toolDefinitions();
  const messages: MessageParam[] = [{ role: "user", content: first }];
  const usage: Usage = { model: service.model, calls: 0, inputTokens: 0, outputTokens: 0 };
  const signal = AbortSignal.any([run.signal, AbortSignal.timeout(pack.limits.runtime * 1_000)]);
  const end = (
    outcome: StepResult["outcome"],
    code: StepResult["code"],
    summary: string,
    more: Partial<StepResult> = {},
  ) => ({
    result: {
      version: 1 as const,
      outcome,
      code,
      summary,
      questions: [],
      files: [],
      claims: [],
      ...more,
      ...(redacted.length === 0 ? {} : { redacted }),
    },
    usage,
  });
  const redacted: AnswerRedaction[] = [];
  let lost = 0;
  let malformed = 0;
  let reminded = false;

  for (let turn = 0; turn < pack.limits.turns; turn++) {
    if (usage.inputTokens + usage.outputTokens + lost > pack.limits.tokens)
      return end("failed", "tokens-exceeded", `more than ${pack.limits.tokens} tokens were used`);
    const answer = await callModel(
      { system, messages, tools, max_tokens: limits.answerTokens },
      { service, calls, about: digestOf(pack), signal, silenceSeconds: pack.limits.silence },
    );
    if (!answer.ok) return end("failed", answer.code, answer.message);
    const { message, key, replayed } = answer;
    addUsage(usage, message);
    lost += answer.lost;
    yield { type: "answer", key, replayed, stopReason: message.stop_reason ?? "none" };
    redacted.push(...answer.redacted);
    if (redacted.some(({ where }) => where === "file"))
      return end("failed", "secret-in-answer", "the model wrote a secret into a file; nothing of it was used");

    switch (message.stop_reason) {
      case "tool_use":
        break;
      case "end_turn":
      case "stop_sequence":
        if (reminded) return end("failed", "bad-answer", "the model stopped without using finish, ask or stop");
        reminded = true;
        messages.push(
          { role: "assistant", content: message.content },
          { role: "user", content: "Use `finish`, `ask` or `stop` to end." },
        );
        continue;
      case "max_tokens":
      case "model_context_window_exceeded":
        return end("failed", "cut-off", "the model's answer was cut off by a length limit; nothing of it was applied");
      case "refusal":
        return end("failed", "refused", "the model refused the task");
      default:
        return end(
          "failed",
          "bad-answer",
          `the model stopped for a reason that is not known here: ${String(message.stop_reason)}`,
        );
    }

    const results: ToolResultBlockParam[] = [];
    let failed = false;
    for (const block of message.content) {
      if (block.type !== "tool_use") continue;
      // One answer can hold hundreds of calls that run in memory: yield, so that the service and our own timer can run.
      await yieldToEventLoop();
      if (signal.aborted) {
        const { code, message: why } = stopped(signal);
        return end("failed", code, why);
      }
      const outcome = await callTool(block.name, block.input, workspace);
      if (outcome.type === "end") {
        if (outcome.outcome === "finished" && failed) {
          results.push(toolResult(block, false, unseen));
          continue;
        }
        if (outcome.outcome !== "finished")
          return end(outcome.outcome, outcome.outcome === "asked" ? "agent-asked" : "agent-stopped", outcome.summary, {
            questions: outcome.questions,
          });
        return end("finished", "finished", outcome.summary, {
          files: await workspace.changes(),
          claims: outcome.claims,
        });
      }
      yield { type: "tool", name: block.name, path: outcome.path, ok: outcome.ok };
      failed ||= !outcome.ok;
      malformed = outcome.malformed ? malformed + 1 : 0;
      if (malformed === limits.malformedInRow)
        return end(
          "failed",
          "bad-answer",
          `the model called a tool wrongly ${malformed} times in a row: ${outcome.text}`,
        );
      results.push(toolResult(block, outcome.ok, outcome.text));
    }
    if (results.length === 0) return end("failed", "bad-answer", "the model said that it used a tool and used none");
    messages.push({ role: "assistant", content: message.content }, { role: "user", content: results });
  }
  return end("failed", "turns-exceeded", `the work was not finished after ${pack.limits.turns} turns`);
}

function toolResult(block: ToolUseBlock, ok: boolean, text: string): ToolResultBlockParam {
  return { type: "tool_result", tool_use_id: block.id, content: text, is_error: !ok };
}
