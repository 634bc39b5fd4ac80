import type { Policy } from "../../schemas/policy.ts";
import { type Duty, duties } from "../../schemas/policy-values.ts";
import { guardOf } from "../gates/protected.ts";
import type { LintCode, LintDraft } from "./warning.ts";

const codes: Record<Duty, LintCode> = {
  planners: "nobody-plans",
  executors: "nobody-runs",
  approvers: "nobody-approves",
  architects: "nobody-decides",
};

/** What cannot happen under a policy while nobody holds a duty, as the ends of sentences. */
function consequences({ extends: base, people, roles, gates }: Policy): [Duty, string][] {
  const hasAgents = Object.keys(roles).length > 0;
  const isAsked = people.planners.length + people.executors.length > 0;
  const { review, trace, protected: guarded, "manual-test": manual } = gates;
  const agents: [Duty, string][] = [
    ["planners", "no plan can be asked for"],
    ["executors", "no run can be started"],
  ];
  const reviewers: [Duty, string][] = (review?.by ?? []).map((duty) => [
    duty,
    "no review counts for the gate `review`",
  ]);
  const adopters: [Duty, string][] = (["executors", "architects"] as const).map((duty) => [
    duty,
    "nobody can `/adopt` the changes that the gate `trace` holds back",
  ]);
  // One of several duties is enough for a review and an adoption.
  const isNobody = (of: [Duty, string][]) => of.every(([duty]) => people[duty].length === 0);
  return [
    ...(hasAgents ? agents : []),
    ...(hasAgents || isAsked
      ? [["approvers", "no plan can be approved, so no agent ever runs"] satisfies [Duty, string]]
      : []),
    ...(base === "default" || guarded !== undefined
      ? [[guardOf(gates), "no change of a protected file, such as this policy, can be let in"] satisfies [Duty, string]]
      : []),
    ...(manual === undefined ? [] : [["approvers", "no manual test can be signed off"] satisfies [Duty, string]]),
    ...(isNobody(reviewers) ? reviewers : []),
    ...(trace !== undefined && trace.of !== "runs" && isNobody(adopters) ? adopters : []),
  ];
}

/** Warns about each duty that a gate or a command needs and nobody holds. */
export function unheldDuties(policy: Policy): LintDraft[] {
  const missing = consequences(policy).filter(([duty]) => policy.people[duty].length === 0);
  return duties.flatMap((duty): LintDraft[] => {
    const what = missing.flatMap(([of, consequence]) => (of === duty ? [consequence] : []));
    if (what.length === 0) return [];
    const key = `people.${duty}`;
    const message = `\`${key}\` names nobody: ${what.join(", and ")}.`;
    return [{ code: codes[duty], key, message, next: `Name someone under \`${key}\`.` }];
  });
}
