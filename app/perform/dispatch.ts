import { randomBytes } from "node:crypto";
import { filesInArchive } from "../../collect/github/archive.ts";
import { downloadArtifact } from "../../collect/github/artifact-reports.ts";
import { valueOrThrow } from "../../collect/github/request.ts";
import { readFileId, readJobs, readRun, readSealedArtifacts } from "../../collect/github/workflow-run.ts";
import {
  artifactBytes,
  type Dispatched,
  editedWorkflow,
  judgeArtifact,
  judgeRun,
  judgeSealed,
  type RunRefusal,
  refusalText,
  resultArtifact,
  type WorkflowJob,
  type WorkflowRun,
} from "../../core/contract/workflow-run.ts";
import { sha256 } from "../../core/digest.ts";
import type { EffectResult } from "../../core/effects.ts";
import { SallyportError } from "../../core/errors.ts";
import { toolIn } from "../../schemas/policy-agents.ts";
import type { ActionsRun, Pack, StepResult, Tool, Usage } from "../../schemas/step.ts";
import { isSealedName, readSealed } from "../actions/sealed.ts";
import { writeInto } from "../agents/command.ts";
import type { Service } from "../agents/run.ts";
import type { Workspace } from "../agents/workspace.ts";
import { ignoreStatus } from "../github/requests.ts";
import type { Dispatch } from "../store/dispatches.ts";
import type { EffectOf, PerformContext } from "./context.ts";

/** An agent's work as its effect's result tells it; `started`: absent, it began with the effect's last try. */
export type WorkEnd = { result: StepResult; usage: Usage; tool?: Tool; actions?: ActionsRun; started?: Date };

/** What an agent's work needs, wherever it is done. */
export type Work = { pack: Pack; workspace: Workspace; service: Service };

/** In seconds. */
const times = {
  /** What the jobs may take beside the program's own time. */
  jobs: 1_500,
  /** Until a run that goes on is read again, if GitHub does not tell of its end before. */
  poll: 60,
  /** Until a run whose request was not answered is looked for again. */
  search: 10,
  /** How long a request may lead to no run before it is made again. */
  lost: 30,
  /** From a cancellation that the run's jobs may delay to one that does not ask them. */
  force: 60,
} as const;

/** What a person does where a run led to nothing. */
const beginAgain = "look at the repository's Actions, and say `/run` to begin again";

const nothing = { version: 1 as const, questions: [], files: [], claims: [] };
const after = ({ now }: PerformContext, seconds: number) => new Date(now().getTime() + seconds * 1_000);

/** The effect is not done and nothing failed: it goes on when GitHub tells of the run's end, or then at the latest. */
const wait = (context: PerformContext, seconds: number, what: string) =>
  new SallyportError("waiting", what, { retry: true, notBefore: after(context, seconds) });

/**
 * Lets a program work in a run of the pinned workflow. The request is recorded before GitHub hears of it, and looked for
 * before it is made again; the run is believed only as far as it is the one that was asked for. Throws `waiting` until it
 * has ended.
 */
export async function runOnActions(
  { key, tool = "", actions, packSha256 }: EffectOf<"run-agent">,
  { pack, workspace, service }: Work,
  context: PerformContext,
): Promise<WorkEnd> {
  const { reader, dispatches, now } = context;
  const workflow = { path: actions?.workflow ?? "", blob: actions?.blob ?? "" };
  const { runtime } = pack.limits;
  const dispatch = await dispatches.open({
    key,
    nonce: randomBytes(16).toString("hex"),
    deadline: after(context, runtime + times.jobs),
  });
  const usage = dispatch.spent?.usage ?? { model: service.model, calls: 0, inputTokens: 0, outputTokens: 0 };
  const program = toolIn(tool);
  const told: Omit<WorkEnd, "result"> = { usage, tool: program, started: dispatch.asked ?? now() };
  const fail = (code: StepResult["code"], summary: string): WorkEnd => ({
    ...told,
    result: { ...nothing, outcome: "failed", code, summary },
  });
  const refused = (refusal: RunRefusal) => fail("not-accepted", refusalText(refusal));

  const id = dispatch.run ?? (await findRun(dispatch, workflow.path, context));
  if (id === null) {
    const refusal = await ask(dispatch, { workflow, pack, packSha256 }, context);
    if (refusal !== null) return refused(refusal);
    throw wait(context, times.poll, "the run was asked for");
  }
  const ran = await endedRun(id, dispatch.deadline, context);
  if (!ran.ok) return refused(ran.refusal);
  const { run } = ran;
  const jobs = valueOrThrow(await readJobs(reader, id));
  told.actions = { run: id, workflow: workflow.blob, ...timeOf(jobs) };
  const { ended = null, redacted = [] } = dispatch.spent ?? {};
  if (ended?.retry === true) {
    // Another run reads from the store what was paid for.
    await dispatches.drop(key);
    throw serviceDown(ended);
  }
  // What we ended ourselves is told as what it was, whatever the run makes of it.
  if (ended !== null) return fail(ended.code, ended.message);
  const asked: Dispatched = {
    ...{ repository: context.repositoryId, workflow, bot: context.ourselves.bot.id, run: id },
    ...{ nonce: dispatch.nonce, pack: packSha256, base: pack.base, deadline: dispatch.deadline.toISOString() },
  };
  const refusal = judgeRun(asked, run, jobs);
  if (refusal !== null) return refused(refusal);
  const collected = await collect(asked, run, context);
  if (!collected.ok) return refused(collected.refusal);
  const { result, files } = collected;
  const changes = files.map(({ path, content }) => ({ path, content: content === null ? null : Buffer.from(content) }));
  const problems = result.outcome === "finished" ? await writeInto(changes, workspace) : [];
  if (problems.length > 0)
    return fail("bad-answer", `${program.name} left what may not be written: ${problems.slice(0, 5).join("; ")}`);
  const cut = redacted.length === 0 ? {} : { redacted };
  return { ...told, result: { ...result, ...cut, files: await workspace.changes() } };
}

