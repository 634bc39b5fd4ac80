import type { Policy } from "../schemas/policy.ts";

/** A list of path patterns and where it stands in the policy, such as `gates.links.allow`. */
export type PatternList = [path: string, patterns: readonly string[]];

/** Every list of path patterns in a policy, as its author or the defaults wrote it. A list left out here would go unchecked. */
export function patternLists({ roles, gates, phases }: Policy): PatternList[] {
  return [
    ...Object.entries(roles).flatMap(([name, role]): PatternList[] => [
      [`roles.${name}.allow`, role.allow],
      [`roles.${name}.deny`, role.deny],
    ]),
    ...Object.entries(phases?.of ?? {}).flatMap(([name, phase]): PatternList[] => [
      [`phases.of.${name}.allow`, phase.allow ?? []],
      [`phases.of.${name}.deny`, phase.deny],
    ]),
    ...pairLists("gates.tests", gates.tests),
    ...pairLists("gates.manifest", gates.manifest),
    ["gates.forbidden-paths.deny", gates["forbidden-paths"]?.deny ?? []],
    ["gates.links.allow", gates.links?.allow ?? []],
    ["gates.protected.paths", gates.protected?.paths ?? []],
    ["gates.secrets.ignore", gates.secrets?.ignore ?? []],
    ["gates.harness.files", gates.harness?.files ?? []],
    ["gates.remediation.surfaces", gates.remediation?.surfaces ?? []],
    ["gates.remediation.files", gates.remediation?.files ?? []],
    ["gates.adr.when", gates.adr?.when ?? []],
    ["gates.adr.files", gates.adr?.files ?? []],
    ["gates.review.paths", gates.review?.paths ?? []],
    ["gates.diff-size.ignore", gates["diff-size"]?.ignore ?? []],
    ["gates.manual-test.when.paths", gates["manual-test"]?.when.paths ?? []],
    ["gates.evidence.files", gates.evidence?.files ?? []],
  ];
}

function pairLists(path: string, pairs: Policy["gates"]["tests"]): PatternList[] {
  return (pairs ?? []).flatMap(({ when, need }, index): PatternList[] => [
    [`${path}.${index}.when`, when],
    [`${path}.${index}.need`, need],
  ]);
}
