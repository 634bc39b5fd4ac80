import OpenAI, { APIError } from "openai";
import type {
  Response,
  ResponseCreateParamsBase,
  ResponseFunctionToolCall,
  ResponseInputItem,
  ResponseOutputItem,
  ResponseOutputMessage,
  ResponseReasoningItem,
  ResponseUsage,
} from "openai/resources/responses/responses";
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

/** A part of an answer in the store. The arguments of a call are parsed there, so that a secret in them is found. */
type Item = ResponseOutputMessage | ResponseReasoningItem | StoredCall;
type StoredCall = Omit<ResponseFunctionToolCall, "arguments"> & { arguments: object | string };

/** An answer in the store: without what the service only repeats of the question. */
export type Stored = Pick<Response, "id" | "object" | "model" | "incomplete_details"> & {
  status: string;
  output: Item[];
  usage: ResponseUsage | null;
};

/** What is read of an answer: a service or what stands before it may send anything. */
export const Shape = z.looseObject({
  object: z.literal("response"),
  model: AnsweredName,
  status: AnsweredName,
  incomplete_details: z.looseObject({ reason: AnsweredName.optional() }).nullish(),
  output: z.array(
    z.discriminatedUnion("type", [
      z.looseObject({ type: z.literal("message"), content: z.array(z.looseObject({ type: z.string() })) }),
      z.looseObject({ type: z.literal("reasoning"), content: z.array(z.unknown()).nullish() }),
      z.looseObject({ type: z.literal("function_call"), call_id: z.string(), name: AnsweredName }),
    ]),
  ),
});

/**
 * OpenAI's Responses API without its storage: each call carries the whole talk, the model's encrypted thoughts included,
 * so a call's key is made of all that the model is shown.
 */
export const openai: Dialect = {
  setting: "OPENAI",
  address: "https://api.openai.com/v1",
  model: null,
  listModels: async (access, timeout) => clientFor(access, timeout).models.list(),
  refusalIn: (error) => (error instanceof APIError ? error : null),
  open({ system, first, tools, answerTokens, effort }) {
    const talk: ResponseInputItem[] = [{ role: "user", content: first }];
    let said: Item[] = [];
    let thinks = true;
    const input = (choice: Choice | undefined) => ({
      instructions: system,
      input: talk,
      // Strict mode takes no optional inputs and no lengths, which our tools have; inputs are parsed here anyway.
      tools: tools.map(({ name, description, input_schema }) => ({
        type: "function" as const,
        name,
        description,
        parameters: input_schema,
        strict: false,
      })),
      ...(choice === undefined ? {} : choiceOf(choice)),
      ...(effort === undefined ? {} : { reasoning: { effort } }),
      max_output_tokens: answerTokens,
    });
    return {
      most: answerTokens,
      input,
      async send(choice, { access, signal, heard }) {
        const client = clientFor(access);
        const start = (more: Pick<ResponseCreateParamsBase, "include">) =>
          client.responses.create(
            { ...input(choice), ...more, model: access.model, store: false, stream: true },
            { signal },
          );
        const thoughts = { include: ["reasoning.encrypted_content" as const] };
        const events = await start(thinks ? thoughts : {}).catch((error: unknown) => {
          if (!thinks || !isWithoutThoughts(error)) throw error;
          // What we asked for beside the answer is no part of what the model is shown: the key stays.
          thinks = false;
          return start({});
        });
        for await (const event of events) {
          heard(bytesOf(event));
          if (
            event.type === "response.completed" ||
            event.type === "response.incomplete" ||
            event.type === "response.failed"
          )
            return storedOf(event.response, itemOf);
        }
        throw new Error("its stream ended before its answer did");
      },
      read(stored) {
        const response: Stored = JSON.parse(stored);
        if (!Shape.safeParse(response).success) return null;
        said = response.output;
        return answerOf(response, () => bytesOf(talk));
      },
      reply(to) {
        // Thoughts that nothing follows are refused: they belong to what comes after them.
        const last = said.findLastIndex(({ type }) => type !== "reasoning");
        const followed = said.slice(0, last + 1);
        talk.push(...followed.filter(isCarried).map(sentBack));
        if (typeof to === "string") talk.push({ role: "user", content: to });
        else
          for (const { call, text } of to) talk.push({ type: "function_call_output", call_id: call.id, output: text });
      },
    };
  },
};