/** The run of a request whose answer was lost, by its name, which holds the nonce; null: there is none. */
async function findRun(dispatch: Dispatch, path: string, context: PerformContext): Promise<number | null> {
  const { asked, nonce, key } = dispatch;
  if (asked === null) return null;
  const { data } = await context.request("GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs", {
    workflow_id: path.split("/").at(-1) ?? "",
    event: "workflow_dispatch",
    // The newest come first.
    per_page: 100,
  });
  // Whoever saw the nonce in its name can start another of that name.
  const run = data.workflow_runs.find(
    ({ display_title, actor }) => display_title === `sallyport ${nonce}` && actor?.id === context.ourselves.bot.id,
  );
  if (run !== undefined) await context.dispatches.note(key, { run: Number(run.id) });
  else if (after(context, -times.lost) < asked) throw wait(context, times.search, "the run is looked for");
  return run === undefined ? null : Number(run.id);
}

/** Asks GitHub for the run; why it cannot be had, or null. Only what is public goes into the request. */
async function ask(
  { key, nonce, deadline }: Dispatch,
  { workflow, pack, packSha256 }: { workflow: Dispatched["workflow"]; pack: Pack; packSha256: string },
  context: PerformContext,
): Promise<RunRefusal | null> {
  const { reader, request, dispatches, publicUrl, now } = context;
  const refuse = (code: RunRefusal["code"], why: string, next: string) => ({ code, why, next });
  if (publicUrl === null)
    return refuse("not-set-up", "the service has no address that a run could reach", "whoever runs it sets PUBLIC_URL");
  const { data: repository } = await request("GET /repos/{owner}/{repo}");
  const branch = repository.default_branch;
  const found = valueOrThrow(await readFileId(reader, workflow.path, branch));
  if (found !== workflow.blob) return editedWorkflow(workflow, found, `the tip of \`${branch}\``);
  if (deadline < now()) return refuse("no-answer", "no run came about in time", beginAgain);
  await dispatches.note(key, { asked: now() });
  const inputs = { nonce, pack: packSha256, base: pack.base, minutes: String(Math.ceil(pack.limits.runtime / 60) + 5) };
  const call = (details: object) =>
    request("POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches", {
      ...{ workflow_id: workflow.path.split("/").at(-1) ?? "", ref: branch, inputs },
      ...details,
    });
  try {
    // An older server does not know the field; its run is found by its name.
    const answer = (await ignoreStatus(call({ return_run_details: true }), 422)) ?? (await call({}));
    const { workflow_run_id: run } = answer.data ?? {};
    if (run !== undefined) await dispatches.note(key, { run: Number(run) });
    return null;
  } catch (error) {
    const status = error instanceof Error && "status" in error ? error.status : null;
    if (status === 403)
      return refuse("not-set-up", "the App may not start workflows", "an owner accepts `actions: write` for the App");
    if (status !== 404 && status !== 422) throw error;
    const why = `GitHub starts no run of \`${workflow.path}\` (${status})`;
    return refuse("not-dispatched", why, "a maintainer looks whether the workflow is enabled under Actions");
  }
}

