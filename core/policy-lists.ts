import type { Policy } from "../schemas/policy.ts";
import type { Duty } from "../schemas/policy-values.ts";
import type { LoadedPolicy } from "./facts.ts";

/** One list of path patterns in a policy, and what a match means. */
export type PatternList = {
  /** The dotted path of its key, such as `roles.web.allow`. */
  key: string;
  patterns: readonly string[];
  /** How the gate matches it: `deny` takes look-alike names too. */
  mode: "allow" | "deny";
  /** What holds for a path that is matched, as the rest of a sentence about that path. */
  meaning: string;
  /** Its files may be yet to be written, so a pattern without a file says nothing about the pattern. */
  toCome: boolean;
};

type Pairs = Policy["gates"]["tests"];

/** Patterns as people read them in a sentence. */
function anyOf(patterns: readonly string[]): string {
  return patterns.map((pattern) => `\`${pattern}\``).join(" or ");
}

function duties(by: readonly Duty[]): string {
  return by.map((duty) => `\`people.${duty}\``).join(" or ");
}

function list(
  key: string,
  mode: PatternList["mode"],
  patterns: readonly string[] | undefined,
  meaning: string,
): PatternList {
  return { key, mode, patterns: patterns ?? [], meaning, toCome: false };
}

function toCome(key: string, patterns: readonly string[] | undefined, meaning: string): PatternList {
  return { ...list(key, "allow", patterns, meaning), toCome: true };
}

function roleLists({ roles }: Policy): PatternList[] {
  return Object.entries(roles).flatMap(([name, { allow, deny }]) => [
    list(`roles.${name}.allow`, "allow", allow, `the role \`${name}\` allows it`),
    list(`roles.${name}.deny`, "deny", deny, `the role \`${name}\` denies it`),
  ]);
}

function phaseLists({ phases }: Policy): PatternList[] {
  return Object.entries(phases?.of ?? {}).flatMap(([name, { allow, deny }]) => {
    const phase = name === phases?.current ? `the current phase, \`${name}\`` : `the phase \`${name}\``;
    return [
      list(`phases.of.${name}.allow`, "allow", allow, `it is open in ${phase}`),
      list(`phases.of.${name}.deny`, "deny", deny, `it is closed in ${phase}`),
    ];
  });
}

function pairLists(
  key: string,
  pairs: Pairs,
  says: (when: string, need: string) => [string, string],
): PatternList[] {
  return (pairs ?? []).flatMap(({ when, need }, index) => {
    const [ofWhen, ofNeed] = says(anyOf(when), anyOf(need));
    return [
      list(`${key}.${index}.when`, "deny", when, ofWhen),
      list(`${key}.${index}.need`, "allow", need, ofNeed),
    ];
  });
}

function gateLists({ gates }: Policy): PatternList[] {
  const { remediation, adr, review } = gates;
  const tests = (gates["manual-test"]?.tests ?? []).map((test) => `\`${test}\``).join(", ");
  const guard = duties([gates.protected?.by ?? "architects"]);
  return [
    list(
      "gates.forbidden-paths.deny",
      "deny",
      gates["forbidden-paths"]?.deny,
      "no pull request may touch it, whoever wrote it",
    ),
    list(
      "gates.links.allow",
      "allow",
      gates.links?.allow,
      "it may be a link or a submodule, or change its mode",
    ),
    list(
      "gates.protected.paths",
      "deny",
      gates.protected?.paths,
      `no agent may touch it, and a person's change needs an approving review by ${guard}`,
    ),
    ...pairLists("gates.tests", gates.tests, (when, need) => [
      `a change of it needs a change of ${need}`,
      `it can be the test that a change of ${when} needs`,
    ]),
    list("gates.secrets.ignore", "allow", gates.secrets?.ignore, "it is not searched for secrets"),
    list("gates.harness.files", "deny", gates.harness?.files, "checks are not switched off in it"),
    list(
      "gates.remediation.surfaces",
      "deny",
      remediation?.surfaces,
      `a change of it needs a remediation trace in ${anyOf(remediation?.files ?? [])}`,
    ),
    toCome("gates.remediation.files", remediation?.files, "it can hold a remediation trace"),
    list(
      "gates.adr.when",
      "deny",
      adr?.when,
      `adding it needs a decision, written in ${anyOf(adr?.files ?? [])}`,
    ),
    toCome("gates.adr.files", adr?.files, "it can hold a decision"),
    ...pairLists("gates.manifest", gates.manifest, (when, need) => [
      `when it changes, ${need} changes with it`,
      `it changes when ${when} changes`,
    ]),
    list(
      "gates.review.paths",
      "deny",
      review?.paths,
      `a change of it needs ${review?.count ?? 1} approving review(s) by ${duties(review?.by ?? [])}`,
    ),
    list("gates.diff-size.ignore", "allow", gates["diff-size"]?.ignore, "it does not count as size"),
    list(
      "gates.manual-test.when.paths",
      "deny",
      gates["manual-test"]?.when.paths,
      `a person tries a change of it and signs off ${tests}`,
    ),
    {
      ...list(
        "gates.evidence.files",
        "deny",
        gates.evidence?.files,
        "it is an evidence file: it must be JSON",
      ),
      toCome: true,
    },
  ];
}

/** Every list of path patterns that a policy writes out or has by default; lists without a pattern are left out. */
export function patternLists(policy: Policy): PatternList[] {
  return [...roleLists(policy), ...gateLists(policy), ...phaseLists(policy)].filter(
    ({ patterns }) => patterns.length > 0,
  );
}

/** The line of a key, or of the nearest key around it that the policy writes out; null if there is none. */
export function lineOf({ lines }: Pick<LoadedPolicy, "lines">, key: string): number | null {
  for (let part = key; part !== ""; part = part.slice(0, Math.max(0, part.lastIndexOf(".")))) {
    const line = lines[part];
    if (line !== undefined) return line;
  }
  return null;
}
