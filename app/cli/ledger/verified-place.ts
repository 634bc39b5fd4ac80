import type { TypedEntry } from "../../../core/entries.ts";
import {
  type BranchLayout,
  bodyPath,
  readLayout,
  segmentLines,
  strayFiles,
  wrongBodies,
} from "../../../core/ledger/branch.ts";
import type { Entry } from "../../../core/ledger/entry.ts";
import type { LedgerProblem } from "../../../core/ledger/problem.ts";
import { applyPurge, referencedBodies } from "../../../core/ledger/retention.ts";
import { typedEntry } from "../../../core/ledger/typed-entry.ts";
import { verifyChain } from "../../../core/ledger/verify.ts";
import type { LedgerSource } from "./place.ts";
import type { LedgerReport } from "./report.ts";
import type { TrustedKeys } from "./trusted-keys.ts";

/** What a ledger is checked against besides its keys. */
export type Asked = {
  /** A head from elsewhere that the ledger must contain. */
  anchor?: { seq: number; hash: string } | undefined;
  /** The numeric id of the repository that it must belong to. */
  repository?: number | undefined;
  /** Bodies removed from the branch, with the number of entries at that time; a folder or archive has no history. */
  taken: ReadonlyMap<string, number>;
  /** Whether to return the entries too: those of a long ledger fill the memory. */
  keep: boolean;
};

/** The report, and the entries if they are kept; use them only if the report is ok. */
export type VerifiedPlace = {
  report: Omit<LedgerReport, "trace">;
  entries: TypedEntry[];
  /** Whether an entry froze a master contract: it and its report can be derived again from the entries. */
  hasMaster: boolean;
  /** Entries of a newer version, which this one cannot read. */
  unread: Entry[];
  /** The repository's name in each entry, by the entry's number. */
  names: Map<number, string>;
};

/** Verifies a whole ledger: its layout, each entry, the bodies, and any other files. */
export function verifySource(source: LedgerSource, trusted: TrustedKeys, asked: Asked): VerifiedPlace {
  const { files } = source;
  const { anchor, repository, taken, keep } = asked;
  const purged = new Map<string, number>();
  const named = new Set<string>();
  let hasMaster = false;
  const kept = { entries: [] as TypedEntry[], unread: [] as Entry[], names: new Map<number, string>() };
  const layout = readLayout(files);
  const chain = verifyChain(layout.ok ? takenLines(files, layout.segments) : [], trusted.keys, {
    expectRepositoryId: repository,
    anchor,
    visit: (entry) => {
      for (const { sha256 } of referencedBodies(entry)) named.add(sha256);
      applyPurge(purged, entry);
      hasMaster ||= entry.kind === "contract.frozen" && "master" in entry.body;
      if (!keep) return;
      kept.names.set(entry.seq, entry.repository.name);
      const typed = typedEntry(entry);
      if (typed === null) kept.unread.push(entry);
      else kept.entries.push(typed);
    },
  });
  const absent = [...named].filter((one) => !files.has(bodyPath(one)));
  // A broken chain proves no purge, and its own problems are reported anyway.
  const missing =
    layout.ok && chain.ok ? absent.filter((one) => isMissing(purged.get(one), taken.get(bodyPath(one)))) : [];
  const problems = [
    ...(layout.ok ? chain.problems : [layoutProblem(layout)]),
    ...bodyProblems(files),
    ...missing.map(missingProblem),
  ];
  const strays = strayFiles(files).map((path) => ({
    position: 0,
    message: `${JSON.stringify(path)} is no part of a ledger: somebody else wrote to the branch`,
  }));
  const report = {
    ...chain,
    ok: problems.length === 0,
    problems,
    notes: [...chain.notes, ...strays],
    kind: source.kind,
    path: source.path,
    ref: source.kind === "git" ? source.ref : null,
    commit: source.kind === "git" ? source.commit : null,
    trust: { source: trusted.source, keys: trusted.keys.length },
    bodies: {
      named: named.size,
      present: named.size - absent.length,
      purged: absent.filter((one) => purged.has(one)).length,
    },
    anchored: anchor !== undefined,
  };
  return { report, hasMaster, ...kept };
}

/** The lines of the segments. Each segment is dropped once it was read: a long ledger would not fit in memory twice. */
function* takenLines(files: LedgerSource["files"], segments: readonly string[]): Generator<string> {
  for (const path of segments) {
    yield* segmentLines(files, [path]);
    files.delete(path);
  }
}

function layoutProblem({ position, message }: Extract<BranchLayout, { ok: false }>): LedgerProblem {
  return { code: "bad-layout", position, message: `nothing was verified: ${message}` };
}

function bodyProblems(files: LedgerSource["files"]): LedgerProblem[] {
  return wrongBodies(files).map((path) => ({
    code: "bad-body",
    position: 0,
    message: `${JSON.stringify(path)} is not the content that its name says`,
  }));
}

/** Whether a body was removed from the branch (after so many entries) before an entry purged it, or without one. */
function isMissing(purgedBy: number | undefined, takenAfter: number | undefined): boolean {
  return takenAfter !== undefined && (purgedBy === undefined || purgedBy > takenAfter);
}

function missingProblem(sha256: string): LedgerProblem {
  const message = `${bodyPath(sha256)} was on the branch and is gone, and no entry had given it up`;
  return { code: "missing-body", position: 0, message };
}
