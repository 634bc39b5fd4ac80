import { type Artifact, countUploads, findArtifact } from "../../core/attachments.ts";
import type { AttachingComment, Attachments, FileText, PolicyReading } from "../../core/facts.ts";
import { asksBeyondCommits } from "../../core/gates/required-evidence.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import type { People } from "../../schemas/policy.ts";
import type { Requirement } from "../../schemas/policy-evidence.ts";
import { Account } from "../../schemas/text.ts";
import { listAll } from "../github/listing.ts";
import { readPermission } from "../github/people.ts";
import { type GitHub, mapKnown, requestKnown } from "../github/request.ts";
import { readEdits } from "../issue/edits.ts";
import type { Objects } from "../objects.ts";
import type { PullState } from "./state.ts";

/** The most people whose comments with uploads are read, the newest first: anybody may comment. */
const maxPeople = 10;

const nothing = unknown("the policy requires no attachments");

/** Reads what the policy's `evidence.require` asks for beyond the commits, and nothing if it does not ask. */
export async function readAttachments(
  github: GitHub,
  objects: Objects,
  { state, policy, texts }: { state: PullState; policy: Known<PolicyReading>; texts: Known<FileText[]> },
): Promise<Known<Attachments>> {
  if (!policy.known || policy.value.state !== "loaded") return nothing;
  const { ref, policy: settings } = policy.value;
  const rules = (settings.gates.evidence?.require ?? []).filter(asksBeyondCommits);
  if (rules.length === 0) return nothing;
  const artifacts = await readArtifacts(github, state.head.sha, rules);
  if (!artifacts.known) return artifacts;
  const wantsUploads = rules.some((rule) => rule.attachments !== undefined);
  const comments = wantsUploads ? await readComments(github, state.number, settings.people) : known([]);
  if (!comments.known) return comments;
  const schemas = rules.flatMap(({ schema }) => schema ?? []);
  const schemaProblems =
    schemas.length === 0
      ? known([])
      : await (await import("./json-schema.ts")).findSchemaProblems(objects, { ref, rules, texts });
  if (!schemaProblems.known) return schemaProblems;
  const { headAt, textAt } = state;
  return known({
    headAt,
    textAt,
    artifacts: artifacts.value,
    comments: comments.value,
    schemaProblems: schemaProblems.value,
  });
}

/**
 * The artifacts of these names that runs of workflows on exactly this commit uploaded. Source: GitHub docs, "REST API
 * endpoints for GitHub Actions artifacts".
 */
async function readArtifacts(github: GitHub, head: string, rules: readonly Requirement[]): Promise<Known<Artifact[]>> {
  const { request, owner, repo } = github;
  const asked = rules.flatMap(({ coverage }) =>
    coverage?.artifact === undefined ? [] : [{ ...coverage.artifact, file: coverage.file ?? "" }],
  );
  const names = [...new Set([...rules.flatMap(({ artifacts }) => artifacts), ...asked].map(({ name }) => name))];
  const workflows = new Map<number, Known<string>>();
  const found = await mapKnown(names, async (name): Promise<Known<Artifact[]>> => {
    // The newest hundred: an older one is of an older commit, unless that many were uploaded since.
    const listed = await requestKnown(
      `the artifacts named ${name}`,
      request("GET /repos/{owner}/{repo}/actions/artifacts", { owner, repo, name, per_page: 100 }),
    );
    if (!listed.known) return listed;
    const onHead = listed.value.artifacts.filter(({ workflow_run }) => workflow_run?.head_sha === head);
    const artifacts = await mapKnown(onHead, async (one): Promise<Known<Artifact & { one: typeof one }>> => {
      const run = one.workflow_run?.id ?? 0;
      const workflow = workflows.get(run) ?? (await readWorkflow(github, run));
      workflows.set(run, workflow);
      if (!workflow.known) return workflow;
      return known({ name, digest: one.digest ?? null, expired: one.expired, workflow: workflow.value, one });
    });
    if (!artifacts.known) return artifacts;
    // A report is as large as its uploader likes: only those that count are downloaded.
    return mapKnown(artifacts.value, async (artifact): Promise<Known<Artifact>> => {
      const files = asked.filter((wanted) => findArtifact(wanted, artifacts.value).found === artifact);
      const { one, ...said } = artifact;
      if (files.length === 0) return known(said);
      const { readReports } = await import("../github/artifact-reports.ts");
      return known({
        ...said,
        reports: await readReports(
          github,
          one,
          files.map(({ file }) => file),
        ),
      });
    });
  });
  return found.known ? known(found.value.flat()) : found;
}

/** The path of a run's workflow; GitHub may add `@` and the ref that it was read at. */
async function readWorkflow({ request, owner, repo }: GitHub, run: number): Promise<Known<string>> {
  const answer = await requestKnown(
    `the workflow run ${run}`,
    request("GET /repos/{owner}/{repo}/actions/runs/{run_id}", { owner, repo, run_id: run }),
  );
  return answer.known ? known(answer.value.path.replace(/@.*$/s, "")) : answer;
}

/** The comments that hold uploads, each with what decides whether it counts. */
async function readComments(github: GitHub, number: number, people: People): Promise<Known<AttachingComment[]>> {
  const { request, owner, repo } = github;
  const listed = await listAll(`the comments of #${number}`, (page) =>
    request("GET /repos/{owner}/{repo}/issues/{issue_number}/comments", { owner, repo, issue_number: number, ...page }),
  );
  if (!listed.known) return listed;
  const attaching = listed.value.toReversed().flatMap((comment) => {
    const by = Account.safeParse({ id: comment.user?.id, login: comment.user?.login, type: comment.user?.type });
    const files = countUploads(comment.body ?? "");
    return by.success && by.data.type === "User" && files > 0 ? [{ comment, by: by.data, files }] : [];
  });
  const authors = [...new Map(attaching.map(({ by }) => [by.id, by])).values()].slice(0, maxPeople);
  const permissions = new Map(
    await Promise.all(authors.map(async (by) => [by.id, await readPermission(github, by, people)] as const)),
  );
  const counted = attaching.filter(({ by }) => permissions.has(by.id));
  const edits = await readEdits(
    github,
    counted.map(({ comment }) => comment.node_id),
  );
  if (!edits.known) return edits;
  return known(
    counted.map(({ comment, by, files }) => ({
      by,
      files,
      at: comment.created_at,
      // A comment that GitHub does not tell of may have been edited.
      edited: comment.created_at !== comment.updated_at || edits.value.get(comment.node_id) !== false,
      viaApp: comment.performed_via_github_app !== null && comment.performed_via_github_app !== undefined,
      permission: permissions.get(by.id) ?? unknown(`what @${by.login} may do was not read`),
    })),
  );
}
