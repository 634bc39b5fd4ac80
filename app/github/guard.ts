import type { ProbotOctokit } from "probot";
import { SallyportError } from "../../core/errors.ts";
import { type Use, whyForbidden } from "./allowed-calls.ts";
import { limitIn, limitOf } from "./rate-limit.ts";
import { isOtherRepository } from "./same-repository.ts";
import type { KeptToken } from "./token.ts";

/** How long one answer of GitHub may take. */
const timeoutMs = 60_000;

/** Whose requests are guarded: a client for one repository, under the name that this had when it was looked up. */
export type Guarded = {
  use: Use;
  repository: { id: number; owner: string; repo: string };
  baseUrl: string;
  token: KeptToken;
  /** Gets the time that GitHub names when a limit is met. */
  onLimit(until: Date): void;
  /** Lets the repository be looked up again by its id. */
  forget(): void;
};

/**
 * Holds each request of a client against what it may send, and each answer against what was asked: whole, and about the
 * repository that is meant. A limit ends the request and is not waited out.
 */
export function guardRequests(client: ProbotOctokit, guarded: Guarded): void {
  const { use, repository, baseUrl, token, onLimit, forget } = guarded;
  const { id, owner, repo } = repository;
  const repositoryUrl = `${baseUrl}/repos/${owner}/${repo}`;
  const noteLimit = (until: Date | null) => {
    if (until !== null) onLimit(until);
  };
  client.hook.wrap("request", async (request, options) => {
    const { method, url, body } = client.request.endpoint(options);
    const why = whyForbidden(use, { method, url, body }, { baseUrl, owner, repo });
    if (why !== null) throw new SallyportError("forbidden-call", `refused: ${why}`);
    const isRead = method === "GET" || method === "HEAD";
    options.headers = { ...options.headers, authorization: `token ${await token.get()}` };
    options.request = {
      ...options.request,
      ...timeLimit(),
      ...(isRead ? {} : { redirect: "manual" }),
      // A query is sent by POST, too, and may be repeated: the reading client cannot send anything that writes.
      ...(isRead || use === "read" ? {} : { retries: 0 }),
    };
    const response = await Promise.resolve(request(options)).catch((error: unknown) => {
      const status = error instanceof Error && "status" in error ? error.status : null;
      noteLimit(limitOf(error, new Date()));
      if (status === 401) token.forget();
      // Renamed without a trace, or hidden from us; whichever, the next client looks it up by its id.
      if (status === 404 && url === repositoryUrl) forget();
      throw error;
    });
    // Followed blindly, a redirected POST would become a GET.
    if (response.status >= 300) {
      forget();
      throw again(`${owner}/${repo} was renamed or moved; it is looked up again`);
    }
    if (isOtherRepository(id, { url, repositoryUrl }, response.data)) {
      forget();
      throw again(`${owner}/${repo} is not repository ${id} now; it is looked up again`);
    }
    if (response.status !== 204 && typeof response.data !== "object")
      throw again(`GitHub's answer to ${method} ${url} is cut or no JSON`);
    noteLimit(limitIn(response, new Date()));
    return response;
  });
}

/** A failure after which the same request may succeed. */
function again(message: string): SallyportError {
  return new SallyportError("github", message, { retry: true });
}

/** Holds a client of the App itself to reading: it could write its webhook's settings, suspensions and tokens. */
export function guardReads(client: ProbotOctokit): void {
  client.hook.before("request", (options) => {
    const { method, url } = options;
    if (method !== "GET")
      throw new SallyportError("forbidden-call", `refused: ${method} ${url}: this client only reads`);
    options.request = { ...options.request, ...timeLimit() };
  });
}

/** The option that ends a request which takes too long. */
function timeLimit() {
  return { signal: AbortSignal.timeout(timeoutMs) };
}
