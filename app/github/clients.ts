import { createAppAuth, type InstallationAuthOptions } from "@octokit/auth-app";
import type { RequestInterface } from "@octokit/types";
import { ProbotOctokit } from "probot";
import { readBot } from "../../collect/github/people.ts";
import type { GitHub } from "../../collect/github/request.ts";
import type { Ourselves } from "../../core/effects.ts";
import { SallyportError } from "../../core/errors.ts";
import type { Use } from "./allowed-calls.ts";
import { guardReads, guardRequests } from "./guard.ts";
import { findHome, listInstalled } from "./installations.ts";
import { keepToken, permissionsFor } from "./token.ts";

/**
 * In the place of the throttle's queue for writes, which lets one through in a second, GraphQL queries among them. A client
 * that only reads has no writes; its queries wait in the queue for all requests, as its other reads do.
 */
const unthrottled = {
  key: () => ({
    schedule: async <A extends unknown[], R>(_options: unknown, job: (...given: A) => R, ...given: A) =>
      job(...given),
  }),
};

export type GitHubClients = {
  identify(): Promise<Ourselves>;
  /** A client for one repository, by its numeric id: names are renamed and reused. */
  forRepository(id: number, use: Use): Promise<GitHub>;
  /** Every repository that the App is installed on. */
  repositories(): Promise<number[]>;
  /** The same with their present names as `owner/name`, for people who name them. */
  namedRepositories(): Promise<{ id: number; name: string }[]>;
  /** Asks as the App itself, which opens no repository. It only reads. */
  asApp: RequestInterface;
  /** Until when GitHub wants us to read nothing where this repository is; null: it does not, as far as we know. */
  limitedUntil(id: number): Date | null;
};

/**
 * Clients for GitHub as our App, over Probot's Octokit with its throttling and pagination, and its retries for requests
 * that only read: a write whose answer was lost is looked for before it is made again. Limits are not waited out here;
 * they end the request, so that the queue can keep the time in its database. Each token is told to `onToken` first.
 */
export function createGitHub(
  config: { apiUrl: string; appId: number; privateKey: string; throttle: boolean },
  onToken: (token: string) => void = () => {},
): GitHubClients {
  const octokit = (id: string, more: object = {}, throttle: object = {}) =>
    new ProbotOctokit({
      baseUrl: config.apiUrl,
      throttle: {
        enabled: config.throttle,
        id,
        onRateLimit: () => false,
        onSecondaryRateLimit: () => false,
        ...throttle,
      },
      retry: { enabled: config.throttle },
      authStrategy: undefined,
      ...more,
    });
  const appAuth = { appId: config.appId, privateKey: config.privateKey };
  const asApp = octokit("app", { authStrategy: createAppAuth, auth: appAuth });
  const auth = createAppAuth({ ...appAuth, request: asApp.request });
  const mint = async (options: InstallationAuthOptions) => {
    const minted = await auth(options);
    onToken(minted.token);
    return minted;
  };

  const tools = { asApp, mint, withToken: (token: string) => octokit("app", { auth: token }) };

  const clients = new Map<string, Promise<GitHub>>();
  // What GitHub told readers, by installation: all of one share its limits.
  const limits = new Map<number, Date>();
  const installationOf = new Map<number, number>();
  const build = async (id: number, use: Use, forget: () => void): Promise<GitHub> => {
    const { installation, owner, repo } = await findHome(id, tools);
    installationOf.set(id, installation.id);
    const token = keepToken(() =>
      mint({
        type: "installation",
        installationId: installation.id,
        repositoryIds: [id],
        permissions: permissionsFor(use, installation),
        refresh: true,
      }),
    );
    const client = octokit(
      `installation-${installation.id}`,
      {},
      use === "read" ? { write: unthrottled } : {},
    );
    guardRequests(client, {
      use,
      repository: { id, owner, repo },
      baseUrl: config.apiUrl,
      token,
      onLimit(until) {
        if (use === "read") limits.set(installation.id, until);
      },
      forget,
    });
    return { request: client.request, owner, repo };
  };

  const reader = octokit("app", { authStrategy: createAppAuth, auth: appAuth });
  guardReads(reader);

  return {
    async identify() {
      const { data: app } = await asApp.request("GET /app");
      if (app === null || app.slug === undefined)
        throw new SallyportError("github", "GitHub does not know this App: check APP_ID and PRIVATE_KEY");
      const bot = await readBot({ request: octokit("app").request }, app.slug);
      if (!bot.known) throw new SallyportError("github", bot.why, { retry: true });
      return { appId: Number(app.id), slug: app.slug, bot: bot.value };
    },
    forRepository(id, use) {
      const key = `${id}/${use}`;
      // Where one of them met another repository, the other would, too.
      const forget = () => {
        clients.delete(`${id}/read`);
        clients.delete(`${id}/write`);
      };
      const client = clients.get(key) ?? build(id, use, forget);
      clients.set(key, client);
      client.catch(forget);
      return client;
    },
    limitedUntil(id) {
      const until = limits.get(installationOf.get(id) ?? 0);
      return until !== undefined && until.getTime() > Date.now() ? until : null;
    },
    repositories: async () => (await listInstalled(tools)).map(({ id }) => id),
    namedRepositories: () => listInstalled(tools),
    asApp: reader.request,
  };
}
