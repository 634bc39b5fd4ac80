import type { ObjectsCache } from "../../collect/github/cache.ts";
import type { GitHub } from "../../collect/github/request.ts";
import type { SecretSearch } from "../../collect/secrets/redaction.ts";
import type { Decision } from "../../core/decision.ts";
import type { Ourselves, Subject } from "../../core/effects.ts";
import type { TypedEntry } from "../../core/entries.ts";
import type { Database } from "../store/database.ts";

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
  entries(repository: number): Promise<TypedEntry[]>;
  takeLease(subject: Subject): Promise<number>;
  record(
    where: { subject: Subject; fence: number; repository: { id: number; name: string } },
    decision: Decision,
  ): Promise<void>;
  now: () => Date;
  log(line: string): void;
};

/** An observed subject, and the decision that follows from it and from the ledger at that time. */
export type Observation = { repository: { id: number; name: string }; decide(): Promise<Decision> };
