import { createAppAuth, type InstallationAuthOptions } from "@octokit/auth-app";
import type { RequestInterface } from "@octokit/types";
import { ProbotOctokit } from "probot";
import { readBot } from "../../collect/github/people.ts";
import { type GitHub, valueOrThrow } from "../../collect/github/request.ts";
import type { Ourselves } from "../../core/effects.ts";
import { SallyportError } from "../../core/errors.ts";
import { githubRemaining, githubRequests } from "../settings/metrics.ts";
import type { LimitedUse } from "../store/limits.ts";
import type { Use } from "./allowed-calls.ts";
import { appKeyProblem } from "./app-key.ts";
import { guardApp, guardRequests } from "./guard.ts";
import {
  findHome,
  type InstalledRepository,
  keepListed,
  listInstallations,
  listInstalled,
  type Unlisted,
} from "./installations.ts";
import { createLimits, type Limits } from "./limits.ts";
import { keepToken, mintIfThere, permissionsFor } from "./token.ts";

/**
 * Replaces the throttle's queue for writes, which passes one request per second and counts GraphQL queries as writes. A
 * read-only client has no writes; its queries wait in the queue for all requests, as its other reads do.
 */
const unthrottled = {
  key: () => ({
    schedule: async <A extends unknown[], R>(_options: unknown, job: (...given: A) => R, ...given: A) => job(...given),
  }),
};

export type GitHubClients = {
  identify(): Promise<Ourselves>;
  /** A client for one repository, by its numeric id: names are renamed and reused. */
  forRepository(id: number, use: Use): Promise<GitHub>;
  /**
   * Every repository that the App is installed on. Whoever takes what there is hears of each installation whose list
   * GitHub refuses; for others one such fails all.
   */
  repositories(unlisted?: Unlisted): Promise<number[]>;
  /** The same with their current names as `owner/name`, for people who name them. */
  namedRepositories(): Promise<{ id: number; name: string }[]>;
  /** A read-only client for the App itself, which has no access to repositories. */
  asApp: RequestInterface;
  /** Has GitHub send a delivery again, and does nothing else. */
  redeliverer: RequestInterface;
  /** Until when GitHub's rate limit holds back reads, or another use, in this repository; null if no limit is known. */
  limitedUntil(id: number, use?: LimitedUse): Date | null;
  /** The limits of all installations. */
  limits: Limits;
};

/**
 * Clients for GitHub as our App, over Probot's Octokit with its throttling and pagination. It retries reads only:
 * before a write is repeated, the effect looks for its result. A rate limit ends the request instead of waiting, so
 * that the queue can keep the time in its database. Each token is passed to `onToken` first.
 */
