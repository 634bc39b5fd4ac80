import { jsonText } from "../../../core/escape.ts";
import { readSegments } from "../../../core/ledger/branch.ts";
import { type Entry, entryHash, readEntry } from "../../../core/ledger/entry.ts";
import type { Io } from "../../terminal/io.ts";
import { stop, wholeNumber } from "./input.ts";
import { openLedger } from "./place.ts";
import { entryText, locationOf } from "./report.ts";

export type ShowOptions = {
  kind?: string;
  story?: string;
  pr?: string;
  run?: string;
  person?: string;
  follow?: boolean;
  json?: boolean;
};

/** Which entries are shown; an undefined field matches all. */
type Filter = { kind?: string; person?: string };

/**
 * `ledger show`: prints the matching entries without verifying them. With `--follow` it reads again after each `wait`,
 * until that returns false.
 */
export async function showLedger(
  io: Io,
  name: string,
  options: ShowOptions,
  wait: () => Promise<boolean>,
): Promise<void> {
  const [story, pull] = [options.story, options.pr].map((text) => (text === undefined ? undefined : wholeNumber(text)));
  if (story === null) return stop(io, "show", "--story takes an issue's number", 2);
  if (pull === null) return stop(io, "show", "--pr takes a pull request's number", 2);
  const { kind, run, person } = options;
  const filter: Filter = {
    ...(kind === undefined ? {} : { kind }),
    ...(person === undefined ? {} : { person: person.replace(/^@/, "").toLowerCase() }),
  };
  let shown = { lines: 0, last: "" };
  let printed = 0;
  do {
    const lines = await linesOf(io, name);
    if (lines === null) return;
    const before = shown.lines === 0 ? "" : entryHash(lines[shown.lines - 1] ?? "");
    if (before !== shown.last)
      return stop(io, "show", `entry ${shown.lines} is not the one that was shown: the ledger was rewritten`, 1);
    const entries: Entry[] = [];
    for (const [index, line] of lines.entries()) {
      const read = readEntry(line, index + 1);
      if (!read.ok) return stop(io, "show", `${read.problem.message} [${locationOf(index + 1)}]`, 1);
      entries.push(read.entry);
    }
    const numbers = story === undefined ? null : numbersOf(story, entries);
    const pulls = run === undefined ? null : pullsOf(run, entries);
    for (const entry of entries.slice(shown.lines))
      if (
        fits(entry, filter) &&
        (numbers === null || isAbout(entry, numbers)) &&
        (pull === undefined || isOnPull(entry, new Set([pull]))) &&
        (pulls === null || entry.body.run === run || isOnPull(entry, pulls))
      ) {
        io.out(`${options.json === true ? jsonText(entry, 0) : entryText(entry)}\n`);
        printed += 1;
      }
    shown = { lines: lines.length, last: lines.length === 0 ? "" : entryHash(lines.at(-1) ?? "") };
    if (printed === 0 && options.follow !== true) io.err(`${nothingFits(options, entries)}\n`);
  } while (options.follow === true && (await wait()));
  io.exit(0);
}

/** The ledger's lines; null if it cannot be read, and the reason was printed. */
async function linesOf(io: Io, name: string): Promise<string[] | null> {
  const read = await openLedger(io.cwd, name);
  if (!read.ok) {
    stop(io, "show", read.why, read.status);
    return null;
  }
  const reading = readSegments(read.source.files);
  if (reading.ok) return reading.lines;
  stop(io, "show", `the ledger is broken: ${reading.message}`, 1);
  return null;
}

/** The numbers of a story, of its prompts and of its pull requests; GitHub numbers them all in one sequence. */
function numbersOf(story: number, entries: readonly Entry[]): ReadonlySet<unknown> {
  const ofStory = entries.filter(({ body }) => body.story === story);
  return new Set([story, ...ofStory.flatMap(({ body }) => [body.prompt, body.pull])].filter(Number.isInteger));
}

/** Whether an entry is about one of these numbers. */
function isAbout({ body }: Entry, numbers: ReadonlySet<unknown>): boolean {
  return [body.story, body.pull, body.prompt, body.issue].some((number) => numbers.has(number));
}

/** The pull requests that a run opened or went on at. Their later entries name the pull request alone. */
function pullsOf(run: string, entries: readonly Entry[]): ReadonlySet<unknown> {
  return new Set(entries.filter(({ body }) => body.run === run).flatMap(({ body }) => body.pull ?? []));
}

/** Whether an entry is about one of these pull requests; a command there names it as `issue`, as GitHub does. */
function isOnPull({ body }: Entry, pulls: ReadonlySet<unknown>): boolean {
  return pulls.has(body.pull) || pulls.has(body.issue);
}

/** The line for a filter that matches nothing, with what the ledger has in its place. */
function nothingFits({ kind, run }: ShowOptions, entries: readonly Entry[]): string {
  const line = `none of the ledger's entries fits; it has ${entries.length}`;
  const kinds = [...new Set(entries.map((entry) => entry.kind))].sort();
  if (kind !== undefined && !kinds.some((one) => one === kind || one.startsWith(`${kind}.`)))
    return `${line}, and none of the kind ${kind}. Its kinds: ${kinds.join(", ")}`;
  const runs = [...new Set(entries.flatMap(({ body }) => (typeof body.run === "string" ? [body.run] : [])))];
  if (run !== undefined && !runs.includes(run))
    return `${line}, and none of the run ${run}. Its newest runs: ${runs.slice(-5).join(", ") || "none"}`;
  return line;
}

/** Whether an entry matches all of the filter. `person`: a login, in lower case, or a numeric id. */
function fits({ kind, actor }: Entry, asked: Filter): boolean {
  return (
    (asked.kind === undefined || kind === asked.kind || kind.startsWith(`${asked.kind}.`)) &&
    (asked.person === undefined || actor.login.toLowerCase() === asked.person || String(actor.id) === asked.person)
  );
}
