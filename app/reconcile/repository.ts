import { listAll } from "../../collect/github/listing.ts";
import { apiObjects } from "../../collect/github/objects.ts";
import { type GitHub, readBranch, requestKnown } from "../../collect/github/request.ts";
import { readPolicy } from "../../collect/policy/file.ts";
import { readDashboard } from "../../collect/repository/dashboard.ts";
import { type Known, known } from "../../core/known.ts";
import { usablePolicy } from "../../core/policy/problem.ts";
import { decideRepository, digestDue } from "../../core/repository/repository.ts";
import type { Subject } from "../../core/subject.ts";
import type { Database } from "../store/database.ts";
import { outcomesOf } from "../store/effects.ts";
import { entriesWithin } from "../store/folds.ts";
import { listOverviews } from "../store/overviews.ts";
import type { Observation, ReconcileTools } from "./tools.ts";

/** Observes a repository itself: what it has of what the App needs to begin with. */
export async function observeRepository(
  subject: Subject,
  github: GitHub,
  { db, cache, onboarding, ourselves, digestWebhook, standing, now }: ReconcileTools,
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
  const asked = usablePolicy(policy)?.policy.reports;
  const issue = asked === undefined ? null : await readDashboard(github, ourselves.bot);
  if (issue?.known === false) return issue;
  const outcomes = await outcomesOf(db, subject);
  const due = digestDue(now().toISOString(), asked?.digest ?? null, { repository: repository.id, outcomes });
  return known({
    repository,
    decide: async () => ({
      seen: [],
      decision: decideRepository({
        now: now().toISOString(),
        repository,
        isArchived,
        isFork,
        labels: labels.value.map((label) => label.name),
        policy,
        onboarding,
        reports:
          asked === undefined || issue === null
            ? null
            : {
                rhythm: asked.digest ?? null,
                hasWebhook: digestWebhook !== null,
                issue: issue.value,
                ...(await waitingIn(db, repository.id)),
                standing: await standing(repository.id),
                digest: due === null ? [] : await entriesWithin(db, repository.id, due),
              },
        outcomes,
      }),
    }),
  });
}

/** What goes on there only when somebody acts, what has waited longest first. */
async function waitingIn(db: Database, repository: number) {
  const { rows, more } = await listOverviews(db, { list: "stuck", repositories: [repository] }, 1);
  return { waiting: rows.map((row) => ({ ...row, since: row.since.toISOString() })), more };
}
