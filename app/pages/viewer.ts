import { Octokit } from "@octokit/core";
import { LRUCache } from "lru-cache";
import { listAll } from "../../collect/github/listing.ts";
import { fetchFromHost, requestResult } from "../../collect/github/request.ts";
import { type Known, known, unknown } from "../../core/known.ts";

/** A repository by its numeric id and its present name, `owner/name`. */
export type Repository = { id: number; name: string };

/** Who looks, and the repositories that GitHub lets them read; `login` null: whoever is on this machine. */
export type Viewer = { login: string | null; repositories: readonly Repository[] };

/** How long what GitHub said of a person's rights holds, in milliseconds: they may lose them meanwhile. */
const rightsHold = 5 * 60_000;

/** GitHub no longer takes a person's token: they sign in again. */
export const signedOut = "signed-out";

/**
 * Reads which repositories people may read, and keeps each answer for some minutes. Unknown when GitHub does not
 * answer: then nothing is shown. `key` stands for who asks.
 */
export function createRights(): (
  key: string,
  read: () => Promise<Known<Repository[]>>,
) => Promise<Known<readonly Repository[]>> {
  const kept = new LRUCache<string, Promise<Known<readonly Repository[]>>>({ max: 1_000, ttl: rightsHold });
  return async (key, read) => {
    const old = kept.get(key);
    if (old !== undefined) return old;
    // Who asks meanwhile gets the same answer, a failure too.
    const fresh = read().catch((): Known<Repository[]> => unknown("GitHub did not answer"));
    kept.set(key, fresh);
    const answer = await fresh;
    // A failure is not kept: the next look asks again.
    if (!answer.known) kept.delete(key);
    return answer;
  };
}

/** A client with a person's token, which GitHub gave to our App for them. */
export function clientOf(apiUrl: string, token: string): Octokit {
  const silent = () => undefined;
  return new Octokit({
    auth: token,
    baseUrl: apiUrl,
    userAgent: "sallyport-pages",
    request: { fetch: fetchFromHost },
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });
}

/**
 * The repositories with our App that a person may read, as GitHub tells it of their own token: only those where they
 * have been given access, which leaves out what is merely public.
 * Source: GitHub docs, "List repositories accessible to the user access token".
 */
export async function readableRepositories(apiUrl: string, token: string): Promise<Known<Repository[]>> {
  const { request } = clientOf(apiUrl, token);
  const first = await requestResult("who you are", request("GET /user"));
  if (!first.ok) return unknown(first.status === 401 ? signedOut : first.why);
  const installations = await listAll("your installations", (page) =>
    request("GET /user/installations", page).then(({ data, headers }) => ({
      data: data.installations,
      headers,
    })),
  );
  if (!installations.known) return installations;
  const repositories: Repository[] = [];
  for (const { id } of installations.value) {
    const some = await listAll("your repositories", (page) =>
      request("GET /user/installations/{installation_id}/repositories", { installation_id: id, ...page }).then(
        ({ data, headers }) => ({ data: data.repositories, headers }),
      ),
    );
    if (!some.known) return some;
    repositories.push(...some.value.map((one) => ({ id: Number(one.id), name: one.full_name })));
  }
  return known(repositories);
}
