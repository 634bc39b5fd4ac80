import type { Endpoints } from "@octokit/types";
import { listAll, type PageRequest } from "../../collect/github/listing.ts";
import type { GitHub } from "../../collect/github/request.ts";
import { SallyportError } from "../../core/errors.ts";
import type { Known } from "../../core/known.ts";

/** Sends requests about one repository, which need not name it. */
export type RepositoryRequest = <R extends keyof Endpoints>(
  route: R,
  parameters?: Omit<Endpoints[R]["parameters"], "owner" | "repo">,
) => Promise<Endpoints[R]["response"]>;

/** Octokit's `request` with the repository already set. */
export function requestIn({ request, owner, repo }: GitHub): RepositoryRequest {
  return request.defaults({ owner, repo });
}

/** Reads a listing to its end. GitHub's own error is rethrown, because it says whether and when to try again. */
export async function listAllOrThrow<T>(what: string, request: PageRequest<T>): Promise<T[]> {
  let cause: unknown;
  const listed = await listAll<T>(what, (page) =>
    request(page).catch((error: unknown) => {
      cause = error;
      throw error;
    }),
  );
  if (listed.known) return listed.value;
  throw cause ?? new SallyportError("github", listed.why, { retry: true });
}

/** A client that also tells of each request that fails: who reads by it may give a value in place of an error. */
export function tellFailures(github: GitHub, failed: (error: unknown) => void): GitHub {
  const request = new Proxy(github.request, {
    apply: (target, itself, call) =>
      Reflect.apply(target, itself, call).catch((error: unknown) => {
        failed(error);
        throw error;
      }),
  });
  return { ...github, request };
}

/** As `listAllOrThrow`, for a read that gives a value in place of an error. */
export async function readOrThrow<T>(github: GitHub, read: (github: GitHub) => Promise<Known<T>>): Promise<T> {
  let cause: unknown;
  const fact = await read(
    tellFailures(github, (error) => {
      cause = error;
    }),
  );
  if (fact.known) return fact.value;
  throw cause ?? new SallyportError("github", fact.why, { retry: true });
}

/** Null in place of a 404. */
export async function orNull<T>(call: Promise<T>): Promise<T | null> {
  return ignoreStatus(call, 404);
}

/** Runs a call and returns null for one status, which means that there was nothing left to do. */
export async function ignoreStatus<T>(call: Promise<T>, status: number): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error && "status" in error && error.status === status) return null;
    throw error;
  }
}
