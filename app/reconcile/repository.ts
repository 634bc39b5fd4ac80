import { listAll } from "../../collect/github/listing.ts";
import { apiObjects } from "../../collect/github/objects.ts";
import { type GitHub, readBranch, requestKnown } from "../../collect/github/request.ts";
import { readPolicy } from "../../collect/policy/file.ts";
import type { Subject } from "../../core/effects.ts";
import { type Known, known } from "../../core/known.ts";
import { decideRepository } from "../../core/repository.ts";
import { outcomesOf } from "../store/effects.ts";
import type { Observation, ReconcileTools } from "./tools.ts";

/** Observes a repository itself: what it has of what the App needs to begin with. */
export async function observeRepository(
  subject: Subject,
  github: GitHub,
  { db, cache, onboarding, now }: ReconcileTools,
): Promise<Known<Observation>> {
  const { request, owner, repo } = github;
  const found = await requestKnown(
    `the repository ${owner}/${repo}`,
    request("GET /repos/{owner}/{repo}", { owner, repo }),
  );
  if (!found.known) return found;
  const labels = await listAll(`the labels of ${owner}/${repo}`, (page) =>
    request("GET /repos/{owner}/{repo}/labels", { owner, repo, ...page }),
  );
  if (!labels.known) return labels;
  const { id, full_name: name, default_branch: defaultBranch, archived: isArchived, fork: isFork } = found.value;
  const tip = await readBranch(github, defaultBranch);
  const policy = tip.known ? await readPolicy(apiObjects(github, cache), tip.value) : tip;
  const repository = { id: Number(id), name, defaultBranch };
  return known({
    repository,
    decide: async () =>
      decideRepository({
        now: now().toISOString(),
        repository,
        isArchived,
        isFork,
        labels: labels.value.map((label) => label.name),
        policy,
        onboarding,
        outcomes: await outcomesOf(db, subject),
      }),
  });
}
