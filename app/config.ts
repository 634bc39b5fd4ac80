import { readFileSync } from "node:fs";
import * as z from "zod";

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
  anthropic: { apiKey: string | null; baseUrl: string | null };
  /** Space writes to GitHub out as its guidelines ask. */
  throttle: boolean;
  logLevel: "debug" | "info" | "warn" | "error";
};

const secret = z.string().min(16, "must have at least 16 characters; make one with `openssl rand -hex 32`");

/** Every setting by its variable; `.env.example` lists them with their meaning, and a test holds the two together. */
export const Environment = z.object({
  APP_ID: z.coerce.number<string>().int().positive(),
  PRIVATE_KEY: z.string().optional(),
  PRIVATE_KEY_PATH: z.string().optional(),
  WEBHOOK_SECRET: secret,
  GITHUB_API_URL: z.url().default("https://api.github.com"),
  PORT: z.coerce.number<string>().int().min(0).max(65_535).default(3000),
  HOST: z.string().default("127.0.0.1"),
  DATABASE_URL: z.string().optional(),
  DATABASE_FOLDER: z.string().default(".sallyport/database"),
  LEDGER_KEY: z.string().optional(),
  LEDGER_KEY_PATH: z.string().optional(),
  ANTHROPIC_API_KEY: z.string().optional(),
  ANTHROPIC_BASE_URL: z.url().optional(),
  GITHUB_THROTTLE: z.enum(["on", "off"]).default("on"),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
});

export type ConfigReading = { ok: true; config: Config } | { ok: false; problems: string[] };

/**
 * Reads the settings. Nothing that guards something has a default: without a webhook secret, an App key and a ledger
 * key there is no start (design, invariant 12).
 */
export function readConfig(env: Record<string, string | undefined>): ConfigReading {
  // An empty variable is a variable that somebody forgot to fill in.
  const filled = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = Environment.safeParse(filled);
  if (!parsed.success) {
    return {
      ok: false,
      problems: parsed.error.issues.map(
        (issue) => `${issue.path.join(".")}: ${wording(issue.message, String(issue.path[0]), filled)}`,
      ),
    };
  }
  const { data } = parsed;
  const problems: string[] = [];
  const privateKey = fromFile("PRIVATE_KEY", data.PRIVATE_KEY, data.PRIVATE_KEY_PATH, problems);
  const ledgerKey = fromFile("LEDGER_KEY", data.LEDGER_KEY, data.LEDGER_KEY_PATH, problems);
  if (privateKey === null || ledgerKey === null) return { ok: false, problems };
  return {
    ok: true,
    config: {
      appId: data.APP_ID,
      privateKey,
      webhookSecret: data.WEBHOOK_SECRET,
      apiUrl: data.GITHUB_API_URL.replace(/\/$/, ""),
      port: data.PORT,
      host: data.HOST,
      database: databaseOf(data),
      ledgerKey,
      anthropic: { apiKey: data.ANTHROPIC_API_KEY ?? null, baseUrl: data.ANTHROPIC_BASE_URL ?? null },
      throttle: data.GITHUB_THROTTLE === "on",
      logLevel: data.LOG_LEVEL,
    },
  };
}

function databaseOf(data: z.output<typeof Environment>): Config["database"] {
  if (data.DATABASE_URL !== undefined) return { url: data.DATABASE_URL };
  return { folder: data.DATABASE_FOLDER === "memory" ? null : data.DATABASE_FOLDER };
}

function wording(message: string, name: string, env: Record<string, unknown>): string {
  return name in env ? message : "is not set; see .env.example";
}

/** A key given in a variable (with `\n` for line ends) or as a file's path; keys are never printed. */
function fromFile(
  name: string,
  text: string | undefined,
  path: string | undefined,
  problems: string[],
): string | null {
  if (text !== undefined) return text.replaceAll("\\n", "\n");
  if (path === undefined) {
    problems.push(`${name} or ${name}_PATH: is not set; see .env.example`);
    return null;
  }
  try {
    return readFileSync(path, "utf8");
  } catch {
    problems.push(`${name}_PATH: cannot read ${path}`);
    return null;
  }
}
