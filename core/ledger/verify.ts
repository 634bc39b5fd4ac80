import { attemptKinds, checkAttempt, emptyAttempts } from "./attempt-protocol.ts";
import { type Entry, type LedgerHead, readStatement } from "./entry.ts";
import { openEnvelope } from "./envelope.ts";
import { type Keyring, keyringOf, type LedgerKey, permissionProblem, signatureProblem } from "./keyring.ts";
import type { LedgerProblem } from "./problem.ts";
import { typedEntry } from "./typed-entry.ts";

/** A remark about an entry that is not a fault of the chain, with its position. */
export type LedgerNote = { position: number; message: string };

/** The result of a verification. `ok` if there is at least one entry and no problem. */
export type ChainReport = {
  ok: boolean;
  entries: number;
  head: LedgerHead;
  first: string | null;
  last: string | null;
  kinds: Record<string, number>;
  keyids: string[];
  repository: { id: number; name: string } | null;
  problems: LedgerProblem[];
  notes: LedgerNote[];
};

/** The most problems and the most notes that are listed. */
export const maxListed = 20;

/**
 * The rules for every entry of a chain. `repository`: the expected repository id; if undefined, that of the first
 * entry.
 */
export type ChainRules = { keys: Keyring; repository?: number | undefined };

/** The state of a verification: all that the next entry is compared with. Plain data, so a copy can be resumed. */
export type ChainState = {
  /** The number of lines read. */
  position: number;
  /**
   * The difference between an entry's own number and its position. Only a change of it is a problem; otherwise one lost
   * entry would be reported for all that follow.
   */
  shift: number;
  repository: number | null;
  last: { seq: number; hash: string; at: string } | null;
};

/** The state before the first line. */
export const chainStart: ChainState = { position: 0, shift: 0, repository: null, last: null };

/** The result of one line: the state after it, its entry if it can be read and trusted, and what is wrong. */
export type ChainStep = {
  state: ChainState;
  entry: Entry | null;
  problems: LedgerProblem[];
  notes: LedgerNote[];
};

/**
 * Verifies the next line of a chain: its signatures before its payload is read, canonical bytes, its number, the hash
 * of the previous entry, its repository, and whether its keys may sign such an entry at that position.
 */
export function verifyNext(state: ChainState, line: string, rules: ChainRules): ChainStep {
  const position = state.position + 1;
  const read = readSigned(line, position, rules);
  if (!read.ok) return { state: { ...state, position }, entry: null, problems: [read.problem], notes: [] };
  const { entry } = read;
  const { last, shift } = state;
  const repository = state.repository ?? rules.repository ?? entry.repository.id;
  const problems: LedgerProblem[] = [];
  const found = (code: LedgerProblem["code"], message: string) => problems.push({ code, position, message });
  if (entry.repository.id !== repository)
    found("wrong-repository", `entry ${position} belongs to repository ${entry.repository.id}, not to ${repository}`);
  if (entry.seq !== position + shift)
    found("wrong-place", `place ${position} holds entry ${entry.seq}: entries were dropped, added or moved`);
  if (entry.prev !== (last?.hash ?? null))
    found("broken-chain", `entry ${position} does not follow the entry before it`);
  const forbidden = permissionProblem(entry, position, rules.keys);
  if (forbidden !== null) problems.push(forbidden);
  const message = `entry ${position} has an earlier time than the entry before it`;
  const { seq, hash, at } = entry;
  return {
    state: { position, shift: seq - position, repository, last: { seq, hash, at } },
    entry,
    problems,
    notes: last !== null && at < last.at ? [{ position, message }] : [],
  };
}

function readSigned(line: string, position: number, rules: ChainRules) {
  const opened = openEnvelope(line, position);
  if (!opened.ok) return opened;
  const { envelope, payload } = opened;
  const problem = signatureProblem(envelope, payload, position, rules.keys);
  return problem === null ? readStatement(payload, envelope, line, position) : { ok: false as const, problem };
}

/**
 * Verifies a whole chain, oldest entry first: each line as in `verifyNext`, and the attempt protocol. Needs no network,
 * no clock and nothing but the lines and the keys. `anchor`: an entry known from elsewhere that the chain must contain.
 * `visit` gets each entry without a problem; its results count only if the report is ok.
 */
export function verifyChain(
  lines: Iterable<string>,
  keys: readonly LedgerKey[],
  options: {
    expectRepositoryId?: number | undefined;
    anchor?: { seq: number; hash: string } | undefined;
    visit?: (entry: Entry) => void;
  } = {},
): ChainReport {
  const { anchor, visit } = options;
  const rules: ChainRules = { keys: keyringOf(keys), repository: options.expectRepositoryId };
  const problems: LedgerProblem[] = [];
  const notes: LedgerNote[] = [];
  const kinds = new Map<string, number>();
  const keyids = new Set<string>();
  const attempts = emptyAttempts();
  let state = chainStart;
  let first: Entry | null = null;
  let isAnchored = false;
  for (const line of lines) {
    const step = verifyNext(state, line, rules);
    state = step.state;
    problems.push(...step.problems);
    notes.push(...step.notes);
    const { entry } = step;
    if (entry === null) continue;
    first ??= entry;
    // In a chain with a problem the attempts are not checked: every later one would be reported too.
    const typed = problems.length === 0 && attemptKinds.has(entry.kind) ? typedEntry(entry) : null;
    const wrong = typed === null ? null : checkAttempt(attempts, typed);
    if (wrong !== null)
      problems.push({
        code: "bad-attempt",
        position: state.position,
        message: `entry ${state.position}: ${wrong}`,
      });
    if (step.problems.length === 0 && wrong === null) visit?.(entry);
    isAnchored ||= anchor?.seq === state.position && anchor.hash === entry.hash;
    kinds.set(entry.kind, (kinds.get(entry.kind) ?? 0) + 1);
    for (const keyid of entry.keyids) keyids.add(keyid);
  }
  const { position, last } = state;
  if (position === 0)
    problems.push({ code: "empty", position, message: "there is no entry: an empty ledger proves nothing" });
  if (anchor !== undefined && !isAnchored) {
    const message = `the ledger does not hold entry ${anchor.seq} with the hash ${anchor.hash.slice(0, 16)}…: its tail was cut or rewritten, or this copy is older than that head`;
    problems.push({ code: "cut-tail", position: anchor.seq, message });
  }
  return {
    ok: problems.length === 0,
    entries: position,
    head: last === null ? null : { seq: last.seq, hash: last.hash },
    first: first?.at ?? null,
    last: last?.at ?? null,
    kinds: Object.fromEntries(kinds),
    keyids: [...keyids],
    repository: first?.repository ?? null,
    problems: problems.slice(0, maxListed),
    notes: notes.slice(0, maxListed),
  };
}
