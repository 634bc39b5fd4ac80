import type { Change, EvidenceFile, PolicyReading, PullRecord } from "../core/facts.ts";
import { type Known, known, unknown } from "../core/known.ts";
import { matcher } from "../core/paths.ts";
import type { Objects } from "./objects.ts";

/** The largest evidence file that is read, in bytes. */
export const evidenceBytes = 5_000_000;

/**
 * Reads the evidence files that a verdict is judged with: those among the changes that match the policy's patterns, and those
 * that the run behind the change declared. A declared file that is not there is left out; the gate says so.
 * Content was written by the author of the change.
 */
export async function readEvidenceFiles(
  objects: Objects,
  head: string,
  facts: { policy: Known<PolicyReading>; changes: Known<Change[]>; record: Known<PullRecord> },
): Promise<Known<EvidenceFile[]>> {
  const { policy, changes, record } = facts;
  if (!policy.known) return policy;
  if (!changes.known) return changes;
  if (policy.value.state !== "loaded") return known([]);
  // Wider than the author's spelling: a look-alike name is checked too.
  const wanted = matcher(policy.value.policy.gates.evidence?.files ?? [], "deny");
  const touched = changes.value.filter(
    (change) => change.after !== null && wanted.matches(change.path) !== null,
  );
  const declared = record.known ? (record.value.run?.evidenceFiles ?? []) : [];
  const files: EvidenceFile[] = [];
  for (const path of [...new Set([...touched.map((change) => change.path), ...declared])].sort()) {
    const file = await readFile(objects, head, path);
    if (!file.known) return file;
    if (file.value !== null) files.push(file.value);
  }
  return known(files);
}

async function readFile(objects: Objects, head: string, path: string): Promise<Known<EvidenceFile | null>> {
  const entry = await objects.entry(head, path);
  if (!entry.known) return entry;
  if (entry.value === null) return known(null);
  // A link is not followed, and where it points to could pass for JSON: like a submodule it counts as an empty file, which is none.
  if (!entry.value.mode.startsWith("100")) return known({ path, text: "" });
  const blob = await objects.blob(entry.value.sha, evidenceBytes);
  if (!blob.known) return blob;
  if (blob.value.content === null)
    return unknown(
      `the evidence file ${JSON.stringify(path)} has ${blob.value.size} bytes; at most ${evidenceBytes} are read`,
    );
  return known({ path, text: blob.value.content.toString("utf8") });
}