/** Sets every option that the client would otherwise read from the environment; it tries once and prints nothing. */
export function clientFor({ apiKey, baseUrl }: Omit<Access, "model">, timeout?: number) {
  return new OpenAI({
    apiKey,
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    baseURL: baseUrl ?? openai.address,
    maxRetries: 0,
    timeout,
    logLevel: "off",
    fetchOptions: noRedirect,
  });
}

function choiceOf(choice: Choice): Pick<ResponseCreateParamsBase, "tool_choice" | "parallel_tool_calls"> {
  if (choice === "any") return { tool_choice: "required" };
  return { tool_choice: { type: "function", name: choice.only }, parallel_tool_calls: false };
}

/** The one refusal that asking without encrypted thoughts settles: a model that has none. */
function isWithoutThoughts(error: unknown): boolean {
  return error instanceof APIError && error.status === 400 && /encrypted content is not supported/i.test(error.message);
}

/** An answer for the store, with what is made of its items. One that failed is none: the service says why in it. */
export function storedOf<T>(
  { id, object, model, status, error, incomplete_details, output, usage }: Response,
  itemsOf: (item: ResponseOutputItem) => T[],
) {
  if (status === "failed") {
    const { code = "unknown", message = "it does not say why" } = error ?? {};
    throw new APIError(undefined, { code, message }, `${code}: ${message}`, undefined);
  }
  const items = output.flatMap(itemsOf);
  return { id, object, model, status: status ?? "none", incomplete_details, output: items, usage: usage ?? null };
}

/** Other items belong to tools of the service's own, which we do not offer. */
function itemOf(item: ResponseOutputItem): Item[] {
  if (item.type === "message" || item.type === "reasoning") return [item];
  if (item.type !== "function_call") return [];
  return [{ ...item, arguments: objectIn(item.arguments) ?? item.arguments }];
}

function objectIn(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** Thoughts that we were given neither encrypted nor in words are only an id, and the service stored nothing for it. */
function isCarried(item: Item): boolean {
  return item.type !== "reasoning" || Boolean(item.encrypted_content) || (item.content ?? []).length > 0;
}

function sentBack(item: Item): ResponseInputItem {
  if (item.type !== "function_call") return item;
  const { arguments: given } = item;
  return { ...item, arguments: typeof given === "string" ? given : JSON.stringify(given) };
}

const cut: Readonly<Record<string, Answer["end"]>> = { max_output_tokens: "cut-off", content_filter: "refused" };

export function answerOf({ model, status, incomplete_details, output, usage }: Stored, asked: () => number): Answer {
  const calls = output.flatMap((item) =>
    item.type === "function_call" ? [{ id: item.call_id, name: item.name, input: item.arguments }] : [],
  );
  const read = countOr(() => estimatedTokens(asked()), usage?.input_tokens);
  const cached = Math.min(
    read,
    countOr(() => 0, usage?.input_tokens_details?.cached_tokens),
  );
  return {
    model,
    ...endOf(status, incomplete_details?.reason, output),
    calls,
    usage: {
      read,
      cached,
      cacheWrite: Math.min(
        read - cached,
        countOr(() => 0, usage?.input_tokens_details?.cache_write_tokens),
      ),
      written: countOr(() => estimatedTokens(bytesOf(output)), usage?.output_tokens),
    },
  };
}

function endOf(
  status: Stored["status"],
  why: string | undefined,
  output: readonly Item[],
): Pick<Answer, "end" | "reason"> {
  if (status === "incomplete") {
    const reason = why ?? "incomplete";
    return { end: (Object.hasOwn(cut, reason) ? cut[reason] : undefined) ?? "unknown", reason };
  }
  if (status !== "completed") return { end: "unknown", reason: status };
  const isRefused = output.some(
    (item) => item.type === "message" && item.content.some((part) => part.type === "refusal"),
  );
  if (isRefused) return { end: "refused", reason: "refusal" };
  return { end: output.some((item) => item.type === "function_call") ? "tools" : "text", reason: status };
}
