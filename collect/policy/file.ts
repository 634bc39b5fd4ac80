import type { PolicyReading } from "../../core/facts.ts";
import { type Known, known } from "../../core/known.ts";
import type { Objects } from "../objects.ts";
import { findPolicy } from "./blob.ts";
import { parsePolicy } from "./policy.ts";

/** Reads the policy at `ref`, the default branch's commit. Unknown only if the repository could not be read. */
export async function readPolicy(objects: Objects, ref: string): Promise<Known<PolicyReading>> {
  const found = await findPolicy(objects, ref);
  if (!found.known) return found;
  const file = found.value;
  return known(file.state === "there" ? policyReading(ref, file.blob, file.content) : file);
}

/** Parses a policy's content into the reading that the gates receive. */
export function policyReading(ref: string, blob: string, content: Uint8Array): PolicyReading {
  const parsed = parsePolicy(content);
  if (!parsed.ok) return { state: "malformed", ref, blob, problems: parsed.problems };
  return { state: "loaded", ref, blob, policy: parsed.policy, lines: parsed.lines };
}
