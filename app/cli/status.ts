import { Command } from "commander";
import { oneLine } from "../../core/escape.ts";
import { readBacklog, readGivenUp } from "../store/backlog.ts";
import type { Io } from "../terminal/io.ts";
import { envFileOption } from "../terminal/settings.ts";
import { withStore } from "../terminal/store.ts";

/**
 * `sallyport status`: what an operator asks first: what waits, for how long, and what was given up. Exit status 1 when
 * something was given up.
 */
export function statusCommand(io: Io): Command {
  return new Command("status")
    .description("show what waits in the queue, the outbox and the ledger, and what was given up")
    .option("--json", "print one JSON object")
    .option(...envFileOption)
    .addHelpText("after", "\nExample:\n  $ DATABASE_URL=postgres://… sallyport status --json | jq .outbox")
    .action(({ json = false, envFile }: { json?: boolean; envFile?: string }) =>
      withStore(io, { command: "status", envFile }, async (db) => {
        const backlog = await readBacklog(db);
        const { queues, outbox, unpublished } = backlog;
        if (json) io.out(`${JSON.stringify(backlog)}\n`);
        else {
          if (queues.length === 0) io.out("queue: nothing waits\n");
          for (const { queue, waiting, active, oldest } of queues)
            io.out(`queue ${queue}: ${waiting} wait${ageText(oldest)}, ${active} at work\n`);
          io.out(`outbox: ${outbox.open} effects to do${ageText(outbox.oldest)}\n`);
          io.out(`ledger: ${unpublished} entries not published yet\n`);
          if (outbox.failed > 0) io.out(`given up: ${outbox.failed} effects\n`);
          for (const one of await readGivenUp(db, 5)) io.out(`  ${one.key}: ${oneLine(one.message)}\n`);
          if (outbox.failed > 0) io.out("`sallyport queue dead` lists them; `--retry` begins them again\n");
        }
        io.exit(outbox.failed > 0 ? 1 : 0);
      }),
    );
}

function ageText(seconds: number): string {
  return seconds < 1 ? "" : `, the oldest for ${Math.round(seconds)} s`;
}
