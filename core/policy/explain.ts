import { policyPath } from "../../schemas/limits.ts";
import { requiredCasefiles } from "../contract/casefiles.ts";
import type { LoadedPolicy } from "../facts.ts";
import { guardOf } from "../gates/protected.ts";
import { matcher, nameProblem } from "../paths/patterns.ts";
import { sensitive } from "../paths/sensitive.ts";
import { lineOf, patternLists } from "./lists.ts";

/** A rule of the policy that applies to a path: its key, the matching pattern, and its consequence for that path. */
export type TouchingRule = {
  /** The dotted key, such as `gates.forbidden-paths.deny.0`; `extends` for the built-in list. */
  key: string;
  /** Null for a rule that holds for every path. */
  pattern: string | null;
  policyLine: number | null;
  /** The rest of a sentence about the path. */
  meaning: string;
};

/** What the policy says about one path. `name` is what is wrong with the name itself; no rule allows such a path. */
export type Explanation = {
  path: string;
  name: string | null;
  rules: TouchingRule[];
  /** Whether the policy has roles and none of them allows the path, so that no agent may touch it. */
  outsideRoles: boolean;
};

type Loaded = Pick<LoadedPolicy, "policy" | "lines">;

function listed(path: string, loaded: Loaded): TouchingRule[] {
  return patternLists(loaded.policy).flatMap(({ key, patterns, mode, meaning }) => {
    const pattern = matcher(patterns, mode).matches(path);
    if (pattern === null) return [];
    const ruleKey = `${key}.${patterns.indexOf(pattern)}`;
    return [{ key: ruleKey, pattern, policyLine: lineOf(loaded, ruleKey), meaning }];
  });
}

function builtIn(path: string, loaded: Loaded): TouchingRule[] {
  if (loaded.policy.extends !== "default") return [];
  const by = guardOf(loaded.policy.gates);
  return sensitive
    .filter(({ pattern }) => matcher([pattern], "deny").matches(path) !== null)
    .slice(0, 1)
    .map(({ pattern, why }) => ({
      key: "extends",
      pattern,
      policyLine: lineOf(loaded, "extends"),
      meaning: `no agent may touch it, and a person's change needs an approving review by \`people.${by}\`: ${why}`,
    }));
}

/** `{story}` and `{prompt}` of a casefile's name stand for the numbers of issues. */
function casefiles(path: string, loaded: Loaded): TouchingRule[] {
  const asked = requiredCasefiles(loaded.policy).find(({ template }) => {
    const fixed = template.split(/\{(?:story|prompt)\}/).map((text) => text.replace(/[^\w/-]/g, "\\$&"));
    return new RegExp(`^${fixed.join("[1-9][0-9]*")}$`).test(path);
  });
  if (asked === undefined) return [];
  const { key, template, ours } = asked;
  const meaning = ours
    ? "Sallyport writes it in each commit of a run, and no agent may: a casefile"
    : "a run's change brings it: a casefile";
  return [{ key, pattern: template, policyLine: lineOf(loaded, key), meaning }];
}

/** Rules without a list of paths. */
function forEveryPath(loaded: Loaded): TouchingRule[] {
  const { review, "manual-test": manual } = loaded.policy.gates;
  const rule = (key: string, meaning: string): TouchingRule[] => [
    { key, pattern: null, policyLine: lineOf(loaded, key), meaning },
  ];
  return [
    ...(review?.paths.length === 0
      ? rule("gates.review", `as any change, one of it needs ${review.count} approving review(s)`)
      : []),
    ...(manual?.when.always === true
      ? rule("gates.manual-test.when.always", "as any change, one of it is tried and signed off by a person")
      : []),
  ];
}

/** A phase with an `allow` closes all other paths but the policy, without which no phase could be ended. */
function currentPhase(path: string, loaded: Loaded): TouchingRule[] {
  const { phases } = loaded.policy;
  const phase = phases === undefined ? undefined : phases.of[phases.current];
  if (phases === undefined || phase?.allow === undefined) return [];
  if (path === policyPath || matcher(phase.allow, "allow").matches(path) !== null) return [];
  const key = `phases.of.${phases.current}.allow`;
  const meaning = `it is closed in the current phase, \`${phases.current}\`, which opens other paths only`;
  return [{ key, pattern: null, policyLine: lineOf(loaded, key), meaning }];
}

/**
 * Lists the rules of a policy that apply to a path, and the consequence of each, whether the file exists or not. Paths
 * are from the top of the repository, without `./` in front.
 */
export function explain(path: string, loaded: Loaded): Explanation {
  const { roles } = loaded.policy;
  const allowing = Object.values(roles).filter(({ allow }) => matcher(allow, "allow").matches(path) !== null);
  return {
    path,
    name: nameProblem(path),
    rules: [
      ...builtIn(path, loaded),
      ...listed(path, loaded),
      ...casefiles(path, loaded),
      ...currentPhase(path, loaded),
      ...forEveryPath(loaded),
    ],
    outsideRoles: Object.keys(roles).length > 0 && allowing.length === 0,
  };
}
