import type { SealedArtifact, WorkflowJob, WorkflowRun } from "../../core/contract/workflow-run.ts";
import { resultArtifact } from "../../core/contract/workflow-run.ts";
import { type Known, known } from "../../core/known.ts";
import { listAll } from "./listing.ts";
import { type GitHub, requestKnown, requestResult } from "./request.ts";

/** A run of a workflow, with the content of that workflow at its commit as git names it; null: it is not there any more. */
export async function readRun(github: GitHub, id: number): Promise<Known<WorkflowRun | null>> {
  const { request, owner, repo } = github;
  const call = request("GET /repos/{owner}/{repo}/actions/runs/{run_id}", { owner, repo, run_id: id });
  const answer = await requestResult(`run ${id}`, call);
  if (!answer.ok) return answer.status === 404 ? known(null) : { known: false, why: answer.why };
  const { data } = answer;
  const [path = ""] = data.path.split("@");
  const blob = await readFileId(github, path, data.head_sha);
  if (!blob.known) return blob;
  return known({
    id: Number(data.id),
    repository: Number(data.repository.id),
    headRepository: Number(data.head_repository.id),
    event: data.event,
    path: data.path,
    attempt: data.run_attempt ?? 1,
    actor: data.actor === undefined || data.triggering_actor?.id !== data.actor.id ? null : Number(data.actor.id),
    status: data.status ?? "",
    conclusion: data.conclusion,
    headSha: data.head_sha,
    updatedAt: data.updated_at,
    blob: blob.value,
  });
}

/** The id that git gives a plain file at a commit or a branch; null: there is none. */
export async function readFileId(
  { request, owner, repo }: GitHub,
  path: string,
  ref: string,
): Promise<Known<string | null>> {
  const answer = await requestResult(
    `${path} at ${ref}`,
    request("GET /repos/{owner}/{repo}/contents/{path}", { owner, repo, path, ref }),
  );
  if (!answer.ok) return answer.status === 404 ? known(null) : { known: false, why: answer.why };
  const { data } = answer;
  return known(!Array.isArray(data) && data.type === "file" ? data.sha : null);
}

/** The jobs of a run, with the seconds that each took: GitHub's own sums of minutes are no longer given. */
export async function readJobs({ request, owner, repo }: GitHub, id: number): Promise<Known<WorkflowJob[]>> {
  const answer = await requestKnown(
    `the jobs of run ${id}`,
    request("GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs", { owner, repo, run_id: id, per_page: 100 }),
  );
  if (!answer.known) return answer;
  const time = (text: string | null) => (text === null ? Number.NaN : Date.parse(text));
  return known(
    answer.value.jobs.map(({ id: job, run_id: run, name, conclusion, started_at, completed_at }) => {
      const seconds = (time(completed_at) - time(started_at)) / 1_000;
      const took = Number.isNaN(seconds) ? 0 : Math.max(0, seconds);
      return { id: Number(job), run: Number(run), name, conclusion, seconds: took };
    }),
  );
}

/** What runs left under the name of results, of one run alone. */
export async function readSealedArtifacts(
  { request, owner, repo }: GitHub,
  id: number,
): Promise<Known<SealedArtifact[]>> {
  const listed = await listAll(`the artifacts of run ${id}`, (page) =>
    request("GET /repos/{owner}/{repo}/actions/runs/{run_id}/artifacts", { owner, repo, run_id: id, ...page }).then(
      (answer) => ({ ...answer, data: answer.data.artifacts }),
    ),
  );
  if (!listed.known) return listed;
  return known(
    listed.value
      .filter(({ name }) => name === resultArtifact)
      .map(({ id: artifact, size_in_bytes: size, digest, expired, workflow_run: run }) => ({
        id: Number(artifact),
        size,
        digest: digest ?? null,
        isExpired: expired,
        run: Number(run?.id ?? 0),
        headSha: run?.head_sha ?? "",
        repository: Number(run?.repository_id ?? 0),
        headRepository: Number(run?.head_repository_id ?? 0),
      })),
  );
}
