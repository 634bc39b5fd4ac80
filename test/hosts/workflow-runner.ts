/** Plays GitHub Actions beside a sandbox: runs the published workflow for each event that it listens to. */
import { readFileSync } from "node:fs";
import { Octokit } from "@octokit/core";
import { load } from "js-yaml";
import { run } from "../../action/run.ts";
import type { Sandbox } from "../../sandbox/server/server.ts";
import type { Json } from "./store-and-github.ts";

type Workflow = {
  name: string;
  on: Record<string, { types?: string[]; workflows?: string[] } | null>;
  permissions: Record<string, "read" | "write">;
  jobs: { judge: { if: string; steps: [{ with: Record<string, string> }] } };
};

const published = (name: string) => readFileSync(new URL(`../../action/${name}`, import.meta.url), "utf8");

/** A job that ran: its event, why it failed, and what it wrote. */
export type Job = { event: string; failed: string[]; said: string[]; annotations: number; summary: string };

/** The runner of one repository; `gates`: what stands in the workflow's step; `text`: its workflow, as it has it. */
export function runWorkflows(sandbox: Sandbox, repository: string, gates: string, text = published("workflow.yml")) {
  const workflow = load(text) as Workflow;
  const relay = load(published("workflow-review.yml")) as { name: string; on: string[] };
  const jobs: Job[] = [];
  const control = async (path: string, body: object): Promise<Json> => {
    const response = await fetch(`${sandbox.url}/_sandbox/${path}`, { method: "POST", body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return JSON.parse(await response.text());
  };

  /** Runs the job of an event of the default branch's own workflow file. */
  async function judge(event: string, payload: object): Promise<void> {
    const { token } = await control("job-tokens", { repository, permissions: workflow.permissions });
    const { status = "" } = workflow.jobs.judge.steps[0].with;
    const job: Job = { event, failed: [], said: [], annotations: 0, summary: "" };
    await run(
      {
        repository,
        pullRequest: "",
        failOn: "pending",
        policyRef: "",
        status,
        gates,
        page: `${sandbox.url}/${repository}/actions/runs/${jobs.length + 1}`,
        now: new Date().toISOString(),
        event: { name: event, text: JSON.stringify(payload) },
      },
      {
        connect: async () => new Octokit({ baseUrl: sandbox.url, auth: token }).request,
        output: () => undefined,
        summary: async (text) => {
          job.summary = text;
        },
        annotate: () => void job.annotations++,
        say: (line) => void job.said.push(line),
        fail: (line) => void job.failed.push(line),
      },
    );
    jobs.push(job);
  }

  /** A workflow has ended on a head: what listens to it runs. */
  async function ended(name: string, head: Json): Promise<void> {
    if (workflow.on.workflow_run?.workflows?.includes(name) !== true) return;
    const { sha, ref, repo } = head;
    await judge("workflow_run", {
      action: "completed",
      workflow_run: { name, head_sha: sha, head_branch: ref, head_repository: repo, pull_requests: [] },
    });
  }

  async function hear(event: string, payload: Json): Promise<void> {
    if (event === "pull_request" && workflow.on.pull_request_target?.types?.includes(payload.action) === true)
      await judge("pull_request_target", payload);
    if (event === "issue_comment" && "issue_comment" in workflow.on && payload.issue.pull_request !== undefined)
      await judge("issue_comment", payload);
    if (relay.on.includes(event)) await ended(relay.name, payload.pull_request.head);
  }

  let running = Promise.resolve();
  sandbox.state.webhookListeners.push(({ event, payload }) => {
    running = running.then(() => hear(event, payload));
  });
  return {
    jobs,
    /** Waits until every job of what happened so far has ended, and gives the last one. */
    async settled(): Promise<Job | undefined> {
      await running;
      return jobs.at(-1);
    },
    /** A run of the workflow `ci`, which the repository's own file names, uploads an artifact for a head. */
    async upload(name: string, head: Json): Promise<void> {
      await control("artifacts", { repository, name, workflow: ".github/workflows/ci.yml", head_sha: head.sha });
      workflow.on.workflow_run?.workflows?.push("ci");
      running = running.then(() => ended("ci", head));
      await running;
    },
  };
}
