import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { getRequestListener } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { messageOf } from "../../core/errors.ts";
import { known } from "../../core/known.ts";
import type { GitHubClients } from "../github/clients.ts";
import type { Pages } from "../http/server.ts";
import type { Config } from "../settings/config.ts";
import type { Database } from "../store/database.ts";
import type { ListFilter } from "../store/overviews.ts";
import { attemptPage } from "./attempt.ts";
import { gatesPage } from "./gates.ts";
import { healthPage } from "./health.ts";
import { type Html, notice, placesOf, type Web } from "./layout.ts";
import {
  entryPage,
  evidencePage,
  listPage,
  pullPage,
  type Reading,
  readable,
  repositoriesPage,
  storyPage,
} from "./reading.ts";
import {
  addSignIn,
  endSession,
  ownPath,
  type Session,
  type SignInTools,
  sessionOf,
  signInLink,
  signInOf,
} from "./sign-in.ts";
import { pressStop, stopForm } from "./stop.ts";
import { icon, style } from "./style.ts";
import { createRights, readableRepositories, signedOut, type Viewer } from "./viewer.ts";

/** What the pages are made from. */
export type PageTools = {
  db: Database;
  github: Pick<GitHubClients, "namedRepositories">;
  log(line: string): void;
  now?: () => Date;
};

/** What may be loaded: nothing of another host, and no script, whatever text of people or models a page holds. */
const contentPolicy =
  "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** A live page may load our one script, which asks this host alone. */
const livePolicy = `${contentPolicy}; script-src 'self'; connect-src 'self'`;

/** What every answer carries. */
const headers = {
  "content-security-policy": contentPolicy,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

type Seen = { Variables: { viewer: Viewer; session: Session | null } };

/** A number in an address. */
const numberParam = ":number{[1-9][0-9]{0,8}}";

/** The one address that takes a form. */
const stopPath = `/repositories/:owner/:repo/stories/${numberParam}/stop`;

/**
 * The pages: they read the store and write nothing, so only `GET` and `HEAD` are answered, beside the one form that
 * comments on GitHub as the viewer. Who may see a repository is what GitHub says of the viewer; without an answer of
 * GitHub nothing is shown.
 */
export function createPages(config: Pick<Config, "pages" | "apiUrl" | "publicUrl">, tools: PageTools): Pages {
  return getRequestListener(pagesApp(config, tools).fetch);
}

/** The same as an application, which answers a request in this process. */
export function pagesApp(config: Pick<Config, "pages" | "apiUrl" | "publicUrl">, tools: PageTools): Hono<Seen> {
  const { db, log, now = () => new Date() } = tools;
  const web = webOf(config.apiUrl);
  const app = new Hono<Seen>();
  const signIn = signInOf(config, { web, log, now });
  addGuards(app, signIn);
  addFiles(app);
  if (signIn !== null) addSignIn(app, signIn);
  // What follows is for somebody: who it is, and what they may read, is known from here on.
  app.use(viewing(signIn, config, tools));
  addPages(app, { db, web, now });
  addAttempt(app, { db, web, now }, signIn);
  if (signIn !== null) app.post(stopPath, async (context) => answerStop(context, signIn));
  app.notFound((context) => answer(context, null));
  app.onError((error, context) => {
    log(`page ${context.req.path}: ${messageOf(error)}`);
    const text = "What is recorded could not be read. The log of the service says why; try again in a minute.";
    return context.html(notice(undefined, "Not available now", text), 503);
  });
  return app;
}

/** What holds for every request: the headers of its answer, its method, and, without a sign-in, where it comes from. */
function addGuards(app: Hono<Seen>, signIn: SignInTools | null): void {
  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(headers))
      if (!context.res.headers.has(name)) context.res.headers.set(name, value);
    // Where a live page reads its part, what is no part of it is shown by loading the page again.
    if (isLiveRead(context) && context.res.status >= 400 && context.res.status < 500)
      context.res.headers.set("hx-refresh", "true");
  });
  app.use(async (context, next) => {
    const { method, path } = context.req;
    if (method === "GET" || method === "HEAD") return next();
    if (method === "POST" && signIn !== null && path.endsWith("/stop")) return next();
    return context.text("Pages only answer GET.\n", 405, { allow: "GET, HEAD" });
  });
  // A page that is open to this machine must not be read by a site that a browser on it visits.
  if (signIn === null)
    app.use(async (context, next) =>
      /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/.test(context.req.header("host") ?? "")
        ? next()
        : context.text("This service is open to its own machine only.\n", 421),
    );
}

/** The files that every page loads, for whoever asks. */
function addFiles(app: Hono<Seen>): void {
  const kept = { "cache-control": "public, max-age=300" };
  app.get("/style.css", (context) => context.body(style, 200, { ...kept, "content-type": "text/css; charset=utf-8" }));
  app.get("/icon.svg", (context) => context.body(icon, 200, { ...kept, "content-type": "image/svg+xml" }));
  app.get("/htmx.js", async (context) =>
    context.body(await readFile(htmxFile, "utf8"), 200, { ...kept, "content-type": "text/javascript; charset=utf-8" }),
  );
}

