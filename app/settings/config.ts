import * as z from "zod";
import { readKey } from "./key-source.ts";

/** Where traces are sent, by OpenTelemetry's standard variables: the address of its HTTP receiver, and its headers. */
export type Tracing = { url: string; headers: Record<string, string>; service: string };

/** The service's settings, as read from the environment once at the start. */
export type Config = {
  appId: number;
  privateKey: string;
  webhookSecret: string;
  /** GitHub's REST API. */
  apiUrl: string;
  port: number;
  host: string;
  database: { url: string } | { folder: string | null };
  ledgerKey: string;
  anthropic: ModelAccess;
  openai: ModelAccess;
  google: ModelAccess;
  /** The folder with the programs that policies name as `tool`; null: there are none. */
  agentTools: string | null;
  /** Where the packages are that verification commands need, without a slash at the end. */
  packageRegistry: string;
  /** Where people reach this service, without a slash at the end; null: nobody said. */
  publicUrl: string | null;
  pages: PagesAccess;
  /** What whoever reads `/metrics` has to send; null: nobody may. */
  metricsToken: string | null;
  /** Where digests are told besides GitHub; null: nowhere. */
  digestWebhook: string | null;
  /** Spaces out writes to GitHub, and waits before a failed read is tried again, as its guidelines ask. */
  throttle: boolean;
  /** Proposes a first policy to a repository without one. */
  onboarding: boolean;
  /** Where traces are sent; null: nowhere. */
  tracing: Tracing | null;
  logLevel: "debug" | "info" | "warn" | "error";
  logFormat: "json" | "pretty";
};

/** Our key to a model service, and where it is; null: nobody set it. */
export type ModelAccess = { apiKey: string | null; baseUrl: string | null };

/** Who sees the pages: whom GitHub lets sign in, whoever is on this machine (`open`), or nobody. */
export type PagesAccess =
  | { for: "nobody" | "this-machine" }
  | { for: "readers"; clientId: string; clientSecret: string };

const makeOne = "make one with `openssl rand -hex 32`";
const secret = z
  .string()
  .min(16, { error: `must have at least 16 characters; ${makeOne}`, abort: true })
  .refine((text) => entropyOf(text) >= minEntropy, `is easy to guess, it repeats few characters; ${makeOne}`);

/** In bits. Sixteen random hex digits have more; sixteen characters of a word written twice have less. */
const minEntropy = 45;

/** How many bits a text's characters hold, by how often each of them occurs. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((bits, count) => bits - count * Math.log2(count / text.length), 0);
}

/**
 * A program and its arguments as a JSON array: no shell, so no quoting that two readers could understand differently.
 */
const command = z.string().transform((text, context) => {
  const argv = z.array(z.string()).min(1).safeParse(fromJson(text));
  if (argv.success && argv.data[0] !== "") return argv.data;
  context.addIssue('write a program and its arguments as a JSON array, such as ["pass","show","sallyport"]');
  return z.NEVER;
});

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A whole number from a variable's text; every problem of it has the same words. */
const whole = (problem: string, least: number, most: number) =>
  z.coerce.number<string>(problem).int(problem).min(least, problem).max(most, problem);
const address = z.url("is no address: write it in full, such as https://api.github.com");