/** A run that has ended, or why it is not waited for any more: it is cancelled at its deadline. Throws `waiting` before. */
async function endedRun(
  id: number,
  deadline: Date,
  context: PerformContext,
): Promise<{ ok: true; run: WorkflowRun } | { ok: false; refusal: RunRefusal }> {
  const refuse = (code: RunRefusal["code"], why: string) => ({
    ok: false as const,
    refusal: { code, why, next: beginAgain },
  });
  const run = valueOrThrow(await readRun(context.reader, id));
  if (run === null) return refuse("no-answer", `run ${id} is not there any more`);
  if (run.status === "completed") return { ok: true, run };
  if (deadline >= context.now()) throw wait(context, times.poll, `run ${id} is ${run.status}`);
  await cancel(id, "cancel", context);
  return refuse("late", `run ${id} was ${run.status} at its deadline, and is cancelled`);
}

/** What a run's jobs took, and the minutes that GitHub bills for them: each job is rounded up. */
function timeOf(jobs: readonly WorkflowJob[]): { seconds: number; minutes: number } {
  return {
    seconds: jobs.reduce((sum, job) => sum + job.seconds, 0),
    minutes: jobs.reduce((sum, job) => sum + Math.ceil(job.seconds / 60), 0),
  };
}

/** The model's service was down: a limit that ends by itself counts no try, as for our own agent. */
function serviceDown({ message, until }: { message: string; until: string | null }): SallyportError {
  return until === null
    ? new SallyportError("model", message, { retry: true })
    : new SallyportError("rate-limit", message, { retry: true, notBefore: new Date(until) });
}

type Collected = Extract<ReturnType<typeof readSealed>, { ok: true }>;

/** The sealed result of a run that may be believed, once the artifact is its own, whole and in the form of one. */
async function collect(
  asked: Dispatched,
  run: WorkflowRun,
  { reader }: PerformContext,
): Promise<{ ok: true; result: StepResult; files: Collected["files"] } | { ok: false; refusal: RunRefusal }> {
  const refuse = (code: RunRefusal["code"], why: string) => ({
    ok: false as const,
    refusal: { code, why, next: "look at the run on GitHub, and say `/run` to begin again" },
  });
  const judged = judgeArtifact(asked, run, valueOrThrow(await readSealedArtifacts(reader, run.id)));
  if (!judged.ok) return judged;
  const { id, size, digest } = judged.artifact;
  const archive = valueOrThrow(await downloadArtifact(reader, { id, name: resultArtifact, size_in_bytes: size }));
  if (digest !== `sha256:${sha256(archive)}`)
    return refuse("artifact-changed", `the artifact of run ${run.id} is not what GitHub's digest says`);
  const parts = await filesInArchive(archive, { fits: isSealedName, bytes: artifactBytes, files: 501 });
  if (!parts.known) return refuse("artifact-malformed", parts.why);
  const read = readSealed(parts.value);
  if (!read.ok) return refuse("artifact-malformed", `the artifact of run ${run.id} is no result: ${read.why}`);
  const refusal = judgeSealed(asked, read.sealed);
  if (refusal !== null) return { ok: false, refusal };
  return { ok: true, result: { ...read.sealed.result, files: [] }, files: read.files };
}

/** Cancels the run of an agent that was stopped: first as a person would, then, if it goes on, without asking its jobs. */
export async function cancelRun({ agent }: EffectOf<"cancel-run">, context: PerformContext): Promise<EffectResult> {
  const { dispatches, reader, now } = context;
  const dispatch = await dispatches.find(agent);
  if (dispatch === null || dispatch.asked === null) return { type: "none" };
  const id = dispatch.run;
  // Without its id it was never taken for one of ours: no model works for it, and its own limit ends it.
  const run = id === null ? null : valueOrThrow(await readRun(reader, id));
  if (id === null || run === null || run.status === "completed") {
    await dispatches.drop(agent);
    return { type: "none" };
  }
  const { cancelled } = dispatch;
  if (cancelled === null) {
    await cancel(id, "cancel", context);
    await dispatches.note(agent, { cancelled: now() });
  } else if (after(context, -times.force) >= cancelled) await cancel(id, "force-cancel", context);
  throw wait(context, times.force, `run ${id} is being cancelled`);
}

async function cancel(id: number, how: "cancel" | "force-cancel", { request }: PerformContext): Promise<void> {
  // 409: it has ended meanwhile.
  await ignoreStatus(request(`POST /repos/{owner}/{repo}/actions/runs/{run_id}/${how}`, { run_id: id }), 409);
}
