import type { Policy } from "../../schemas/policy.ts";
import type { Account } from "../../schemas/text.ts";
import type { GateResult, Reason } from "../../schemas/verdict.ts";
import type { LoadedPolicy, ReviewFact } from "../facts.ts";
import { patternList } from "../paths/pattern-list.ts";
import { matcher } from "../paths/patterns.ts";
import { otherHolders } from "../people/authority.ts";
import { barredOf, idsOf, requesters, whoseWork } from "../people/authorship.ts";
import { approvals, hasDuty, latestReviews } from "../people/reviewers.ts";
import {
  authorOf,
  defineGate,
  type FactsWith,
  notApplicable,
  notConfigured,
  policyLine,
  result,
  unknownResult,
  withFacts,
} from "./gate.ts";

const name = "review";

type Settings = NonNullable<Policy["gates"][typeof name]>;

/** Open requests for changes, and those whose reviewers' permission could not be read. */
function objections(reviews: readonly ReviewFact[], by: Settings["by"]) {
  const found: { open: ReviewFact[]; unread: string[] } = { open: [], unread: [] };
  for (const review of latestReviews(reviews)) {
    if (review.state !== "changes_requested") continue;
    const entitled = hasDuty(review, by);
    if (!entitled.known) found.unread.push(`What @${review.by.login} may do here could not be read: ${entitled.why}`);
    else if (entitled.value) found.open.push(review);
  }
  return found;
}

type Reviewed = FactsWith<"reviews" | "record">;

function judgeReviews(facts: Reviewed, policy: LoadedPolicy, settings: Settings): GateResult {
  const { open, unread } = objections(facts.reviews, settings.by);
  const reasons = open.map(({ by, sha }): Reason => {
    const step = `Answer the review, then have @${by.login} review again or dismiss theirs.`;
    const message = `@${by.login} asked for changes${sha === null ? "" : ` on ${sha}`}.`;
    return {
      code: "changes-requested",
      message,
      ...policyLine(policy, `gates.${name}`),
      next: { step, who: authorOf(facts) },
    };
  });
  if (reasons.length > 0) return result(name, "fail", ...reasons);
  if (unread.length > 0) return unknownResult(name, "standing-unknown", unread.join(" "));
  return judgeApprovals(facts, policy, settings);
}

function judgeApprovals(facts: Reviewed, policy: LoadedPolicy, { by, count }: Settings): GateResult {
  const asked = requesters(facts, facts.record);
  const { people } = policy.policy;
  const head = facts.head.sha;
  const workOf = (person: Account) => whoseWork(person, idsOf(asked), people);
  const isOwn = (person: Account) => workOf(person) === "own";
  const found = approvals(facts.reviews, facts, { count, duties: by, isOwn });
  if (found.state === "unread") return unknownResult(name, found.code, found.why);
  if (found.state === "enough") {
    const names = found.by.map((one) => `@${one.login}`).join(", ");
    const selves = found.by.filter((one) => workOf(one) === "own-but-solo").map((one) => `@${one.login}`);
    const solo =
      selves.length === 0
        ? ""
        : ` ${selves.join(", ")} also asked for the change: the policy says \`separation: solo\`.`;
    const message = `${names} approved ${head}.${solo}`;
    return result(name, "pass", { code: selves.length === 0 ? "approved" : "approved-solo", message });
  }
  // GitHub lets nobody approve their own pull request, whatever the policy says.
  const author = facts.pull === null ? [] : [facts.pull.author];
  const without = [...barredOf(asked, people), ...author, ...found.by];
  const next = {
    step: found.step,
    who: by.map((duty) => `${duty} (${otherHolders(people, duty, without)})`).join(" or "),
  };
  const message = [`${found.by.length} of ${count} approving reviews of ${head}.`, ...found.notCounted].join(" ");
  return result(name, "pending", {
    code: found.code,
    message,
    ...policyLine(policy, `gates.${name}`),
    next,
  });
}

/**
 * People who did not ask for the change approved this exact commit. A request for changes by a reviewer with the duty
 * blocks every later commit until they review again or it is dismissed; neither a push nor another base branch lifts
 * it.
 */
export const review = defineGate({
  name,
  group: "people",
  settings: ({ gates }) => gates[name] ?? notConfigured("The policy asks for no review."),
  // The facts it needs depend on the changed paths, so `judge` asks for them.
  needs: [],
  lists({ gates }) {
    const { count = 1, by = [], paths } = gates[name] ?? {};
    const duties = by.map((duty) => `\`people.${duty}\``).join(" or ");
    const meaning = `a change of it needs ${count} approving review(s) by ${duties}`;
    return [patternList(`gates.${name}.paths`, "deny", paths, meaning)];
  },
  judge(facts, policy, settings) {
    if (settings.paths.length > 0) {
      if (!facts.changes.known) return unknownResult(name, "changes-unknown", facts.changes);
      const paths = matcher(settings.paths, "deny");
      if (facts.changes.value.every(({ path }) => paths.matches(path) === null))
        return notApplicable(name, "not-touched", "The change touches no path that asks for a review.");
    }
    return withFacts(name, facts, ["reviews", "record"], (read) => judgeReviews(read, policy, settings));
  },
});
