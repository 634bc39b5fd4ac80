import type { Change, LoadedPolicy, PolicyReading } from "../../core/facts.ts";
import { type Known, known } from "../../core/known.ts";
import { policyPath } from "../../schemas/limits.ts";
import type { Policy } from "../../schemas/policy.ts";
import type { Objects } from "../objects.ts";
import { misspelledPolicyPath, policyFolder } from "./blob.ts";

const places: readonly string[] = [policyPath, misspelledPolicyPath, policyFolder];

/** How many revisions of the default branch are searched for a valid policy. */
const maxRevisions = 100;

/** The policy to judge a change by, and the one that the change itself brings: null if it leaves the file alone. */
export type ChangePolicy = { policy: Known<PolicyReading>; proposed: Known<PolicyReading | null> };

/**
 * Reads the policy at the head of a change that touches it, which its author wrote. If the default branch has no valid
 * policy any more and the head has one, the change is a repair: it is judged by the last valid policy of the default
 * branch, amended so that an architect approves it. Every other change is judged by what the default branch has.
 */
export async function policyForChange(
  objects: Objects,
  { policy, changes, head }: { policy: Known<PolicyReading>; changes: Known<Change[]>; head: string },
): Promise<ChangePolicy> {
  if (!changes.known) return { policy, proposed: changes };
  if (!changes.value.some(({ path }) => places.includes(path))) return { policy, proposed: known(null) };
  // Few changes touch the policy, and the schema takes a while to load.
  const { readPolicy } = await import("./file.ts");
  const proposed = await readPolicy(objects, head);
  if (!policy.known || !proposed.known || proposed.value.state !== "loaded") return { policy, proposed };
  const found = policy.value;
  const isBroken = found.state === "malformed" || (found.state === "absent" && found.removedBy !== null);
  if (!isBroken) return { policy, proposed };
  const last = await lastValid(found.ref, objects, readPolicy);
  if (!last.known) return { policy: last, proposed };
  return { policy: last.value === null ? policy : known({ state: "loaded", ...forRepair(last.value) }), proposed };
}

/** The newest valid policy on the first-parent line of a branch: what side branches had was never in force. */
async function lastValid(
  tip: string,
  objects: Objects,
  read: (objects: Objects, ref: string) => Promise<Known<PolicyReading>>,
): Promise<Known<LoadedPolicy | null>> {
  const history = await objects.history(tip, null, maxRevisions);
  if (!history.known) return history;
  const parents = new Map(history.value.map((commit) => [commit.sha, commit.parents[0]]));
  for (let sha = parents.get(tip); sha !== undefined && parents.has(sha); sha = parents.get(sha)) {
    const reading = await read(objects, sha);
    if (!reading.known) return reading;
    if (reading.value.state === "loaded") return known(reading.value);
  }
  return known(null);
}

/** The policy, with the architects' review of the policy file; the approvers' where it names no architects. */
function forRepair({ policy, ...rest }: LoadedPolicy): LoadedPolicy {
  const { people, gates } = policy;
  const by = people.architects.length === 0 && people.approvers.length > 0 ? "approvers" : "architects";
  const paths = [...(gates.protected?.paths ?? []), policyPath];
  const amended: Policy = { ...policy, gates: { ...gates, protected: { paths, by } } };
  return { ...rest, policy: amended, isRepair: true };
}
