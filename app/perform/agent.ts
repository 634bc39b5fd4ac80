import { redactSecrets } from "../../collect/secrets/redaction.ts";
import { issueDigest } from "../../core/contract/contract.ts";
import { planProblems } from "../../core/contract/plan-problems.ts";
import type { EffectResult } from "../../core/effects.ts";
import { SallyportError } from "../../core/errors.ts";
import { attemptName } from "../../core/identifiers.ts";
import { redactionReport } from "../../core/redaction/redaction.ts";
import { shownText } from "../../core/redaction/shown-text.ts";
import { refsOf } from "../../core/story/ticket.ts";
import { Plan } from "../../schemas/plan.ts";
import { Pack, StepResult } from "../../schemas/step.ts";
import { runAgentProgram } from "../agents/command.ts";
import { tokensOf } from "../agents/driver.ts";
import { runImplementer } from "../agents/implementer.ts";
import { askPlanner, type PlannerAnswer, type PlannerInput } from "../agents/planner.ts";
import { recordable, redactingCallStore, redactResult } from "../agents/redact.ts";
import type { AgentEvent } from "../agents/run.ts";
import { readingTools } from "../agents/tools.ts";
import { githubTree, type TreeReader, type WholeTree, withoutUnread } from "../agents/trees.ts";
import { createWorkspace, textOf, type Workspace } from "../agents/workspace.ts";
import { type EffectOf, type PerformContext, readJson, secondsSince, storeJson } from "./context.ts";
import { runOnActions, type Work, type WorkEnd } from "./dispatch.ts";
import { follow, secretIn, serviceOf } from "./model.ts";
import { filePatch } from "./patch.ts";

/** Asks the planner for a story's plan and stores it. A model wrote the plan: data, until a person approves it. */
export async function askPlannerFor(effect: EffectOf<"ask-planner">, context: PerformContext): Promise<EffectResult> {
  const service = serviceOf(effect, context);
  const { rules, story, decisions } = effect;
  const tree = withoutUnread(await githubTree(context.reader, effect.base, context.cache));
  const input = await plannerInput(effect, tree, context);
  const secret = await secretIn({ ...input, paths: input.paths.join("\n") }, context);
  if (secret !== null)
    return { type: "plan-failed", code: "secret-in-prompt", message: `The planner was not asked: ${secret}` };
  const events = askPlanner(input, {
    service,
    calls: redactingCallStore(context.calls, context.secrets),
    signal: context.signal,
    tree,
    problems: (plan) => (rules === undefined ? [] : planProblems(plan, rules, story, decisions)),
    redact: async (text) => (await redactSecrets(text, context.secrets)).text,
  });
  const answer = await follow(events, { key: effect.key, name: `plan of #${story}` }, context);
  // Cancelled is not answered: paid answers are stored, and the next start continues from there.
  context.signal.throwIfAborted();
  if (answer.ok) return proposedPlan(effect, answer, context);
  const { text: message } = await redactSecrets(answer.message, context.secrets);
  const used = tokensOf(answer.usage) === 0 ? {} : { usage: answer.usage };
  return { type: "plan-failed", code: answer.code, message, ...used };
}

/** What the planner is shown: people's texts as GitHub shows them, and the names of the files that it may read. */
async function plannerInput(
  effect: EffectOf<"ask-planner">,
  tree: TreeReader,
  context: PerformContext,
): Promise<PlannerInput> {
  const { title, body, comments = [], task, instructions, phase, refinement, rules, roles, decisions } = effect;
  return {
    request: effect.key,
    title: shownText(title).text,
    body: shownText(body).text,
    comments: comments.map(({ id, by, right, text }) => ({ id, login: by.login, right, text: shownText(text).text })),
    refinement: shownText(refinement).text,
    previous: effect.previousPlan === null ? null : Plan.parse(await readJson(effect.previousPlan, context)),
    ...(task === undefined ? {} : { task }),
    ...(instructions === undefined ? {} : { instructions }),
    ...(phase === undefined ? {} : { phase }),
    ...(rules?.contractFirst === undefined ? {} : { contractFirst: rules.contractFirst.risks }),
    roles,
    decisions,
    paths: (await tree.list()).map(({ path }) => path),
  };
}

