import * as z from "zod";
import type { Effort } from "../../schemas/policy-agents.ts";
import {
  type Access,
  type Answer,
  AnsweredName,
  bytesOf,
  type Choice,
  countOr,
  type Dialect,
  type Exchange,
  estimatedTokens,
  noRedirect,
} from "./dialect.ts";

const Part = z.looseObject({
  text: z.string().optional(),
  functionCall: z
    .looseObject({ name: AnsweredName, id: z.string().optional(), args: z.unknown().optional() })
    .optional(),
});

/** What is read of an answer, and of each event of a stream: a service or what stands before it may send anything. */
const Event = z.looseObject({
  candidates: z
    .array(
      z.looseObject({
        content: z.looseObject({ parts: z.array(Part).default([]) }).default({ parts: [] }),
        finishReason: AnsweredName.optional(),
      }),
    )
    .max(1)
    .default([]),
  promptFeedback: z.looseObject({ blockReason: AnsweredName.optional() }).optional(),
  usageMetadata: z.looseObject({}).optional(),
  modelVersion: AnsweredName.optional(),
});

/** A whole answer, which says how it ended and which model gave it. */
const Shape = Event.extend({ modelVersion: AnsweredName }).refine((answer) => reasonOf(answer) !== undefined);
type Stored = z.infer<typeof Shape>;

/**
 * Google's Gemini API. Each call carries the whole talk, with the model's own parts as they came: the signatures of its
 * thoughts stand in them. No client of Google's: one path, one header and a stream need none of its weight.
 */
export const google: Dialect = {
  setting: "GOOGLE",
  address: "https://generativelanguage.googleapis.com",
  model: null,
  async listModels(access, timeout) {
    const list = await ask("models?pageSize=1", access, { signal: AbortSignal.timeout(timeout) });
    return list.json();
  },
  refusalIn(error) {
    if (!(error instanceof Error)) return null;
    const { data } = Refused.safeParse(error.cause);
    if (data !== undefined) return { ...unreached, ...data };
    // What `fetch` says of a service that it did not reach, or that broke off.
    return ["TypeError", "TimeoutError"].includes(error.name) ? unreached : null;
  },
  open({ system, first, tools, answerTokens, effort }) {
    const contents: object[] = [{ role: "user", parts: [{ text: first }] }];
    let said: object[] = [];
    const input = (choice: Choice | undefined) => ({
      systemInstruction: { parts: [{ text: system }] },
      contents,
      tools: [
        {
          functionDeclarations: tools.map(({ name, description, input_schema }) => ({
            ...{ name, description, parametersJsonSchema: input_schema },
          })),
        },
      ],
      ...(choice === undefined ? {} : { toolConfig: { functionCallingConfig: choiceOf(choice) } }),
      generationConfig: {
        ...(effort === undefined ? {} : { thinkingConfig: { thinkingLevel: levels[effort] } }),
        maxOutputTokens: answerTokens,
      },
    });
    return {
      most: answerTokens,
      input,
      send: (choice, call) => generate(input(choice), call),
      read(stored) {
        const answer = storedIn(stored);
        said = answer === null ? [] : partsOf(answer);
        return answer === null ? null : answerOf(answer, () => bytesOf(contents));
      },
      reply(to) {
        const full = said.filter(isFull);
        if (full.length > 0) contents.push({ role: "model", parts: full });
        const parts =
          typeof to === "string"
            ? [{ text: to }]
            : to.map(({ call, ok, text }) => ({
                functionResponse: {
                  ...idIn(call.id),
                  name: call.name,
                  response: ok ? { output: text } : { error: text },
                },
              }));
        contents.push({ role: "user", parts });
      },
    };
  },
};

/** A stored answer; null if it has not the shape of this service's answers. */
export function storedIn(text: string): Stored | null {
  return Shape.safeParse(JSON.parse(text)).data ?? null;
}

/** Makes one call, streamed, and returns the whole answer. Throws when there is none. */
export async function generate(call: object, { access, signal, heard }: Parameters<Exchange["send"]>[1]) {
  const path = `models/${encodeURIComponent(access.model)}:streamGenerateContent?alt=sse`;
  const { body, headers } = await ask(path, access, { method: "POST", body: JSON.stringify(call), signal });
  let whole: z.infer<typeof Event> | null = null;
  for await (const text of eventsIn(body)) {
    heard(Buffer.byteLength(text));
    const event: unknown = JSON.parse(text);
    if (Failure.safeParse(event).success) throw refusal(undefined, headers, event);
    const { data: next } = Event.safeParse(event);
    // No answer, as whoever reads it will say.
    if (next === undefined) return { event };
    whole = added(whole, next);
  }
  if (whole === null || reasonOf(whole) === undefined) throw new Error("its stream ended before its answer did");
  return whole;
}

/** The data of a stream's events, each of which this service writes as one line. */
async function* eventsIn(body: ReadableStream<Uint8Array> | null): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body ?? []) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split(/[\r\n]+/);
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("data:")) yield line.slice(5);
  }
}

