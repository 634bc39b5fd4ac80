import type { ContractPrompt } from "../schemas/entries.ts";
import { type EntryOf, entriesOf, type TypedEntry } from "./entries.ts";
import { attemptName } from "./identifiers.ts";
import type { ReplaySources } from "./replay-sources.ts";

/** What an attempt is tried again with. */
export type AttemptLook = {
  entries: readonly TypedEntry[];
  story: number;
  /** The prompts of the contract that follow from the approved plan, by the issue that was opened for each. */
  prompts: ReadonlyMap<number, ContractPrompt>;
  /** What breaks the attempt protocol, by the number of the entry that does. */
  broken: ReadonlyMap<number, string>;
  /** The bodies that the ledger gave up, each with the number of the entry that says so. */
  purged: ReadonlyMap<string, number>;
  sources: ReplaySources;
};

/** The entry that begins an attempt. */
export type Asked = EntryOf<"prompt.recorded">;

/** The kinds of entry of which an attempt has at most one. */
type AttemptKind = "response.recorded" | "attempt.closed" | "evidence.captured" | "change.committed";

/** The entries that tell of one attempt; undefined: it did not get that far. */
export type AttemptEntries = {
  asked: Asked;
  response: EntryOf<"response.recorded"> | undefined;
  closed: EntryOf<"attempt.closed"> | undefined;
  evidence: EntryOf<"evidence.captured"> | undefined;
  commit: EntryOf<"change.committed"> | undefined;
};

/** Gathers the entries of the attempt that one recorded prompt began. */
export function attemptEntries(entries: readonly TypedEntry[], asked: Asked): AttemptEntries {
  const first = <K extends AttemptKind>(kind: K): EntryOf<K> | undefined =>
    entriesOf(entries, kind).find((entry) => isOfAttempt(entry, asked));
  return {
    asked,
    response: first("response.recorded"),
    closed: first("attempt.closed"),
    evidence: first("evidence.captured"),
    commit: first("change.committed"),
  };
}

/** Whether an entry tells of this attempt. */
export function isOfAttempt(entry: TypedEntry, { body }: Asked): boolean {
  if (!("attempt" in entry.body)) return false;
  const { run, prompt, attempt } = entry.body;
  return run === body.run && prompt === body.prompt && attemptName({ attempt }) === attemptName(body);
}
