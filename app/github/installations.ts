import type { InstallationAuthOptions } from "@octokit/auth-app";
import type { ProbotOctokit } from "probot";
import { SallyportError } from "../../core/errors.ts";
import { type Minted, mintIfThere } from "./token.ts";

/** An installation of our App: what it may do with Actions, and whether it may read the members of its account. */
export type Installation = { id: number; actions: "read" | "write" | null; hasMembers: boolean };

/** A repository's installation and name, as GitHub reports them now: a webhook's payload is never trusted for this. */
export type InstalledRepository = { installation: Installation; owner: string; repo: string };

/** How installations are read: as the App itself, and with tokens for one of them. */
export type InstallationTools = {
  asApp: ProbotOctokit;
  /** A client that uses a token. */
  withToken(token: string): ProbotOctokit;
  mint(options: InstallationAuthOptions): Promise<Minted>;
};

/**
 * Finds the installation that has a repository, and the repository's current name. It asks the `likely` one first, and
 * then those that were listed a moment ago, before it lists them again: of many each asks GitHub once.
 */
export async function findHome(
  id: number,
  tools: InstallationTools & { listed: Listed<Installation[]> },
  likely?: number,
): Promise<InstalledRepository> {
  const seen = new Set<number>();
  for (const isFresh of [false, true]) {
    const all = await tools.listed(isFresh);
    const sorted = all.toSorted((one, other) => Number(other.id === likely) - Number(one.id === likely));
    for (const installation of sorted.filter((one) => !seen.has(one.id))) {
      seen.add(installation.id);
      const found = await findIn(installation, id, tools);
      if (found !== null) return found;
    }
  }
  throw new SallyportError(
    "not-found",
    `the App is not installed on repository ${id}, or the installation is suspended`,
  );
}

/** The repository, if this installation has it: only then does GitHub give a token for it. */
async function findIn(
  installation: Installation,
  id: number,
  tools: InstallationTools,
): Promise<InstalledRepository | null> {
  const minted = await mintIfThere(() =>
    tools.mint({
      type: "installation",
      installationId: installation.id,
      repositoryIds: [id],
      permissions: { metadata: "read" },
    }),
  );
  if (minted === null) return null;
  const found = (await listRepositories(minted, tools)).find((one) => one.id === id);
  return found === undefined ? null : { installation, owner: found.owner, repo: found.repo };
}

/** A list as GitHub gave it in the last minute, or as it is now. */
export type Listed<T> = (isFresh: boolean) => Promise<T>;

/** How long a list is good for, in milliseconds. */
const listedMs = 60_000;

/** Keeps what was listed for a while by a clock that nobody sets: from when it was asked for, however often it is used. */
export function keepListed<T>(list: () => Promise<T>): Listed<T> {
  let kept: { listed: Promise<T>; until: number } | null = null;
  return (isFresh) => {
    if (kept !== null && !isFresh && performance.now() < kept.until) return kept.listed;
    const one = { listed: list(), until: performance.now() + listedMs };
    kept = one;
    one.listed.catch(() => {
      if (kept === one) kept = null;
    });
    return one.listed;
  };
}

/** Hears of an installation whose repositories GitHub does not list: it limits it, or its owner lets us in no longer. */
export type Unlisted = (installation: number, error: unknown) => void;

/**
 * Every repository that the App is installed on, with its installation and its current name as `owner/name`. One
 * installation that cannot be listed fails all, unless somebody hears of it.
 */
export async function listInstalled(
  tools: InstallationTools,
  unlisted: Unlisted = (_, error) => {
    throw error;
  },
): Promise<{ id: number; name: string; installation: number }[]> {
  const all: { id: number; name: string; installation: number }[] = [];
  for (const { id } of await listInstallations(tools)) {
    try {
      // The one token without repository ids: it can list the repositories, and do nothing else.
      const minted = await tools.mint({
        type: "installation",
        installationId: id,
        permissions: { metadata: "read" },
      });
      const found = await listRepositories(minted, tools);
      all.push(...found.map((one) => ({ id: one.id, name: `${one.owner}/${one.repo}`, installation: id })));
    } catch (error) {
      unlisted(id, error);
    }
  }
  return all;
}

/** The installations of our App that are not suspended. */
export async function listInstallations({ asApp }: Pick<InstallationTools, "asApp">): Promise<Installation[]> {
  const listed = await asApp.paginate("GET /app/installations", { per_page: 100 });
  return listed
    .filter((one) => one.suspended_at === null)
    .map(({ id, permissions: { actions, members } }) => ({
      id,
      actions: actions ?? null,
      hasMembers: members !== undefined,
    }));
}

async function listRepositories({ token }: Minted, { withToken }: InstallationTools) {
  const listed = await withToken(token).paginate("GET /installation/repositories", { per_page: 100 });
  return listed.map((one) => ({ id: Number(one.id), owner: one.owner.login, repo: one.name }));
}