/** The pages that stand still: lists, and one thing of a repository by its number. */
function addPages(app: Hono<Seen>, reading: Reading): void {
  const list = (kind: ListFilter["list"]) => async (context: Context<Seen>) =>
    answer(context, await listPage(context.get("viewer"), kind, context.req.query(), reading));
  app.get("/", list("inbox"));
  app.get("/stuck", list("stuck"));
  app.get("/health", async (context) => answer(context, await healthPage(context.get("viewer"), reading)));
  app.get("/repositories", async (context) => answer(context, await repositoriesPage(context.get("viewer"), reading)));
  app.get("/repositories/:owner/:repo", async (context) => {
    const query = { ...context.req.query(), repository: `${context.req.param("owner")}/${context.req.param("repo")}` };
    return answer(context, await listPage(context.get("viewer"), "all", query, reading));
  });
  app.get("/repositories/:owner/:repo/gates", async (context) => {
    const viewer = context.get("viewer");
    const repository = readable(viewer, context.req.param());
    return answer(context, repository === null ? null : await gatesPage({ viewer, repository }, reading));
  });
  const things = {
    "pulls/:number": pullPage,
    "pulls/:number/evidence": evidencePage,
    "stories/:number": storyPage,
    "entries/:number": entryPage,
  };
  for (const [path, read] of Object.entries(things))
    app.get(`/repositories/:owner/:repo/${path.replace(":number", numberParam)}`, async (context) => {
      const viewer = context.get("viewer");
      const repository = readable(viewer, context.req.param());
      const number = Number(context.req.param("number"));
      const content = repository === null ? null : await read({ viewer, repository, number }, reading);
      return answer(context, content);
    });
}

/** The live page of an attempt, with the button that stops its run for whoever is signed in. */
function addAttempt(app: Hono<Seen>, reading: Reading, signIn: SignInTools | null): void {
  const path = `/repositories/:owner/:repo/prompts/${numberParam}/:attempt{R[0-9]{1,4}S[0-9]{1,4}}` as const;
  app.get(path, async (context) => {
    const [viewer, session] = [context.get("viewer"), context.get("session")];
    const repository = readable(viewer, context.req.param());
    if (repository === null) return answer(context, null);
    const [r = 0, s = 0] = context.req.param("attempt").slice(1).split("S").map(Number);
    const stop = (story: number, back: string) => {
      if (session === null || signIn === null) return null;
      const action = placesOf(reading.web, repository.name).stop(story);
      return stopForm(session, { repository, story, action, back }, signIn.seal);
    };
    const shown = { viewer, repository, number: Number(context.req.param("number")), attempt: { r, s } };
    context.header("content-security-policy", livePolicy);
    // Without one to ourselves, browsers would not say where the form comes from.
    context.header("referrer-policy", "same-origin");
    return answer(context, await attemptPage(shown, reading, stop));
  });
}

const htmxFile = createRequire(import.meta.url).resolve("htmx.org/dist/htmx.min.js");

/** Takes the form that stops a run: from a page of ours, of this person, in this session. */
async function answerStop(context: Context<Seen>, signIn: SignInTools): Promise<Response> {
  const session = context.get("session");
  const repository = readable(context.get("viewer"), {
    owner: context.req.param("owner") ?? "",
    repo: context.req.param("repo") ?? "",
  });
  if (session === null || repository === null) return answer(context, null);
  const isElsewhere = context.req.header("origin") !== signIn.publicUrl;
  const { proof } = await context.req.parseBody();
  const story = Number(context.req.param("number"));
  const pressed = await pressStop(session, { repository, story, proof: isElsewhere ? "" : proof }, signIn);
  if ("back" in pressed) return context.redirect(pressed.back, 303);
  return context.html(notice(context.get("viewer"), "Not stopped", pressed.why), 400);
}

/** What is not there and what the viewer may not see get the same answer. */
function answer(context: Context<Seen>, content: Html | null): Response | Promise<Response> {
  if (content !== null) return context.html(content);
  const text = "There is nothing here, or GitHub does not let you read the repository.";
  return context.html(notice(context.get("viewer"), "Not found", text), 404);
}

/** Whether the script of a live page asks, for the part that changes. */
function isLiveRead(context: Context): boolean {
  return context.req.header("hx-request") !== undefined;
}

/** Finds out who looks, and what GitHub lets them read; answers itself where it lets them see nothing. */
function viewing(signIn: SignInTools | null, { apiUrl }: Pick<Config, "apiUrl">, { github, log }: PageTools) {
  const rights = createRights();
  return createMiddleware<Seen>(async (context, next) => {
    const session = signIn === null ? null : sessionOf(context, signIn);
    const { pathname, search } = new URL(context.req.url);
    context.set("session", session);
    const toSignIn = () => {
      // A page that stays open would begin a sign-in every two seconds.
      if (isLiveRead(context)) return context.body(null, 401);
      if (context.req.method !== "POST")
        return context.redirect(`/sign-in?to=${encodeURIComponent(ownPath(pathname + search))}`);
      const text = "Your session is over. Sign in, and press the button of the page again.";
      return context.html(notice(undefined, "Not stopped", text, signInLink(pathname.replace(/\/stop$/, ""))), 401);
    };
    if (signIn !== null && session === null) return toSignIn();
    const readable =
      session === null
        ? await rights("this machine", async () => known(await github.namedRepositories()))
        : await rights(String(session.id), () => readableRepositories(apiUrl, session.token));
    if (readable.known) {
      context.set("viewer", { login: session?.login ?? null, repositories: readable.value });
      return next();
    }
    if (signIn !== null && readable.why === signedOut) {
      endSession(context, signIn);
      return toSignIn();
    }
    log(`pages: ${readable.why}`);
    const text = "GitHub could not be asked what you may read, so nothing is shown. Try again in a minute.";
    return context.html(notice(undefined, "Not available now", text), 503);
  });
}

/** GitHub's web pages, beside its REST API: on github.com, on a subdomain of ghe.com, or on a server of one's own. */
export function webOf(apiUrl: string): Web {
  const { protocol, host } = new URL(apiUrl);
  return `${protocol}//${host.replace(/^api\./, "")}`;
}
