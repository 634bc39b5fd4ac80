import type { PolicyReading } from "../../core/facts.ts";
import { type Known, known } from "../../core/known.ts";
import { policyBytes, policyPath } from "../../schemas/limits.ts";
import type { Objects } from "../objects.ts";

/** The folder of the policy. */
export const policyFolder = policyPath.slice(0, policyPath.lastIndexOf("/"));

/** A path that people could mistake for the policy's; no program reads it. */
export const misspelledPolicyPath = policyPath.replace(/\.yml$/, ".yaml");

/**
 * The policy's file at a commit, or why there is none to read. Everyone who may push to the default branch can write
 * it.
 */
export type PolicyBlob =
  | { state: "there"; ref: string; blob: string; content: Uint8Array }
  | Exclude<PolicyReading, { state: "loaded" }>;

/**
 * Finds the policy at `ref`, the default branch's commit. Only a plain file at the one path is accepted: a link, or a
 * second file with the extension `.yaml`, makes the policy malformed. A failed read is unknown, never absent.
 */
export async function findPolicy(objects: Objects, ref: string): Promise<Known<PolicyBlob>> {
  for (const path of [policyFolder, misspelledPolicyPath]) {
    const entry = await objects.entry(ref, path);
    if (!entry.known) return entry;
    if (entry.value === null || (path === policyFolder && entry.value.type === "tree")) continue;
    const message =
      path === misspelledPolicyPath
        ? `rename or delete ${misspelledPolicyPath}: the policy is read from ${policyPath} alone`
        : `${policyFolder} is not a folder`;
    return known(malformed(ref, entry.value.sha, message));
  }
  const entry = await objects.entry(ref, policyPath);
  if (!entry.known) return entry;
  if (entry.value === null) {
    const touched = await objects.history(ref, policyPath, 1);
    return touched.known ? known({ state: "absent", ref, removedBy: touched.value[0]?.sha ?? null }) : touched;
  }
  const { mode, sha } = entry.value;
  if (mode !== "100644")
    return known(malformed(ref, sha, `${policyPath} must be a plain file (mode 100644), not ${mode}`));
  const blob = await objects.blob(sha, policyBytes);
  if (!blob.known) return blob;
  if (blob.value.content === null)
    return known(malformed(ref, sha, `${policyPath} has ${blob.value.size} bytes; at most ${policyBytes} are read`));
  return known({ state: "there", ref, blob: sha, content: blob.value.content });
}

function malformed(ref: string, blob: string, message: string): PolicyBlob {
  return { state: "malformed", ref, blob, problems: [{ message, line: 1, column: 1 }] };
}
