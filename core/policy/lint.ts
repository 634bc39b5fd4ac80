import { policyPath } from "../../schemas/limits.ts";
import { casefilesOf } from "../contract/casefiles.ts";
import { deniedPatterns } from "../contract/contract.ts";
import type { LoadedPolicy } from "../facts.ts";
import { covers } from "../paths/cover.ts";
import { anyOf, type PatternList } from "../paths/pattern-list.ts";
import { matcher } from "../paths/patterns.ts";
import { sensitivePatterns } from "../paths/sensitive.ts";
import { shortName } from "../people/person-name.ts";
import { unheldDuties } from "./holders.ts";
import { type JobCheck, missingChecks } from "./job-checks.ts";
import { lineOf, patternLists } from "./lists.ts";
import { namedFiles, unmatched } from "./unmatched.ts";
import type { LintDraft, LintWarning } from "./warning.ts";

/** What a policy is compared with: the paths of all files, and the checks of the workflows. Null: not compared. */
export type LintContext = { files: readonly string[] | null; checks: readonly JobCheck[] | null };

type Loaded = Pick<LoadedPolicy, "policy" | "lines">;

function shadowed({ key, patterns }: PatternList): LintDraft[] {
  return patterns.flatMap((pattern, index): LintDraft[] => {
    // Of two equal patterns, the later one is reported.
    const other = patterns.find(
      (one, at) => at !== index && covers(one, pattern) && !(at > index && covers(pattern, one)),
    );
    if (other === undefined) return [];
    const message = `\`${pattern}\` adds nothing: the same list has \`${other}\`, which matches all of it.`;
    return [{ code: "shadowed", key: `${key}.${index}`, message, next: "Take this pattern out." }];
  });
}

function allowedAndDenied({ policy }: Loaded): LintDraft[] {
  return Object.entries(policy.roles).flatMap(([name, { allow, deny }]) =>
    allow.flatMap((pattern, index): LintDraft[] => {
      const by = deny.find((one) => covers(one, pattern));
      if (by === undefined) return [];
      return [
        {
          code: "allowed-and-denied",
          key: `roles.${name}.allow.${index}`,
          message: `\`${pattern}\` allows nothing: the role's \`deny\` has \`${by}\`, and deny wins.`,
          next: "Take out one of the two patterns.",
        },
      ];
    }),
  );
}

/** Warns about an `allow` that matches the policy file or every file of the repository. */
function wideRoles({ policy }: Loaded): LintDraft[] {
  const builtIn = policy.extends === "default" ? sensitivePatterns : [];
  const forbidden = policy.gates["forbidden-paths"]?.deny ?? [];
  return Object.entries(policy.roles).flatMap(([name, { allow, deny }]) => {
    const isKept = matcher([...deny, ...builtIn, ...forbidden], "deny").matches(policyPath) !== null;
    return allow.flatMap((pattern, index): LintDraft[] => {
      const key = `roles.${name}.allow.${index}`;
      if (!isKept && matcher([pattern], "allow").matches(policyPath) !== null) {
        const message = `\`${pattern}\` lets an agent in the role \`${name}\` touch \`${policyPath}\`, the policy itself.`;
        const next = "Add `extends: default` to the policy, or name the folders of the role's work.";
        return [{ code: "allows-policy", key, message, next }];
      }
      if (!covers(pattern, "**")) return [];
      const message = `\`${pattern}\` allows the role \`${name}\` every file${builtIn.length > 0 ? " outside the built-in list" : ""}.`;
      return [{ code: "allows-everything", key, message, next: "Name the folders of the role's work." }];
    });
  });
}

/** Warns about a role that may touch the code of a `tests` rule and none of the tests that the rule then asks for. */
function unreachableTests({ policy }: Loaded, files: readonly string[]): LintDraft[] {
  const kept = matcher([...deniedPatterns(policy), ...(policy.gates.protected?.paths ?? [])], "deny");
  return (policy.gates.tests ?? []).flatMap(({ when, need }, index): LintDraft[] => {
    const [asking, wanted] = [matcher(when, "deny"), matcher(need, "allow")];
    const tests = files.filter((path) => wanted.matches(path) !== null);
    const code = files.filter((path) => asking.matches(path) !== null && wanted.matches(path) === null);
    return Object.entries(policy.roles).flatMap(([name, { allow, deny }]): LintDraft[] => {
      const [allows, denies] = [matcher(allow, "allow"), matcher(deny, "deny")];
      const isOpen = (path: string) =>
        allows.matches(path) !== null && denies.matches(path) === null && kept.matches(path) === null;
      if (tests.length === 0 || !code.some(isOpen) || tests.some(isOpen)) return [];
      const wantedText = anyOf(need);
      const message = `The role \`${name}\` may change what this rule asks tests for, and no test under ${wantedText}: no change of an agent in it can pass.`;
      const next = `Add ${wantedText} to \`roles.${name}.allow\`.`;
      return [{ code: "tests-in-no-role", key: `gates.tests.${index}.need`, message, next }];
    });
  });
}

