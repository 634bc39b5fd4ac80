import { policyPath } from "../../schemas/limits.ts";
import type { Policy } from "../../schemas/policy.ts";
import type { Ourselves } from "../effects.ts";
import type { LoadedPolicy, PolicyReading } from "../facts.ts";
import type { Known } from "../known.ts";
import { evidenceBranch } from "../ledger/branch.ts";
import { matcher } from "../paths/patterns.ts";
import type { JobCheck } from "../policy/job-checks.ts";
import { lintPolicy } from "../policy/lint.ts";
import { problemLines } from "../policy/problem.ts";
import { findingsOf, type HealthFinding, retryHint } from "./finding.ts";
import { judgePeople, type NamedAccount } from "./people.ts";
import { type BranchRules, judgeRequired } from "./required-check.ts";
import { judgeActions, judgeWorkflows, type LooseAction, type PrivilegedFetch } from "./workflows.ts";

/** One repository as the App sees it, at the tip of its default branch. */
export type RepositoryFacts = {
  policy: Known<PolicyReading>;
  /** The paths of all files and the checks of the workflows, to compare the policy's rules with. */
  files: Known<string[]>;
  checks: Known<JobCheck[]>;
  fetches: Known<PrivilegedFetch[]>;
  actions: Known<LooseAction[]>;
  named: Known<NamedAccount[]>;
  /** What git names the content of the workflow in which agents' programs work; null: none is named, or it is not there. */
  agentWorkflow: Known<string | null>;
  rules: BranchRules;
  evidence: { isThere: Known<boolean>; rules: BranchRules };
};

/** A repository by `owner/name`; null when the App is not installed on it. */
export type CheckedRepository = { name: string; facts: Known<RepositoryFacts | null> };

type Pinned = NonNullable<Policy["ledger"]>["keys"][number];

/** The App, and the public key that signs its ledgers, in the form that policies use. */
export type ServiceIdentity = { ourselves: Ourselves; publicKey: string };

/** Checks one repository's policy, its required check, its workflows and the protection of its evidence branch. */
export function judgeRepository({ name, facts }: CheckedRepository, identity: ServiceIdentity): HealthFinding[] {
  const { fail, unknown } = findingsOf("repository", name);
  const check = "installed";
  if (!facts.known) return [unknown(check, `It cannot be read: ${facts.why}`, retryHint)];
  if (facts.value === null) {
    const next = `Someone who administers ${name} adds it to the installation, or mend the name.`;
    return [fail(check, `The App \`${identity.ourselves.slug}\` is not installed on it.`, next)];
  }
  const { policy, named, fetches, actions, rules, evidence } = facts.value;
  return [
    ...(policy.known
      ? judgePolicy(name, policy.value, facts.value, identity.publicKey)
      : [unknown("policy", `The policy cannot be read: ${policy.why}`, retryHint)]),
    ...judgePeople(name, named),
    ...judgeWorkflows(name, fetches),
    ...judgeActions(name, actions),
    ...judgeRequired(name, rules, identity.ourselves),
    judgeEvidence(name, evidence),
  ];
}

function judgePolicy(
  name: string,
  reading: PolicyReading,
  facts: Pick<RepositoryFacts, "files" | "checks" | "agentWorkflow">,
  publicKey: string,
): HealthFinding[] {
  const { ok, fail } = findingsOf("repository", name);
  if (reading.state === "absent") {
    const { removedBy } = reading;
    if (removedBy !== null) {
      const message = `${policyPath} was removed by commit ${removedBy}, so every check fails.`;
      return [fail("policy", message, "A maintainer puts it back in a pull request.")];
    }
    const next =
      "A maintainer merges the pull request *Set up Sallyport: a first policy*, or commits what `npx sallyport init` drafts.";
    const message = `There is no ${policyPath} on the default branch yet, so every check is neutral and blocks nothing.`;
    return [fail("policy", message, next)];
  }
  if (reading.state === "malformed") {
    const next = "A maintainer mends it; `npx sallyport policy lint` reads it as the App does.";
    return problemLines(reading.problems, policyPath).map((line) => fail("policy", line, next));
  }
  return [
    ok("policy", `${policyPath} is valid.`),
    judgeGuard(name, reading.policy),
    judgeKeys(name, reading.policy, publicKey),
    ...judgeAgentWorkflow(name, reading.policy, facts.agentWorkflow),
    ...judgeRules(name, reading, facts),
  ];
}

/** Checks that agents cannot change the policy file, by the built-in list or by a rule of the policy. */
function judgeGuard(name: string, policy: Policy): HealthFinding {
  const { ok, warn } = findingsOf("repository", name);
  const { gates } = policy;
  if (policy.extends === "default") return ok("policy-guard", "The built-in list keeps agents off the policy.");
  const own = [...(gates["forbidden-paths"]?.deny ?? []), ...(gates.protected?.paths ?? [])];
  if (matcher(own, "deny").matches(policyPath) !== null)
    return ok("policy-guard", "A rule of the policy's own guards it.");
  const next = "A maintainer adds `extends: default` to the policy.";
  return warn("policy-guard", `Nothing in the policy keeps agents off ${policyPath}.`, next);
}

