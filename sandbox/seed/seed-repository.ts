/** Creates one repository of a seed: its git directory, its people, its rules. */
import { mkdir, readdir } from "node:fs/promises";
import { configure, gitText } from "../git/git.ts";
import { writeTree } from "../git/objects.ts";
import type { State } from "../state/memory.ts";
import type { Account, App, Protection, Repository } from "../state/model.ts";
import { addRepository, directoryOf } from "../state/repository.ts";
import { addLabel, findAccount, identify, now } from "../state/state.ts";
import type { RepositorySeed } from "./seed-schema.ts";

export async function seedRepository(state: State, seed: RepositorySeed): Promise<void> {
  const [ownerLogin = "", name = ""] = seed.full_name.split("/");
  const owner = accountOf(state, ownerLogin, seed.full_name);
  const dir = directoryOf(state, ownerLogin, name);
  const defaultBranch = await seedGit(dir, seed);
  const repository = addRepository(state, {
    id: seed.id,
    owner,
    name,
    description: seed.description ?? null,
    private: seed.private,
    defaultBranch,
    dir,
    parent: null,
    ci: seed.ci.map(({ name, conclusion, fails_on: failsOn, delay_ms: delayMs }) => ({
      ...{ name, conclusion, failsOn, delayMs },
    })),
  });
  for (const [login, role] of Object.entries(seed.collaborators)) {
    repository.collaborators.set(accountOf(state, login, seed.full_name), role);
  }
  for (const [slug, role] of Object.entries(seed.teams)) {
    const team = repository.organization?.teams.find((known) => known.slug === slug);
    if (team === undefined) throw new Error(`seed: ${seed.full_name}: ${ownerLogin} has no team ${slug}`);
    repository.teams.set(team, role);
  }
  for (const label of seed.labels) addLabel(state, repository, label);
  for (const slug of seed.installed) install(state, appOf(state, slug, seed.full_name), repository);
  repository.protection = seed.protection.map((rule) => seedProtection(state, rule, seed.full_name));
}

/** Creates the bare repository and returns its default branch. */
async function seedGit(dir: string, seed: RepositorySeed): Promise<string> {
  await mkdir(dir, { recursive: true });
  if ((await readdir(dir)).length > 0) {
    throw new Error(`${dir} holds a repository of an earlier start: remove it or choose another directory`);
  }
  if (seed.path !== undefined) {
    await gitText(dir, ["clone", "--quiet", "--bare", "--no-hardlinks", "--", seed.path, "."]);
    await gitText(dir, ["remote", "remove", "origin"]);
  } else {
    const branch = seed.default_branch ?? "main";
    await gitText(dir, ["init", "--quiet", "--bare", `--initial-branch=${branch}`]);
  }
  if (seed.files !== undefined && seed.path === undefined) await seedFiles(dir, seed.files);
  const head = await gitText(dir, ["symbolic-ref", "HEAD"]);
  const branch = seed.default_branch ?? head.replace("refs/heads/", "");
  await gitText(dir, ["symbolic-ref", "HEAD", `refs/heads/${branch}`]);
  await configure(dir);
  return branch;
}

async function seedFiles(dir: string, files: Record<string, string>): Promise<void> {
  const entries = Object.entries(files).map(([path, content]) => ({ path, mode: "100644", content }));
  const tree = await writeTree(dir, null, entries);
  const commit = await gitText(dir, ["commit-tree", tree, "-m", "Initial commit"]);
  const head = await gitText(dir, ["symbolic-ref", "HEAD"]);
  await gitText(dir, ["update-ref", head, commit]);
}

/** Adds the repository to the app's installation on its owner, which is created when there is none. */
export function install(state: State, app: App, repository: Repository): void {
  const found = state.installations.find(
    (installation) => installation.app === app && installation.account === repository.owner,
  );
  if (found !== undefined) {
    found.repositories.push(repository);
    return;
  }
  state.installations.push({
    id: identify(state, "IN").id,
    app,
    account: repository.owner,
    repositories: [repository],
    createdAt: now(state),
  });
}

function seedProtection(state: State, rule: RepositorySeed["protection"][number], where: string): Protection {
  const checks = rule.checks.map(({ context, app }) => ({
    context,
    appId: app === undefined ? null : appOf(state, app, where).id,
  }));
  return {
    id: identify(state, "BPR").id,
    branch: rule.branch,
    checks: checks.length === 0 ? null : checks,
    strict: rule.strict,
    reviews: rule.reviews === 0 ? null : rule.reviews,
    dismissStale: rule.dismiss_stale,
    codeOwners: false,
    enforceAdmins: rule.enforce_admins,
    allowPush: rule.allow_push,
    allowForcePushes: false,
    allowDeletions: false,
    mergeQueue: rule.merge_queue === false ? null : rule.merge_queue === true ? "merge" : rule.merge_queue,
  };
}

function appOf(state: State, slug: string, where: string): App {
  const app = state.apps.find((known) => known.slug === slug);
  if (app === undefined) throw new Error(`seed: ${where}: there is no app ${slug}`);
  return app;
}

/** The account that the seed names; `where` is the part of the seed, for the error. */
export function accountOf(state: State, login: string, where: string): Account {
  const account = findAccount(state, login);
  if (account === undefined) throw new Error(`seed: ${where}: there is no user or organization ${login}`);
  return account;
}
