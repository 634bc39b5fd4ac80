import type { TypedEntry } from "../../../core/entries.ts";
import { readLayout, segmentLines, wrongBodies } from "../../../core/evidence-branch.ts";
import { type Known, known, unknown } from "../../../core/known.ts";
import type { Entry } from "../../../core/ledger.ts";
import { verifyChain } from "../../../core/ledger-verify.ts";
import { typedEntry } from "../../../core/typed-entry.ts";
import type { Io } from "../io.ts";
import { wholeNumber } from "./arguments.ts";
import { openPlace, type Place } from "./place.ts";
import { stop } from "./refusal.ts";
import { givenKeys, type KeyOptions, type TrustedKeys, trustedKeys } from "./trusted-keys.ts";

/** A ledger that is in order, all of it; `unread` are the entries that a newer version wrote and this one cannot read. */
export type VerifiedLedger = {
  place: Place;
  /** The repository's name, as the newest entry has it, and as each entry has it, by its number. */
  repository: string;
  names: Map<number, string>;
  entries: TypedEntry[];
  unread: Entry[];
};

/**
 * Reads a ledger and verifies all of it, before anything is told from it. Null: it cannot be read (exit 2) or is not in
 * order (exit 1), and it was said why under the command's name.
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
  const repository = options.repositoryId === undefined ? undefined : wholeNumber(options.repositoryId);
  if (repository === null) return refuse("--repository-id takes a whole number", 2);
  const read = await openPlace(io.cwd, name);
  if (!read.ok) return refuse(read.why, read.status);
  const given = await givenKeys(io, options);
  const trusted = given.known ? await trustedKeys(given.value, read.place, options) : given;
  if (!trusted.known) return refuse(trusted.why, 2);
  const verified = verifyPlace(read.place, trusted.value, repository);
  if (verified.known) return verified.value;
  const message = `the ledger is not in order, so nothing is told from it: ${verified.why}`;
  return refuse(`${message}; see \`sallyport ledger verify\``, 1);
}

/** Verifies all of a ledger, if asked that of one repository, and reads its entries; unknown: it is not in order. */
export function verifyPlace(
  place: Place,
  { keys, threshold }: TrustedKeys,
  expectRepositoryId?: number,
): Known<VerifiedLedger> {
  const { files } = place;
  const layout = readLayout(files);
  if (!layout.ok) return unknown(layout.message);
  const [wrong] = wrongBodies(files);
  if (wrong !== undefined) return unknown(`${JSON.stringify(wrong)} is not the content that its name says`);
  const entries: TypedEntry[] = [];
  const unread: Entry[] = [];
  const names = new Map<number, string>();
  let repository = "";
  const report = verifyChain(segmentLines(files, layout.segments), keys, {
    threshold,
    expectRepositoryId,
    visit: (entry) => {
      repository = entry.repository.name;
      names.set(entry.seq, repository);
      const typed = typedEntry(entry);
      if (typed === null) unread.push(entry);
      else entries.push(typed);
    },
  });
  const [problem] = report.problems;
  if (problem !== undefined) return unknown(problem.message);
  return known({ place, repository, names, entries, unread });
}

/** Why nothing can be told of a pull request: an entry about it that this version cannot read. Null: there is none. */
export function unreadProblem({ unread }: Pick<VerifiedLedger, "unread">, pull: number): string | null {
  const entry = unread.find(({ body }) => body.pull === pull);
  if (entry === undefined) return null;
  return `entry ${entry.seq} (${JSON.stringify(entry.kind)}) is about #${pull} and this version cannot read it: use a newer one`;
}
