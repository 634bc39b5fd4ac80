import { createSecretSearch, redactSecrets, type SecretSearch } from "../../collect/secrets/redaction.ts";
import { messageOf, SallyportError } from "../../core/errors.ts";
import { oneLine } from "../../core/escape.ts";
import {
  type Form,
  type FormIndex,
  findForms,
  formsOf,
  indexForms,
} from "../../core/redaction/exact-values.ts";
import { redactRanges } from "../../core/redaction/redaction.ts";
import type { Config } from "./config.ts";

/** The values that must not leave this process, and what finds them in a text. */
export type Secrets = {
  /** A token that GitHub gave us a moment ago. */
  addToken(token: string): void;
  /** A line for the log: one, without our own values and without what a terminal would obey. Anybody may have worded it. */
  redact(line: string): string;
  /** Our own values and all that has the form of a secret. */
  search: SecretSearch;
};

/** Tokens live for an hour; of more than this the oldest are forgotten. */
const maxTokens = 1_000;

/** Collects the service's own secrets: what the settings hold, and every token from the moment it is known. */
export function createSecrets(
  config: Pick<Config, "privateKey" | "webhookSecret" | "ledgerKey" | "anthropic" | "database">,
): Secrets {
  const settings = [
    ...formsOf("app-key", config.privateKey),
    ...formsOf("webhook-secret", config.webhookSecret),
    ...formsOf("ledger-key", config.ledgerKey),
    ...formsOf("anthropic-key", config.anthropic.apiKey ?? ""),
    ...("url" in config.database ? formsOf("database-address", config.database.url) : []),
    ...formsOf("database-password", passwordOf(config.database)),
  ];
  const tokens = new Map<string, Form[]>();
  let index: FormIndex | null = null;
  const find = (text: string) => {
    index ??= indexForms([...settings, ...[...tokens.values()].flat()]);
    return findForms(text, index);
  };
  return {
    addToken(token) {
      // Put at the end again: the order is that of their ages.
      tokens.delete(token);
      tokens.set(token, formsOf("installation-token", token));
      const [oldest] = tokens.keys();
      if (tokens.size > maxTokens && oldest !== undefined) tokens.delete(oldest);
      index = null;
    },
    redact: (line) => oneLine(redactRanges(line, find(line)).text),
    search: createSecretSearch(find),
  };
}

function passwordOf(database: Config["database"]): string {
  if (!("url" in database) || !URL.canParse(database.url)) return "";
  const { password } = new URL(database.url);
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}

/** Runs a job whose failure is stored or shown. */
export async function withoutSecrets<T>(search: SecretSearch, job: () => Promise<T>): Promise<T> {
  try {
    return await job();
  } catch (error) {
    throw await scrubbed(error, search);
  }
}

/**
 * An error as it may be stored or shown: its message goes on without secrets, and the request, answer or cause that it may
 * carry does not go on at all.
 */
export async function scrubbed(error: unknown, search: SecretSearch): Promise<Error> {
  const { text } = await redactSecrets(messageOf(error), search);
  if (!(error instanceof SallyportError)) return new Error(text);
  const { code, retry, notBefore } = error;
  return new SallyportError(code, text, { retry, ...(notBefore === undefined ? {} : { notBefore }) });
}
