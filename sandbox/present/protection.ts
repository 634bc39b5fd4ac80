import type { Protection, Repository } from "../state/model.ts";
import { fullName } from "../state/state.ts";
import { repositoryPage, repositoryUrl } from "./repositories.ts";

function protectionUrl(repository: Repository, branch: string): string {
  return `${repositoryUrl(repository)}/branches/${branch}/protection`;
}

/** GitHub's branch-protection, also in the short form that a branch carries; an undefined rule means no protection. */
export function presentBranchProtection(repository: Repository, rule: Protection | undefined) {
  if (rule === undefined) {
    return { enabled: false, required_status_checks: { enforcement_level: "off", contexts: [], checks: [] } };
  }
  const url = protectionUrl(repository, rule.branch);
  const checks = presentRequiredChecks(repository, rule);
  return {
    ...presentProtectedBranch(repository, rule),
    enabled: true,
    name: rule.branch,
    protection_url: url,
    required_status_checks: {
      enforcement_level: checks === undefined ? "off" : rule.enforceAdmins ? "everyone" : "non_admins",
      ...(checks ?? { contexts: [], checks: [] }),
    },
  };
}

/** GitHub's protected-branch, the answer to setting it. */
export function presentProtectedBranch(repository: Repository, rule: Protection) {
  const url = protectionUrl(repository, rule.branch);
  const checks = presentRequiredChecks(repository, rule);
  return {
    url,
    ...(checks === undefined ? {} : { required_status_checks: checks }),
    ...(rule.reviews === null
      ? {}
      : {
          required_pull_request_reviews: {
            url: `${url}/required_pull_request_reviews`,
            dismiss_stale_reviews: rule.dismissStale,
            require_code_owner_reviews: rule.codeOwners,
            required_approving_review_count: rule.reviews,
            require_last_push_approval: false,
          },
        }),
    enforce_admins: { url: `${url}/enforce_admins`, enabled: rule.enforceAdmins },
    required_linear_history: { enabled: false },
    allow_force_pushes: { enabled: rule.allowForcePushes },
    allow_deletions: { enabled: rule.allowDeletions },
    block_creations: { enabled: false },
    required_conversation_resolution: { enabled: false },
    lock_branch: { enabled: false },
    allow_fork_syncing: { enabled: false },
    required_signatures: { url: `${url}/required_signatures`, enabled: false },
  };
}

/** GitHub's status-check-policy; undefined when no check is required. */
export function presentRequiredChecks(repository: Repository, rule: Protection) {
  if (rule.checks === null) return undefined;
  const url = `${protectionUrl(repository, rule.branch)}/required_status_checks`;
  return {
    url,
    strict: rule.strict,
    contexts: rule.checks.map(({ context }) => context),
    contexts_url: `${url}/contexts`,
    checks: rule.checks.map(({ context, appId }) => ({ context, app_id: appId })),
  };
}

/** The same rule as the rules of a ruleset. */
export function presentRules(rule: Protection) {
  return [
    ...(rule.allowDeletions ? [] : [{ type: "deletion" as const }]),
    ...(rule.allowForcePushes ? [] : [{ type: "non_fast_forward" as const }]),
    ...(rule.checks === null
      ? []
      : [
          {
            type: "required_status_checks" as const,
            parameters: {
              strict_required_status_checks_policy: rule.strict,
              required_status_checks: rule.checks.map(({ context, appId }) => ({
                context,
                ...(appId === null ? {} : { integration_id: appId }),
              })),
            },
          },
        ]),
    ...(rule.mergeQueue === null
      ? []
      : [
          {
            type: "merge_queue" as const,
            parameters: {
              check_response_timeout_minutes: 60,
              grouping_strategy: "ALLGREEN" as const,
              max_entries_to_build: 5,
              max_entries_to_merge: 5,
              merge_method: rule.mergeQueue === "squash" ? ("SQUASH" as const) : ("MERGE" as const),
              min_entries_to_merge: 1,
              min_entries_to_merge_wait_minutes: 5,
            },
          },
        ]),
    ...(rule.allowPush
      ? []
      : [
          {
            type: "pull_request" as const,
            parameters: {
              dismiss_stale_reviews_on_push: rule.dismissStale,
              require_code_owner_review: rule.codeOwners,
              require_last_push_approval: false,
              required_approving_review_count: rule.reviews ?? 0,
              required_review_thread_resolution: false,
            },
          },
        ]),
  ];
}

/** Who may bypass the rule: administrators, whose role has this id on GitHub. */
export function presentBypass({ enforceAdmins }: Protection) {
  if (enforceAdmins) return [];
  return [{ actor_id: 5, actor_type: "RepositoryRole" as const, bypass_mode: "always" as const }];
}

/** GitHub's repository-ruleset. */
export function presentRuleset(repository: Repository, rule: Protection) {
  return {
    id: rule.id,
    name: `protect ${rule.branch}`,
    target: "branch",
    source_type: "Repository",
    source: fullName(repository),
    enforcement: "active",
    node_id: `RRS_${rule.id}`,
    _links: {
      self: { href: `${repositoryUrl(repository)}/rulesets/${rule.id}` },
      html: { href: `${repositoryPage(repository)}/rules/${rule.id}` },
    },
    created_at: repository.createdAt,
    updated_at: repository.updatedAt,
  };
}
