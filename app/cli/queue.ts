import { Command } from "commander";
import { oneLine } from "../../core/escape.ts";
import { readGivenUp, retryGivenUp } from "../store/backlog.ts";
import type { Io } from "../terminal/io.ts";
import { envFileOption } from "../terminal/settings.ts";
import { withStore } from "../terminal/store.ts";

/** The most effects that are listed. */
const most = 1_000;

/** `sallyport queue dead`: what the outbox gave up, and how it is begun again. Exit status 1: there is something. */
export function queueCommand(io: Io): Command {
  const dead = new Command("dead")
    .description("list the effects that were given up after eight tries; with --retry, begin them again")
    .argument("[keys...]", "only these, with --retry")
    .option("--retry", "begin them again; the service takes them up within five minutes")
    .option("--json", "print one JSON object a line")
    .option(...envFileOption)
    .addHelpText(
      "after",
      "\nA model's work is not begun again here: comment /retry on its issue.\n\nExample:\n  npx sallyport queue dead --retry",
    )
    .action((keys: string[], { retry = false, json = false, envFile }: DeadOptions) =>
      withStore(io, { command: "queue dead", envFile }, async (db) => {
        if (retry) {
          const begun = await retryGivenUp(db, keys.length > 0 ? keys : "all");
          for (const key of begun) io.out(json ? `${JSON.stringify({ key })}\n` : `${key}\n`);
          io.err(`effects that will be tried again: ${begun.length}\n`);
          return io.exit(keys.every((key) => begun.includes(key)) ? 0 : 1);
        }
        const given = await readGivenUp(db, most);
        for (const one of given)
          io.out(json ? `${JSON.stringify(one)}\n` : `${one.key}  ${one.code}: ${oneLine(one.message)}\n`);
        if (given.length === 0) io.err("nothing was given up\n");
        io.exit(given.length > 0 ? 1 : 0);
      }),
    );
  return new Command("queue").description("look into the service's queue").addCommand(dead);
}

type DeadOptions = { retry?: boolean; json?: boolean; envFile?: string };