export function createGitHub(
  config: { apiUrl: string; appId: number; privateKey: string; throttle: boolean },
  onToken: (token: string) => void = () => {},
): GitHubClients {
  const octokit = (id: string, more: object = {}, throttle: object = {}) => {
    const client = new ProbotOctokit({
      baseUrl: config.apiUrl,
      throttle: {
        enabled: config.throttle,
        id,
        onRateLimit: () => false,
        onSecondaryRateLimit: () => false,
        ...throttle,
      },
      // A server that need not be spared is asked again at once, and not after seconds.
      retry: config.throttle ? {} : { retryAfterBaseValue: 10 },
      authStrategy: undefined,
      ...more,
    });
    countRequests(client, id, config.apiUrl);
    return client;
  };
  const appAuth = { appId: config.appId, privateKey: config.privateKey };
  const asApp = octokit("app", { authStrategy: createAppAuth, auth: appAuth });
  const auth = createAppAuth({ ...appAuth, request: asApp.request });
  const mint = async (options: InstallationAuthOptions) => {
    const minted = await auth(options);
    onToken(minted.token);
    return minted;
  };

  const withToken = (token: string) => octokit("app", { auth: token });
  const tools = { asApp, mint, withToken, listed: keepListed(() => listInstallations({ asApp })) };

  const clients = new Map<string, Promise<GitHub>>();
  const homes = new Map<number, Promise<InstalledRepository>>();
  const limits = createLimits();
  const installationOf = new Map<number, number>();
  const build = async (id: number, use: Use, forget: () => void): Promise<GitHub> => {
    const home = homes.get(id) ?? findHome(id, tools, installationOf.get(id));
    homes.set(id, home);
    const { installation, owner, repo } = await home;
    installationOf.set(id, installation.id);
    const token = keepToken(async () => {
      // Its owner may have accepted more permissions since the look-up, or may have ended it.
      const current = (await tools.listed(false)).find((one) => one.id === installation.id) ?? installation;
      const minted = await mintIfThere(() =>
        mint({
          type: "installation",
          installationId: installation.id,
          repositoryIds: [id],
          permissions: permissionsFor(use, current),
          refresh: true,
        }),
      );
      if (minted !== null) return minted;
      // Installed anew, or moved to another account. What GitHub said is not of what the caller asked for.
      forget();
      throw new SallyportError(
        "github",
        `installation ${installation.id} gives no token for ${owner}/${repo} now; it is looked up again`,
        { retry: true },
      );
    });
    const client = octokit(`installation-${installation.id}`, {}, use === "read" ? { write: unthrottled } : {});
    guardRequests(client, {
      use,
      repository: { id, owner, repo },
      baseUrl: config.apiUrl,
      token,
      onLimit: (until) => limits.meet({ installation: installation.id, use, until }),
      onScarce: (until) => limits.meet({ installation: installation.id, use: "sweep", until }),
      forget,
    });
    return { request: client.request, owner, repo };
  };

  const itself = (use: "read" | "redeliver") => {
    const client = octokit("app", { authStrategy: createAppAuth, auth: appAuth });
    guardApp(client, use);
    return client.request;
  };

  return {
    async identify() {
      const problem = appKeyProblem(config.privateKey);
      if (problem !== null)
        throw new SallyportError("bad-input", `${problem}: make one in the App's settings, under Private keys`);
      const answer = await asApp.request("GET /app").catch((error: unknown) => {
        const status = error instanceof Error && "status" in error ? error.status : null;
        // GitHub's own words are of web tokens and integrations, which nobody has set.
        if (status === 401 || status === 404) return null;
        // Without an answer the client's message names a socket at most.
        if (error instanceof Error && !("response" in error && error.response !== undefined))
          throw new SallyportError(
            "github",
            `GitHub does not answer at ${config.apiUrl} (${error.message}): check GITHUB_API_URL and the network`,
            { retry: true, cause: error },
          );
        throw error;
      });
      const app = answer?.data ?? null;
      if (app === null || app.slug === undefined)
        throw new SallyportError(
          "github",
          "GitHub knows no App by this id and key: compare APP_ID and PRIVATE_KEY with the App's settings, and this machine's clock with another",
        );
      const bot = valueOrThrow(await readBot({ request: octokit("app").request }, app.slug));
      return { appId: Number(app.id), slug: app.slug, page: app.html_url, bot };
    },
    forRepository(id, use) {
      const key = `${id}/${use}`;
      // What one of the two clients met, another repository or a refused token, the other would meet too.
      const forget = () => {
        clients.delete(`${id}/read`);
        clients.delete(`${id}/write`);
        homes.delete(id);
      };
      const client = clients.get(key) ?? build(id, use, forget);
      clients.set(key, client);
      client.catch(forget);
      return client;
    },
    limitedUntil: (id, use = "read") => limits.until(installationOf.get(id) ?? 0, use),
    limits,
    async repositories(unlisted) {
      const all = await listInstalled(tools, unlisted);
      // The limits that were learned before this start apply to them at once.
      for (const { id, installation } of all) installationOf.set(id, installation);
      return all.map(({ id }) => id);
    },
    namedRepositories: () => listInstalled(tools),
    asApp: itself("read"),
    redeliverer: itself("redeliver"),
  };
}

/** Counts a client's requests by the route as GitHub documents it, and keeps how many more GitHub allows. */
function countRequests({ hook }: ProbotOctokit, client: string, apiUrl: string): void {
  // A list's pages are asked for by their whole addresses.
  const routeOf = (url: string) => (url.startsWith(apiUrl) ? url.slice(apiUrl.length).replace(/\?.*/, "") : url);
  hook.after("request", ({ status, headers }, { method, url }) => {
    githubRequests.inc({ method, route: routeOf(url), status });
    const { "x-ratelimit-remaining": remaining, "x-ratelimit-resource": resource } = headers;
    if (remaining !== undefined) githubRemaining.set({ client, resource: String(resource) }, Number(remaining));
  });
  hook.error("request", (error, { method, url }) => {
    githubRequests.inc({ method, route: routeOf(url), status: "status" in error ? error.status : 0 });
    throw error;
  });
}