/** Warns about a casefile of ours that another rule forbids: no change of a run could be merged. */
function refusedCasefiles({ policy }: Loaded): LintDraft[] {
  const { phases, gates } = policy;
  const phase = phases?.of[phases.current];
  const kept = [...deniedPatterns(policy), ...(gates.protected?.paths ?? []), ...(phase?.deny ?? [])];
  const denied = matcher(kept, "deny");
  return casefilesOf(policy, 1).flatMap(({ name, path }): LintDraft[] => {
    const isClosed = phase?.allow !== undefined && matcher(phase.allow, "allow").matches(path) === null;
    if (denied.matches(path) === null && !isClosed) return [];
    const message = `Another rule of this policy keeps \`${path}\` out, so no change of a run can be merged with its casefile.`;
    const next = `Name another place; \`sallyport policy explain ${path}\` shows the rule.`;
    return [{ code: "casefile-refused", key: `gates.casefile.${name}`, message, next }];
  });
}

/** Warns about instructions that no agent gets, because they are not in the tree. */
function lostInstructions({ policy }: Loaded, files: readonly string[]): LintDraft[] {
  return policy.agents.instructions.flatMap((path, index): LintDraft[] => {
    if (files.includes(path)) return [];
    const message = `\`${path}\` is not in the repository, so no agent gets it.`;
    const next = "Add the file, or take it out.";
    return [{ code: "no-such-instructions", key: `agents.instructions.${index}`, message, next }];
  });
}

/** Warns about a template of master contracts that is not in the tree: each story of that tier would wait for it. */
function lostTemplate({ policy }: Loaded, files: readonly string[]): LintDraft[] {
  const { contract } = policy.tiers;
  if (contract === undefined || files.includes(contract.template)) return [];
  const message = `\`${contract.template}\` is not in the repository, so no story of risk ${contract.risk.join(" or ")} can be approved.`;
  const next = "Add the file, with a heading for each part of the contract, or take `tiers.contract` out.";
  return [{ code: "no-such-template", key: "tiers.contract.template", message, next }];
}

/** Warns about a workflow for agents' programs that no route uses, or that is not in the tree. */
function agentWorkflow({ policy: { agents } }: Loaded, files: readonly string[] | null): LintDraft[] {
  if (agents.actions === undefined) return [];
  const { workflow } = agents.actions;
  if (agents.routes.every(({ backend }) => backend === undefined)) {
    const message = "No route has `backend: actions`, so nothing works in this workflow.";
    return [{ code: "unused-workflow", key: "agents.actions", message, next: "Add it to a route, or take this out." }];
  }
  if (files === null || files.includes(workflow)) return [];
  const message = `\`${workflow}\` is not in the repository, so no run of an agent can begin.`;
  const next = "Write it with `npx sallyport init --actions`.";
  return [{ code: "no-such-workflow", key: "agents.actions.workflow", message, next }];
}

const plainName = (name: string) => shortName(name).toLowerCase();

/** Warns if the one approver also asks: under `separation: strict` nobody approves that. A team may have other members. */
function approvers({ policy }: Loaded): LintDraft[] {
  const { planners, executors, approvers: by, separation } = policy.people;
  const asking = [...planners, ...executors];
  const names = new Set(by.map(plainName));
  const [only] = by;
  if (separation !== "strict" || names.size !== 1 || only === undefined || only.includes("/")) return [];
  const self = asking.find((one) => plainName(one) === plainName(only));
  if (self === undefined) return [];
  const message = `${shortName(self)} asks for work and is the only approver; under \`separation: strict\` nobody approves what they asked for.`;
  const next = "Name a second approver, or write `separation: solo` if you work alone.";
  return [{ code: "nobody-else-approves", key: "people.approvers", message, next }];
}

/** Warns if waivers need more people than may give them. The size of a team is not known here. */
function waivers({ policy: { people, waivers } }: Loaded): LintDraft[] {
  if (waivers === undefined) return [];
  const names = new Set(people[waivers.by].map(plainName));
  if (names.size >= waivers.people || [...names].some((name) => name.includes("/"))) return [];
  const message = `A waiver takes ${waivers.people} of \`people.${waivers.by}\`, and ${names.size} ${names.size === 1 ? "is" : "are"} named there.`;
  const next = `Name more people under \`people.${waivers.by}\`, or lower \`waivers.people\`.`;
  return [{ code: "too-few-waive", key: "waivers", message, next }];
}

/** Checks a valid policy against itself and the repository. Warnings are in the order of its lines. */
export function lintPolicy(loaded: Loaded, { files, checks }: LintContext): LintWarning[] {
  const lists = patternLists(loaded.policy);
  const tree = files === null ? null : namedFiles(files);
  const drafts = [
    ...lists.flatMap((list) => (tree === null ? [] : unmatched(list, tree))),
    ...lists.flatMap(shadowed),
    ...allowedAndDenied(loaded),
    ...wideRoles(loaded),
    ...agentWorkflow(loaded, files),
    ...(files === null
      ? []
      : [...unreachableTests(loaded, files), ...lostInstructions(loaded, files), ...lostTemplate(loaded, files)]),
    ...refusedCasefiles(loaded),
    ...(checks === null ? [] : missingChecks(loaded.policy, checks)),
    ...unheldDuties(loaded.policy),
    ...approvers(loaded),
    ...waivers(loaded),
  ];
  return drafts
    .map(({ key, code, message, next }) => ({ code, message, policyLine: lineOf(loaded, key), next }))
    .toSorted((one, other) => (one.policyLine ?? 0) - (other.policyLine ?? 0));
}
