import type { ResponseCreateParamsStreaming } from "openai/resources/responses/responses";
import * as z from "zod";
import { bytesOf } from "./dialect.ts";
import { answerOf, clientFor, Shape, type Stored, storedOf } from "./openai.ts";
import { keyed, mediaTokens, mostWritten, type Passage, partsOf } from "./passage.ts";

const Tool = z.looseObject({
  type: z.string(),
  execution: z.string().optional(),
  tools: z.array(z.unknown()).optional(),
});

/** Whether a tool runs where the program is; all others run at the service and reach the network. */
function isLocal(tool: unknown): boolean {
  const { data } = Tool.safeParse(tool);
  if (data === undefined) return false;
  const { type, execution, tools = [] } = data;
  if (type === "namespace") return tools.every(isLocal);
  return (
    ["function", "custom", "local_shell", "apply_patch"].includes(type) ||
    (type === "tool_search" && execution === "client")
  );
}

/** The parts of a call that are looked at; the rest is the service's to judge. */
const Call = z.looseObject({
  model: z.string(),
  input: z.union([z.string(), z.array(z.unknown())]),
  stream: z.boolean().optional(),
  store: z.boolean().optional(),
  max_output_tokens: z.int().positive().nullish(),
  service_tier: z.string().nullish(),
  tools: z.array(Tool).optional(),
});

/** An answer with the calls of a program's own tools as well, which only that program reads. */
const Passing = Shape.extend({
  output: z.array(
    Shape.shape.output.element.or(
      z.looseObject({ type: z.string().refine((type) => !["message", "reasoning", "function_call"].includes(type)) }),
    ),
  ),
});

/** The ways of serving that cost no more than a model's price. */
const tiers: readonly string[] = ["auto", "default", "flex"];

/** What an answer would rest on beside the call itself, which is all that its key is made of. */
const elsewhere: readonly string[] = ["previous_response_id", "conversation", "prompt", "background"];

/** What the service would open or has kept: an address carries out what is written into it. */
const isElsewhere = ({ type, image_url, file_url, file_id }: Record<string, unknown>) =>
  type === "item_reference" ||
  (typeof image_url === "string" && !image_url.startsWith("data:")) ||
  typeof file_url === "string" ||
  typeof file_id === "string";

/** Calls of the Responses API, as Codex and its like make them; the service stores none of them. */
export const openaiPassage: Passage = {
  paths: () => ["/v1/responses"],
  pause: ": waiting\n\n",
  take(body) {
    const call = Call.safeParse(body);
    if (!call.success) return { ok: false, why: "this is no call of the Responses API" };
    const { stream, store: _, client_metadata: __, prompt_cache_key, ...asked } = call.data;
    const foreign = asked.tools?.find((one) => !isLocal(one));
    if (foreign !== undefined) return { ok: false, why: `the tool ${foreign.type} runs at the service` };
    const other = elsewhere.find((name) => asked[name] !== undefined && asked[name] !== null && asked[name] !== false);
    if (other !== undefined) return { ok: false, why: `\`${other}\` rests on what stands elsewhere` };
    if (!tiers.includes(asked.service_tier ?? "auto"))
      return { ok: false, why: "`service_tier` costs more than the price of its model" };
    for (const part of partsOf(asked.input, ["content", "output"])) {
      if (isElsewhere(part)) return { ok: false, why: "a part of it stands elsewhere: give its content in the call" };
      // A message may add tools to those of the call, and a search for tools may bring some.
      const tools = part.tools ?? [];
      if (!Array.isArray(tools) || !tools.every(isLocal))
        return { ok: false, why: "a tool that a message adds runs at the service" };
    }
    const params = { ...asked, prompt_cache_key, store: false, stream: true };
    if (!isStreaming(params)) return { ok: false, why: "this is no call of the Responses API" };
    return {
      ok: true,
      model: asked.model,
      isStream: stream === true,
      exact: JSON.stringify(asked),
      exchange: {
        media: mediaTokens(asked),
        most: asked.max_output_tokens ?? mostWritten,
        input: () => keyed(asked),
        async send(_choice, { access, signal, heard }) {
          for await (const event of await clientFor(access).responses.create(params, { signal })) {
            heard(bytesOf(event));
            if ("response" in event && /completed|incomplete|failed/.test(event.type))
              return storedOf(event.response, (item) => [item]);
          }
          throw new Error("its stream ended before its answer did");
        },
        read(stored) {
          const response: Stored = JSON.parse(stored);
          if (!Passing.safeParse(response).success) return null;
          return answerOf(response, () => bytesOf(asked));
        },
        reply: () => undefined,
      },
    };
  },
  events(stored) {
    const response: Stored = JSON.parse(stored);
    const items = response.output.flatMap((item, output_index) => [
      { type: "response.output_item.added", output_index, item },
      ...(item.type !== "message" ? [] : item.content).flatMap((part, content_index) =>
        part.type === "output_text"
          ? [{ type: "response.output_text.delta", item_id: item.id, output_index, content_index, delta: part.text }]
          : [],
      ),
      { type: "response.output_item.done", output_index, item },
    ]);
    const last = response.status === "incomplete" ? "response.incomplete" : "response.completed";
    const list = [
      { type: "response.created", response: { ...response, status: "in_progress", output: [] } },
      ...items,
      { type: last, response },
    ];
    return list.map((event, sequence_number) => ({ ...event, sequence_number }));
  },
  refusal: (message) => ({ error: { type: "invalid_request_error", code: "refused", message } }),
};

/** The service judges the rest of the parameters. */
function isStreaming(body: object): body is ResponseCreateParamsStreaming {
  return Call.safeParse(body).success;
}
