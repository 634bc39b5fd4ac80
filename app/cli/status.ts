import { Command } from "commander";
import { oneLine } from "../../core/escape.ts";
import { readBacklog, readDelayed, readGivenUp } from "../store/backlog.ts";
import { readLimits } from "../store/limits.ts";
import type { Io } from "../terminal/io.ts";
import { envFileOption } from "../terminal/settings.ts";
import { withStore } from "../terminal/store.ts";

/** The most effects of a kind that are listed. */
const shown = 5;

/**
 * `sallyport status`: what an operator asks first: what waits, for how long, and what was given up. Exit status 1 when
 * something was given up.
 */
export function statusCommand(io: Io): Command {
  return new Command("status")
    .description("show what waits in the queue, the outbox and the ledger, and what was given up")
    .option("--json", "print one JSON object")
    .option(...envFileOption)
    .addHelpText("after", "\nExample:\n  npx sallyport status --json | jq .outbox")
    .action(({ json = false, envFile }: { json?: boolean; envFile?: string }) =>
      withStore(io, { command: "status", envFile }, async (db) => {
        const backlog = await readBacklog(db);
        const { queues, outbox, unpublished } = backlog;
        const [delayed, limits] = [await readDelayed(db, shown), await readLimits(db)];
        if (json) io.out(`${JSON.stringify({ ...backlog, delayed, limits })}\n`);
        else {
          if (queues.length === 0) io.out("queue: nothing waits\n");
          for (const { queue, waiting, active, oldest } of queues)
            io.out(`queue ${queue}: ${waiting} wait${ageText(oldest)}, ${active} at work\n`);
          io.out(`outbox: ${outbox.open} effects to do${ageText(outbox.oldest)}\n`);
          for (const { key, until, why } of delayed)
            io.out(`  ${key} waits until ${until.toISOString()}: ${oneLine(why)}\n`);
          for (const { installation, use, until } of limits)
            io.out(`github: no ${use}s for installation ${installation} until ${until.toISOString()}\n`);
          io.out(`ledger: ${unpublished} entries not published yet\n`);
          if (outbox.failed > 0) io.out(`given up: ${outbox.failed} effects\n`);
          for (const one of await readGivenUp(db, shown)) io.out(`  ${one.key}: ${oneLine(one.message)}\n`);
          if (outbox.failed > 0) io.out("`sallyport queue dead` lists them; `--retry` begins them again\n");
        }
        io.exit(outbox.failed > 0 ? 1 : 0);
      }),
    );
}

function ageText(seconds: number): string {
  return seconds < 1 ? "" : `, the oldest for ${Math.round(seconds)} s`;
}
