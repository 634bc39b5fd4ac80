import { Command } from "commander";
import { collectReplaySources } from "../../../collect/ledger/replay-sources.ts";
import type { TypedEntry } from "../../../core/entries.ts";
import { jsonText, oneLine } from "../../../core/escape.ts";
import { replayRun } from "../../../core/replay/replay.ts";
import { replayDifferences, replayText } from "../../../core/replay/report.ts";
import type { Io } from "../../terminal/io.ts";
import { type KeyOptions, withKeys } from "./trusted-keys.ts";
import { openVerified, tellNotes } from "./verified-entries.ts";

type ReplayOptions = KeyOptions & { json?: boolean };

/**
 * `sallyport replay`: derives a run again from the ledger and, in a clone, from git. Exit status 0 when nothing
 * differs; 1 when something differs or is missing, or the ledger does not verify; 2 when the run is unknown, nothing
 * can be read, or the only problem is purged bodies.
 */
export function replayCommand(io: Io): Command {
  return withKeys(new Command("replay"))
    .description("derive a run again from what was recorded of it, byte for byte, with no server and no token")
    .argument("<run>", "the run, such as run-7-1")
    .argument("[place]", "a clone of the governed repository, an imported folder or an archive", ".")
    .option("--json", "print the replay as JSON")
    .addHelpText("after", "\nExample:\n  npx sallyport replay run-12-1 web.git")
    .action((run: string, source: string, options: ReplayOptions) => replay(io, run, source, options));
}

async function replay(io: Io, run: string, name: string, options: ReplayOptions): Promise<void> {
  const refuse = (message: string, status: 1 | 2 = 2) => {
    io.err(`sallyport replay: ${oneLine(message)}\n`);
    io.exit(status);
  };
  const opened = await openVerified(io, name, options, { keep: true });
  if (!opened.ok) return refuse(opened.why, opened.status);
  const { source, verified } = opened;
  const { entries, names, report } = verified;
  const [problem] = report.problems;
  if (problem !== undefined)
    return refuse(
      `the ledger does not verify, so nothing was replayed: ${problem.message}; see \`sallyport ledger verify\``,
      1,
    );
  tellNotes(io, report);
  const unread = verified.unread.find(({ body }) => body.run === run);
  if (unread !== undefined)
    return refuse(
      `entry ${unread.seq} (${JSON.stringify(unread.kind)}) tells of ${run} and this version cannot read it: use a newer one`,
    );
  const dir = source.kind === "git" ? source.path : null;
  const sources = await collectReplaySources(run, { files: source.files, entries, names, dir });
  const result = replayRun(run, entries, sources);
  if (result === null) return refuse(`the ledger knows no run ${JSON.stringify(run)}${knownRuns(entries)}`);
  const { kind, path } = source;
  const [ref, commit] = source.kind === "git" ? [source.ref, source.commit] : [null, null];
  const origin = ref === null ? `the ${kind} ${path}` : `${ref} at ${commit}`;
  io.out(
    options.json === true
      ? `${jsonText({ ...result, differences: replayDifferences(result), from: { kind, path, ref, commit } })}\n`
      : replayText(result, origin, io.color),
  );
  const { differs, missing } = result.counts;
  io.exit(differs + missing > 0 ? 1 : result.ok ? 0 : 2);
}

function knownRuns(entries: readonly TypedEntry[]): string {
  const runs = entries.flatMap((entry) => (entry.kind === "run.submitted" ? [entry.body.run] : []));
  return runs.length === 0 ? ", nor any other" : `; the newest it knows: ${runs.slice(-5).join(", ")}`;
}
