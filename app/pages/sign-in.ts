import { createHash, randomBytes } from "node:crypto";
import type { Context, Env, Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { html } from "hono/html";
import { tryDecodeURI } from "hono/utils/url";
import * as z from "zod";
import { messageOf } from "../../core/errors.ts";
import type { Config } from "../settings/config.ts";
import { notice, type Web } from "./layout.ts";
import { createSeal, type Seal } from "./session.ts";
import { clientOf } from "./viewer.ts";

/** A person's session: who they are at GitHub, and the token that tells what they may read. */
export const Session = z.strictObject({ id: z.int(), login: z.string(), token: z.string() });
export type Session = z.infer<typeof Session>;

/** What a browser that signs in keeps: a secret of its own, which all its tabs share. */
const Pending = z.strictObject({ browser: z.string() });

/** What GitHub's answer must bring back: that browser's secret, and the page of the tab that asked. */
const State = z.strictObject({ browser: z.string(), to: z.string() });

const Granted = z.object({ access_token: z.string().min(1) });

/** How long a session lasts, in seconds; afterwards GitHub is asked again, without a click. */
const sessionSeconds = 3_600;
const pendingSeconds = 600;

/** What sign-in needs: the App at GitHub, our own address, and the seal of the cookies. */
export type SignInTools = {
  clientId: string;
  clientSecret: string;
  /** GitHub's web pages, and its REST API. */
  web: Web;
  apiUrl: string;
  publicUrl: string;
  seal: Seal;
  log(line: string): void;
};

/** What sign-in works with; null: the pages are open to this machine and ask nobody who they are. */
export function signInOf(
  { pages, apiUrl, publicUrl }: Pick<Config, "pages" | "apiUrl" | "publicUrl">,
  { web, log, now }: Pick<SignInTools, "web" | "log"> & { now: () => Date },
): SignInTools | null {
  if (pages.for !== "readers" || publicUrl === null) return null;
  const { clientId, clientSecret } = pages;
  const seal = createSeal(clientSecret, () => now().getTime());
  return { clientId, clientSecret, web, apiUrl, publicUrl, seal, log };
}

/** The way to GitHub, and then to a page of ours. */
export const signInLink = (to = "/") =>
  html`<p><a href="/sign-in?to=${encodeURIComponent(to)}">Sign in with GitHub</a></p>`;

/** The three addresses of sign-in, for whoever asks. */
export function addSignIn<E extends Env>(app: Hono<E>, tools: SignInTools): void {
  app.get("/sign-in", (context) => beginSignIn(context, tools));
  app.get("/sign-in/callback", async (context) => {
    const response = await endSignIn(context, tools).catch((error: unknown) => {
      tools.log(`sign-in: ${messageOf(error)}`);
      return null;
    });
    const text = "GitHub's answer does not belong to a sign-in of this browser, or it took too long. Sign in again.";
    return response ?? context.html(notice(undefined, "Not signed in", text, signInLink()), 400);
  });
  app.get("/sign-out", (context) => {
    signOut(context, tools);
    return context.html(notice(undefined, "Signed out", "This browser holds no session any more.", signInLink()));
  });
}

/** The longest path that is gone back to; it is a part of an address at GitHub. */
const maxPath = 1_000;

/**
 * The path of our own to go back to; everything else becomes the first page. A browser takes `//host` and `/\\host` for
 * another host.
 */
export function ownPath(to: string | undefined): string {
  const base = "https://sallyport.invalid";
  if (to === undefined || to.length > maxPath || !to.startsWith("/") || !URL.canParse(to, base)) return "/";
  const { origin, pathname, search } = new URL(to, base);
  // As the router reads it: `/%73ign-out` is an address of the same page.
  const isOfSignIn = tryDecodeURI(pathname).startsWith("/sign-");
  return origin === base && !pathname.startsWith("//") && !isOfSignIn ? `${pathname}${search}` : "/";
}

/**
 * Sends a person to GitHub, with a state and a PKCE challenge that only this browser can answer. Tabs that sign in at one
 * time, as after a pause, share the browser's secret, so that none takes another's place.
 */
function beginSignIn(context: Context, tools: SignInTools): Response {
  const pending = pendingOf(context, tools) ?? { browser: randomBytes(32).toString("base64url") };
  const { browser } = pending;
  setOurCookie(context, tools, "pending", tools.seal.seal("pending", pending, pendingSeconds), pendingSeconds);
  const state = tools.seal.seal("state", { browser, to: ownPath(context.req.query("to")) }, pendingSeconds);
  const address = new URL(`${tools.web}/login/oauth/authorize`);
  address.search = new URLSearchParams({
    client_id: tools.clientId,
    redirect_uri: redirectUri(tools),
    state,
    code_challenge: hashOf(verifierOf(browser, state)),
    code_challenge_method: "S256",
  }).toString();
  return context.redirect(address.href);
}

/** Takes GitHub's answer and begins a new session; null: the answer is not one to a question of this browser. */
async function endSignIn(context: Context, tools: SignInTools): Promise<Response | null> {
  const { code, state = "" } = context.req.query();
  const browser = pendingOf(context, tools)?.browser;
  const asked = State.safeParse(tools.seal.open("state", state));
  if (browser === undefined || code === undefined || !asked.success || asked.data.browser !== browser) return null;
  const token = await exchange(code, verifierOf(browser, state), tools);
  if (token === null) return null;
  const { data } = await clientOf(tools.apiUrl, token).request("GET /user");
  const session: Session = { id: Number(data.id), login: data.login, token };
  setOurCookie(context, tools, "session", tools.seal.seal("session", session, sessionSeconds), sessionSeconds);
  return context.redirect(asked.data.to);
}

function pendingOf(context: Context, tools: SignInTools): z.infer<typeof Pending> | null {
  const pending = Pending.safeParse(tools.seal.open("pending", getCookie(context, cookieName(tools, "pending"))));
  return pending.success ? pending.data : null;
}

/** PKCE's verifier: another one for each sign-in, and known to nobody who lacks the browser's secret. */
function verifierOf(browser: string, state: string): string {
  return hashOf(`${browser} ${state}`);
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

/** The session of a request; null: nobody is signed in. */
export function sessionOf(context: Context, tools: SignInTools): Session | null {
  const session = Session.safeParse(tools.seal.open("session", getCookie(context, cookieName(tools, "session"))));
  return session.success ? session.data : null;
}

/** Ends the session in this browser; what its tabs have asked of GitHub meanwhile may begin another. */
export function endSession(context: Context, tools: SignInTools): void {
  setOurCookie(context, tools, "session", "", 0);
}

/** Leaves nothing of the person in this browser. */
function signOut(context: Context, tools: SignInTools): void {
  endSession(context, tools);
  setOurCookie(context, tools, "pending", "", 0);
}

/** Source: GitHub docs, "Generating a user access token for a GitHub App", web application flow. */
async function exchange(code: string, verifier: string, tools: SignInTools): Promise<string | null> {
  const response = await fetch(`${tools.web}/login/oauth/access_token`, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify({
      client_id: tools.clientId,
      client_secret: tools.clientSecret,
      code,
      code_verifier: verifier,
      redirect_uri: redirectUri(tools),
    }),
    redirect: "error",
    signal: AbortSignal.timeout(10_000),
  });
  const body: unknown = await response.json();
  const granted = Granted.safeParse(body);
  if (granted.success) return granted.data.access_token;
  // GitHub answers a wrong code or secret with status 200.
  const told = z.object({ error: z.string() }).safeParse(body);
  tools.log(`sign-in: GitHub gave no token: ${told.success ? told.data.error : response.status}`);
  return null;
}

function redirectUri({ publicUrl }: SignInTools): string {
  return `${publicUrl}/sign-in/callback`;
}

type CookieKind = "pending" | "session";

/** The prefix makes browsers refuse one that another host, or an unencrypted page, has set. */
function cookieName({ publicUrl }: SignInTools, kind: CookieKind): string {
  return publicUrl.startsWith("https:") ? `__Host-sallyport-${kind}` : `sallyport-${kind}`;
}

function setOurCookie(context: Context, tools: SignInTools, kind: CookieKind, value: string, maxAge: number): void {
  setCookie(context, cookieName(tools, kind), value, {
    httpOnly: true,
    secure: tools.publicUrl.startsWith("https:"),
    sameSite: "Lax",
    path: "/",
    maxAge,
  });
}
