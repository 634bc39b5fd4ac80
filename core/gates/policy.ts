import { policyPath } from "../../schemas/limits.ts";
import type { Reason } from "../../schemas/verdict.ts";
import { firstProblems, type PolicyProblems } from "../yaml.ts";
import { alwaysOn, authorOf, defineGate, notApplicable, result } from "./gate.ts";

const name = "policy";

/** The problems of a policy as reasons, all at once, with one next step. */
export function problemReasons(problems: PolicyProblems, next: NonNullable<Reason["next"]>): Reason[] {
  const { shown, more } = firstProblems(problems);
  const reasons = shown.map(({ message, line, column }) => ({
    code: "policy-malformed",
    message: `Line ${line}, column ${column}: ${message}`,
    path: policyPath,
    policyLine: line,
    next,
  }));
  return more === null ? reasons : [...reasons, { code: "more", message: more, path: policyPath, next }];
}

/**
 * A change that touches the policy leaves a valid one: merged, a broken one would block every other change. What the
 * new policy asks is not judged here, and the change itself is judged by the old one.
 */
export const policy = defineGate({
  name,
  group: "content",
  settings: alwaysOn,
  needs: ["proposed"],
  judge(facts, { isRepair, ref }) {
    const { proposed } = facts;
    const who = authorOf(facts);
    if (proposed === null) return notApplicable(name, "untouched", "The change does not touch the policy.");
    if (proposed.state === "malformed")
      return result(name, "fail", ...problemReasons(proposed.problems, { step: `Mend \`${policyPath}\`.`, who }));
    if (proposed.state === "absent") {
      const step = `Put \`${policyPath}\` back. To give Sallyport up, have an administrator take the check out of the branch's rules first.`;
      const message = "The change takes the policy away, and without one nothing can be merged.";
      return result(name, "fail", { code: "policy-taken-away", message, path: policyPath, next: { step, who } });
    }
    if (isRepair !== true) return result(name, "pass", { code: "valid", message: "The policy stays valid." });
    const message = `This repairs the policy of \`${facts.policyBranch ?? facts.defaultBranch}\`. It is judged by the last valid one, of ${ref}.`;
    return result(name, "pass", { code: "repair", message });
  },
});
