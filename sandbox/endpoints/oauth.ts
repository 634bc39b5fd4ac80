/** Sign-in with GitHub: the web flow of an App's user authorisation, and what its token tells of a person's rights. */
import { createHash, randomBytes } from "node:crypto";
import { html } from "hono/html";
import { z } from "zod";
import { presentInstallation } from "../present/accounts.ts";
import { presentRepository } from "../present/repositories.ts";
import { type Answer, forbidden, ifFound, notFound, ok } from "../request/answer.ts";
import { listing } from "../request/paging.ts";
import { type Call, openRoute, userRoute, withBody } from "../request/route.ts";
import type { Account, Installation, Repository } from "../state/model.ts";
import { findAccount, includesRole, roleOf } from "../state/state.ts";
import { addSignInToken } from "../state/tokens.ts";

/** How long a code can be exchanged, as on GitHub. */
const codeLife = 600_000;

const exchange = z.object({
  client_id: z.string(),
  client_secret: z.string(),
  code: z.string(),
  redirect_uri: z.string().optional(),
  code_verifier: z.string().optional(),
});

export const oauthRoutes = [
  openRoute("GET /login/oauth/authorize", authorize),
  openRoute("POST /login/oauth/access_token", withBody(exchange, exchangeCode)),
  userRoute("GET /user/installations", (call) => {
    const reached = installationsOf(call);
    return reached === null ? forbidden() : listing(call, reached, presentInstallation, "installations");
  }),
  userRoute("GET /user/installations/:installation/repositories", (call) => {
    const found = installationsOf(call)?.find(({ id }) => id === Number(call.params.installation));
    return ifFound(found, async (installation) =>
      listing(
        call,
        installation.repositories.filter((one) => mayRead(one, call.user)),
        (one) => presentRepository(one, roleOf(one, call.user)),
        "repositories",
      ),
    );
  }),
];

type UserCall = Call & { user: Account };

/** The installations of the token's App that have something for this person; null: it is no App's token. */
function installationsOf({ state, caller, user }: UserCall): Installation[] | null {
  const token = state.tokens.find((one) => caller.kind === "user" && one.token === caller.token);
  const app = token?.kind === "user" ? token.app : undefined;
  if (app === undefined) return null;
  return state.installations.filter((one) => one.app === app && one.repositories.some((each) => mayRead(each, user)));
}

/** Whether somebody gave this person access: that a repository is public gives nobody any. */
function mayRead(repository: Repository, user: Account): boolean {
  return includesRole(roleOf({ ...repository, private: true }, user), "read");
}

/** GitHub shows whom one is signed in as; the sandbox lets one choose, by a link or with `login` at once. */
async function authorize({ state, query }: Call): Promise<Answer> {
  const signIn = state.signIns.get(query.get("client_id") ?? "");
  if (signIn === undefined) return notFound();
  const { app, callback: to } = signIn;
  // GitHub never sends anybody to an address that is not the App's.
  if ((query.get("redirect_uri") ?? to) !== to) return notFound();
  const login = query.get("login");
  if (login === null) {
    const people = state.accounts.filter(({ type }) => type === "User");
    const link = (person: Account) => `?${new URLSearchParams([...query, ["login", person.login]])}`;
    const body =
      await html`<!doctype html><html lang="en"><head><title>Sign in</title><link rel="icon" href="data:,"></head><body>
<h1>Sign in to ${app.name} as</h1><ul>${people.map((one) => html`<li><a href="${link(one)}">${one.login}</a></li>`)}</ul></body></html>`;
    return { status: 200, type: "text/html; charset=utf-8", body: String(body) };
  }
  const user = findAccount(state, login);
  if (user === undefined) return notFound();
  const code = randomBytes(10).toString("hex");
  const challenge = query.get("code_challenge_method") === "S256" ? query.get("code_challenge") : null;
  state.codes.set(code, { app, user, challenge, until: state.clock() + codeLife });
  const address = new URL(to);
  address.searchParams.set("code", code);
  if (query.has("state")) address.searchParams.set("state", query.get("state") ?? "");
  return { status: 302, headers: { location: address.href } };
}

/** Source: GitHub docs, "Troubleshooting OAuth app access token request errors": they come with status 200. */
function exchangeCode({ state }: Call, body: z.output<typeof exchange>): Answer {
  const no = (error: string) => ok({ error, error_description: error, error_uri: "https://docs.github.com" });
  const signIn = state.signIns.get(body.client_id);
  if (signIn?.secret !== body.client_secret) return no("incorrect_client_credentials");
  if ((body.redirect_uri ?? signIn.callback) !== signIn.callback) return no("redirect_uri_mismatch");
  const granted = state.codes.get(body.code);
  state.codes.delete(body.code);
  if (granted?.app !== signIn.app || granted.until <= state.clock()) return no("bad_verification_code");
  const answered = createHash("sha256")
    .update(body.code_verifier ?? "")
    .digest("base64url");
  if (granted.challenge !== null && granted.challenge !== answered) return no("bad_verification_code");
  return ok({ access_token: addSignInToken(state, granted.user, signIn.app), token_type: "bearer", scope: "" });
}
