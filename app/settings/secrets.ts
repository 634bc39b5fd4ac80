import { createSecretSearch, redactSecrets, type SecretSearch } from "../../collect/secrets/redaction.ts";
import { messageOf, SallyportError } from "../../core/errors.ts";
import { oneLine } from "../../core/escape.ts";
import { type Form, type FormIndex, findForms, formsOf, indexForms } from "../../core/redaction/exact-values.ts";
import { redactRanges } from "../../core/redaction/redaction.ts";
import type { Config } from "./config.ts";

/** The values that must not leave this process, and a search for them in texts. */
export type Secrets = {
  /** Adds a token that GitHub has just issued. */
  addToken(token: string): void;
  /** Makes any text a safe log line: one line, without our own values and without terminal control codes. */
  redact(line: string): string;
  /** Finds our own values and everything with the form of a secret. */
  search: SecretSearch;
};

/** Tokens live for an hour; beyond this number the oldest are forgotten. */
const maxTokens = 1_000;

/** Collects the service's own secrets: those of the settings, and every token as soon as it is issued. */
export function createSecrets(
  config: Pick<Config, "privateKey" | "webhookSecret" | "ledgerKey" | "anthropic" | "database"> &
    Partial<Pick<Config, "pages" | "openai" | "google" | "metricsToken" | "digestWebhook" | "tracing">>,
): Secrets {
  const settings = [
    ...formsOf("app-key", config.privateKey),
    ...formsOf("webhook-secret", config.webhookSecret),
    ...formsOf("ledger-key", config.ledgerKey),
    ...(config.pages?.for === "readers" ? formsOf("client-secret", config.pages.clientSecret) : []),
    ...formsOf("anthropic-key", config.anthropic.apiKey ?? ""),
    ...formsOf("openai-key", config.openai?.apiKey ?? ""),
    ...formsOf("google-key", config.google?.apiKey ?? ""),
    ...formsOf("metrics-token", config.metricsToken ?? ""),
    ...formsOf("digest-webhook", config.digestWebhook ?? ""),
    ...Object.values(config.tracing?.headers ?? {}).flatMap((value) => formsOf("tracing-header", value)),
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
      // Re-inserted at the end: the order is by age.
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

/** Runs a job and removes secrets from its failure, which is stored or shown. */
export async function withoutSecrets<T>(search: SecretSearch, job: () => Promise<T>): Promise<T> {
  try {
    return await job();
  } catch (error) {
    throw await scrubbed(error, search);
  }
}

/** An error that is safe to store or show: its message without secrets, and without its request, response or cause. */
export async function scrubbed(error: unknown, search: SecretSearch): Promise<Error> {
  const { text } = await redactSecrets(messageOf(error), search);
  if (!(error instanceof SallyportError)) return new Error(text);
  const { code, retry, notBefore } = error;
  return new SallyportError(code, text, { retry, ...(notBefore === undefined ? {} : { notBefore }) });
}
