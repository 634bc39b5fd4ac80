import * as z from "zod";
import { mostPurged } from "./limits.ts";
import { Sha, Sha256 } from "./text.ts";

/** Bodies that are given up: from this entry on the ledger has only their digests. */
export const PayloadPurged = z.strictObject({
  digests: z
    .array(z.strictObject({ sha256: Sha256, bytes: z.int().min(0) }))
    .min(1)
    .max(mostPurged),
  reason: z.literal("retention"),
  days: z.int().positive().describe("How long the policy keeps bodies after the last entry that names them."),
  policy: Sha.describe("The blob of the policy file."),
});
export type PayloadPurged = z.infer<typeof PayloadPurged>;