/** What came of an answer, with the next event: new parts, and the newest word on everything else. */
function added(before: z.infer<typeof Event> | null, next: z.infer<typeof Event>): z.infer<typeof Event> {
  if (before === null) return next;
  const parts = [...partsOf(before)];
  for (const part of partsOf(next)) {
    const last = parts.at(-1);
    // One text again, so that a secret which came in two pieces is found. A signature is of its own part.
    if (last !== undefined && isBareText(last) && isBareText(part) && last.thought === part.thought)
      parts[parts.length - 1] = { ...last, text: `${last.text}${part.text}` };
    else parts.push(part);
  }
  const candidate = { ...before.candidates[0], ...next.candidates[0], content: { role: "model", parts } };
  return { ...before, ...next, candidates: before.candidates.length + next.candidates.length > 0 ? [candidate] : [] };
}

function isBareText(part: z.infer<typeof Part>): boolean {
  return part.text !== undefined && Object.keys(part).every((name) => name === "text" || name === "thought");
}

/** Whether a part holds something, as the service asks of what it takes back. */
function isFull(part: object): boolean {
  return Object.entries(part).some(([name, value]) => name !== "thought" && value !== "");
}

function partsOf({ candidates: [candidate] }: z.infer<typeof Event>): z.infer<typeof Part>[] {
  return candidate?.content.parts ?? [];
}

/** How an answer ended, in the service's word; nothing: it has not. */
function reasonOf({ candidates: [candidate], promptFeedback }: z.infer<typeof Event>): string | undefined {
  return candidate?.finishReason ?? promptFeedback?.blockReason;
}

const ends: Readonly<Record<string, Answer["end"]>> = {
  MAX_TOKENS: "cut-off",
  SAFETY: "refused",
  RECITATION: "refused",
  BLOCKLIST: "refused",
  PROHIBITED_CONTENT: "refused",
  SPII: "refused",
};

/** A stored answer as every service gives it; `asked`: how many bytes the call had. */
export function answerOf(stored: Stored, asked: () => number): Answer {
  const parts = partsOf(stored);
  const calls = parts.flatMap(({ functionCall: call }) =>
    call === undefined ? [] : [{ id: call.id ?? "", name: call.name, input: call.args ?? {} }],
  );
  const reason = reasonOf(stored) ?? "none";
  const whole = calls.length > 0 ? "tools" : "text";
  const known = Object.hasOwn(ends, reason) ? ends[reason] : undefined;
  const blocked = stored.promptFeedback?.blockReason === undefined ? "unknown" : "refused";
  const told = stored.usageMetadata ?? {};
  const none = () => 0;
  const read =
    countOr(() => estimatedTokens(asked()), told.promptTokenCount) + countOr(none, told.toolUsePromptTokenCount);
  const written =
    countOr(() => estimatedTokens(bytesOf(parts)), told.candidatesTokenCount) + countOr(none, told.thoughtsTokenCount);
  return {
    model: stored.modelVersion,
    end: reason === "STOP" ? whole : (known ?? blocked),
    reason,
    calls,
    usage: {
      read,
      cached: Math.min(read, countOr(none, told.cachedContentTokenCount)),
      cacheWrite: 0,
      // A part of the sum that is not told, or not as a number, counts all the same.
      written: Math.max(written, countOr(none, told.totalTokenCount) - read),
    },
  };
}

/** A call has an id, or the service pairs it with its reply by name and order. */
function idIn(id: string): { id?: string } {
  return id === "" ? {} : { id };
}

function choiceOf(choice: Choice): object {
  return choice === "any" ? { mode: "ANY" } : { mode: "ANY", allowedFunctionNames: [choice.only] };
}

/** The service knows no more than `high`. */
const levels: Readonly<Record<Effort, string>> = {
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "high",
  max: "high",
};

const Failure = z.object({
  error: z.object({
    message: z.string().default("it does not say why"),
    status: z.string().optional(),
    details: z.array(z.object({ reason: z.string().optional(), retryDelay: z.string().optional() })).default([]),
  }),
});

const Refused = z.object({
  status: z.int().optional(),
  code: z.string().optional(),
  headers: z.instanceof(Headers).optional(),
  requestID: z.string().optional(),
});

const unreached = { status: undefined, code: null, headers: undefined, requestID: null };

/** Sends a request with our key to this service and to no other place. Throws what it is refused with. */
async function ask(path: string, { apiKey, baseUrl }: Omit<Access, "model">, init: RequestInit): Promise<Response> {
  const response = await fetch(`${(baseUrl ?? google.address).replace(/\/$/, "")}/v1beta/${path}`, {
    ...init,
    ...noRedirect,
    headers: { "content-type": "application/json", "x-goog-api-key": apiKey },
  });
  if (response.ok) return response;
  throw refusal(response.status, response.headers, await response.json().catch(() => null));
}

/** A refusal as an error. The service says in the body what others say by status and header: a bad key, and how long to wait. */
function refusal(status: number | undefined, headers: Headers, body: unknown): Error {
  const {
    message,
    status: code,
    details,
  } = Failure.safeParse(body).data?.error ?? { message: "no reason", details: [] };
  const isKey = details.some(({ reason }) => reason === "API_KEY_INVALID");
  const [wait] = details.flatMap(({ retryDelay }) => /^(\d+(?:\.\d+)?)s$/.exec(retryDelay ?? "")?.[1] ?? []);
  const told = new Headers(headers);
  if (wait !== undefined && !told.has("retry-after")) told.set("retry-after", wait);
  return new Error(message, { cause: { status: isKey ? 401 : status, code, headers: told } });
}
