import type { Plan } from "../../schemas/plan.ts";
import type { Duty } from "../../schemas/policy.ts";
import { type Ask, authority } from "../authority.ts";
import type { CommandName } from "../commands.ts";
import { approvalDigest, compilePrompt, declaredPaths, isExpired, issueDigest } from "../contract.ts";
import type { Effect, Ourselves } from "../effects.ts";
import type { Draft } from "../entries.ts";
import type { LoadedPolicy } from "../facts.ts";
import type { Step, StoryFacts } from "../story-facts.ts";
import { type RunRecord, type StoryRecord, sourceKey } from "../story-record.ts";

/** The duties that may give each command on an issue; none means anyone who can write to the repository. */
const dutiesFor: Record<CommandName, readonly Duty[]> = {
  status: [],
  plan: ["planners"],
  refine: ["planners", "approvers"],
  approve: ["approvers"],
  block: ["planners", "approvers", "executors"],
  run: ["executors"],
  stop: ["executors", "approvers"],
  retry: ["executors"],
  clarify: ["planners", "approvers"],
  "sign-off": ["approvers"],
  adopt: [],
  waive: [],
};

/** How one command is answered: with the line people read, and what else it brings about. */
type Answer = { accepted: boolean; code: string; line: string; drafts?: Draft[] };

const refuse = (code: string, line: string): Answer => ({ accepted: false, code, line });
const accept = (code: string, line: string, drafts: Draft[] = []): Answer => ({
  accepted: true,
  code,
  line,
  drafts,
});

/**
 * Answers the oldest unanswered command on a story, whoever gave it: accepted or refused, each gets one entry and one
 * reply. Null: nothing to answer, or what decides it could not be read and it waits for the next look.
 */
export function answerNext(
  record: StoryRecord,
  facts: StoryFacts,
  loaded: LoadedPolicy,
  missing: string[],
): Step | null {
  for (const ask of facts.asks) {
    if (record.answered.has(sourceKey(ask.source))) continue;
    const answer = answerTo(ask, record, facts, loaded, missing);
    if (answer === null) return null;
    return answered(ask, answer, facts);
  }
  return null;
}

/** The entry and the effects that answering brings, for a story, an epic or a prompt alike. */
export function answered(
  ask: Ask,
  answer: Answer,
  facts: { issue: { number: number }; repository: { id: number } },
): Step {
  const key = `${facts.repository.id}/${sourceKey(ask.source)}`;
  const effects: Effect[] = [
    {
      type: "reply",
      key: `reply/${key}`,
      issue: facts.issue.number,
      comment: ask.source.type === "comment" ? ask.source.id : null,
      source: ask.source.id,
      accepted: answer.accepted,
      line: answer.line,
    },
  ];
  const command: Draft = {
    kind: "command",
    actor: { type: "user", id: ask.by.id, login: ask.by.login },
    subject: [],
    body: {
      issue: facts.issue.number,
      source: ask.source,
      command: ask.command.name,
      accepted: answer.accepted,
      code: answer.code,
      message: answer.line,
      text: "text" in ask.command ? ask.command.text : "",
    },
  };
  return { drafts: [command, ...(answer.drafts ?? [])], effects };
}

