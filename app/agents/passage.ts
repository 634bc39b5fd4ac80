import type { IncomingHttpHeaders } from "node:http";
import * as z from "zod";
import type { Exchange } from "./dialect.ts";

/** A program's call of a model: the exchange that makes it, or why it does not pass. The program wrote all of it. */
export type PassingCall =
  /** `model` null: its path names it. */
  { ok: true; model: string | null; isStream: boolean; exchange: Exchange } | { ok: false; why: string };

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
