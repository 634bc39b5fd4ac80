/** Routes about one pull request, which the path names by its number. */

import type { Pull } from "../state/model.ts";
import { findPull } from "../state/state.ts";
import type { RepositoryAccess } from "./access.ts";
import { type Answer, notFound } from "./answer.ts";
import { type AuthoredCall, authoredRoute, type RepositoryCall, type Route, repoRoute } from "./route.ts";

export type PullCall = RepositoryCall & { pull: Pull };
export type AuthoredPullCall = AuthoredCall & { pull: Pull };

type Reply<C> = (call: C) => Answer | Promise<Answer>;

const PULL = "/repos/:owner/:repo/pulls/:number{[0-9]+}";
const READ = { needs: "pull_requests=read", role: "read" } as const;

/** Reads below `/pulls/{number}`. */
export function pullRoute(path: "" | `/${string}`, reply: Reply<PullCall>): Route {
  return repoRoute(`GET ${PULL}${path}`, READ, (call) => {
    const pull = findPull(call.repository, call.params.number ?? "");
    return pull === undefined ? notFound() : reply({ ...call, pull });
  });
}

/** Changes below `/pulls/{number}`. */
export function authoredPullRoute(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: "" | `/${string}`,
  access: RepositoryAccess,
  reply: Reply<AuthoredPullCall>,
): Route {
  return authoredRoute(`${method} ${PULL}${path}`, access, (call) => {
    const pull = findPull(call.repository, call.params.number ?? "");
    return pull === undefined ? notFound() : reply({ ...call, pull });
  });
}
