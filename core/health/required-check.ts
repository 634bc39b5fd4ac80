import type { Ourselves } from "../effects.ts";
import type { Known } from "../known.ts";
import { findingsOf, type HealthFinding } from "./finding.ts";

/** The name of our check, as branch rules require it. */
export const checkName = "sallyport";

/**
 * A check that must pass before a merge. `appId` null: any app or user with write access to statuses can set it.
 * `strict` null: it is not visible whether the branch must be up to date. `bypass` lists who is exempt.
 */
export type RequiredCheck = { context: string; appId: number | null; strict: boolean | null; bypass: Known<string[]> };

/**
 * GitHub's rules for a branch, of two kinds: rulesets, with the types of all rules that apply in `kinds`, and branch
 * protection, of which only the checks are visible. Administrators of the repository set both.
 */
export type BranchRules = {
  branch: string;
  rulesets: Known<{ kinds: string[]; checks: RequiredCheck[] }>;
  protection: Known<{ isOn: boolean; checks: RequiredCheck[] }>;
};

/**
 * Checks that our check is required with this App as its source, and if so, reports ways past it. `about` is
 * `owner/name`.
 */
export function judgeRequired(about: string, rules: BranchRules, ours: Ourselves): HealthFinding[] {
  const { ok, fail, unknown } = findingsOf("repository", about);
  const check = "required-check";
  const { branch, rulesets, protection } = rules;
  const named = checksOf(rules).filter(({ context }) => context === checkName);
  const own = named.filter(({ appId }) => appId === ours.appId);
  if (own.length > 0)
    return [
      ok(check, `\`${branch}\` asks for the check \`${checkName}\` and takes it only from this App.`),
      ...judgeBypasses(about, rules, own),
    ];
  const unread = [rulesets, protection].find((one) => !one.known);
  if (unread !== undefined && !unread.known) {
    const next = "Whoever administers the App lets it read contents and metadata; then run this again.";
    return [unknown(check, `Whether \`${branch}\` asks for the check cannot be seen: ${unread.why}`, next)];
  }
  const next = `An administrator of ${about} requires the check \`${checkName}\` on \`${branch}\` with the App \`${ours.slug}\` as its source (Settings → Rules → Rulesets).`;
  if (named.length === 0)
    return [fail(check, `\`${branch}\` does not ask for the check \`${checkName}\`: no verdict stops a merge.`, next)];
  const others = named.flatMap(({ appId }) => appId ?? []);
  const message =
    others.length < named.length
      ? `\`${branch}\` takes the check \`${checkName}\` from any source: whoever may write statuses can pass it.`
      : `\`${branch}\` takes the check \`${checkName}\` from App ${[...new Set(others)].join(", ")}, and this one is App ${ours.appId}.`;
  return [fail(check, message, next)];
}

function checksOf({ rulesets, protection }: BranchRules): RequiredCheck[] {
  return [rulesets, protection].flatMap((one) => (one.known ? one.value.checks : []));
}

/**
 * Reports ways past the check. They are warnings, even if they cannot be read: the App does not ask for that
 * permission.
 */
function judgeBypasses(about: string, rules: BranchRules, own: readonly RequiredCheck[]): HealthFinding[] {
  return [judgeBypass(about, rules, own), judgePushes(about, rules), judgeAge(about, rules, own)];
}

function judgeBypass(about: string, { branch }: BranchRules, own: readonly RequiredCheck[]): HealthFinding {
  const { ok, warn } = findingsOf("repository", about);
  const bypasses = own.map(({ bypass }) => bypass);
  if (bypasses.some((one) => one.known && one.value.length === 0))
    return ok("bypass", `Nobody may bypass the check on \`${branch}\`.`);
  const who = new Set(bypasses.flatMap((one) => (one.known ? one.value : [])));
  const next = `An administrator of ${about} looks at the rule's bypass list, and empties it.`;
  const unseen = bypasses.find((one) => !one.known);
  if (unseen !== undefined && !unseen.known)
    return warn("bypass", `Who may bypass the check cannot be seen: ${unseen.why}`, next);
  return warn("bypass", `The check can be bypassed by ${[...who].join(", ")}.`, next);
}

function judgePushes(about: string, { branch, rulesets, protection }: BranchRules): HealthFinding {
  const { ok, warn } = findingsOf("repository", about);
  if (rulesets.known && rulesets.value.kinds.includes("pull_request"))
    return ok("direct-push", `Changes enter \`${branch}\` by pull requests only.`);
  const next = `An administrator of ${about} requires a pull request before merging into \`${branch}\`.`;
  const isUnseen = !rulesets.known || !protection.known || protection.value.isOn;
  return warn(
    "direct-push",
    isUnseen
      ? `Whether commits can be pushed to \`${branch}\` without a pull request cannot be seen.`
      : `Commits that passed the check elsewhere can be pushed to \`${branch}\` without a pull request.`,
    next,
  );
}

function judgeAge(about: string, { branch, rulesets }: BranchRules, own: readonly RequiredCheck[]): HealthFinding {
  const { ok, warn } = findingsOf("repository", about);
  if (rulesets.known && rulesets.value.kinds.includes("merge_queue"))
    return ok("up-to-date", `A merge queue tests what enters \`${branch}\` as it will be.`);
  if (own.some(({ strict }) => strict === true))
    return ok("up-to-date", `Branches must be up to date with \`${branch}\` before they are merged.`);
  const next = `An administrator of ${about} asks for branches to be up to date before merging, or turns on a merge queue.`;
  const message = own.some(({ strict }) => strict === null)
    ? `Whether branches must be up to date with \`${branch}\` cannot be seen.`
    : `A branch that is behind \`${branch}\` can be merged: nobody judged what comes out.`;
  return warn("up-to-date", message, next);
}
