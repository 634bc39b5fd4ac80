import { BodyRef, PayloadPurged } from "../../schemas/entry-parts.ts";
import { maxPurged } from "../../schemas/limits.ts";
import type { Ourselves } from "../effects.ts";
import { appActor, type Draft, entriesOf, type TypedEntry } from "../entries.ts";
import type { PolicyReading } from "../facts.ts";

/** The facts that decide which bodies are purged. */
export type RetentionFacts = {
  /** RFC 3339. */
  now: string;
  ourselves: Ourselves;
  /** The policy on the default branch. */
  policy: PolicyReading;
  /** The repository's ledger, oldest first. */
  entries: readonly TypedEntry[];
  /** Stories whose issue a person closed. */
  abandoned: ReadonlySet<number>;
};

/** An entry's body, checked against its kind or not. */
type EntryWithBody = { readonly body: Readonly<Record<string, unknown>> };

/** The large bodies that an entry refers to. */
export function referencedBodies({ body }: EntryWithBody): BodyRef[] {
  return Object.values(body).flatMap((value) => {
    // Most values are no reference, and a failed parse costs more than all other work on an entry.
    if (typeof value !== "object" || value === null || !("sha256" in value)) return [];
    const named = BodyRef.safeParse(value);
    return named.success ? [named.data] : [];
  });
}

/**
 * Updates the purged bodies by one entry: each maps to the sequence number of its purge. A body that a later entry
 * refers to is stored again: the same answer can be given twice.
 */
export function applyPurge(
  purged: Map<string, number>,
  entry: EntryWithBody & { readonly seq: number; readonly kind: string },
): void {
  for (const { sha256 } of referencedBodies(entry)) purged.delete(sha256);
  const purge = entry.kind === "payload.purged" ? PayloadPurged.safeParse(entry.body) : null;
  for (const { sha256 } of purge?.data?.digests ?? []) purged.set(sha256, entry.seq);
}

/** The bodies that a ledger purged. */
export function purgedBodies(entries: Iterable<TypedEntry>): Map<string, number> {
  const purged = new Map<string, number>();
  for (const entry of entries) applyPurge(purged, entry);
  return purged;
}

/** The bodies that entries refer to and that were not purged since. */
export function retainedBodies(entries: readonly TypedEntry[]): Set<string> {
  const purged = purgedBodies(entries);
  return new Set(entries.flatMap(referencedBodies).flatMap(({ sha256 }) => (purged.has(sha256) ? [] : [sha256])));
}

/** A stored body: its newest entry's time, and the stories whose open run refers to it. */
type StoredBody = { ref: BodyRef; newest: string; stories: Set<number> };

/**
 * Purges the bodies whose newest entry is older than the policy's `ledger.retention`, oldest first, in one entry.
 * Bodies that an open run may still read are kept, and all bodies while there is no valid policy. Null if none is due.
 */
export function decidePurge(facts: RetentionFacts): Draft | null {
  const rule = retentionOf(facts.policy);
  if (rule === null) return null;
  const due = dueBodies(facts, rule.days).filter(({ stories }) =>
    [...stories].every((story) => facts.abandoned.has(story)),
  );
  if (due.length === 0) return null;
  const digests = due.slice(0, maxPurged).map(({ ref: { sha256, bytes } }) => ({ sha256, bytes }));
  return {
    kind: "payload.purged",
    actor: appActor(facts),
    subject: [],
    body: { digests, reason: "retention", days: rule.days, policy: rule.blob },
  };
}

/** The stories with an open run whose bodies are due: such bodies are purged only if the story's issue is closed. */
export function openStoriesDue(facts: Omit<RetentionFacts, "abandoned">): number[] {
  const rule = retentionOf(facts.policy);
  if (rule === null) return [];
  return [...new Set(dueBodies(facts, rule.days).flatMap(({ stories }) => [...stories]))];
}

function retentionOf(policy: RetentionFacts["policy"]): { days: number; blob: string } | null {
  if (policy.state !== "loaded") return null;
  const days = policy.policy.ledger?.retention;
  return days === undefined ? null : { days, blob: policy.blob };
}

/** The bodies that are old enough to purge, each with the stories whose open run refers to it. */
function dueBodies({ entries, now }: Pick<RetentionFacts, "entries" | "now">, days: number): StoredBody[] {
  const closedRuns = new Set<string>();
  for (const { body } of entriesOf(entries, "run.closed")) closedRuns.add(body.run);
  const kept = new Map<string, StoredBody>();
  for (const entry of entries) {
    if (entry.kind === "payload.purged") for (const { sha256 } of entry.body.digests) kept.delete(sha256);
    for (const ref of referencedBodies(entry)) {
      const one = kept.get(ref.sha256) ?? { ref, newest: entry.at, stories: new Set() };
      if (entry.at > one.newest) one.newest = entry.at;
      if ("run" in entry.body && "story" in entry.body && !closedRuns.has(entry.body.run))
        one.stories.add(entry.body.story);
      kept.set(ref.sha256, one);
    }
  }
  const last = Date.parse(now) - days * 86_400_000;
  return [...kept.values()].filter(({ newest }) => Date.parse(newest) < last);
}
