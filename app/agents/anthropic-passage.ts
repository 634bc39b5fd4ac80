import type { BetaMessageStreamParams } from "@anthropic-ai/sdk/resources/beta/messages/messages";
import type { Message } from "@anthropic-ai/sdk/resources/messages/messages";
import * as z from "zod";
import { answerOf, clientFor, Shape } from "./anthropic.ts";
import { bytesOf } from "./dialect.ts";
import { keyed, mediaTokens, type Passage, partsOf } from "./passage.ts";

/** The tools that run where the program is; all others run at the service and reach the network. */
const isLocal = (type: string | undefined) =>
  type === undefined || type === "custom" || /^(?:bash|text_editor|memory)_\d{8}$/.test(type);

/** What the service would open or has kept: an address carries out what is written into it. */
const isElsewhere = ({ type, file_id }: Record<string, unknown>) =>
  type === "url" || type === "file" || type === "container_upload" || file_id !== undefined;

const Added = z.object({ tool: z.object({ definition: z.object({ type: z.string().optional() }).optional() }) });

/** A tool that a message adds to those of the call, and that runs at the service. One that it only names was looked at. */
function isAddedElsewhere(part: Record<string, unknown>): boolean {
  if (part.type !== "tool_addition") return false;
  const { data } = Added.safeParse(part);
  return data === undefined || !isLocal(data.tool.definition?.type);
}

/** What a call may not have, and why: its content is all that it rests on, and its price and payer are the policy's. */
const refused: Readonly<Record<string, string>> = {
  ...{ mcp_servers: "lets the service reach others", container: "lets the service reach others" },
  thread: "rests on what the service keeps",
  ...{ billing_policy: "lets another pay", user_profile_id: "lets another pay", workspace_id: "lets another pay" },
  ...{ fallbacks: "costs another model's price", fallback_credit_token: "costs another model's price" },
  inference_geo: "costs more than the price of its model",
  compaction: "is counted apart from the call",
};

/** Why the service would charge more, let another pay or answer, or reach out for a call; nothing: it would not. */
function refusalOf({ speed, context_management: context, ...asked }: z.infer<typeof Call>): string | undefined {
  const name = Object.keys(refused).find((one) => (asked[one] ?? null) !== null);
  if (name !== undefined) return `\`${name}\` ${refused[name]}`;
  if (![undefined, null, "standard"].includes(speed)) return "`speed` costs more than the price of its model";
  // The service counts what it reads for that apart from the call's own tokens.
  const isCompacted = [...partsOf(context, ["edits"])].some(({ type }) => String(type).startsWith("compact"));
  return isCompacted ? "`context_management` is counted apart from the call" : undefined;
}

/** The parts of a call that are looked at; the rest is the service's to judge. */
const Call = z.looseObject({
  model: z.string(),
  messages: z.array(z.unknown()),
  max_tokens: z.int().min(0),
  speed: z.string().nullish(),
  stream: z.boolean().optional(),
  tools: z.array(z.looseObject({ type: z.string().optional() })).optional(),
});

/** Calls of the Messages API, as Claude Code and its like make them. */
export const anthropicPassage: Passage = {
  paths: () => ["/v1/messages"],
  pause: ": waiting\n\n",
  take(body, headers) {
    const call = Call.safeParse(body);
    if (!call.success) return { ok: false, why: "this is no call of the Messages API" };
    const { stream, metadata: _, ...asked } = call.data;
    const foreign = asked.tools?.find(({ type }) => !isLocal(type));
    if (foreign !== undefined) return { ok: false, why: `the tool ${foreign.type} runs at the service` };
    const why = refusalOf(asked);
    if (why !== undefined) return { ok: false, why };
    for (const part of partsOf(asked.messages, ["content", "source", "tool_changes"])) {
      if (isElsewhere(part)) return { ok: false, why: "a part of it stands elsewhere: give its content in the call" };
      if (isAddedElsewhere(part)) return { ok: false, why: "a tool that a message adds runs at the service" };
    }
    if (!isStreamable(asked)) return { ok: false, why: "this is no call of the Messages API" };
    const params = asked;
    const { "anthropic-beta": betas = "" } = headers;
    return {
      ok: true,
      model: params.model,
      isStream: stream === true,
      exact: JSON.stringify({ asked, betas }),
      exchange: {
        media: mediaTokens(asked),
        most: params.max_tokens,
        input: () => keyed({ call: params, betas }),
        async send(_choice, { access, signal, heard }) {
          const sent = clientFor(access).beta.messages.stream(params, {
            signal,
            headers: betas === "" ? {} : { "anthropic-beta": String(betas) },
          });
          sent.on("streamEvent", (event) => heard(bytesOf(event)));
          return sent.finalMessage();
        },
        read(stored) {
          const message: Message = JSON.parse(stored);
          return Shape.safeParse(message).success ? answerOf(message, () => bytesOf(params)) : null;
        },
        reply: () => undefined,
      },
    };
  },
  events(stored) {
    const message: Message = JSON.parse(stored);
    const { content, stop_reason, stop_sequence, usage } = message;
    return [
      { type: "message_start", message: { ...message, content: [], stop_reason: null, stop_sequence: null } },
      ...content.flatMap((block, index) => {
        const { start, deltas } = pieces(block);
        return [
          { type: "content_block_start", index, content_block: start },
          ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
          { type: "content_block_stop", index },
        ];
      }),
      { type: "message_delta", delta: { stop_reason, stop_sequence }, usage },
      { type: "message_stop" },
    ];
  },
  refusal: (message) => ({ type: "error", error: { type: "invalid_request_error", message } }),
};

/** The service judges the rest of the parameters. */
function isStreamable(body: object): body is BetaMessageStreamParams {
  return Call.safeParse(body).success;
}

/** A block as a stream begins it, and what it adds to that. */
function pieces(block: Message["content"][number]): { start: object; deltas: object[] } {
  switch (block.type) {
    case "text": {
      const citations = (block.citations ?? []).map((citation) => ({ type: "citations_delta", citation }));
      return { start: { type: "text", text: "" }, deltas: [{ type: "text_delta", text: block.text }, ...citations] };
    }
    case "thinking":
      return {
        start: { type: "thinking", thinking: "", signature: "" },
        deltas: [
          { type: "thinking_delta", thinking: block.thinking },
          { type: "signature_delta", signature: block.signature },
        ],
      };
    case "tool_use":
      return {
        start: { ...block, input: {} },
        deltas: [{ type: "input_json_delta", partial_json: JSON.stringify(block.input) }],
      };
    default:
      return { start: block, deltas: [] };
  }
}
