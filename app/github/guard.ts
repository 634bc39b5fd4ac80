import type { ProbotOctokit } from "probot";
import { SallyportError } from "../../core/errors.ts";
import { type Use, whyForbidden } from "./allowed-calls.ts";
import { scarceUntil } from "./limits.ts";
import { limitIn, limitOf } from "./rate-limit.ts";
import { isOtherRepository } from "./same-repository.ts";
import type { KeptToken } from "./token.ts";

/** How long one answer of GitHub may take. */
const timeoutMs = 60_000;

/**
 * How long a write may take: less than a worker has to be silent before another takes its work over, so that one that
 * was begun in time has ended by then. GitHub itself takes ten seconds at most.
 */
export const writeTimeoutMs = 25_000;

/** Input for the guard: a client for one repository, under the name that it had at the look-up. */
export type Guarded = {
  use: Use;
  repository: { id: number; owner: string; repo: string };
  baseUrl: string;
  token: KeptToken;
  /** Receives the time that GitHub names when a limit is met. */
  onLimit(until: Date): void;
  /** Receives the time until which only the reserve of the hour's requests is left. */
  onScarce(until: Date): void;
  /** Makes the next client look the repository up again by its id. */
  forget(): void;
};

/**
 * Checks each request of a client against the allowed calls, and that each answer is complete and about the right
 * repository. A rate limit ends the request instead of waiting.
 */
export function guardRequests(client: ProbotOctokit, guarded: Guarded): void {
  const { use, repository, baseUrl, token, onLimit, onScarce, forget } = guarded;
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
      // A large file may take longer, and is named by its content: written twice it is the same.
      ...timeLimit(isRead || use === "read" || url.endsWith("/git/blobs") ? timeoutMs : writeTimeoutMs),
      redirect: "manual",
      // A query is a POST too, and may be repeated: a read-only client cannot send a write.
      ...(isRead || use === "read" ? {} : { retries: 0 }),
    };
    const response = await Promise.resolve(request(options)).catch((error: unknown) => {
      const status = error instanceof Error && "status" in error ? error.status : null;
      noteLimit(limitOf(error, new Date()));
      if (status === 401) token.forget();
      // Renamed without a redirect, or hidden from us: either way, the next client looks it up by its id.
      if (status === 404 && url === repositoryUrl) forget();
      throw error;
    });
    const scarce = scarceUntil(response.headers, new Date());
    if (scarce !== null) onScarce(scarce);
    // Not followed: a POST would become a GET, and the answer another host's.
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
    const until = limitIn(response, new Date());
    noteLimit(until);
    if (until !== null)
      throw new SallyportError("rate-limit", "GitHub's limit for queries is used up", {
        retry: true,
        notBefore: until,
      });
    return response;
  });
}

/** A failure that may be retried. */
function again(message: string): SallyportError {
  return new SallyportError("github", message, { retry: true });
}

/** The route by which GitHub sends a delivery again. */
const redelivery = "POST /app/hook/deliveries/{delivery_id}/attempts";

/**
 * Restricts a client of the App itself to reads, or to having deliveries sent again: it could otherwise change its
 * webhook, suspensions and tokens.
 */
export function guardApp(client: ProbotOctokit, use: "read" | "redeliver"): void {
  client.hook.before("request", (options) => {
    const { method, url } = options;
    if (use === "read" && method !== "GET")
      throw new SallyportError("forbidden-call", `refused: ${method} ${url}: this client only reads`);
    if (use === "redeliver" && `${method} ${url}` !== redelivery)
      throw new SallyportError("forbidden-call", `refused: ${method} ${url}: this client only asks for redeliveries`);
    options.request = { ...options.request, ...timeLimit(), redirect: "error" };
  });
}

/** The request option that aborts after the time limit. */
function timeLimit(most = timeoutMs) {
  return { signal: AbortSignal.timeout(most) };
}
