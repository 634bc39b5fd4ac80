import * as z from "zod";
import type { Effort } from "../../schemas/policy-agents.ts";
import type { Counted } from "./run.ts";
import type { toolDefinitions } from "./tools.ts";

/** Fewer than nearly all text has: four of English, and the three of one sign of Chinese are about one token. */
const bytesPerToken = 3;

/** How many bytes a value has as JSON. */
export function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** How many tokens so many bytes of text have, rather too many than too few: for calls whose service did not say. */
export function estimatedTokens(bytes: number): number {
  return Math.ceil(bytes / bytesPerToken);
}

/** Our key and our prompts go to the address that was set and to no other: a redirect is a refusal. */
export const noRedirect = { redirect: "manual" } as const;

/** The most tokens that are believed of one answer. */
const mostTokens = 1_000_000_000;

/** A service's own count of tokens; the guess where it tells none, or what cannot be one. */
export function countOr(guess: () => number, told: unknown): number {
  return Number.isInteger(told) && Number(told) >= 0 && Number(told) <= mostTokens ? Number(told) : guess();
}

/** A name in an answer, such as that of the model or of a tool: it is shown and recorded. */
export const AnsweredName = z.string().max(200);

/** What a talk begins with. The tools keep their order, so that a service can cache them. */
export type Opening = {
  system: string;
  first: string;
  tools: ReturnType<typeof toolDefinitions>;
  /** The most tokens of one answer, with what the model thinks before it. */
  answerTokens: number;
  /** How hard the model thinks; absent: as the service has it, and a call's key is as without it. */
  effort?: Effort | undefined;
};

/** Which tools the next answer has to use: any of them, or one alone and once. */
export type Choice = "any" | { only: string };

/** One call of a tool. A model wrote the input, or it is the text that was no JSON object. */
export type ToolCall = { id: string; name: string; input: unknown };

/** Our reply to a call. */
export type ToolReply = { call: ToolCall; ok: boolean; text: string };

/** A whole answer, as every service gives it. */
export type Answer = {
  /** The model that answered, by the service's own word. */
  model: string;
  /** How it ended, and the service's name for that. */
  end: "tools" | "text" | "cut-off" | "refused" | "unknown";
  reason: string;
  calls: ToolCall[];
  /** `read` includes the cached ones and those that were put into the cache, and `written` what the model thought. */
  usage: Counted;
};

/** Where a service is, our key to it and the model that is asked. */
export type Access = { apiKey: string; baseUrl: string | null; model: string };

/** One talk in the words of one service, which remembers what was said on both sides. */
export type Exchange = {
  /** The most tokens that an answer may have. */
  most: number;
  /** The most tokens that a call has beside those of its text, for pictures and the like; absent: it has none. */
  media?: number;
  /** The next call's parameters: all that the model is shown, and what the call's key is made of. */
  input(choice: Choice | undefined): object;
  /**
   * Makes the next call, streamed, and returns the service's answer for the store. Throws when there is no whole answer.
   * `heard` is told the size of each piece that comes.
   */
  send(
    choice: Choice | undefined,
    call: { access: Access; signal: AbortSignal; heard(size: number): void },
  ): Promise<object>;
  /** Takes in an answer as it is stored; null if it has not the shape of this service's answers. */
  read(stored: string): Answer | null;
  /** Puts the answer that was read last into the talk, and our replies to it, or a sentence. */
  reply(to: readonly ToolReply[] | string): void;
};

/** What a service says when it refuses a call; without a status it broke off, or was not reached. */
export type Refusal = {
  status: number | undefined;
  code?: string | null | undefined;
  headers: Headers | undefined;
  requestID: string | null | undefined;
};

/** How one service is talked to. */
export type Dialect = {
  /** What the variables of its key and its address begin with. */
  setting: string;
  /** Its address when the settings name none. */
  address: string;
  /** The model when the policy names none; null: a policy has to. */
  model: string | null;
  /** Asks for its list of models, which is free; throws as its calls do. `timeout` in milliseconds. */
  listModels(access: Omit<Access, "model">, timeout: number): Promise<unknown>;
  open(opening: Opening): Exchange;
  /** The refusal in an error of its client; null if it is something else. */
  refusalIn(error: unknown): Refusal | null;
};
