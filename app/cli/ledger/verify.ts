import { readTakenBodies } from "../../../collect/taken-bodies.ts";
import type { TypedEntry } from "../../../core/entries.ts";
import { jsonText } from "../../../core/escape.ts";
import {
  type BranchLayout,
  bodyPath,
  readLayout,
  segmentLines,
  strayFiles,
  wrongBodies,
} from "../../../core/evidence-branch.ts";
import { known } from "../../../core/known.ts";
import type { Entry } from "../../../core/ledger.ts";
import type { LedgerProblem } from "../../../core/ledger-problem.ts";
import { verifyChain } from "../../../core/ledger-verify.ts";
import { bodiesNamed, followPurges } from "../../../core/retention.ts";
import { tracePull } from "../../../core/trace.ts";
import { typedEntry } from "../../../core/typed-entry.ts";
import type { Io } from "../io.ts";
import { readHead, wholeNumber } from "./arguments.ts";
import { openPlace, type Place } from "./place.ts";
import { stop } from "./refusal.ts";
import { type LedgerReport, reportText } from "./report.ts";
import { givenKeys, type KeyOptions, type TrustedKeys, trustedKeys } from "./trusted-keys.ts";
import { unreadProblem } from "./verified-entries.ts";

export type VerifyOptions = KeyOptions & {
  head?: string;
  pr?: string;
  json?: boolean;
};

/** What the chain is held against besides its keys. */
type Asked = {
  anchor: { seq: number; hash: string } | undefined;
  repository: number | undefined;
  pull: number | undefined;
  /** The bodies that were taken off the branch, and after how many entries; a folder or an archive does not tell. */
  taken: ReadonlyMap<string, number>;
  /** Gets the entries that this version cannot read. */
  unread: Entry[];
};

/** `ledger verify`: exit 0 when all of it is in order, 1 when something is not, 2 when that cannot be told. */
export async function verifyLedger(io: Io, name: string, options: VerifyOptions): Promise<void> {
  const refuse = (message: string, status: 1 | 2 = 2) => stop(io, "verify", message, status);
  const anchor = options.head === undefined ? undefined : readHead(options.head);
  if (anchor === null) return refuse("--head takes <seq>:<64 hex digits>, as the check run's text shows it");
  const repository = options.repositoryId === undefined ? undefined : wholeNumber(options.repositoryId);
  if (repository === null) return refuse("--repository-id takes a whole number");
  const pull = options.pr === undefined ? undefined : wholeNumber(options.pr);
  if (pull === null) return refuse("--pr takes a pull request's number");
  const given = await givenKeys(io, options);
  if (!given.known) return refuse(given.why);
  const read = await openPlace(io.cwd, name);
  if (!read.ok) return refuse(read.why, read.status);
  const { place } = read;
  const trusted = await trustedKeys(given.value, place, options);
  if (!trusted.known) return refuse(trusted.why);
  const taken =
    place.kind === "git" ? await readTakenBodies(place.path, place.commit) : known(new Map<string, number>());
  if (!taken.known) return refuse(taken.why);
  const unread: Entry[] = [];
  const report = verifyPlace(place, trusted.value, { anchor, repository, pull, taken: taken.value, unread });
  const newer = pull === undefined || report.problems.length > 0 ? null : unreadProblem({ unread }, pull);
  if (newer !== null) return refuse(newer);
  io.out(options.json === true ? `${jsonText(report)}\n` : reportText(report, io.color));
  io.exit(report.ok ? 0 : 1);
}

function verifyPlace(place: Place, trusted: TrustedKeys, asked: Asked): LedgerReport {
  const { files } = place;
  const { anchor, repository, pull } = asked;
  const purged = new Map<string, number>();
  const named = new Set<string>();
  const entries: TypedEntry[] = [];
  const layout = readLayout(files);
  const chain = verifyChain(layout.ok ? takenLines(files, layout.segments) : [], trusted.keys, {
    threshold: trusted.threshold,
    expectRepositoryId: repository,
    anchor,
    visit: (entry) => {
      for (const { sha256 } of bodiesNamed(entry)) named.add(sha256);
      followPurges(purged, entry);
      if (pull === undefined) return;
      const typed = typedEntry(entry);
      if (typed === null) asked.unread.push(entry);
      else entries.push(typed);
    },
  });
  const absent = [...named].filter((one) => !files.has(bodyPath(one)));
  // A chain that is broken proves no purge, and its problems say enough.
  const missing =
    layout.ok && chain.ok
      ? absent.filter((one) => isMissing(purged.get(one), asked.taken.get(bodyPath(one))))
      : [];
  const problems = [
    ...(layout.ok ? chain.problems : [layoutProblem(layout)]),
    ...bodyProblems(files),
    ...missing.map(missingProblem),
  ];
  const strays = strayFiles(files).map((path) => ({
    position: 0,
    message: `${JSON.stringify(path)} is no part of a ledger: somebody else wrote to the branch`,
  }));
  // What a broken chain shows may be made up, so nothing is traced through it.
  const trace = pull === undefined || problems.length > 0 ? null : tracePull(entries, pull);
  return {
    ...chain,
    ok: problems.length === 0 && trace?.ok !== false,
    problems,
    notes: [...chain.notes, ...strays],
    kind: place.kind,
    path: place.path,
    ref: place.kind === "git" ? place.ref : null,
    commit: place.kind === "git" ? place.commit : null,
    trust: { source: trusted.source, keys: trusted.keys.length, threshold: trusted.threshold },
    bodies: {
      named: named.size,
      present: named.size - absent.length,
      purged: absent.filter((one) => purged.has(one)).length,
    },
    anchored: anchor !== undefined,
    trace,
  };
}

/** The lines of the segments, each of which is let go once it was read: a long ledger would not fit in memory twice. */
function* takenLines(files: Place["files"], segments: readonly string[]): Generator<string> {
  for (const path of segments) {
    yield* segmentLines(files, [path]);
    files.delete(path);
  }
}

function layoutProblem({ position, message }: Extract<BranchLayout, { ok: false }>): LedgerProblem {
  return { code: "bad-layout", position, message: `nothing was verified: ${message}` };
}

function bodyProblems(files: Place["files"]): LedgerProblem[] {
  return wrongBodies(files).map((path) => ({
    code: "bad-body",
    position: 0,
    message: `${JSON.stringify(path)} is not the content that its name says`,
  }));
}

/** Whether a body was taken off the branch (after so many entries) before an entry gave it up, or with none that did. */
function isMissing(purgedBy: number | undefined, takenAfter: number | undefined): boolean {
  return takenAfter !== undefined && (purgedBy === undefined || purgedBy > takenAfter);
}

function missingProblem(sha256: string): LedgerProblem {
  const message = `${bodyPath(sha256)} was on the branch and is gone, and no entry had given it up`;
  return { code: "missing-body", position: 0, message };
}
