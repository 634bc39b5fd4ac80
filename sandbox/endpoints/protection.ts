/** Branch protection, read and set; rulesets show the same rules. */
import { z } from "zod";
import { branchTip } from "../git/git.ts";
import {
  presentBranchProtection,
  presentBypass,
  presentProtectedBranch,
  presentRequiredChecks,
  presentRules,
  presentRuleset,
} from "../present/protection.ts";
import { refuseRepository } from "../request/access.ts";
import { type Answer, noContent, notFound, ok, refused } from "../request/answer.ts";
import { listing } from "../request/paging.ts";
import { type RepositoryCall, repoRoute, withBody } from "../request/route.ts";
import { protectionOf } from "../request/rules.ts";
import type { Protection, RequiredCheck } from "../state/model.ts";
import { fullName, identify } from "../state/state.ts";

const BRANCH = "/repos/:owner/:repo/branches/:branch{.+}";
const RULES = { needs: "metadata=read", role: "read" } as const;
const READ = { needs: "administration=read", role: "admin" } as const;
const WRITE = { needs: "administration=write", role: "admin" } as const;

const checkList = z
  .array(z.object({ context: z.string().min(1), app_id: z.number().int().nullable().optional() }))
  .optional();

const requiredChecks = z.object({
  strict: z.boolean().default(false),
  contexts: z.array(z.string()).optional(),
  checks: checkList,
});

const settings = z.object({
  required_status_checks: requiredChecks.nullable(),
  enforce_admins: z.boolean().nullable(),
  required_pull_request_reviews: z
    .object({
      dismiss_stale_reviews: z.boolean().default(false),
      require_code_owner_reviews: z.boolean().default(false),
      required_approving_review_count: z.number().int().min(0).max(6).default(1),
    })
    .nullable(),
  restrictions: z.unknown().refine((value) => value !== undefined, "wasn't supplied"),
  allow_force_pushes: z.boolean().nullable().default(false),
  allow_deletions: z.boolean().nullable().default(false),
});

export const protectionRoutes = [
  repoRoute(`GET ${BRANCH}/protection`, READ, (call) =>
    withRule(call, (rule) => ok(presentBranchProtection(call.repository, rule))),
  ),
  repoRoute(`PUT ${BRANCH}/protection`, WRITE, withBody(settings, protect)),
  repoRoute(`DELETE ${BRANCH}/protection`, WRITE, (call) =>
    withRule(call, (rule) => {
      call.repository.protection = call.repository.protection.filter((other) => other !== rule);
      return noContent();
    }),
  ),
  repoRoute(`GET ${BRANCH}/protection/required_status_checks`, READ, (call) => withRule(call, showChecks(call))),
  repoRoute(
    `PATCH ${BRANCH}/protection/required_status_checks`,
    WRITE,
    withBody(requiredChecks.partial(), (call: RepositoryCall, body) =>
      withRule(call, (rule) => {
        rule.strict = body.strict ?? rule.strict;
        if (body.checks !== undefined || body.contexts !== undefined) rule.checks = checksOf(body);
        return showChecks(call)(rule);
      }),
    ),
  ),
  repoRoute("GET /repos/:owner/:repo/rules/branches/:branch{.+}", RULES, (call) => {
    const rule = protectionOf(call.repository, call.params.branch ?? "");
    const origin = {
      ruleset_source_type: "Repository",
      ruleset_source: fullName(call.repository),
      ruleset_id: rule?.id,
    };
    const rules = rule === undefined ? [] : presentRules(rule);
    return listing(call, rules, (each) => ({ ...each, ...origin }));
  }),
  repoRoute("GET /repos/:owner/:repo/rulesets", RULES, (call) =>
    listing(call, call.repository.protection, (rule) => presentRuleset(call.repository, rule)),
  ),
  repoRoute("GET /repos/:owner/:repo/rulesets/:ruleset", RULES, (call) => {
    const rule = call.repository.protection.find(({ id }) => id === Number(call.params.ruleset));
    if (rule === undefined) return notFound();
    const conditions = { ref_name: { include: [`refs/heads/${rule.branch}`], exclude: [] } };
    const ruleset = presentRuleset(call.repository, rule);
    // Only callers who may change a ruleset see who may bypass it.
    const mayChange = refuseRepository(call.caller, call.repository, WRITE) === undefined;
    const bypass = mayChange ? { bypass_actors: presentBypass(rule) } : {};
    return ok({ ...ruleset, conditions, rules: presentRules(rule), ...bypass });
  }),
];

function withRule(call: RepositoryCall, reply: (rule: Protection) => Answer): Answer {
  const rule = protectionOf(call.repository, call.params.branch ?? "");
  return rule === undefined ? refused(404, "Branch not protected") : reply(rule);
}

function showChecks(call: RepositoryCall): (rule: Protection) => Answer {
  return (rule) => {
    const checks = presentRequiredChecks(call.repository, rule);
    return checks === undefined ? refused(404, "Required status checks not enabled") : ok(checks);
  };
}

async function protect(call: RepositoryCall, body: z.output<typeof settings>): Promise<Answer> {
  const { state, repository } = call;
  const branch = call.params.branch ?? "";
  if ((await branchTip(repository.dir, branch)) === undefined) return refused(404, "Branch not found");
  const reviews = body.required_pull_request_reviews;
  const old = protectionOf(repository, branch);
  const rule: Protection = {
    id: old?.id ?? identify(state, "BPR").id,
    branch,
    checks: body.required_status_checks === null ? null : checksOf(body.required_status_checks),
    strict: body.required_status_checks?.strict ?? false,
    reviews: reviews?.required_approving_review_count ?? null,
    dismissStale: reviews?.dismiss_stale_reviews ?? false,
    codeOwners: reviews?.require_code_owner_reviews ?? false,
    enforceAdmins: body.enforce_admins ?? false,
    allowPush: body.required_status_checks === null && reviews === null,
    allowForcePushes: body.allow_force_pushes ?? false,
    allowDeletions: body.allow_deletions ?? false,
    // REST cannot set it here; the setting made on the site stays.
    mergeQueue: old?.mergeQueue ?? null,
  };
  repository.protection = [...repository.protection.filter((other) => other.branch !== branch), rule];
  return ok(presentProtectedBranch(repository, rule));
}

/** `app_id` -1 means any app, as null does. */
function checksOf(body: { contexts?: string[] | undefined; checks?: z.output<typeof checkList> }): RequiredCheck[] {
  if (body.checks === undefined) return (body.contexts ?? []).map((context) => ({ context, appId: null }));
  return body.checks.map(({ context, app_id: id }) => ({ context, appId: id === -1 ? null : (id ?? null) }));
}