function answerTo(
  ask: Ask,
  record: StoryRecord,
  facts: StoryFacts,
  loaded: LoadedPolicy,
  missing: string[],
): Answer | null {
  const { command } = ask;
  const { policy } = loaded;
  const allowed = authority(ask, dutiesFor[command.name], policy.people);
  if (allowed.answer === "wait") return null;
  if (allowed.answer === "no") return refuse(allowed.code, allowed.line);
  if ("why" in command) return refuse("badly-written", `Write it as \`${command.form}\`: ${command.why}.`);
  if (record.completed && command.name !== "status")
    return refuse("completed", "This story is complete; open a new one.");

  const running = record.run !== null && record.run.closed === null;
  switch (command.name) {
    case "status":
      return accept("shown", "The comment above shows where this story stands.");
    case "plan":
    case "refine":
      if (running) return refuse("run-open", "A run is open. `/stop` it before planning again.");
      if (missing.length > 0)
        return refuse("intake", `The story is not ready to be planned: ${missing.join(" ")}`);
      if (command.name === "refine" && record.plan === null)
        return refuse("no-plan", "There is no plan to refine. Start with `/plan`.");
      return accept("planning", "Planning starts; the plan will appear in the comment above.");
    case "approve":
      return approve(ask, command.digest, record, facts, loaded);
    case "block":
      return accept("blocked", "Blocked. A new `/plan` or `/run` takes it up again.");
    case "run":
      return submit(ask, record, facts, loaded, "run");
    case "retry":
      if (record.run?.closed?.status !== "failed")
        return refuse("nothing-failed", "There is no failed run to retry.");
      return submit(ask, record, facts, loaded, "retry");
    case "stop":
      if (record.run === null || !running) return refuse("no-run", "No run is open.");
      return accept("stopped", `${record.run.run} is stopped; nothing more of it will be written.`, [
        runClosed(record.run, facts, "cancelled", `stopped by @${ask.by.login}`),
      ]);
    case "clarify":
      if (record.blocked === null)
        return refuse("nothing-open", "Nothing is open here that waits for an answer.");
      return accept("clarified", "Taken up again: the block is answered.");
    case "adopt":
      return refuse("wrong-place", "Commits are adopted on the pull request that holds them.");
    case "waive":
      return refuse("wrong-place", "A waiver belongs on the pull request that the gate blocks.");
    case "sign-off":
      return refuse("wrong-place", "A sign-off belongs on the pull request whose commit was tested.");
  }
}

/** The digest of the plan as it could be approved now, with its parts; null while a part is unknown or there is no plan. */
export function currentDigest(record: StoryRecord, facts: StoryFacts, loaded: LoadedPolicy) {
  if (record.plan === null || !facts.base.known) return null;
  const parts = {
    plan: record.plan.planSha256,
    issue: issueDigest(facts.issue),
    base: facts.base.value,
    paths: declaredPaths(record.plan.plan),
    policy: loaded.blob,
  };
  return { digest: approvalDigest(parts), parts };
}

function approve(
  ask: Ask,
  digest: string,
  record: StoryRecord,
  facts: StoryFacts,
  loaded: LoadedPolicy,
): Answer | null {
  const { plan, run } = record;
  if (plan === null) return refuse("no-plan", "There is no plan to approve. Start with `/plan`.");
  // A new contract would take the prompts of the open run out from under it.
  if (run !== null && run.closed === null)
    return refuse("run-open", `${run.run} is open. \`/stop\` it before a new plan is approved.`);
  if (record.contract?.digest === digest)
    return refuse("used", "This approval was used already: the contract is frozen.");
  if (record.contract?.revision === plan.revision)
    return refuse("used", "This plan was approved already; ask for a new one with `/refine`.");
  if (!facts.base.known) return null;
  const current = currentDigest(record, facts, loaded);
  if (current === null) return null;
  if (plan.issueSha256 !== current.parts.issue) {
    return refuse(
      "story-changed",
      "The story's text changed after it was planned. Plan it again with `/plan`.",
    );
  }
  if (isExpired(plan.at, facts.now))
    return refuse("expired", "This plan is too old to be approved. Plan it again with `/plan`.");
  if (digest !== current.digest) {
    return refuse(
      "digest-moved",
      "That digest is not the current one: the plan, the story, the base or the policy moved. Read the comment above again.",
    );
  }
  const own = plan.requestedBy.id === ask.by.id;
  if (own && loaded.policy.people.separation === "strict") {
    return refuse(
      "own-plan",
      "You asked for this plan, so somebody else approves it (`people.separation: strict`).",
    );
  }
  const actor = { type: "user" as const, id: ask.by.id, login: ask.by.login };
  const subject = [{ name: `story #${facts.issue.number}`, digest: { sha256: digest } }];
  if (ask.source.type !== "comment") return refuse("wrong-place", "An approval is a comment.");
  return accept(
    "approved",
    `Read as: approved by @${ask.by.login} for \`${digest.slice(0, 12)}…\`. The diff prompts are being opened.`,
    [
      {
        kind: "approval.granted",
        actor,
        subject,
        body: {
          story: facts.issue.number,
          revision: plan.revision,
          digest,
          parts: current.parts,
          comment: ask.source.id,
          solo: own,
        },
      },
      {
        kind: "contract.frozen",
        actor: appActor(facts),
        subject,
        body: contractOf(facts, plan.plan, plan.revision, digest),
      },
    ],
  );
}

