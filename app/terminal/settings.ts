import { messageOf } from "../../core/errors.ts";
import { oneLine } from "../../core/escape.ts";
import { type Config, readConfig } from "../settings/config.ts";
import { createSecrets } from "../settings/secrets.ts";
import type { Io } from "./io.ts";

/**
 * Runs a command's work with the service's settings. If the settings are wrong, or a service they name does not answer,
 * it prints the problems, one per line and without secrets, and sets exit status 2.
 */
export async function withSettings(io: Io, command: string, run: (config: Config) => Promise<void>): Promise<void> {
  const refuse = (why: string) => {
    io.err(`sallyport ${command}: ${oneLine(why)}\n`);
    io.exit(2);
  };
  const reading = readConfig(io.env);
  if (!reading.ok) return reading.problems.forEach(refuse);
  const { config } = reading;
  try {
    await run(config);
  } catch (error) {
    const why = createSecrets(config).redact(messageOf(error));
    refuse(`${why}; \`sallyport doctor\` tells what is not in place`);
  }
}
