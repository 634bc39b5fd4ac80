import * as z from "zod";
import { EntryBodyRecord, Moment, Sha, Sha256 } from "./text.ts";

/** Who acted: a person by their numeric id, our App, or an agent whose words an entry records. */
export const Actor = z.strictObject({
  type: z.enum(["user", "app", "agent"]),
  id: z.int().min(0),
  login: z.string().min(1).max(100),
});
export type Actor = z.infer<typeof Actor>;

/**
 * The subject of a statement: a commit, a tree or a body, by digest. Source: in-toto attestation,
 * `spec/v1/resource_descriptor.md`.
 */
export const StatementSubject = z.strictObject({
  name: z.string().max(500).optional(),
  digest: z
    .strictObject({ sha256: Sha256.optional(), gitCommit: Sha.optional(), gitTree: Sha.optional() })
    .refine((digest) => Object.keys(digest).length > 0, "a subject has a digest"),
});
export type StatementSubject = z.infer<typeof StatementSubject>;

/** The type of an in-toto Statement v1. */
export const statementType = "https://in-toto.io/Statement/v1";
/** The predicate type of our ledger entries. */
export const predicateType = "https://sallyport.dev/ledger-entry/v1";
/** The DSSE payload type of in-toto statements. */
export const payloadType = "application/vnd.in-toto+json";

/** One entry's predicate: its position in the repository's chain, and what happened. */
const LedgerPredicate = z.strictObject({
  repository: z.strictObject({ id: z.int().positive(), name: z.string() }),
  seq: z.int().positive().describe("From 1, without gaps."),
  prev: Sha256.nullable().describe("SHA-256 of the line before this one; null for the first."),
  kind: z.string().regex(/^[a-z][a-z.-]*$/),
  at: Moment,
  actor: Actor,
  body: EntryBodyRecord,
});

/** An in-toto Statement v1 whose predicate is a ledger entry. Source: in-toto attestation, `spec/v1/statement.md`. */
export const Statement = z.strictObject({
  _type: z.literal(statementType),
  subject: z.array(StatementSubject).min(1).max(100),
  predicateType: z.literal(predicateType),
  predicate: LedgerPredicate,
});
export type Statement = z.infer<typeof Statement>;

const base64 = z
  .string()
  .regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, "expected canonical base64");

/**
 * A DSSE envelope with one or more signatures. `keyid` is a hint until a key has verified. Source:
 * secure-systems-lab/dsse, `envelope.md`.
 */
export const Envelope = z.strictObject({
  payload: base64,
  payloadType: z.literal(payloadType),
  signatures: z
    .array(z.strictObject({ keyid: Sha256, sig: base64 }))
    .min(1)
    .max(20),
});
export type Envelope = z.infer<typeof Envelope>;