function contractOf(facts: StoryFacts, plan: Plan, revision: number, digest: string) {
  return {
    story: facts.issue.number,
    revision,
    digest,
    risk: plan.risk,
    manualTest: plan.manualTest,
    decisions: facts.decisions.known ? facts.decisions.value.map(({ path }) => path) : [],
    prompts: plan.prompts.map((prompt, place) => compilePrompt(facts.issue, plan, prompt, place + 1)),
  };
}

/** Why an approved contract no longer holds: the story or the policy moved after the approval. Null: it holds. */
export function contractDrift(record: StoryRecord, facts: StoryFacts, loaded: LoadedPolicy): string | null {
  const { contract, plan } = record;
  if (contract === null || plan === null) return null;
  if (plan.revision === contract.revision && plan.issueSha256 !== issueDigest(facts.issue)) {
    return "The story's text changed after the approval. Plan it again with `/plan`.";
  }
  const approved = facts.entries.findLast(
    (entry) => entry.kind === "approval.granted" && entry.body.digest === contract.digest,
  );
  if (approved?.kind === "approval.granted" && approved.body.parts.policy !== loaded.blob) {
    return "The policy changed after the approval. Plan it again with `/plan`, so that it is approved under the new one.";
  }
  return null;
}

function submit(
  ask: Ask,
  record: StoryRecord,
  facts: StoryFacts,
  loaded: LoadedPolicy,
  code: string,
): Answer {
  const { contract, run } = record;
  if (run !== null && run.closed === null)
    return refuse("run-open", `${run.run} is open already; \`/stop\` ends it.`);
  if (contract === null)
    return refuse("not-approved", "Nothing is approved yet. `/plan`, then `/approve` the digest.");
  const drift = contractDrift(record, facts, loaded);
  if (drift !== null) return refuse("drift", drift);
  const issues = record.prompts.flatMap((prompt) =>
    prompt.issue === null || prompt.completed ? [] : [prompt.issue],
  );
  if (record.prompts.some((prompt) => prompt.issue === null)) {
    return refuse("prompts-not-open", "The diff prompts are still being opened; try again in a moment.");
  }
  const name = `run-${facts.issue.number}-${record.runs + 1}`;
  return accept(code, `${name} is submitted: ${issues.map((issue) => `#${issue}`).join(", then ")}.`, [
    {
      kind: "run.submitted",
      actor: { type: "user", id: ask.by.id, login: ask.by.login },
      subject: [{ name, digest: { sha256: contract.digest } }],
      body: {
        run: name,
        story: facts.issue.number,
        mode: "stop_on_failure",
        prompts: issues,
        by: ask.by,
        digest: contract.digest,
      },
    },
  ]);
}

/** Ends a story's open run. */
export function runClosed(
  run: RunRecord,
  facts: { ourselves: Ourselves },
  status: "succeeded" | "failed" | "cancelled",
  reason: string,
): Draft {
  return {
    kind: "run.closed",
    actor: appActor(facts),
    subject: [],
    body: { run: run.run, story: run.story, status, reason },
  };
}

/** The App itself as the one who acted. */
export function appActor(facts: { ourselves: Ourselves }) {
  return { type: "app" as const, id: facts.ourselves.bot.id, login: facts.ourselves.bot.login };
}
