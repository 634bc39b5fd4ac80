import { Command, InvalidArgumentError } from "commander";
import { type Role, roles } from "../queue/limits.ts";
import { startService } from "../service/service.ts";
import type { Io } from "../terminal/io.ts";
import { envFileOption, withSettings } from "../terminal/settings.ts";

/** `sallyport serve`: the service, with all its settings from the environment. */
export function serveCommand(io: Io): Command {
  return new Command("serve")
    .description("run the GitHub App; settings come from the environment and from .env; .env.example lists them")
    .option(
      "--roles <list>",
      `what this process does, of several on one database: ${roles.join(",")} (default: all)`,
      rolesIn,
    )
    .option(...envFileOption)
    .addHelpText("after", "\nExample:\n  npx sallyport serve --roles receive,reconcile")
    .action(({ envFile, roles: own }: { envFile?: string; roles?: Role[] }) =>
      withSettings(io, { command: "serve", envFile }, async (config) => {
        const log = (line: string) => io.err(`${line}\n`);
        const service = await startService(config, log, own);
        io.err(`sallyport listening on ${service.url}\n`);
        io.err(`ledger key ${service.publicKey}\n`);
        const failure = await Promise.race([stopSignal(), service.failed]);
        if (failure === null) io.err("sallyport stopping: finishing what is under way\n");
        await service.close();
        if (failure !== null) throw failure;
      }),
    );
}

/** Resolves when a person or a supervisor asks the process to end. */
function stopSignal(): Promise<null> {
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve(null));
    process.once("SIGINT", () => resolve(null));
  });
}

function rolesIn(text: string): Role[] {
  return text.split(",").map((name) => {
    const role = roles.find((one) => one === name.trim());
    if (role === undefined) throw new InvalidArgumentError(`${name.trim()} is none of ${roles.join(", ")}.`);
    return role;
  });
}