/** Stores a plan, and says what of the ticket it was made from. */
async function proposedPlan(
  { title, body, comments = [], task, instructions }: EffectOf<"ask-planner">,
  { plan, usage, redacted }: Extract<PlannerAnswer, { ok: true }>,
  context: PerformContext,
): Promise<EffectResult> {
  const { sha256: planSha256 } = await storeJson(plan, context);
  const parts = comments.map(({ id, by, right, sha256 }) => ({ id, by, right, sha256 }));
  return {
    type: "plan",
    planSha256,
    issueSha256: issueDigest({ title, body }, parts, [], task),
    ...(parts.length === 0 ? {} : { comments: parts }),
    ...(task === undefined ? {} : { task: { path: task.path, sha256: task.sha256 } }),
    ...(instructions === undefined ? {} : { instructions: refsOf(instructions) }),
    usage,
    ...(redacted.length === 0 ? {} : { redacted: redactionReport(redacted) }),
  };
}

/**
 * Runs an agent on a recorded pack, in a workspace that shows the pack's base and allows writes only within its scope.
 */
export async function runAgent(effect: EffectOf<"run-agent">, context: PerformContext): Promise<EffectResult> {
  const service = serviceOf(effect, context);
  const pack = Pack.parse(await readJson(effect.packSha256, context));
  const secret = await secretIn(pack, context);
  if (secret !== null)
    throw new SallyportError("secret-in-prompt", `The agent was not asked for #${pack.prompt}: ${secret}`);
  const tree = await githubTree(context.reader, pack.base, context.cache);
  const workspace = createWorkspace(tree, pack);
  const work = { pack, workspace, service };
  const note = context.steps(effect.key);
  const shown = (path: string) => patchOf(path, workspace, tree, context);
  const noteEvent = async (line: string, event: AgentEvent) => {
    const isWrite = event.type === "tool" && event.ok && !readingTools.includes(event.name);
    const path = isWrite ? event.path : null;
    const patch = path === null ? null : await shown(path);
    await note({ line, path, patch, usage: event.type === "answer" ? event.usage : null });
  };
  const begun = context.now();
  const ended = await (effect.actions === undefined
    ? workHere(effect, { ...work, tree }, noteEvent, context)
    : runOnActions(effect, work, context));
  context.signal.throwIfAborted();
  const { usage, tool, actions, started = begun } = ended;
  // A backend's result is parsed before it is stored, whatever the backend is.
  const result = await redactResult(StepResult.parse(recordable(ended.result)), tree, context.secrets);
  // A program's writes are seen at its end.
  if (tool !== undefined)
    for (const { path } of result.files) await note({ line: `left ${path}`, path, patch: await shown(path), usage });
  const { sha256, bytes } = await storeJson(result, context);
  const seconds = secondsSince(started, context);
  return {
    ...{ type: "answer", resultSha256: sha256, bytes, seconds, usage },
    ...(tool === undefined ? {} : { tool }),
    ...(actions === undefined ? {} : { actions }),
  };
}

/** Lets an agent work on this machine: our own, or a program in the sandbox. */
function workHere(
  { key, tool }: EffectOf<"run-agent">,
  { tree, ...work }: Work & { tree: WholeTree },
  note: (line: string, event: AgentEvent) => Promise<void>,
  context: PerformContext,
): Promise<WorkEnd> {
  const { calls, secrets, signal, agentTools: tools, packageRegistry: registry } = context;
  const run = { ...work, calls: redactingCallStore(calls, secrets), signal };
  const events: AsyncGenerator<AgentEvent, WorkEnd> =
    tool === undefined ? runImplementer(run) : runAgentProgram({ ...run, tool, tree, tools, registry });
  const { pack } = work;
  return follow(events, { key, name: `${pack.run} #${pack.prompt} ${attemptName(pack)}`, note }, context);
}

/** What became of a file in a workspace so far; null: it is too long to be shown, or no text. */
async function patchOf(
  path: string,
  workspace: Workspace,
  tree: TreeReader,
  { secrets }: PerformContext,
): Promise<string | null> {
  const now = await workspace.read(path);
  const isInBase = (await tree.list()).some((file) => file.path === path);
  const bytes = isInBase ? await tree.read(path) : Buffer.alloc(0);
  const before = bytes === null ? null : textOf(bytes);
  return before === null ? null : filePatch(path, [before, now.ok ? now.value : ""], secrets);
}
