import type { RequestInterface } from "@octokit/types";
import { SallyportError } from "../../core/errors.ts";
import { type Known, known, type Unread, unknown } from "../../core/known.ts";
import { blobId } from "../blob-id.ts";
import { splitStep } from "../budget.ts";
import type { Blob } from "../objects.ts";

/** One repository on GitHub, and Octokit's `request` with its token already set. */
export type GitHub = { request: RequestInterface; owner: string; repo: string };

/** GitHub's answer to one request; `status` 0 means that no complete answer came. */
export type ApiResult<T> = { ok: true; data: T } | { ok: false; status: number; why: string; step?: string };

/** How many requests run at once; GitHub asks clients to limit concurrency. */
const concurrency = 6;

/** Waits for one request and turns every failure into a value. `what` names the requested thing for people. */
export async function requestResult<T>(what: string, call: Promise<{ data: T }>): Promise<ApiResult<T>> {
  try {
    const { data } = await call;
    if (data !== null && typeof data === "object") return { ok: true, data };
    return { ok: false, status: 0, why: `GitHub's answer about ${what} is not JSON; try again` };
  } catch (error) {
    if (error instanceof SallyportError && error.code === "over-budget")
      return { ok: false, status: 0, why: error.message, step: splitStep };
    const { status, message } = failureOf(error);
    return {
      ok: false,
      status,
      why: `GitHub did not give ${what} (${advice(status)}): ${shortText(message)}`,
    };
  }
}

/** How long one answer of GitHub may take, in milliseconds, and how often it may say that it is elsewhere. */
const answerLimits = { milliseconds: 60_000, redirects: 3 };

/** `fetch` for Octokit. A read follows a redirect within its host, as after a rename; another host is not GitHub. */
export async function fetchFromHost(url: string, init: RequestInit = {}): Promise<Response> {
  const signal = AbortSignal.timeout(answerLimits.milliseconds);
  let address = url;
  for (let count = 0; count <= answerLimits.redirects; count++) {
    const response = await fetch(address, { ...init, signal, redirect: "manual" });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status === 304 || response.status >= 400) return response;
    const next = new URL(location ?? "", address);
    if (next.origin !== new URL(url).origin || (init.method ?? "GET") !== "GET")
      throw new SallyportError("github", `the answer is a redirect to ${next.origin}, which is not followed`);
    address = next.href;
  }
  throw new SallyportError("github", "the answer is one redirect after another");
}

/** As `requestResult`, for a caller that treats all failures alike. */
export async function requestKnown<T>(what: string, call: Promise<{ data: T }>): Promise<Known<T>> {
  const answer = await requestResult(what, call);
  return answer.ok ? known(answer.data) : unknown(answer.why, answer.step);
}

/** The value of a fact without which nothing can be done. Throws `github`, to be tried again, if it could not be read. */
export function valueOrThrow<T>(fact: Known<T>): T {
  if (fact.known) return fact.value;
  throw new SallyportError("github", fact.why, { retry: true });
}

/**
 * The commit at the tip of a branch, by its full ref, so that a tag or a branch of another name is never read instead.
 */
export async function readBranch({ request, owner, repo }: GitHub, branch: string): Promise<Known<string>> {
  const what = `the branch ${JSON.stringify(branch)} of ${owner}/${repo}`;
  const answer = await requestKnown(
    what,
    request("GET /repos/{owner}/{repo}/git/ref/{ref}", { owner, repo, ref: `heads/${branch}` }),
  );
  if (!answer.known) return answer;
  const { ref, object } = answer.value;
  if (ref !== `refs/heads/${branch}` || object.type !== "commit")
    return unknown(`GitHub gave something else for ${what}`);
  return known(object.sha);
}

/** A blob by its id, checked against that id; without its content when it is larger than `limit` bytes. */
export async function readBlob({ request, owner, repo }: GitHub, sha: string, limit: number): Promise<Known<Blob>> {
  const what = `the file content ${sha} of ${owner}/${repo}`;
  const answer = await requestKnown(
    what,
    request("GET /repos/{owner}/{repo}/git/blobs/{file_sha}", { owner, repo, file_sha: sha }),
  );
  if (!answer.known) return answer;
  const { content, encoding, size } = answer.value;
  if (size !== null && size > limit) return known({ size, content: null });
  if (encoding !== "base64") return unknown(`GitHub gave ${what} as ${JSON.stringify(encoding)}, not base64`);
  const bytes = Buffer.from(content, "base64");
  if (blobId(bytes, sha.length === 64 ? "sha256" : "sha1") !== sha)
    return unknown(`GitHub gave ${what} incomplete or changed`);
  return known({ size: bytes.length, content: bytes.length > limit ? null : bytes });
}

/**
 * Runs `work` on every item, a few at a time; stops at the first unknown result and returns that. Results keep the
 * items' order.
 */
export async function mapKnown<T, R>(items: readonly T[], work: (item: T) => Promise<Known<R>>): Promise<Known<R[]>> {
  const results = new Map<number, R>();
  let failure: Unread | null = null;
  const todo = items.entries();
  const worker = async () => {
    for (const [place, item] of todo) {
      if (failure !== null) return;
      const result = await work(item);
      if (result.known) results.set(place, result.value);
      else failure ??= result;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  if (failure !== null) return failure;
  return known([...results].sort(([one], [other]) => one - other).map(([, result]) => result));
}

/** Octokit's error carries GitHub's status and message; a broken connection has no status. */
function failureOf(error: unknown): { status: number; message: string } {
  if (error === null || typeof error !== "object") return { status: 0, message: String(error) };
  const status = "status" in error && typeof error.status === "number" ? error.status : 0;
  return { status, message: "message" in error ? String(error.message) : String(error) };
}

function advice(status: number): string {
  if (status === 401) return "401: check the token";
  if (status === 403) return "403: the token may not read it, or its rate limit is used up";
  if (status === 404) return "404: it is not there, or the token may not see it";
  return status === 0 ? "no answer" : `${status}`;
}

/** GitHub's message on one line, short enough for a reason. */
export function shortText(text: string): string {
  return text
    .replace(/[\p{Cc}\s]+/gu, " ")
    .slice(0, 200)
    .toWellFormed();
}
