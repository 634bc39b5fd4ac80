import type { Annotation } from "../../core/annotation.ts";
import type { EffectResult } from "../../core/effects.ts";
import { checkName } from "../../core/health/required-check.ts";
import { listAllOrThrow } from "../github/requests.ts";
import type { EffectOf, PerformContext } from "./context.ts";
import { truncated } from "./text.ts";

/** The most annotations that GitHub takes in one request; a later request adds to them. */
const batchSize = 50;

/**
 * The App's one check run on a commit, showing exactly this verdict; its text has when it was given and the ledger's head
 * (`anchor`).
 */
export async function ensureCheck(
  effect: EffectOf<"ensure-check">,
  context: PerformContext,
  anchor: string,
): Promise<EffectResult> {
  const { request } = context;
  const { sha, conclusion, verdictSha256 } = effect;
  const runs = await listAllOrThrow(`our check on ${sha}`, (page) =>
    request("GET /repos/{owner}/{repo}/commits/{ref}/check-runs", {
      ref: sha,
      check_name: checkName,
      app_id: context.ourselves.appId,
      filter: "latest",
      ...page,
    }).then(({ data, headers }) => ({ data: data.check_runs, headers })),
  );
  const ours = runs.find((run) => run.name === checkName && Number(run.app?.id) === context.ourselves.appId);
  const title = effect.title;
  const summary = truncated(effect.summary);
  const annotations = effect.annotations.flatMap(onALine);
  if (
    ours !== undefined &&
    ours.external_id === verdictSha256 &&
    ours.status === effect.status &&
    ours.conclusion === conclusion &&
    ours.output.title === title &&
    ours.output.summary === summary
  ) {
    // An earlier try may have stopped between two batches.
    const left = annotations.slice(ours.output.annotations_count);
    await addAnnotations(context, Number(ours.id), { title, summary }, left);
    return { type: "none" };
  }
  const shown = {
    external_id: verdictSha256,
    ...detailsOf(effect, context),
    output: {
      title,
      summary,
      text: truncated(`${givenAt(context.now())}\n\n${anchor}`),
      annotations: annotations.slice(0, batchSize),
    },
    ...(conclusion === null
      ? { status: "in_progress" as const }
      : { status: "completed" as const, conclusion, completed_at: context.now().toISOString() }),
  };
  // A completed run cannot go back to "in progress", and annotations cannot be removed: a new run replaces it.
  const isReplaced =
    ours === undefined || (ours.status === "completed" && conclusion === null) || ours.output.annotations_count > 0;
  const { data } = isReplaced
    ? await request("POST /repos/{owner}/{repo}/check-runs", { name: checkName, head_sha: sha, ...shown })
    : await request("PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}", {
        check_run_id: Number(ours.id),
        ...shown,
      });
  await addAnnotations(context, Number(data.id), { title, summary }, annotations.slice(batchSize));
  return { type: "none" };
}

/** A verdict that stands is not written again, so its age alone does not tell whether somebody still looks. */
function givenAt(now: Date): string {
  const time = now.toISOString().slice(0, 16).replace("T", " ");
  return `Given at ${time} UTC. It is judged again at each event, and every five minutes while GitHub's quota allows it.`;
}

/** What *Details* opens: the verdict's page. Without one GitHub links to the App's own home page. */
function detailsOf({ pull }: EffectOf<"ensure-check">, { pagesUrl, github: { owner, repo } }: PerformContext) {
  if (pagesUrl === null || pull === undefined) return {};
  return { details_url: `${pagesUrl}/repositories/${owner}/${repo}/pulls/${pull}` };
}

type Shown = ReturnType<typeof onALine>[number];

/** An annotation needs a path and a line: reasons without a path are in the summary only, whole-file ones on line 1. */
function onALine({ title, message, path, line }: Annotation) {
  if (path === null) return [];
  const at = line ?? 1;
  return [{ path, start_line: at, end_line: at, annotation_level: "failure" as const, title, message }];
}

async function addAnnotations(
  { request }: PerformContext,
  id: number,
  output: { title: string; summary: string },
  annotations: readonly Shown[],
): Promise<void> {
  for (let from = 0; from < annotations.length; from += batchSize) {
    await request("PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}", {
      check_run_id: id,
      output: { ...output, annotations: annotations.slice(from, from + batchSize) },
    });
  }
}
