import type { PolicyReading } from "../../core/facts.ts";
import type { PolicyQueryResult } from "../../schemas/graphql.ts";
import { policyBytes, policyPath } from "../../schemas/limits.ts";
import { blobId } from "../blob-id.ts";
import { misspelledPolicyPath, policyFolder } from "./blob.ts";
import { policyReading } from "./file.ts";

/** The fields of the default branch's commit that `policyFromQuery` reads. */
export const policyFields = `oid
        ... on Commit {
          folder: file(path: "${policyFolder}") { mode type oid }
          twin: file(path: "${misspelledPolicyPath}") { mode type oid }
          policy: file(path: "${policyPath}") {
            mode type oid
            object { ... on Blob { byteSize isTruncated text } }
          }
        }`;

/**
 * The policy from a query in the simple case: a plain file in a folder, no `.yaml` file beside it,
 * content not truncated. Null in every other case, also when there is no policy: the caller then reads the tree.
 */
export function policyFromQuery({ oid: ref, folder, twin, policy }: PolicyQueryResult): PolicyReading | null {
  const isFolder = folder === null || folder === undefined || folder.type === "tree";
  if (!isFolder || (twin !== null && twin !== undefined)) return null;
  if (policy === null || policy === undefined || policy.type !== "blob" || policy.mode !== 0o100644) return null;
  const { text, isTruncated } = policy.object ?? {};
  if (typeof text !== "string" || isTruncated !== false) return null;
  const content = Buffer.from(text, "utf8");
  const whole = blobId(content, policy.oid.length === 64 ? "sha256" : "sha1") === policy.oid;
  return whole && content.length <= policyBytes ? policyReading(ref, policy.oid, content) : null;
}
