import { policyPath } from "../../schemas/limits.ts";
import type { Reason } from "../../schemas/verdict.ts";
import { patternList } from "../paths/pattern-list.ts";
import { matcher } from "../paths/patterns.ts";
import { holders } from "../people/authority.ts";
import { defineGate, notConfigured, policyLine, result } from "./gate.ts";

const name = "phase";

/**
 * In each phase, only the paths of that phase change. The policy file is always open unless a `deny` closes it:
 * otherwise no phase with an `allow` could be ended. The gates `protected` and `scope` guard the policy file.
 */
export const phase = defineGate({
  name,
  group: "content",
  settings: ({ phases }) => phases ?? notConfigured("The policy has no phases."),
  needs: ["changes"],
  lists: ({ phases }) =>
    Object.entries(phases?.of ?? {}).flatMap(([one, { allow, deny }]) => {
      const which = one === phases?.current ? `the current phase, \`${one}\`` : `the phase \`${one}\``;
      return [
        patternList(`phases.of.${one}.allow`, "allow", allow, `it is open in ${which}`),
        patternList(`phases.of.${one}.deny`, "deny", deny, `it is closed in ${which}`),
      ];
    }),
  judge(facts, policy, phases) {
    const { people } = policy.policy;
    const { current } = phases;
    const move = "edit `phases` in the policy on the default branch";
    const who = holders(people, "architects");
    const rules = Object.hasOwn(phases.of, current) ? phases.of[current] : undefined;
    if (rules === undefined) {
      const message = `The policy says that the phase is \`${current}\`, and does not say what it allows.`;
      const next = { step: `Describe the phase: ${move}.`, who };
      const line = policyLine(policy, "phases.current");
      return result(name, "fail", { code: "no-such-phase", message, ...line, next });
    }
    const key = `phases.of.${current}`;
    const closed = matcher(rules.deny, "deny");
    const open = rules.allow === undefined ? null : matcher(rules.allow, "allow");
    const next = { step: `Take this file out of the change, or have the phase moved: ${move}.`, who };
    const reasons = facts.changes.flatMap(({ path }): Reason[] => {
      const pattern = closed.matches(path);
      if (pattern !== null) {
        const message = `In the phase \`${current}\`, \`${pattern}\` is closed.`;
        const line = policyLine(policy, `${key}.deny.${rules.deny.indexOf(pattern)}`);
        return [{ code: "closed-in-phase", message, path, ...line, next }];
      }
      if (open === null || path === policyPath || open.matches(path) !== null) return [];
      const message = `This file is outside what may change in the phase \`${current}\`.`;
      return [{ code: "outside-phase", message, path, ...policyLine(policy, `${key}.allow`), next }];
    });
    if (reasons.length > 0) return result(name, "fail", ...reasons);
    const message = `Every changed path is open in the phase \`${current}\`.`;
    return result(name, "pass", { code: "open-in-phase", message });
  },
});
