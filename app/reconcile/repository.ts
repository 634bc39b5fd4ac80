import { listAll } from "../../collect/github/listing.ts";
import { type GitHub, requestKnown } from "../../collect/github/request.ts";
import { type Known, known } from "../../core/known.ts";
import { decideRepository, type InstalledFacts } from "../../core/repository.ts";
import type { Observation } from "./tools.ts";

/** Observes a repository itself: what it has of what the App needs to begin with. */
export async function observeRepository(github: GitHub): Promise<Known<Observation>> {
  const { request, owner, repo } = github;
  const found = await requestKnown(
    `the repository ${owner}/${repo}`,
    request("GET /repos/{owner}/{repo}", { owner, repo }),
  );
  if (!found.known) return found;
  const labels = await listAll(`the labels of ${owner}/${repo}`, (page) =>
    request("GET /repos/{owner}/{repo}/labels", { owner, repo, per_page: 100, page }),
  );
  if (!labels.known) return labels;
  const { id, full_name: name, archived } = found.value;
  const repository = { id: Number(id), name };
  const facts: InstalledFacts = {
    repository,
    isArchived: archived,
    labels: labels.value.map((label) => label.name),
  };
  return known({ repository, decide: async () => decideRepository(facts) });
}
