/**
 * The artifacts that runs of workflows uploaded, and the logs of jobs. The sandbox runs only workflows that are
 * dispatched: its controls put other artifacts in, and its simulated checks have logs.
 */

import { createHash } from "node:crypto";
import { z } from "zod";
import { presentMinimalRepository, repositoryUrl } from "../present/repositories.ts";
import { presentRun } from "../present/workflow-runs.ts";
import { notFound, ok } from "../request/answer.ts";
import { listing } from "../request/paging.ts";
import { type Route, repoRoute } from "../request/route.ts";
import type { State } from "../state/memory.ts";
import type { Artifact, Repository } from "../state/model.ts";
import { identify, now } from "../state/state.ts";
import { findRun } from "../workflows/workflow-routes.ts";

const ACTIONS = "/repos/:owner/:repo/actions";
const READ = { needs: "actions=read", role: "read" } as const;

export const artifactRoutes: Route[] = [
  repoRoute(`GET ${ACTIONS}/artifacts`, READ, (call) => {
    const name = call.query.get("name");
    const named = call.repository.artifacts.filter((one) => name === null || one.name === name).reverse();
    return listing(call, named, (one) => presentArtifact(call.repository, one), "artifacts");
  }),
  repoRoute(`GET ${ACTIONS}/artifacts/:artifact/:format`, READ, ({ repository, params }) => {
    const artifact = repository.artifacts.find(({ id }) => id === Number(params.artifact));
    if (artifact === undefined || artifact.expired || params.format !== "zip") return notFound();
    return {
      status: 302,
      headers: { location: `${repository.owner.site}/_sandbox/artifacts/${repository.id}/${artifact.id}` },
    };
  }),
  repoRoute(`GET ${ACTIONS}/runs/:run/artifacts`, READ, (call) => {
    const own = call.repository.artifacts.filter(({ run }) => run === Number(call.params.run));
    return listing(call, own, (one) => presentArtifact(call.repository, one), "artifacts");
  }),
  repoRoute(`GET ${ACTIONS}/runs/:run`, READ, (call) => {
    const run = findRun(call);
    if (run !== undefined) return ok(presentRun(run));
    const { repository, params } = call;
    const artifact = repository.artifacts.find(({ run }) => run === Number(params.run));
    return artifact === undefined ? notFound() : ok(presentUploadRun(repository, artifact));
  }),
  repoRoute(`GET ${ACTIONS}/jobs/:job/logs`, READ, ({ repository, params }) => {
    const job = repository.runs.find(
      ({ id, suite }) => id === Number(params.job) && suite.app.slug === "github-actions",
    );
    if (job === undefined || job.log === "") return notFound();
    return { status: 302, headers: { location: `${repository.owner.site}/_sandbox/logs/${repository.id}/${job.id}` } };
  }),
];

/** What the control `/_sandbox/artifacts` takes: an artifact, its archive in base64, and the workflow whose run on a commit uploaded it. */
export const artifactOrder = z.strictObject({
  repository: z.string(),
  name: z.string(),
  workflow: z.string(),
  head_sha: z.string().regex(/^[0-9a-f]{40}$/),
  expired: z.boolean().default(false),
  zip: z.base64().default(""),
});

/** Adds an artifact, as a run of its own. */
export function addArtifact(state: State, repository: Repository, order: z.infer<typeof artifactOrder>): Artifact {
  const { name, workflow, head_sha: headSha, expired, zip } = order;
  const digest = `sha256:${createHash("sha256").update(`${name} of ${headSha}`).digest("hex")}`;
  const run = identify(state, "WFR").id;
  const own = { name, workflow, headSha, expired, zip, digest, run, createdAt: now(state) };
  const artifact = { ...identify(state, "MDg6"), ...own };
  repository.artifacts.push(artifact);
  return artifact;
}

function presentArtifact(repository: Repository, artifact: Artifact) {
  const { id, nodeId, name, expired, digest, run, headSha, createdAt } = artifact;
  const url = `${repositoryUrl(repository)}/actions/artifacts/${id}`;
  return {
    id,
    node_id: nodeId,
    name,
    size_in_bytes: Math.ceil((artifact.zip.length * 3) / 4),
    url,
    archive_download_url: `${url}/zip`,
    expired,
    digest,
    created_at: createdAt,
    updated_at: createdAt,
    expires_at: new Date(Date.parse(createdAt) + 90 * 86_400_000).toISOString(),
    workflow_run: {
      id: run,
      repository_id: repository.id,
      head_repository_id: repository.id,
      head_branch: repository.defaultBranch,
      head_sha: headSha,
    },
  };
}

function presentUploadRun(repository: Repository, { run, nodeId, headSha, workflow, createdAt }: Artifact) {
  const url = `${repositoryUrl(repository)}/actions/runs/${run}`;
  const shown = presentMinimalRepository(repository);
  return {
    id: run,
    node_id: nodeId,
    head_branch: repository.defaultBranch,
    run_number: 1,
    display_title: workflow,
    event: "pull_request",
    status: "completed",
    conclusion: "success",
    head_sha: headSha,
    path: workflow,
    workflow_id: run,
    url,
    html_url: url,
    created_at: createdAt,
    updated_at: createdAt,
    head_commit: null,
    head_repository: shown,
    repository: shown,
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: url,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    artifacts_url: `${url}/artifacts`,
    workflow_url: `${repositoryUrl(repository)}/actions/workflows/${run}`,
    pull_requests: [],
  };
}
