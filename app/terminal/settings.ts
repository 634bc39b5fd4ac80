import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { messageOf } from "../../core/errors.ts";
import { oneLine } from "../../core/escape.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { type Config, readConfig } from "../settings/config.ts";
import { createSecrets } from "../settings/secrets.ts";
import { fileProblem } from "./file-problem.ts";
import type { Io } from "./io.ts";

/** The option of commands that need the service's settings. */
export const envFileOption = [
  "--env-file <path>",
  "settings from this file too (default: .env, if it is there)",
] as const;

/**
 * The environment, and below it what a file of settings says: a variable that is set wins. Unknown when a file that was
 * asked for cannot be read.
 */
export function readEnvironment(io: Io, file: string | undefined): Known<Io["env"]> {
  try {
    const content = readFileSync(resolve(io.cwd, file ?? ".env"));
    return known({ ...parseEnv(new TextDecoder("utf-8", { fatal: true }).decode(content)), ...io.env });
  } catch (error) {
    const why = fileProblem(error);
    if (file === undefined && why === fileProblem({ code: "ENOENT" })) return known(io.env);
    return unknown(`the settings file ${file ?? ".env"} cannot be read: ${why}`);
  }
}

/** Whether none of what the service cannot do without is there, as in a folder where nobody set it up. */
function isNothingSet(env: Io["env"]): boolean {
  return !Object.keys(env).some((name) => /^(?:APP_ID|WEBHOOK_SECRET|(?:PRIVATE|LEDGER)_KEY(?:_|$))/.test(name));
}

/**
 * Runs a command's work with the service's settings. If the settings are wrong, or a service they name does not answer,
 * it prints the problems, one per line and without secrets, and sets exit status 2.
 */
export async function withSettings(
  io: Io,
  { command, envFile }: { command: string; envFile: string | undefined },
  run: (config: Config) => Promise<void>,
): Promise<void> {
  const refuse = (why: string) => {
    io.err(`sallyport ${command}: ${oneLine(why)}\n`);
    io.exit(2);
  };
  const env = readEnvironment(io, envFile);
  if (!env.known) return refuse(env.why);
  const reading = readConfig(env.value);
  if (!reading.ok && isNothingSet(env.value))
    return refuse(
      `nothing is set here: \`npx sallyport setup\` makes the App and writes ${envFile ?? ".env"}; run this in that folder`,
    );
  if (!reading.ok) return reading.problems.forEach(refuse);
  const { config } = reading;
  try {
    await run(config);
  } catch (error) {
    const why = createSecrets(config).redact(messageOf(error));
    refuse(`${why}; \`sallyport doctor\` tells what is not in place`);
  }
}
