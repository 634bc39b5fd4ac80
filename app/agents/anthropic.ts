import Anthropic, { APIError } from "@anthropic-ai/sdk";
import type {
  Message,
  MessageCreateParamsNonStreaming,
  MessageParam,
  ToolChoice,
  ToolResultBlockParam,
} from "@anthropic-ai/sdk/resources/messages/messages";
import * as z from "zod";
import {
  type Access,
  type Answer,
  AnsweredName,
  bytesOf,
  type Choice,
  countOr,
  type Dialect,
  estimatedTokens,
  noRedirect,
} from "./dialect.ts";

/** What is read of an answer: a service or what stands before it may send anything. */
export const Shape = z.looseObject({
  type: z.literal("message"),
  model: AnsweredName,
  stop_reason: AnsweredName.nullable(),
  content: z.array(
    z
      .looseObject({ type: z.literal("tool_use"), id: z.string(), name: AnsweredName })
      .or(z.looseObject({ type: z.string().refine((type) => type !== "tool_use") })),
  ),
  usage: z.looseObject({}),
});

/** Anthropic's Messages API. */
export const anthropic: Dialect = {
  setting: "ANTHROPIC",
  address: "https://api.anthropic.com",
  model: "claude-sonnet-5-5",
  listModels: (access, timeout) => clientFor(access, timeout).models.list({ limit: 1 }),
  refusalIn: (error) => (error instanceof APIError ? error : null),
  open({ system, first, tools, answerTokens, effort }) {
    const before: MessageParam[] = [];
    let ours: string | ToolResultBlockParam[] = first;
    let said: Message["content"] = [];
    const input = (choice: Choice | undefined) => ({
      system,
      messages: [...before, { role: "user" as const, content: ours }],
      tools,
      ...(choice === undefined ? {} : { tool_choice: choiceOf(choice) }),
      ...(effort === undefined ? {} : { output_config: { effort }, ...thinking(choice) }),
      max_tokens: answerTokens,
    });
    return {
      most: answerTokens,
      input,
      async send(choice, { access, signal, heard }) {
        const params: MessageCreateParamsNonStreaming = {
          ...input(choice),
          model: access.model,
          // These marks change nothing that the model sees, so they are no part of a call's key: what was stored before
          // there were any still serves.
          system: [{ type: "text", text: system, ...cacheMark }],
          messages: [...before, { role: "user", content: marked(ours) }],
        };
        const stream = clientFor(access).messages.stream(params, { signal });
        stream.on("streamEvent", (event) => heard(bytesOf(event)));
        return stream.finalMessage();
      },
      read(stored) {
        const message: Message = JSON.parse(stored);
        if (!Shape.safeParse(message).success) return null;
        said = message.content;
        return answerOf(message, () => bytesOf([before, ours]));
      },
      reply(to) {
        before.push({ role: "user", content: ours }, ...sentBack(said));
        ours =
          typeof to === "string"
            ? to
            : to.map(({ call, ok, text }) => ({
                type: "tool_result",
                tool_use_id: call.id,
                content: text,
                is_error: !ok,
              }));
      },
    };
  },
};

/** Sets every option that the client would otherwise read from the environment; it tries once and prints nothing. */
export function clientFor({ apiKey, baseUrl }: Omit<Access, "model">, timeout?: number) {
  return new Anthropic({
    apiKey,
    authToken: null,
    baseURL: baseUrl ?? anthropic.address,
    maxRetries: 0,
    timeout,
    logLevel: "off",
    fetchOptions: noRedirect,
  });
}

/** A model that may choose its tool thinks between its steps; one that has to use a tool may not, by the service's rules. */
function thinking(choice: Choice | undefined): Pick<MessageCreateParamsNonStreaming, "thinking"> {
  return choice === undefined ? { thinking: { type: "adaptive" } } : {};
}

const cacheMark = { cache_control: { type: "ephemeral" as const } };

/** Our last words, marked at their end: the next call reads from the service's cache all that comes before. */
function marked(content: string | ToolResultBlockParam[]): MessageParam["content"] {
  const blocks = typeof content === "string" ? [{ type: "text" as const, text: content }] : content;
  return blocks.map((block, index) => (index === blocks.length - 1 ? { ...block, ...cacheMark } : block));
}

/** An answer as the service takes it back: it refuses texts of nothing, and an answer of nothing or of thoughts alone. */
function sentBack(said: Message["content"]): MessageParam[] {
  const content = said.filter((block) => block.type !== "text" || block.text.trim() !== "");
  const isSaid = content.some(({ type }) => type === "text" || type === "tool_use");
  return isSaid ? [{ role: "assistant", content }] : [];
}

function choiceOf(choice: Choice): ToolChoice {
  return choice === "any" ? { type: "any" } : { type: "tool", name: choice.only, disable_parallel_tool_use: true };
}

const ends: Readonly<Record<string, Answer["end"]>> = {
  tool_use: "tools",
  end_turn: "text",
  stop_sequence: "text",
  max_tokens: "cut-off",
  model_context_window_exceeded: "cut-off",
  refusal: "refused",
};

export function answerOf({ model, content, stop_reason, usage }: Message, asked: () => number): Answer {
  const reason = String(stop_reason);
  const none = () => 0;
  const cached = countOr(none, usage.cache_read_input_tokens);
  const cacheWrite = countOr(none, usage.cache_creation_input_tokens);
  const fresh = countOr(() => estimatedTokens(asked()), usage.input_tokens);
  return {
    model,
    end: (Object.hasOwn(ends, reason) ? ends[reason] : undefined) ?? "unknown",
    reason,
    calls: content.flatMap((block) =>
      block.type === "tool_use" ? [{ id: block.id, name: block.name, input: block.input }] : [],
    ),
    usage: {
      read: fresh + cacheWrite + cached,
      cached,
      cacheWrite,
      written: countOr(() => estimatedTokens(bytesOf(content)), usage.output_tokens),
    },
  };
}
