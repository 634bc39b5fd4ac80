import { Command } from "commander";
import { startService } from "../service/service.ts";
import type { Io } from "../terminal/io.ts";
import { envFileOption, withSettings } from "../terminal/settings.ts";

/** `sallyport serve`: the service, with all its settings from the environment. */
export function serveCommand(io: Io): Command {
  return new Command("serve")
    .description("run the GitHub App; settings come from the environment and from .env; .env.example lists them")
    .option(...envFileOption)
    .action(({ envFile }: { envFile?: string }) =>
      withSettings(io, { command: "serve", envFile }, async (config) => {
        const log = (line: string) => io.err(`${line}\n`);
        const service = await startService(config, log);
        io.err(`sallyport listening on ${service.url}\n`);
        io.err(`ledger key ${service.publicKey}\n`);
        await stopSignal();
        io.err("sallyport stopping: finishing what is under way\n");
        await service.close();
      }),
    );
}

/** Resolves when a person or a supervisor asks the process to end. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve());
    process.once("SIGINT", () => resolve());
  });
}