/** Every setting by its variable; `.env.example` lists them with their meaning, and a test compares the two. */
export const Environment = z.object({
  APP_ID: whole("is no App ID: write the number that the App's settings show", 1, Number.MAX_SAFE_INTEGER),
  PRIVATE_KEY: z.string().optional(),
  PRIVATE_KEY_PATH: z.string().optional(),
  WEBHOOK_SECRET: secret,
  GITHUB_API_URL: address.default("https://api.github.com"),
  PORT: whole("is no port: write 0 to 65535", 0, 65_535).default(3000),
  HOST: z.string().default("127.0.0.1"),
  DATABASE_URL: z.string().optional(),
  DATABASE_FOLDER: z.string().default(".sallyport/database"),
  LEDGER_KEY: z.string().optional(),
  LEDGER_KEY_PATH: z.string().optional(),
  LEDGER_KEY_COMMAND: command.optional(),
  ANTHROPIC_API_KEY: z.string().optional(),
  ANTHROPIC_BASE_URL: address.optional(),
  OPENAI_API_KEY: z.string().optional(),
  OPENAI_BASE_URL: address.optional(),
  GOOGLE_API_KEY: z.string().optional(),
  GOOGLE_BASE_URL: address.optional(),
  AGENT_TOOLS: z
    .string()
    .regex(/^\/[^/]/, "is no absolute path of a folder: write it in full, such as /opt/agents")
    .optional(),
  NPM_REGISTRY_URL: address.default("https://registry.npmjs.org"),
  PUBLIC_URL: address.optional(),
  GITHUB_CLIENT_ID: z.string().optional(),
  GITHUB_CLIENT_SECRET: z.string().optional(),
  PAGES: z.literal("open", "is no choice: leave it unset, or write open to show them on this machine").optional(),
  METRICS_TOKEN: secret.optional(),
  DIGEST_WEBHOOK_URL: address.optional(),
  GITHUB_THROTTLE: z.enum(["on", "off"], "is neither: write on or off").default("on"),
  SALLYPORT_ONBOARDING: z.enum(["on", "off"], "is neither: write on or off").default("on"),
  OTEL_EXPORTER_OTLP_ENDPOINT: address.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: address.optional(),
  OTEL_EXPORTER_OTLP_HEADERS: z.string().optional(),
  OTEL_SERVICE_NAME: z.string().default("sallyport"),
  LOG_FORMAT: z
    .enum(["json", "pretty"], "is neither of them: write json for programs, or pretty for people")
    .default("json"),
  LOG_LEVEL: z
    .enum(["debug", "info", "warn", "error"], "is none of them: write debug, info, warn or error")
    .default("info"),
});

export type ConfigReading = { ok: true; config: Config } | { ok: false; problems: string[] };

/**
 * Reads the settings. No safeguard has a default: without a webhook secret, an App key and a ledger key the service
 * does not start (design, invariant 12).
 */
export function readConfig(env: Record<string, string | undefined>): ConfigReading {
  // An empty variable counts as unset: somebody forgot to fill it in.
  const filled = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""));
  const parsed = Environment.safeParse(filled);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      (issue) => `${issue.path.join(".")}: ${wording(issue.message, String(issue.path[0]), filled)}`,
    );
    return { ok: false, problems: [...problems, ...keysNotSet(filled)] };
  }
  const { data } = parsed;
  const problems: string[] = [];
  const privateKey = readKey("PRIVATE_KEY", { text: data.PRIVATE_KEY, path: data.PRIVATE_KEY_PATH }, {});
  if (!privateKey.ok) problems.push(privateKey.problem);
  const source = {
    text: data.LEDGER_KEY,
    path: data.LEDGER_KEY_PATH,
    command: data.LEDGER_KEY_COMMAND,
  };
  const ledgerKey = readKey("LEDGER_KEY", source, programEnvironment(env));
  if (!ledgerKey.ok) problems.push(ledgerKey.problem);
  const pages = pagesOf(data);
  if (typeof pages === "string") problems.push(pages);
  if (!privateKey.ok || !ledgerKey.ok || typeof pages === "string") return { ok: false, problems };
  return {
    ok: true,
    config: {
      appId: data.APP_ID,
      privateKey: privateKey.pem,
      webhookSecret: data.WEBHOOK_SECRET,
      apiUrl: data.GITHUB_API_URL.replace(/\/$/, ""),
      port: data.PORT,
      host: data.HOST,
      database: databaseOf(data),
      ledgerKey: ledgerKey.pem,
      anthropic: { apiKey: data.ANTHROPIC_API_KEY ?? null, baseUrl: data.ANTHROPIC_BASE_URL ?? null },
      openai: { apiKey: data.OPENAI_API_KEY ?? null, baseUrl: data.OPENAI_BASE_URL ?? null },
      google: { apiKey: data.GOOGLE_API_KEY ?? null, baseUrl: data.GOOGLE_BASE_URL ?? null },
      agentTools: data.AGENT_TOOLS?.replace(/\/$/, "") ?? null,
      packageRegistry: data.NPM_REGISTRY_URL.replace(/\/$/, ""),
      publicUrl: data.PUBLIC_URL?.replace(/\/$/, "") ?? null,
      pages,
      metricsToken: data.METRICS_TOKEN ?? null,
      digestWebhook: data.DIGEST_WEBHOOK_URL ?? null,
      throttle: data.GITHUB_THROTTLE === "on",
      onboarding: data.SALLYPORT_ONBOARDING === "on",
      tracing: tracingOf(data),
      logLevel: data.LOG_LEVEL,
      logFormat: data.LOG_FORMAT,
    },
  };
}

