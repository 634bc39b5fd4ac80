/** Routes as data: each checks access, then answers. The server does the rest in the same way for all. */
import type { z } from "zod";
import type { State } from "../state/memory.ts";
import type { Account, App, InstallationToken, Organization, Repository } from "../state/model.ts";
import { findOrganization, findRepository } from "../state/state.ts";
import { type RepositoryAccess, refuseOrganization, refuseRepository } from "./access.ts";
import { type Answer, type FieldError, notFound, refused } from "./answer.ts";
import { actorOf, type Caller } from "./caller.ts";

export type Call = {
  state: State;
  caller: Caller;
  method: string;
  /** As requested, without the query; links to pages use it. */
  path: string;
  /** The named parts of the path, decoded. */
  params: Record<string, string>;
  query: URLSearchParams;
  headers: Headers;
  /** Parsed JSON; undefined when nothing was sent. */
  body: unknown;
};

export type RepositoryCall = Call & {
  repository: Repository;
  /** The acting account: a person or an app's bot. Null without a credential, which allows reading only. */
  actor: Account | null;
};

/** A call that changes something: it always has an actor. */
export type AuthoredCall = RepositoryCall & { actor: Account };

export type Route = {
  method: string;
  path: string;
  /** For the header x-accepted-github-permissions; empty when none applies. */
  accepted: string;
  answer: (call: Call) => Answer | Promise<Answer>;
};

export type Reply<C> = (call: C) => Answer | Promise<Answer>;
type On = `${"GET" | "POST" | "PUT" | "PATCH" | "DELETE"} /${string}`;

/** Anyone may call it, with or without a token. */
export function openRoute(on: On, reply: Reply<Call>): Route {
  return route(on, "", reply);
}

/** Only an app, by its JWT. */
export function appRoute(on: On, reply: Reply<Call & { app: App }>): Route {
  return route(on, "", (call) =>
    call.caller.kind === "app"
      ? reply({ ...call, app: call.caller.app })
      : refused(401, "A JSON web token could not be decoded"),
  );
}

/** Only an installation token. */
export function installationRoute(on: On, reply: Reply<Call & { token: InstallationToken }>): Route {
  return route(on, "", (call) => {
    if (call.caller.kind === "nobody") return refused(401, "Requires authentication");
    return call.caller.kind === "installation"
      ? reply({ ...call, token: call.caller.token })
      : refused(403, "You must authenticate with an installation access token in order to list repositories.");
  });
}

/** Only a person, by their token. */
export function userRoute(on: On, reply: Reply<Call & { user: Account }>): Route {
  return route(on, "", (call) => {
    if (call.caller.kind === "nobody") return refused(401, "Requires authentication");
    return call.caller.kind === "user"
      ? reply({ ...call, user: call.caller.user })
      : refused(403, "Resource not accessible by integration");
  });
}

/** The path begins with `/repos/:owner/:repo`; the repository is looked up and access is judged first. */
export function repoRoute(on: On, access: RepositoryAccess, reply: Reply<RepositoryCall>): Route {
  return route(on, access.needs, (call) => {
    const repository = findRepository(call.state, call.params.owner, call.params.repo);
    if (repository === undefined) return notFound();
    const refusal = refuseRepository(call.caller, repository, access);
    return refusal ?? reply({ ...call, repository, actor: actorOf(call.caller) });
  });
}

/**
 * As `repoRoute` for changes, which need an author: calls without a credential are refused even when the repository is
 * public.
 */
export function authoredRoute(on: On, access: RepositoryAccess, reply: Reply<AuthoredCall>): Route {
  return repoRoute(on, access, (call) =>
    call.actor === null ? refused(401, "Requires authentication") : reply({ ...call, actor: call.actor }),
  );
}

/** The path begins with `/orgs/:org`; for members, and for apps that are installed there with the permission. */
export function orgRoute(on: On, needs: string, reply: Reply<Call & { organization: Organization }>): Route {
  return route(on, needs, (call) => {
    const organization = findOrganization(call.state, call.params.org);
    if (organization === undefined) return notFound();
    return refuseOrganization(call.caller, organization, needs) ?? reply({ ...call, organization });
  });
}

/** Reads the body with a schema before answering; an invalid body is refused as GitHub does. */
export function withBody<C extends Call, S extends z.ZodType>(
  schema: S,
  reply: (call: C, body: z.output<S>) => Answer | Promise<Answer>,
): Reply<C> {
  return (call) => {
    const parsed = schema.safeParse(call.body ?? {});
    if (parsed.success) return reply(call, parsed.data);
    const errors = parsed.error.issues.map(
      (issue): FieldError => ({ field: issue.path.join("."), code: "invalid", message: issue.message }),
    );
    const first = errors[0];
    return refused(422, `Invalid request. "${first?.field ?? ""}": ${first?.message ?? "is invalid"}`, errors);
  };
}

function route(on: On, accepted: string, answer: Reply<Call>): Route {
  const [method = "", path = ""] = on.split(" ");
  return { method, path, accepted, answer };
}
