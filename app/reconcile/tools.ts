import type { ObjectsCache } from "../../collect/github/cache.ts";
import type { GitHub } from "../../collect/github/request.ts";
import type { SecretSearch } from "../../collect/secrets/redaction.ts";
import { type Decision, emptyDecision } from "../../core/decision.ts";
import type { Ourselves } from "../../core/effects.ts";
import type { Standing } from "../../core/repository/standing.ts";
import type { Subject } from "../../core/subject.ts";
import type { Database } from "../store/database.ts";
import type { EntryReader, Reading } from "../store/readings.ts";

/** Tools for a reconcile: the repository's reader, the ledger, and how a decision is recorded. */
export type ReconcileTools = {
  db: Database;
  ourselves: Ourselves;
  /** The key that a first policy pins; null: none is proposed. */
  onboarding: { ledgerKey: string } | null;
  /** Where digests are told besides GitHub; null: nowhere. */
  digestWebhook: string | null;
  github(repository: number): Promise<GitHub>;
  /** Finds secrets in other people's texts before they are stored. */
  secrets: SecretSearch;
  /** GitHub objects that can never change, cached across reconciles. */
  cache: ObjectsCache;
  /** What is under some keys in the ledger. */
  entries: EntryReader;
  /** Where a repository stands by its whole ledger. */
  standing(repository: number): Promise<Standing>;
  takeLease(subject: Subject): Promise<number>;
  /** Records a decision, unless the ledger has more by now of what it was made on (`seen`). */
  record(
    where: { subject: Subject; fence: number; repository: { id: number; name: string }; seen: readonly Reading[] },
    decision: Decision,
  ): Promise<"recorded" | "moved">;
  now: () => Date;
  log(line: string): void;
};

/** A decision, and what it read of the ledger. */
export type Decided = { decision: Decision; seen: readonly Reading[] };

/** An observed subject, and the decision that follows from it and from the ledger at that time. */
export type Observation = { repository: { id: number; name: string }; decide(): Promise<Decided> };

/** Nothing is decided, whatever the ledger has. */
export const decideNothing = async (): Promise<Decided> => ({ decision: emptyDecision(), seen: [] });
