import { createAppAuth, type InstallationAuthOptions } from "@octokit/auth-app";
import type { RequestInterface } from "@octokit/types";
import { ProbotOctokit } from "probot";
import type { GitHub } from "../collect/github.ts";
import { readBot } from "../collect/people.ts";
import type { Ourselves } from "../core/effects.ts";
import { SallyportError } from "../core/errors.ts";
import { type Use, whyForbidden } from "./allowed-calls.ts";
import { limitIn, limitOf } from "./rate-limit.ts";
import { isOtherRepository } from "./same-repository.ts";

// The whole of what a token of ours can ever do, named at each minting: the App's own permissions may be wider.
const permissions = {
  read: {
    checks: "read",
    contents: "read",
    issues: "read",
    members: "read",
    metadata: "read",
    pull_requests: "read",
  },
  write: { checks: "write", contents: "write", issues: "write", metadata: "read", pull_requests: "write" },
} as const;

/** How long one answer of GitHub may take, and how long before its end a token is replaced, in milliseconds. */
const patience = 60_000;
const tokenMargin = 5 * 60_000;

/**
 * In the place of the throttle's queue for writes, which lets one through in a second, GraphQL queries among them. A client
 * that only reads has no writes; its queries wait in the queue for all requests, as its other reads do.
 */
const atOnce = {
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

type Installation = { id: number; hasMembers: boolean };

/** Where a repository is, as GitHub says now: a webhook's word for it is never taken. */
type Home = { installation: Installation; owner: string; repo: string };

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

  const installations = async (): Promise<Installation[]> => {
    const listed = await asApp.paginate("GET /app/installations", { per_page: 100 });
    return listed
      .filter((one) => one.suspended_at === null)
      .map((one) => ({ id: one.id, hasMembers: one.permissions.members !== undefined }));
  };
  const repositoriesOf = async (token: string) => {
    const client = octokit("app", { auth: token });
    const listed = await client.paginate("GET /installation/repositories", { per_page: 100 });
    return listed.map((one) => ({ id: Number(one.id), owner: one.owner.login, repo: one.name }));
  };
  const findHome = async (id: number): Promise<Home> => {
    for (const installation of await installations()) {
      const token = await mintIfThere(() =>
        mint({
          type: "installation",
          installationId: installation.id,
          repositoryIds: [id],
          permissions: { metadata: "read" },
        }),
      );
      const found =
        token === null ? undefined : (await repositoriesOf(token.token)).find((one) => one.id === id);
      if (found !== undefined) return { installation, owner: found.owner, repo: found.repo };
    }
    throw new SallyportError(
      "not-found",
      `the App is not installed on repository ${id}, or the installation is suspended`,
    );
  };

  const clients = new Map<string, Promise<GitHub>>();
  // What GitHub told readers, by installation: all of one share its limits.
  const limits = new Map<number, Date>();
  const installationOf = new Map<number, number>();
  const build = async (id: number, use: Use, forget: () => void): Promise<GitHub> => {
    const { installation, owner, repo } = await findHome(id);
    installationOf.set(id, installation.id);
    const noteLimit = (until: Date | null) => {
      if (use === "read" && until !== null) limits.set(installation.id, until);
    };
    const { members, ...others } = permissions.read;
    // An installation on a person's account has no members to read.
    const wanted =
      use === "write" ? permissions.write : installation.hasMembers ? { ...others, members } : others;
    const token = keepToken(() =>
      mint({
        type: "installation",
        installationId: installation.id,
        repositoryIds: [id],
        permissions: wanted,
        refresh: true,
      }),
    );
    const client = octokit(`installation-${installation.id}`, {}, use === "read" ? { write: atOnce } : {});
    const home = `${config.apiUrl}/repos/${owner}/${repo}`;
    client.hook.wrap("request", async (request, options) => {
      const { method, url, body } = client.request.endpoint(options);
      const why = whyForbidden(use, { method, url, body }, { baseUrl: config.apiUrl, owner, repo });
      if (why !== null) throw new SallyportError("forbidden-call", `refused: ${why}`);
      const isRead = method === "GET" || method === "HEAD";
      options.headers = { ...options.headers, authorization: `token ${await token.get()}` };
      options.request = {
        ...options.request,
        signal: AbortSignal.timeout(patience),
        ...(isRead ? {} : { redirect: "manual" }),
        // A query is sent by POST, too, and may be repeated: the reading client cannot send anything that writes.
        ...(isRead || use === "read" ? {} : { retries: 0 }),
      };
      try {
        const response = await request(options);
        const isWhole = response.status === 204 || typeof response.data === "object";
        if (response.status < 300 && isOtherRepository(id, { url, home }, response.data)) {
          forget();
          const message = `${owner}/${repo} is not repository ${id} now; it is looked up again`;
          throw new SallyportError("github", message, { retry: true });
        }
        if (response.status < 300 && isWhole) {
          noteLimit(limitIn(response, new Date()));
          return response;
        }
        if (response.status < 300)
          throw new SallyportError("github", `GitHub's answer to ${method} ${url} is cut or no JSON`, {
            retry: true,
          });
      } catch (error) {
        const status = error instanceof Error && "status" in error ? error.status : null;
        noteLimit(limitOf(error, new Date()));
        if (status === 401) token.forget();
        // Renamed without a trace, or hidden from us; whichever, the next client looks it up by its id.
        if (status === 404 && url === home) forget();
        throw error;
      }
      // Followed blindly, a redirected POST would become a GET.
      forget();
      throw new SallyportError("github", `${owner}/${repo} was renamed or moved; it is looked up again`, {
        retry: true,
      });
    });
    return { request: client.request, owner, repo };
  };

  const namedRepositories = async () => {
    const all: { id: number; name: string }[] = [];
    for (const { id } of await installations()) {
      // The one token without repository ids: it names them, and can do nothing else.
      const { token } = await mint({
        type: "installation",
        installationId: id,
        permissions: { metadata: "read" },
      });
      const found = await repositoriesOf(token);
      all.push(...found.map((one) => ({ id: one.id, name: `${one.owner}/${one.repo}` })));
    }
    return all;
  };

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
    repositories: async () => (await namedRepositories()).map(({ id }) => id),
    namedRepositories,
    asApp: readingOnly(octokit("app", { authStrategy: createAppAuth, auth: appAuth })),
  };
}

