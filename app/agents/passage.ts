import type { IncomingHttpHeaders } from "node:http";
import * as z from "zod";
import type { Exchange } from "./dialect.ts";

/** A program's call of a model: the exchange that makes it, or why it does not pass. The program wrote all of it. */
export type PassingCall =
  /** `model` null: its path names it. `exact`: what it asks, word for word, of which its key leaves some out. */
  { ok: true; model: string | null; isStream: boolean; exact: string; exchange: Exchange } | { ok: false; why: string };

/** How the calls that programs make by themselves to one service pass through the relay, in the service's words. */
export type Passage = {
  /** The paths that are passed on for a model. */
  paths(model: string): readonly string[];
  /** What a stream says while its answer is waited for: nothing, as the service's clients understand it. */
  pause: string;
  take(body: unknown, headers: IncomingHttpHeaders, url: string): PassingCall;
  /** The events of a stream that give a whole stored answer, named by their `type` where they have one. */
  events(stored: string): { type?: string }[];
  /** What the service would answer to a call that it refuses for good. */
  refusal(message: string): object;
};

/** The most tokens of an answer to a call that sets no limit: more than any model writes. */
export const mostWritten = 128_000;

/** What a call's key is made of: its text, in which a day is a day, as programs tell their model the date. */
export function keyed(call: object): { call: string } {
  return { call: JSON.stringify(call).replaceAll(/\b20\d\d-\d\d-\d\d\b/g, "a day") };
}

/** The most tokens of a picture, and of a document, a sound or a film: no model reads more in one call. */
const mostRead = { picture: 10_000, other: 1_000_000 } as const;

const Media = z.looseObject({
  type: z.string().optional().catch(undefined),
  image_url: z.string().optional().catch(undefined),
  data: z.string().optional().catch(undefined),
  mimeType: z.string().optional().catch(undefined),
  media_type: z.string().optional().catch(undefined),
});

/** The most tokens of what a call holds beside text: a page, or a second of a film, takes a few bytes of it or none. */
export function mediaTokens(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const within = Object.values(value).reduce((sum: number, one) => sum + mediaTokens(one), 0);
  const { type = "", image_url, data, ...named } = Media.safeParse(value).data ?? {};
  if (type === "input_image" || image_url !== undefined) return within + mostRead.picture;
  if (["input_file", "input_audio"].includes(type)) return within + mostRead.other;
  const kind = named.mimeType ?? named.media_type ?? (type === "base64" ? "unnamed" : undefined);
  if (data === undefined || kind === undefined || /^text\//i.test(kind)) return within;
  return within + (/^image\//i.test(kind) ? mostRead.picture : mostRead.other);
}

const Part = z.record(z.string(), z.unknown());

/** The parts of a call's messages, with those that stand in others under one of these names. */
export function* partsOf(value: unknown, within: readonly string[]): Generator<Record<string, unknown>> {
  if (Array.isArray(value)) {
    for (const one of value) yield* partsOf(one, within);
    return;
  }
  const { data } = Part.safeParse(value);
  if (data === undefined) return;
  yield data;
  for (const name of within) yield* partsOf(data[name], within);
}
