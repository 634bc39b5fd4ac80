import { readTakenBodies } from "../../../collect/ledger/taken-bodies.ts";
import { oneLine } from "../../../core/escape.ts";
import { known } from "../../../core/known.ts";
import type { Io } from "../../terminal/io.ts";
import { stop, wholeNumber } from "./input.ts";
import { type LedgerSource, openLedger } from "./place.ts";
import type { LedgerReport } from "./report.ts";
import { givenKeys, type KeyOptions, trustedKeys } from "./trusted-keys.ts";
import { type Asked, type VerifiedPlace, verifySource } from "./verified-place.ts";

/** A ledger that was read and verified, in order or not; or why it cannot be verified, with the exit status. */
export type Opened =
  | { ok: true; source: LedgerSource; verified: VerifiedPlace }
  | { ok: false; status: 1 | 2; why: string };

/** Opens a ledger and verifies all of it, by the given keys or those that its clone's policy pins. */
export async function openVerified(
  io: Io,
  name: string,
  options: KeyOptions,
  asked: Pick<Asked, "anchor" | "keep">,
): Promise<Opened> {
  const refuse = (why: string, status: 1 | 2 = 2) => ({ ok: false as const, status, why });
  const repository = options.repositoryId === undefined ? undefined : wholeNumber(options.repositoryId);
  if (repository === null) return refuse("--repository-id takes a whole number");
  const given = await givenKeys(io, options);
  if (!given.known) return refuse(given.why);
  const read = await openLedger(io.cwd, name);
  if (!read.ok) return read;
  const { source } = read;
  const trusted = await trustedKeys(given.value, source);
  if (!trusted.known) return refuse(trusted.why);
  const taken =
    source.kind === "git" ? await readTakenBodies(source.path, source.commit) : known(new Map<string, number>());
  if (!taken.known) return refuse(taken.why);
  const verified = verifySource(source, trusted.value, { ...asked, repository, taken: taken.value });
  return { ok: true, source, verified };
}

/** A ledger that is in order as a whole. */
export type VerifiedLedger = Omit<VerifiedPlace, "report"> & {
  source: LedgerSource;
  /** The repository's name in the newest entry. */
  repository: string;
};

/**
 * Reads and verifies a whole ledger before anything is reported from it. Null if it cannot be read (exit 2) or is not
 * in order (exit 1); the reason was printed under the command's name.
 */
export async function readVerified(
  io: Io,
  command: string,
  name: string,
  options: KeyOptions,
): Promise<VerifiedLedger | null> {
  const refuse = (message: string, status: 1 | 2) => {
    stop(io, command, message, status);
    return null;
  };
  const opened = await openVerified(io, name, options, { keep: true });
  if (!opened.ok) return refuse(opened.why, opened.status);
  const { report, ...read } = opened.verified;
  const [problem] = report.problems;
  if (problem !== undefined) {
    const message = `the ledger is not in order, so nothing is told from it: ${problem.message}`;
    return refuse(`${message}; see \`sallyport ledger verify\``, 1);
  }
  tellNotes(io, report);
  return { ...read, source: opened.source, repository: read.names.get(report.head?.seq ?? 0) ?? "" };
}

/** Prints the notes on a ledger that is in order to standard error. */
export function tellNotes(io: Io, { notes }: Pick<LedgerReport, "notes">): void {
  for (const { message } of notes) io.err(`note: ${oneLine(message)}\n`);
}

/** Why nothing can be reported about a pull request: this version cannot read an entry about it. Null if it can. */
export function unreadProblem({ unread }: Pick<VerifiedPlace, "unread">, pull: number): string | null {
  const entry = unread.find(({ body }) => body.pull === pull);
  if (entry === undefined) return null;
  return `entry ${entry.seq} (${JSON.stringify(entry.kind)}) is about #${pull} and this version cannot read it: use a newer one`;
}