/** The App's own client without what it could write: its webhook's settings, suspensions, tokens. */
function readingOnly(client: ProbotOctokit): RequestInterface {
  client.hook.before("request", (options) => {
    const { method, url } = options;
    if (method !== "GET")
      throw new SallyportError("forbidden-call", `refused: ${method} ${url}: this client only reads`);
    options.request = { ...options.request, signal: AbortSignal.timeout(patience) };
  });
  return client.request;
}

/** A token that is good for five more minutes at least; a new one is asked for when it is not, or was refused. */
function keepToken(mint: () => Promise<{ token: string; expiresAt: string }>) {
  let kept: Promise<{ token: string; expiresAt: string }> | null = null;
  const forget = () => {
    kept = null;
  };
  return {
    async get(): Promise<string> {
      const old = kept === null ? null : await kept;
      if (old !== null && Date.parse(old.expiresAt) - Date.now() > tokenMargin) return old.token;
      const fresh = mint();
      kept = fresh;
      fresh.catch(forget);
      return (await fresh).token;
    },
    forget,
  };
}

/** Null: the repository is not among those of the installation. Source: GitHub docs, "Create an installation access token". */
async function mintIfThere<T>(mint: () => Promise<T>): Promise<T | null> {
  try {
    return await mint();
  } catch (error) {
    const status = error instanceof Error && "status" in error ? error.status : null;
    if (status === 403 || status === 404 || status === 422) return null;
    throw error;
  }
}
