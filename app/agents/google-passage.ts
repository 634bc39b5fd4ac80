import * as z from "zod";
import { answerOf, generate, storedIn } from "./google.ts";
import { keyed, mediaTokens, mostWritten, type Passage } from "./passage.ts";

const inlineData = z.strictObject({ mimeType: z.string(), data: z.string(), displayName: z.string().optional() });

const Part = z.strictObject({
  text: z.string().optional(),
  thought: z.boolean().optional(),
  thoughtSignature: z.string().optional(),
  inlineData: inlineData.optional(),
  functionCall: z.looseObject({}).optional(),
  functionResponse: z
    .strictObject({
      ...{ id: z.string().optional(), name: z.string(), response: z.record(z.string(), z.unknown()) },
      parts: z.array(z.strictObject({ inlineData })).optional(),
    })
    .optional(),
});

const Content = z.strictObject({ role: z.string().optional(), parts: z.array(Part) });

/**
 * All that a call may hold. This service takes each name in two spellings and has many ways to reach others (files and
 * caches that it keeps, search, code, addresses), so what is not listed here does not pass.
 */
const Call = z.strictObject({
  contents: z.array(Content),
  systemInstruction: Content.optional(),
  tools: z.array(z.strictObject({ functionDeclarations: z.array(z.looseObject({})) })).optional(),
  toolConfig: z.strictObject({ functionCallingConfig: z.looseObject({}).optional() }).optional(),
  generationConfig: z
    .looseObject({
      ...{ maxOutputTokens: z.int().min(1).optional(), candidateCount: z.literal(1).optional() },
      // A model's price is that of text: pictures and speech cost more.
      responseModalities: z.array(z.literal("TEXT")).optional(),
    })
    .refine((config) => Object.keys(config).every((name) => !name.includes("_")), "it is not in this spelling")
    .optional(),
  safetySettings: z.array(z.looseObject({})).optional(),
});

/** What Gemini CLI writes anew in each run, beside the date: its ids of calls, and the process of a command. */
const varying: readonly [RegExp, string][] = [
  [/\b[A-Z][a-z]+day, [A-Z][a-z]+ \d{1,2}, 20\d\d\b/g, "a day"],
  [/(?<=_)1\d{12}(?=_\d)/g, "now"],
  [/\bPGID: \d+/g, "a process"],
];

const calls = ["generateContent", "streamGenerateContent"] as const;

/** Calls of the Gemini API, as Gemini CLI and its like make them. */
export const googlePassage: Passage = {
  paths: (model) => calls.map((call) => `/v1beta/models/${encodeURIComponent(model)}:${call}`),
  // Google's client takes no comment in a stream.
  pause: "\n",
  take(body, _headers, url) {
    const call = Call.safeParse(body);
    if (!call.success) return { ok: false, why: whyNot(call.error) };
    const { pathname, searchParams } = new URL(url, "http://relay");
    const isStream = pathname.endsWith(`:${calls[1]}`);
    if (isStream && searchParams.get("alt") !== "sse") return { ok: false, why: "a stream passes with `alt=sse` only" };
    const { data: asked } = call;
    const text = varying.reduce((now, [found, word]) => now.replaceAll(found, word), keyed(asked).call);
    return {
      ok: true,
      model: null,
      isStream,
      exact: JSON.stringify(asked),
      exchange: {
        media: mediaTokens(asked),
        most: asked.generationConfig?.maxOutputTokens ?? mostWritten,
        input: () => ({ call: text }),
        send: (_choice, to) => generate(asked, to),
        read(stored) {
          const answer = storedIn(stored);
          return answer === null ? null : answerOf(answer, () => Buffer.byteLength(text));
        },
        reply: () => undefined,
      },
    };
  },
  events: (stored) => [JSON.parse(stored)],
  refusal: (message) => ({ error: { code: 400, message, status: "INVALID_ARGUMENT" } }),
};

/** What in a call is not let pass, in one line. */
function whyNot({ issues: [issue] }: z.ZodError): string {
  const names = issue?.code === "unrecognized_keys" ? issue.keys : [issue?.path.join(".") ?? ""];
  const [name = ""] = names;
  return `${JSON.stringify(name.slice(0, 100))} is no part of a call that holds all it needs`;
}
