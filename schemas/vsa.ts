import * as z from "zod";
import { statementType } from "./ledger.ts";
import { Moment, Sha, Sha256 } from "./text.ts";

/**
 * The predicate type of a SLSA Verification Summary Attestation. Source: slsa.dev, `spec/v1.2/verification_summary`.
 */
export const summaryType = "https://slsa.dev/verification_summary/v1";

/** A level of SLSA's source track, or a property of ours; SLSA requires the prefix `ORG_SOURCE_` for those. */
const VerifiedLevel = z
  .string()
  .regex(/^(?:SLSA_SOURCE_LEVEL_[1-4]|ORG_SOURCE_SALLYPORT_[A-Z][A-Z0-9_]*)$/, "expected a source level");

const shared = {
  verifier: z.strictObject({
    id: z.url().describe("The App's page on GitHub."),
    version: z.record(z.string(), z.string()),
  }),
  timeVerified: Moment,
  resourceUri: z.string().regex(/^git\+https?:\/\/[^\s#]+$/, "expected git+https://…"),
  policy: z
    .strictObject({ uri: z.string(), digest: z.strictObject({ gitBlob: Sha }).optional() })
    .describe("The policy of the last verdict; without a digest where the ledger does not tell its blob."),
  inputAttestations: z
    .array(z.strictObject({ uri: z.string(), digest: z.strictObject({ sha256: Sha256 }) }))
    .describe("Every ledger entry that the summary rests on, by the hash of its line."),
  slsaVersion: z.literal("1.2"),
};

/**
 * A SLSA Verification Summary of a merged revision, with the fields of SLSA 1.2. Our App writes it when it observes a
 * merge; the type of a failed one allows no level. Source: slsa.dev, `spec/v1.2/verification_summary`.
 */
export const VerificationSummary = z.discriminatedUnion("verificationResult", [
  z.strictObject({
    ...shared,
    verificationResult: z.literal("PASSED"),
    verifiedLevels: z.array(VerifiedLevel).min(1),
  }),
  z.strictObject({
    ...shared,
    verificationResult: z.literal("FAILED"),
    verifiedLevels: z.tuple([z.literal("FAILED")]),
  }),
]);
export type VerificationSummary = z.infer<typeof VerificationSummary>;

/**
 * The in-toto Statement v1 for other verifiers: the summary, and the commits it is about. `sourceRefs` are the branches
 * that a revision was merged into. Source: slsa.dev, `spec/v1.2/source-requirements`, "Source verification summary".
 */
export const SummaryStatement = z.strictObject({
  _type: z.literal(statementType),
  subject: z
    .array(
      z.strictObject({
        name: z.string(),
        digest: z.strictObject({ gitCommit: Sha }),
        annotations: z.strictObject({ sourceRefs: z.array(z.string()).min(1) }).optional(),
      }),
    )
    .min(1),
  predicateType: z.literal(summaryType),
  predicate: VerificationSummary,
});
export type SummaryStatement = z.infer<typeof SummaryStatement>;
