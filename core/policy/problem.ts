import { policyPath } from "../../schemas/limits.ts";
import type { LoadedPolicy, PolicyReading } from "../facts.ts";
import type { Known } from "../known.ts";
import { firstProblems, type PolicyProblems } from "../yaml.ts";

/** The problems of a policy file as lines of a text, such as `sallyport.yml:3:1: …`. */
export function problemLines(problems: PolicyProblems, file: string): string[] {
  const { shown, more } = firstProblems(problems);
  const lines = shown.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);
  return more === null ? lines : [...lines, more];
}

/** Why there is no usable policy, in one line that says what to do; null when there is one. */
export function policyProblem(policy: Known<PolicyReading>): string | null {
  if (!policy.known)
    return `The policy could not be read (${policy.why}). This is tried again; nothing happens until then.`;
  switch (policy.value.state) {
    case "loaded":
      return null;
    case "absent":
      return policy.value.removedBy === null
        ? `There is no policy: add \`${policyPath}\` to the default branch.`
        : `The policy was removed by commit ${policy.value.removedBy}: put \`${policyPath}\` back.`;
    case "malformed": {
      const { shown, more } = firstProblems(policy.value.problems);
      const told = shown.map(({ line, column, message }) => `line ${line}, column ${column}: ${message}`);
      return `The policy is not valid: \`${policyPath}\` ${[...told, ...(more === null ? [] : [more])].join("; ")}`;
    }
  }
}

/** The policy to decide by; null if there is no usable one, and `policyProblem` says why. */
export function usablePolicy(policy: Known<PolicyReading>): LoadedPolicy | null {
  return policy.known && policy.value.state === "loaded" ? policy.value : null;
}
