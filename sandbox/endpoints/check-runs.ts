/**
 * Check runs: only apps create them, only the same app changes them, and everyone who may read the repository sees
 * them.
 */
import { z } from "zod";
import { addCheckRun, changeCheckRun, type RunFields, rerequestRun } from "../changes/check-changes.ts";
import { branchesAt, resolveCommit } from "../git/git.ts";
import { presentCheckRun } from "../present/checks.ts";
import { repositoryPage } from "../present/repositories.ts";
import { type Answer, created, forbidden, invalid, notFound, ok } from "../request/answer.ts";
import { appOf } from "../request/caller.ts";
import { listing } from "../request/paging.ts";
import {
  type AuthoredCall,
  authoredRoute,
  type RepositoryCall,
  type Route,
  repoRoute,
  withBody,
} from "../request/route.ts";
import type { Annotation, CheckRun } from "../state/model.ts";

const REPO = "/repos/:owner/:repo";
const RUNS = `${REPO}/check-runs` as const;
const READ = { needs: "checks=read", role: "read" } as const;
/** People cannot create checks, whatever their role: they are refused because they are not an app. */
const WRITE = { needs: "checks=write", role: "read" } as const;

/** GitHub's limits. */
const MAX_TEXT_LENGTH = 65_535;
const MAX_ANNOTATIONS = 50;

const text = z.string().max(MAX_TEXT_LENGTH);

const annotation = z.object({
  path: z.string().min(1),
  start_line: z.number().int(),
  end_line: z.number().int(),
  start_column: z.number().int().nullable().default(null),
  end_column: z.number().int().nullable().default(null),
  annotation_level: z.enum(["notice", "warning", "failure"]),
  message: z.string().min(1),
  title: z.string().nullable().default(null),
  raw_details: z.string().nullable().default(null),
});

const output = z.object({
  title: z.string().optional(),
  summary: text,
  text: text.optional(),
  annotations: z.array(annotation).max(MAX_ANNOTATIONS).default([]),
});

const fields = z.object({
  name: z.string().min(1),
  status: z.enum(["queued", "in_progress", "completed"]).optional(),
  conclusion: z
    .enum(["action_required", "cancelled", "failure", "neutral", "success", "skipped", "stale", "timed_out"])
    .optional(),
  details_url: z.string().optional(),
  external_id: z.string().optional(),
  started_at: z.iso.datetime({ offset: true }).optional(),
  completed_at: z.iso.datetime({ offset: true }).optional(),
  output: output.optional(),
  actions: z
    .array(
      z.object({
        label: z.string().max(20),
        description: z.string().max(40),
        identifier: z.string().max(20),
      }),
    )
    .max(3)
    .optional(),
});

const newRun = fields.extend({ head_sha: z.string() });
const changedRun = fields.partial();

type Fields = z.output<typeof changedRun>;

export const checkRunRoutes: Route[] = [
  authoredRoute(`POST ${RUNS}`, WRITE, withBody(newRun, create)),
  repoRoute(`GET ${RUNS}/:run`, READ, async (call) => {
    const run = findRun(call);
    return run === undefined ? notFound() : ok(presentCheckRun(call.state, call.repository, run));
  }),
  authoredRoute(`PATCH ${RUNS}/:run`, WRITE, withBody(changedRun, update)),
  repoRoute(`GET ${RUNS}/:run/annotations`, READ, (call) => {
    const run = findRun(call);
    if (run === undefined) return notFound();
    return listing(call, run.output.annotations, (note) => presentAnnotation(call, run, note));
  }),
  authoredRoute(`POST ${RUNS}/:run/rerequest`, { ...WRITE, role: "write" }, async (call) => {
    const run = findRun(call);
    if (run === undefined) return notFound();
    await rerequestRun(call.state, call.repository, run, call.actor);
    return created({});
  }),
  repoRoute(`GET ${REPO}/commits/:ref/check-runs`, READ, async (call) => {
    const sha = await resolveCommit(call.repository.dir, call.params.ref ?? "");
    return sha === undefined ? noSuchCommit() : list(call, (run) => run.suite.headSha === sha);
  }),
  repoRoute(`GET ${REPO}/check-suites/:suite/check-runs`, READ, (call) => {
    const suite = call.repository.suites.find(({ id }) => id === Number(call.params.suite));
    return suite === undefined ? notFound() : list(call, (run) => run.suite === suite);
  }),
];

