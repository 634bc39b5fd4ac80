import type { Policy } from "../../schemas/policy.ts";
import type { LoadedPolicy } from "../facts.ts";
import { gateNames, gates } from "../gates/registry.ts";
import { type PatternList, patternList } from "../paths/pattern-list.ts";

function roleLists({ roles }: Policy): PatternList[] {
  return Object.entries(roles).flatMap(([name, { allow, deny, writes }]) => [
    patternList(
      `roles.${name}.allow`,
      "allow",
      allow,
      `the role \`${name}\` allows it${writes === undefined ? "" : ", if it is a test"}`,
    ),
    patternList(`roles.${name}.deny`, "deny", deny, `the role \`${name}\` denies it`),
  ]);
}

/** Every list of path patterns of the policy, defaults included; empty lists are left out. */
export function patternLists(policy: Policy): PatternList[] {
  const ofGates = gateNames.flatMap((name) => gates[name].lists?.(policy) ?? []);
  return [...roleLists(policy), ...ofGates].filter(({ patterns }) => patterns.length > 0);
}

/** The line of a key, or of its nearest parent that the policy writes out; null if there is none. */
export function lineOf({ lines }: Pick<LoadedPolicy, "lines">, key: string): number | null {
  for (let part = key; part !== ""; part = part.slice(0, Math.max(0, part.lastIndexOf(".")))) {
    const line = lines[part];
    if (line !== undefined) return line;
  }
  return null;
}
