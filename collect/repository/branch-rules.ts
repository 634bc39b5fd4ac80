import { type BranchRules, checkName, type RequiredCheck } from "../../core/health/required-check.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { listAll } from "../github/listing.ts";
import { type GitHub, mapKnown, requestKnown, requestResult } from "../github/request.ts";

/**
 * GitHub's requirements for changes to a branch, as an App with read access to contents and metadata sees them; the
 * branch need not exist.
 * Source: GitHub docs, "Get rules for a branch" (rulesets only) and "Get a branch" (branch protection, in part).
 */
export async function readBranchRules(github: GitHub, branch: string): Promise<BranchRules> {
  const [rulesets, protection] = await Promise.all([readRulesets(github, branch), readProtection(github, branch)]);
  return { branch, rulesets, protection };
}

type Rulesets = BranchRules["rulesets"];

async function readRulesets(github: GitHub, branch: string): Promise<Rulesets> {
  const { request, owner, repo } = github;
  const rules = await listAll(`the rules for ${JSON.stringify(branch)} of ${owner}/${repo}`, (page) =>
    request("GET /repos/{owner}/{repo}/rules/branches/{branch}", { owner, repo, branch, ...page }),
  );
  if (!rules.known) return rules;
  const checks = await mapKnown(rules.value, async (rule) => {
    if (rule.type !== "required_status_checks" || rule.parameters === undefined) return known([]);
    const { required_status_checks: required, strict_required_status_checks_policy: strict } = rule.parameters;
    const isOurs = required.some(({ context }) => context === checkName);
    const bypass = isOurs ? await readBypass(github, rule.ruleset_id) : unknown<string[]>("it was not asked");
    return known(
      required.map(
        ({ context, integration_id: app }): RequiredCheck => ({
          context,
          appId: app ?? null,
          strict,
          bypass,
        }),
      ),
    );
  });
  if (!checks.known) return checks;
  return known({ kinds: rules.value.map(({ type }) => type), checks: checks.value.flat() });
}

/** Who may bypass a ruleset. GitHub shows the list only to callers who may change it. */
async function readBypass({ request, owner, repo }: GitHub, ruleset: number | undefined): Promise<Known<string[]>> {
  if (ruleset === undefined) return unknown("GitHub does not say which ruleset asks for it");
  const answer = await requestKnown(
    `the ruleset ${ruleset}`,
    request("GET /repos/{owner}/{repo}/rulesets/{ruleset_id}", { owner, repo, ruleset_id: ruleset }),
  );
  if (!answer.known) return answer;
  const { name, bypass_actors: actors } = answer.value;
  if (actors === undefined)
    return unknown(`GitHub shows the bypass list of the ruleset ${JSON.stringify(name)} to administrators only`);
  return known([...new Set(actors.map(({ actor_type: type, actor_id: id }) => (id == null ? type : `${type} ${id}`)))]);
}

/**
 * Branch protection, as far as GitHub shows it with the branch: its checks, and whether they apply to administrators.
 */
async function readProtection({ request, owner, repo }: GitHub, branch: string): Promise<BranchRules["protection"]> {
  const answer = await requestResult(
    `the branch ${JSON.stringify(branch)} of ${owner}/${repo}`,
    request("GET /repos/{owner}/{repo}/branches/{branch}", { owner, repo, branch }),
  );
  if (!answer.ok && answer.status === 404) return known({ isOn: false, checks: [] });
  if (!answer.ok) return unknown(answer.why);
  const { protected: isProtected, protection } = answer.data;
  if (!isProtected) return known({ isOn: false, checks: [] });
  const required = protection?.required_status_checks;
  if (required === undefined) return unknown("GitHub does not show what protects the branch");
  const { checks, contexts, enforcement_level: level, strict } = required;
  const bypass = bypassOf(level);
  const bare = contexts.filter((context) => !checks.some((one) => one.context === context));
  const all = [...checks, ...bare.map((context) => ({ context, app_id: null }))];
  const isOn = protection.enabled ?? true;
  return known({
    isOn,
    checks:
      !isOn || level === "off"
        ? []
        : all.map(({ context, app_id: appId }) => ({ context, appId, strict: strict ?? null, bypass })),
  });
}

function bypassOf(level: string | undefined): Known<string[]> {
  if (level === "everyone") return known([]);
  return level === "non_admins" ? known(["administrators"]) : unknown("GitHub does not say whom the rule holds");
}
