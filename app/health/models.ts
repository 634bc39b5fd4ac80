import Anthropic, { APIConnectionError, APIError } from "@anthropic-ai/sdk";
import { messageOf } from "../../core/errors.ts";
import type { ServiceFact } from "../../core/health/models.ts";
import { anthropicAddress } from "../agents/conversation.ts";
import type { Config } from "../settings/config.ts";

/** How long a service may take to answer, in milliseconds. */
const timeoutMs = 10_000;

/** Asks a service for its list of models, to check the key. This costs no tokens. */
export async function probeService(backend: string, { apiKey, baseUrl }: Config["anthropic"]): Promise<ServiceFact> {
  if (apiKey === null) return { backend, state: "no-key", detail: "" };
  const client = new Anthropic({
    apiKey,
    authToken: null,
    baseURL: baseUrl ?? anthropicAddress,
    maxRetries: 0,
    timeout: timeoutMs,
    logLevel: "off",
  });
  try {
    await client.models.list({ limit: 1 });
    return { backend, state: "answers", detail: "" };
  } catch (error) {
    return { backend, ...refusalOf(error) };
  }
}

function refusalOf(error: unknown): Omit<ServiceFact, "backend"> {
  const detail = messageOf(error);
  if (error instanceof APIConnectionError) return { state: "unreachable", detail: causeOf(error) };
  const status = error instanceof APIError ? error.status : undefined;
  if (status === 401 || status === 403) return { state: "unauthorised", detail };
  if (status === 404 || status === 405) return { state: "no-list", detail };
  return { state: "other", detail };
}

/** The underlying cause of a failed connection, such as a refused port: the client's own message is always the same. */
function causeOf(error: Error): string {
  const { cause } = error;
  const below = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return below instanceof Error && below.message !== "" ? below.message : error.message;
}