/** The private keys without any source, reported together with the other problems; no key is read for that. */
function keysNotSet(filled: Record<string, unknown>): string[] {
  return ["PRIVATE_KEY", "LEDGER_KEY"].flatMap((name) => {
    if ([name, `${name}_PATH`, `${name}_COMMAND`].some((one) => one in filled)) return [];
    const reading = readKey(name, {}, {});
    return reading.ok ? [] : [reading.problem];
  });
}

const loopback: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "::1", "[::1]"]);

/** Who sees the pages, or what is wrong with the settings that say so. */
function pagesOf(data: z.output<typeof Environment>): PagesAccess | string {
  const { PAGES, PUBLIC_URL, GITHUB_CLIENT_ID: clientId, GITHUB_CLIENT_SECRET: clientSecret } = data;
  const at = PUBLIC_URL === undefined ? null : new URL(PUBLIC_URL);
  if (at !== null && at.protocol !== "https:" && !loopback.has(at.hostname))
    return "PUBLIC_URL: is not https: what people see there, and their session, would be read on the way";
  if (at !== null && (at.pathname !== "/" || at.search !== "" || at.hash !== ""))
    return "PUBLIC_URL: has a path: the service needs a host of its own, such as https://sallyport.example.com";
  if (clientId === undefined && clientSecret === undefined) {
    if (PAGES === undefined) return { for: "nobody" };
    return loopback.has(data.HOST)
      ? { for: "this-machine" }
      : "PAGES: open shows everything to whoever reaches HOST: set HOST to 127.0.0.1, or let people sign in";
  }
  if (PAGES !== undefined) return "PAGES: is open, and people are to sign in: leave one of the two unset";
  if (clientId === undefined) return "GITHUB_CLIENT_ID: is not set; the App's settings show it beside the secret";
  if (clientSecret === undefined) return "GITHUB_CLIENT_SECRET: is not set; make one in the App's settings";
  if (at === null) return "PUBLIC_URL: is not set; GitHub sends people who sign in back to it";
  return { for: "readers", clientId, clientSecret };
}

/** Source: OpenTelemetry's specification, "OpenTelemetry Protocol Exporter": the traces' own address is taken as it is. */
function tracingOf(data: z.output<typeof Environment>): Tracing | null {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: all, OTEL_EXPORTER_OTLP_HEADERS: headers = "" } = data;
  const url = data.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? (all && `${all.replace(/\/$/, "")}/v1/traces`);
  if (url === undefined) return null;
  const pairs = headers.split(",").flatMap((pair): [string, string][] => {
    const at = pair.indexOf("=");
    return at > 0 ? [[pair.slice(0, at).trim(), decoded(pair.slice(at + 1).trim())]] : [];
  });
  return { url, headers: Object.fromEntries(pairs), service: data.OTEL_SERVICE_NAME };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function databaseOf(data: z.output<typeof Environment>): Config["database"] {
  if (data.DATABASE_URL !== undefined) return { url: data.DATABASE_URL };
  return { folder: data.DATABASE_FOLDER === "memory" ? null : data.DATABASE_FOLDER };
}

function wording(message: string, name: string, env: Record<string, unknown>): string {
  return name in env ? message : "is not set; see .env.example";
}

/** A key command's environment: the service's own without its settings, some of which are secrets. */
function programEnvironment(env: Record<string, string | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !Object.hasOwn(Environment.shape, name)));
}
