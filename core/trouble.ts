import { policyPath } from "../schemas/policy-place.ts";
import type { LoadedPolicy, PolicyReading } from "./facts.ts";
import type { Known } from "./known.ts";

/** Why there is no usable policy, in one line that says what to do; null when there is one. */
export function policyTrouble(policy: Known<PolicyReading>): string | null {
  if (!policy.known)
    return `The policy could not be read (${policy.why}). This is tried again; nothing happens until then.`;
  switch (policy.value.state) {
    case "loaded":
      return null;
    case "absent":
      return `There is no policy: add \`${policyPath}\` to the default branch.`;
    case "malformed": {
      const { message, line, column } = policy.value.problem;
      return `The policy is not valid: \`${policyPath}\` line ${line}, column ${column}: ${message}`;
    }
  }
}

/** The policy to decide by; null: there is none that can be used, and `policyTrouble` says why. */
export function usablePolicy(policy: Known<PolicyReading>): LoadedPolicy | null {
  return policy.known && policy.value.state === "loaded" ? policy.value : null;
}
