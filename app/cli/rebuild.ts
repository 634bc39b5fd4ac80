import { Command } from "commander";
import { oneLine } from "../../core/escape.ts";
import { type Rebuilt, rebuild } from "../ledger/rebuild.ts";
import type { Io } from "../terminal/io.ts";
import { envFileOption, withSettings } from "../terminal/settings.ts";

/**
 * `sallyport rebuild`: fills an empty or old database from GitHub. Exit status 0: all repositories, 1: one of them
 * could not be read back, 2: bad input.
 */
export function rebuildCommand(io: Io): Command {
  return new Command("rebuild")
    .description("fill an empty or restored database from GitHub; settings as for `serve`, which must not run")
    .option("--accept-loss", "go on although checks name entries that are lost; leaves an incident in the ledger")
    .option("--json", "print one JSON object a repository")
    .option(...envFileOption)
    .addHelpText("after", "\nExample:\n  npx sallyport rebuild --env-file restored.env")
    .action(
      ({ acceptLoss = false, json = false, envFile }: { acceptLoss?: boolean; json?: boolean; envFile?: string }) =>
        withSettings(io, { command: "rebuild", envFile }, async (config) => {
          const all: Rebuilt[] = [];
          await rebuild(config, { acceptLoss }, (one) => {
            all.push(one);
            io.out(json ? `${JSON.stringify(one)}\n` : lineOf(one));
          });
          if (all.length === 0) io.err("sallyport rebuild: the App is installed on no repository\n");
          else if (!json) io.out("Start `sallyport serve`: it looks at everything open and goes on.\n");
          io.exit(all.every((one) => one.ok) ? 0 : 1);
        }),
    );
}

function lineOf(one: Rebuilt): string {
  if (!one.ok) return `✗ ${one.repository}: ${oneLine(one.why)}\n`;
  const { entries, bodies, unpublished, purged, lost } = one.restored;
  const notes = [
    `${entries} entries`,
    `${bodies} prompts and answers`,
    ...(unpublished === 0 ? [] : [`${unpublished} of them were never published and are gone`]),
    ...(purged === 0 ? [] : [`${purged} more were given up after their time, as the ledger says`]),
    ...(lost === null ? [] : [`entry ${lost.seq} and what followed are given up`]),
  ];
  return `✓ ${one.repository}: ${notes.join(", ")}\n`;
}