function findRun(call: RepositoryCall): CheckRun | undefined {
  return call.repository.runs.find(({ id }) => id === Number(call.params.run));
}

function noSuchCommit(): Answer {
  return invalid({
    resource: "CheckRun",
    field: "head_sha",
    code: "invalid",
    message: "No commit found for SHA",
  });
}

/** Newest first. Of runs with one name in one suite only the latest is listed, unless all are requested. */
function list(call: RepositoryCall, belongs: (run: CheckRun) => boolean): Promise<Answer> {
  const query = (name: string) => call.query.get(name);
  const name = query("check_name");
  const app = query("app_id");
  const status = query("status");
  const runs = call.repository.runs.filter(belongs).reverse();
  const newest = runs.filter(
    (run, index) => runs.findIndex((each) => each.suite === run.suite && each.name === run.name) === index,
  );
  const shown = (query("filter") === "all" ? runs : newest).filter(
    (run) =>
      (name === null || run.name === name) &&
      (app === null || run.suite.app.id === Number(app)) &&
      (status === null || run.status === status),
  );
  return listing(call, shown, (run) => presentCheckRun(call.state, call.repository, run), "check_runs");
}

async function create(call: AuthoredCall, body: z.output<typeof newRun>): Promise<Answer> {
  const { state, repository } = call;
  const app = appOf(call.caller);
  if (app === null) return forbidden("You must authenticate via a GitHub App.");
  const refusal = refuseUnfinished(body);
  if (refusal !== undefined) return refusal;
  const headSha = await resolveCommit(repository.dir, body.head_sha);
  if (headSha === undefined) return noSuchCommit();
  const [headBranch = null] = await branchesAt(repository, headSha);
  const run = await addCheckRun(state, repository, app, {
    ...toFields(body),
    name: body.name,
    headSha,
    headBranch,
  });
  return created(presentCheckRun(state, repository, run));
}

async function update(call: AuthoredCall, body: Fields): Promise<Answer> {
  const run = findRun(call);
  if (run === undefined) return notFound();
  if (appOf(call.caller) !== run.suite.app) {
    return forbidden("Invalid app_id - check run can only be modified by the GitHub App that created it.");
  }
  const refusal = refuseUnfinished(body);
  if (refusal !== undefined) return refusal;
  await changeCheckRun(call.state, call.repository, run, toFields(body));
  return ok(presentCheckRun(call.state, call.repository, run));
}

function refuseUnfinished({ status, conclusion }: Fields): Answer | undefined {
  return status === "completed" && conclusion === undefined
    ? invalid({ resource: "CheckRun", field: "conclusion", code: "missing_field" })
    : undefined;
}

/** Maps GitHub's names to ours; fields that the request leaves out stay unchanged. */
function toFields(body: Fields): RunFields {
  const { output: given } = body;
  return {
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.status === undefined ? {} : { status: body.status }),
    ...(body.conclusion === undefined ? {} : { conclusion: body.conclusion }),
    ...(body.details_url === undefined ? {} : { detailsUrl: body.details_url }),
    ...(body.external_id === undefined ? {} : { externalId: body.external_id }),
    ...(body.started_at === undefined ? {} : { startedAt: body.started_at }),
    ...(body.completed_at === undefined ? {} : { completedAt: body.completed_at }),
    ...(body.actions === undefined ? {} : { actions: body.actions }),
    ...(given === undefined
      ? {}
      : {
          output: {
            title: given.title ?? null,
            summary: given.summary,
            text: given.text ?? null,
            annotations: given.annotations,
          },
        }),
  };
}

function presentAnnotation(call: RepositoryCall, run: CheckRun, note: Annotation) {
  const page = repositoryPage(call.state, call.repository);
  return { ...note, blob_href: `${page}/blob/${run.suite.headSha}/${note.path}` };
}
