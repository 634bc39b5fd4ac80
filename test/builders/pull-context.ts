import { parseCommand } from "../../core/commands.ts";
import { type EntryOf, entriesOf, type TypedEntry } from "../../core/entries.ts";
import type { CommandRequest, PullFacts } from "../../core/facts.ts";
import { known } from "../../core/known.ts";
import type { PullSnapshot } from "../../core/pull/facts.ts";
import { decidePull } from "../../core/pull/pull.ts";
import { type EntryKind, entryBodies } from "../../schemas/entries.ts";
import type { Duty } from "../../schemas/policy-values.ts";

/** A look at an open pull request by what it is judged by, with overrides. */
export function pullContext(judged: PullFacts, over: Partial<PullSnapshot> & { number: number }): PullSnapshot {
  return {
    now: "2026-11-21T10:00:00.000Z",
    ourselves: {
      appId: 9,
      slug: "sallyport",
      page: "https://github.com/apps/sallyport",
      bot: { id: 99, login: "sallyport[bot]", type: "Bot" },
    },
    repository: { id: judged.repository.id, name: judged.repository.name, defaultBranch: "main" },
    policy: judged.policy,
    base: known(judged.base.sha),
    commands: [],
    entries: [],
    outcomes: new Map(),
    sticky: null,
    judged,
    state: "open",
    merged: null,
    ourCheck: known(null),
    sameHeadPulls: known([]),
    reviews: known({ reviews: [], more: false, commands: [] }),
    ...over,
  };
}

const ids: Record<string, number> = { max: 30, quinn: 2, lena: 1 };
/** Far from the ids that the builder of a story gives: many tests may share one process. */
let comments = 1_000_000;

/** What a person asks for in a comment, with overrides; each comment is another one. */
export function say(line: string, login: string, duties: Duty[], over: Partial<CommandRequest> = {}): CommandRequest {
  return {
    source: { type: "comment", id: ++comments },
    command: parseCommand(line) ?? { name: "status" },
    by: { id: ids[login] ?? 99, login, type: "User" },
    at: "2026-11-21T10:00:00.000Z",
    edited: false,
    viaApp: false,
    atOpening: false,
    permission: known({ role: "write", duties }),
    ...over,
  };
}

/** The ledger after one round of a look; every new entry is checked against its kind. */
export function round(given: PullSnapshot): TypedEntry[] {
  const fresh = decidePull(given).drafts.map((draft, index): TypedEntry => {
    entryBodies[draft.kind].parse(draft.body);
    const seq = given.entries.length + index + 1;
    return { ...draft, seq, hash: seq.toString(16).padStart(64, "0"), at: given.now };
  });
  return [...given.entries, ...fresh];
}

/** The ledger after a look, which goes on until nothing more follows. */
export function recorded(given: PullSnapshot): TypedEntry[] {
  const entries = round(given);
  return entries.length === given.entries.length ? entries : recorded({ ...given, commands: [], entries });
}

export function last<K extends EntryKind>(entries: readonly TypedEntry[], kind: K): EntryOf<K> | undefined {
  return entriesOf(entries, kind).at(-1);
}
