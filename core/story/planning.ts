import { casefilesOf } from "../casefiles.ts";
import { digestOf, issueDigest, planProblems } from "../contract.ts";
import type { Step } from "../decision.ts";
import type { LoadedPolicy } from "../facts.ts";
import { effectKey, sourceKey } from "../identifiers.ts";
import type { StoryFacts } from "../story-facts.ts";
import type { StoryRecord } from "../story-record.ts";
import { appActor } from "./answer.ts";

/** Asks the planner for what a person last requested, and records what it proposed or why it did not. */
export function plan(record: StoryRecord, facts: StoryFacts, loaded: LoadedPolicy): Step | null {
  const { request } = record;
  if (request === null || isAnswered(record)) return null;
  const key = effectKey.plan(facts.repository.id, facts.issue.number, request.source);
  const outcome = facts.outcomes.get(key);
  if (outcome === undefined) {
    if (!facts.base.known) return null;
    const { policy } = loaded;
    return {
      effects: [
        {
          type: "ask-planner",
          key,
          story: facts.issue.number,
          base: facts.base.value,
          title: facts.issue.title,
          body: facts.issue.body,
          refinement: request.refinement,
          previousPlan: request.refinement === "" ? null : (record.plan?.planSha256 ?? null),
          roles: Object.entries(policy.roles).map(([name, role]) => ({
            name,
            allow: role.allow,
            deny: [...role.deny, ...casefilesOf(policy, facts.issue.number).map(({ path }) => path)],
          })),
          decisions: facts.decisions.known ? facts.decisions.value.map((decision) => decision.path) : [],
          backend: policy.agents.planner,
          model: policy.agents.model ?? null,
        },
      ],
    };
  }
  if (outcome.status === "waiting") return null;
  const failed = (code: string, message: string): Step => ({
    drafts: [
      {
        kind: "plan.failed",
        actor: appActor(facts),
        subject: [],
        body: { story: facts.issue.number, request: request.source, code, message },
      },
    ],
  });
  if (outcome.status === "failed") return failed(outcome.code, outcome.message);
  if (outcome.result.type === "plan-failed") return failed(outcome.result.code, outcome.result.message);
  if (outcome.result.type !== "plan")
    return failed("bad-answer", "the planner's effect ended without a plan");

  const { planSha256, issueSha256, usage, redacted } = outcome.result;
  const proposed = facts.plans.get(planSha256);
  if (proposed === undefined) return failed("plan-lost", "the stored plan could not be read back");
  const problems = planProblems(proposed, loaded.policy, facts.issue.number);
  if (problems.length > 0) return failed("plan-outside-policy", problems.join(" "));
  return {
    drafts: [
      {
        kind: "plan.proposed",
        actor: { type: "agent", id: facts.ourselves.bot.id, login: usage.model },
        subject: [{ name: `plan of story #${facts.issue.number}`, digest: { sha256: planSha256 } }],
        body: {
          story: facts.issue.number,
          revision: (record.plan?.revision ?? 0) + 1,
          requestedBy: request.by,
          request: request.source,
          plan: proposed,
          planSha256: digestOf(proposed),
          issueSha256,
          usage,
          ...(redacted === undefined ? {} : { redacted }),
        },
      },
    ],
  };
}

/** Whether the last request got its plan or its failure. */
export function isAnswered(record: StoryRecord): boolean {
  const { request, plan, planFailure } = record;
  if (request === null) return true;
  const key = sourceKey(request.source);
  return (
    (plan !== null && sourceKey(plan.request) === key) ||
    (planFailure !== null && sourceKey(planFailure.request) === key)
  );
}

/** Opens the next diff prompt of the frozen contract as a sub-issue, in order, blocked by those it depends on. */
export function openPrompts(record: StoryRecord, facts: StoryFacts): Step | null {
  const { contract } = record;
  const next = record.prompts.find((prompt) => prompt.issue === null);
  if (contract === null || next === undefined) return null;
  const { index, title, text, dependsOn, role } = next.contract;
  const key = effectKey.prompt(facts.repository.id, facts.issue.number, contract.revision, index);
  const outcome = facts.outcomes.get(key);
  if (outcome?.status === "waiting" || outcome?.status === "failed") return null;
  if (outcome?.status === "done") {
    if (outcome.result.type !== "issue") return null;
    const { number } = outcome.result;
    // Whoever may write can edit our issues, and so make one pass for another: two prompts never share theirs.
    if (facts.entries.some((entry) => entry.kind === "prompt.opened" && entry.body.issue === number))
      return null;
    const body = {
      story: facts.issue.number,
      revision: contract.revision,
      index,
      issue: number,
    };
    return { drafts: [{ kind: "prompt.opened", actor: appActor(facts), subject: [], body }] };
  }
  const blockedBy = dependsOn.flatMap(
    (earlier) => record.prompts.find((one) => one.contract.index === earlier)?.issue ?? [],
  );
  const body = [
    text.trimEnd(),
    "",
    "---",
    `Role \`${role}\`. Frozen at approval \`${contract.digest.slice(0, 12)}…\`: editing this issue changes nothing that an agent sees.`,
  ].join("\n");
  return { effects: [{ type: "open-prompt", key, story: facts.issue.number, title, body, blockedBy }] };
}

/** Whether the issue's text is still the one that was planned. */
export function isPlannedText(record: StoryRecord, facts: StoryFacts): boolean {
  return record.plan !== null && record.plan.issueSha256 === issueDigest(facts.issue);
}
