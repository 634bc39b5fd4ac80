import type { SealedResult } from "../../schemas/step.ts";

/** What was recorded of a run of the workflow before GitHub was asked for it. */
export type Dispatched = {
  repository: number;
  /** The workflow that the policy pins, and the App's bot. */
  workflow: { path: string; blob: string };
  bot: number;
  nonce: string;
  pack: string;
  base: string;
  /** RFC 3339. */
  deadline: string;
  /** The run's id, as GitHub gave it for our request. */
  run: number;
};

/** One run, as GitHub shows it now, with the content of its workflow at its commit; null: there was none. */
export type WorkflowRun = {
  id: number;
  repository: number;
  headRepository: number;
  event: string;
  path: string;
  attempt: number;
  /** Who started it; null: nobody whom GitHub names. */
  actor: number | null;
  status: string;
  conclusion: string | null;
  headSha: string;
  /** RFC 3339. */
  updatedAt: string;
  blob: string | null;
};

/** A job of the run; `seconds`: from its start to its end. */
export type WorkflowJob = { id: number; run: number; name: string; conclusion: string | null; seconds: number };

/** An artifact of the name that results have; a run of any workflow may upload one. */
export type SealedArtifact = {
  id: number;
  size: number;
  digest: string | null;
  isExpired: boolean;
  run: number;
  headSha: string;
  repository: number;
  headRepository: number;
};

/** Why a run's result counts for nothing, and the one next step. */
export type RunRefusal = { code: RunRefusalCode; why: string; next: string };

/** In the order in which they are looked for. */
export type RunRefusalCode =
  | "not-set-up"
  | "workflow-edited"
  | "not-dispatched"
  | "no-answer"
  | "other-run"
  | "run-again"
  | "late"
  | "run-failed"
  | "no-artifact"
  | "several-artifacts"
  | "other-artifact"
  | "artifact-too-large"
  | "artifact-changed"
  | "artifact-malformed"
  | "other-result";

/** The job whose end is the run's. */
const sealJob = "seal";

/** The name of the artifact that this job uploads. */
export const resultArtifact = "sallyport-result";

/** The most bytes of an artifact, packed and unpacked. */
export const artifactBytes = 12_000_000;

const again = "say `/run` to let it begin again";
const look = "look at the run on GitHub, and say `/run` to begin again";

/** That the workflow is not the one that the policy pins, where the run would have it from. */
export function editedWorkflow({ path, blob }: Dispatched["workflow"], found: string | null, at: string): RunRefusal {
  const is = found === null ? "is not there" : `is ${found.slice(0, 12)}`;
  return {
    code: "workflow-edited",
    why: `\`${path}\` ${is} at ${at}, and the policy pins ${blob.slice(0, 12)}`,
    next: "a maintainer restores the file, or reads it and pins it in `agents.actions.blob`",
  };
}

/**
 * Whether a run that has ended may be believed: it is the one that was asked for, of the pinned workflow, started by our
 * App, first tried, in time and good to its end. Null: it may.
 */
export function judgeRun(asked: Dispatched, run: WorkflowRun, jobs: readonly WorkflowJob[]): RunRefusal | null {
  const refuse = (code: RunRefusalCode, why: string, next = look): RunRefusal => ({ code, why, next });
  // GitHub names the ref behind an `@` where the workflow is another's.
  const [path = ""] = run.path.split("@");
  const isOurs =
    run.id === asked.run &&
    run.repository === asked.repository &&
    run.headRepository === asked.repository &&
    run.event === "workflow_dispatch" &&
    path === asked.workflow.path;
  if (!isOurs) return refuse("other-run", `run ${run.id} is not the one that was asked for`);
  if (run.actor !== asked.bot) return refuse("other-run", `run ${run.id} was not started by Sallyport`);
  if (run.attempt !== 1) return refuse("run-again", `run ${run.id} was started again by hand`, again);
  if (run.blob !== asked.workflow.blob) return editedWorkflow(asked.workflow, run.blob, run.headSha.slice(0, 12));
  if (Date.parse(run.updatedAt) > Date.parse(asked.deadline))
    return refuse("late", `run ${run.id} ended after its deadline`, again);
  const failed = jobs.find(({ conclusion }) => conclusion !== "success");
  if (run.conclusion !== "success")
    return refuse(
      "run-failed",
      `run ${run.id} ended with ${run.conclusion}${failed ? ` in its job ${failed.name}` : ""}`,
    );
  const [seal, second] = jobs.filter(({ name }) => name === sealJob);
  if (seal?.run !== asked.run || seal.conclusion !== "success" || second !== undefined)
    return refuse("run-failed", `run ${run.id} has not one good job \`${sealJob}\``);
  return null;
}

/** The one artifact of a run that may be read: its own, and of a size that is. */
export function judgeArtifact(
  asked: Dispatched,
  run: WorkflowRun,
  artifacts: readonly SealedArtifact[],
): { ok: true; artifact: SealedArtifact } | { ok: false; refusal: RunRefusal } {
  const refuse = (code: RunRefusalCode, why: string) => ({ ok: false as const, refusal: { code, why, next: look } });
  const [artifact, second] = artifacts;
  if (artifact === undefined || artifact.isExpired)
    return refuse("no-artifact", `run ${run.id} left no artifact \`${resultArtifact}\``);
  if (second !== undefined)
    return refuse("several-artifacts", `run ${run.id} left ${artifacts.length} artifacts \`${resultArtifact}\``);
  const isOurs =
    artifact.run === asked.run &&
    artifact.headSha === run.headSha &&
    artifact.repository === asked.repository &&
    artifact.headRepository === asked.repository;
  if (!isOurs)
    return refuse("other-artifact", `the artifact of run ${run.id} says that it is of another run or commit`);
  if (artifact.digest === null) return refuse("artifact-changed", `the artifact of run ${run.id} has no digest`);
  if (artifact.size > artifactBytes)
    return refuse(
      "artifact-too-large",
      `the artifact of run ${run.id} has ${artifact.size} bytes; at most ${artifactBytes} are read`,
    );
  return { ok: true, artifact };
}

/** Whether a sealed result answers what was asked, by its own word. Null: it does. */
export function judgeSealed(asked: Dispatched, { nonce, pack, base, run }: SealedResult): RunRefusal | null {
  const isOurs = nonce === asked.nonce && pack === asked.pack && base === asked.base && run === asked.run;
  if (isOurs) return null;
  return { code: "other-result", why: `the result of run ${asked.run} answers another request`, next: look };
}

/** A refusal as people read it: what, and the next step. */
export function refusalText({ code, why, next }: RunRefusal): string {
  return `Nothing came of the run on Actions: ${why} (${code}). Next: ${next}.`;
}
