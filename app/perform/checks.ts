import type { EffectResult } from "../../core/effects.ts";
import { listWhole } from "./answers.ts";
import { fitted } from "./words.ts";
import type { Of, World } from "./world.ts";

/** The name that branch protection asks for. */
const checkName = "sallyport";

/** The App's one check run on a commit, showing exactly this verdict; `anchor` is the ledger's head, in its text. */
export async function ensureCheck(
  effect: Of<"ensure-check">,
  world: World,
  anchor: string,
): Promise<EffectResult> {
  const { request, owner, repo } = world.github;
  const { sha, conclusion, verdictSha256 } = effect;
  const runs = await listWhole(`our check on ${sha}`, (page) =>
    request("GET /repos/{owner}/{repo}/commits/{ref}/check-runs", {
      owner,
      repo,
      ref: sha,
      check_name: checkName,
      app_id: world.ourselves.appId,
      filter: "latest",
      per_page: 100,
      page,
    }).then(({ data, headers }) => ({ data: data.check_runs, headers })),
  );
  const ours = runs.find((run) => run.name === checkName && Number(run.app?.id) === world.ourselves.appId);
  const output = { title: effect.title, summary: fitted(effect.summary), text: fitted(anchor) };
  if (
    ours !== undefined &&
    ours.external_id === verdictSha256 &&
    ours.status === effect.status &&
    ours.conclusion === conclusion &&
    ours.output.title === output.title &&
    ours.output.summary === output.summary
  ) {
    return { type: "none" };
  }
  const shown = {
    external_id: verdictSha256,
    output,
    ...(conclusion === null
      ? { status: "in_progress" as const }
      : { status: "completed" as const, conclusion, completed_at: world.now().toISOString() }),
  };
  // A run that has ended is not taken back to "in progress": a new one of the same name takes its place.
  if (ours === undefined || (ours.status === "completed" && conclusion === null)) {
    await request("POST /repos/{owner}/{repo}/check-runs", {
      owner,
      repo,
      name: checkName,
      head_sha: sha,
      ...shown,
    });
  } else {
    await request("PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}", {
      owner,
      repo,
      check_run_id: Number(ours.id),
      ...shown,
    });
  }
  return { type: "none" };
}