/** Checks that the workflow in which agents' programs work is the one that the policy pins. */
function judgeAgentWorkflow(name: string, { agents }: Policy, found: Known<string | null>): HealthFinding[] {
  const { ok, fail, unknown } = findingsOf("repository", name);
  const check = "agent-workflow";
  if (agents.actions === undefined) return [];
  const { workflow, blob } = agents.actions;
  if (!found.known) return [unknown(check, `${workflow} cannot be seen: ${found.why}`, retryHint)];
  if (found.value === blob) return [ok(check, `${workflow} is the one that the policy pins.`)];
  const is = found.value === null ? "is not on the default branch" : `is ${found.value} there`;
  const next = "A maintainer restores the file, or reads it and pins it in `agents.actions.blob`.";
  return [fail(check, `No run on Actions will work: ${workflow} ${is}, and the policy pins ${blob}.`, next)];
}

function judgeKeys(name: string, { ledger }: Policy, publicKey: string): HealthFinding {
  const { ok, warn, fail } = findingsOf("repository", name);
  const check = "ledger-keys";
  const pin = `A maintainer adds \`{ key: "${publicKey}" }\` to \`ledger.keys\`.`;
  if (ledger === undefined)
    return warn(check, "The policy pins no key: whoever verifies the ledger must be told one.", pin);
  const own = ledger.keys.filter(({ key }) => key === publicKey);
  if (own.length === 0) return fail(check, "The policy pins keys, and the key of this service is not among them.", pin);
  const open = own.find(({ kinds, to }) => kinds === undefined && to === undefined);
  const windows = own.map(windowOf).join(" and ");
  if (open !== undefined) return ok(check, `The policy pins this service's key for ${windowOf(open)}.`);
  return warn(check, `The policy lets this service's key sign ${windows} only.`, pin);
}

function windowOf({ kinds, from = 1, to }: Pinned): string {
  const range = to === undefined ? `entries from ${from} on` : `entries ${from} to ${to}`;
  return kinds === undefined ? range : `${range} of the kinds ${kinds.join(", ")}`;
}

/** Compares the policy's rules with the tree and the workflows; each doubtful rule is a warning with its line. */
function judgeRules(
  name: string,
  loaded: LoadedPolicy,
  { files, checks }: Pick<RepositoryFacts, "files" | "checks">,
): HealthFinding[] {
  const { ok, warn } = findingsOf("repository", name);
  const check = "policy-rules";
  const warnings = lintPolicy(loaded, {
    files: files.known ? files.value : null,
    checks: checks.known ? checks.value : null,
  });
  const findings = warnings.map(({ code, message, policyLine, next }) =>
    warn(check, `${policyPath}:${policyLine ?? 1}: ${code}: ${message}`, next),
  );
  // The comparison only helps the policy's author: what could not be read is reported and does not fail.
  const next = "Run `npx sallyport policy lint` in a checkout.";
  if (!files.known) findings.push(warn(check, `Patterns are not compared with files: ${files.why}`, next));
  if (!checks.known) findings.push(warn(check, `Checks are not compared with workflows: ${checks.why}`, next));
  return findings.length > 0 ? findings : [ok(check, "Every rule matches something, and none undoes another.")];
}

/** Checks whether others can rewrite the published ledger. Verification would detect it; a branch rule prevents it. */
function judgeEvidence(name: string, { isThere, rules }: RepositoryFacts["evidence"]): HealthFinding {
  const { ok, warn, unknown } = findingsOf("repository", name);
  const check = "evidence-branch";
  if (!isThere.known) return unknown(check, `The branch ${evidenceBranch} cannot be seen: ${isThere.why}`, retryHint);
  const state = isThere.value ? "is there" : "is made with the first entry";
  const { rulesets, protection } = rules;
  const kinds = rulesets.known ? rulesets.value.kinds : [];
  const isKept = kinds.includes("update") || (kinds.includes("non_fast_forward") && kinds.includes("deletion"));
  if (isKept || (protection.known && protection.value.isOn))
    return ok(check, `${evidenceBranch} ${state}, and a rule keeps others from rewriting it.`);
  const next = `An administrator of ${name} adds a ruleset for \`${evidenceBranch}\`: restrict updates and deletions, block force pushes, and let this App bypass it.`;
  const message =
    rulesets.known && protection.known
      ? `${evidenceBranch} ${state}, and whoever may push can rewrite it; that would be noticed.`
      : `${evidenceBranch} ${state}; whether others can rewrite it cannot be seen.`;
  return warn(check, message, next);
}
