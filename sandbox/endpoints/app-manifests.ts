/** Apps made from a manifest: GitHub's page, which takes the form, and the code that is redeemed once. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { Hono } from "hono";
import { html } from "hono/html";
import { z } from "zod";
import { installApp } from "../changes/installations.ts";
import { presentApp } from "../present/accounts.ts";
import { created, notFound } from "../request/answer.ts";
import { publicKeyOf } from "../request/caller.ts";
import { openRoute } from "../request/route.ts";
import type { State } from "../state/memory.ts";
import type { Account, App } from "../state/model.ts";
import { addAccount, findOrganization, fullName, identify, now } from "../state/state.ts";

/** Unknown fields are refused, so that a misspelt one is noticed. */
const manifestSchema = z.strictObject({
  name: z.string().min(1).max(34),
  url: z.url(),
  hook_attributes: z.strictObject({ url: z.url(), active: z.boolean().default(true) }).optional(),
  redirect_url: z.url(),
  callback_urls: z.array(z.url()).max(10).default([]),
  public: z.boolean().default(false),
  default_permissions: z.record(z.string(), z.enum(["read", "write", "admin"])).default({}),
  default_events: z.array(z.string()).default([]),
});

/** The permission without which GitHub refuses an event. */
const permissionOf: Record<string, string> = {
  check_run: "checks",
  issue_comment: "issues",
  issues: "issues",
  merge_group: "merge_queues",
  pull_request: "pull_requests",
  pull_request_review: "pull_requests",
  push: "contents",
  status: "statuses",
  sub_issues: "issues",
};

/** A code is good for this long, in milliseconds. */
const codeLife = 3_600_000;

/** GitHub's pages. The person is signed in: the first user, or whoever acts for the organization; they press its button. */
export function manifestPages(state: State): Hono {
  const pages = new Hono();
  const take = async (owner: Account | undefined, form: Record<string, unknown>, query: string) => {
    const manifest = manifestSchema.safeParse(parsed(form.manifest));
    if (owner === undefined || !manifest.success)
      return new Response(manifest.error?.message ?? "no such account", { status: 422 });
    const { name, default_events: events, default_permissions: permissions, redirect_url } = manifest.data;
    const unheard = events.find((event) => permissions[permissionOf[event] ?? ""] === undefined);
    if (unheard !== undefined) return new Response(`Default events unsupported: ${unheard}`, { status: 422 });
    const slug = name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
    if (state.apps.some((one) => one.slug === slug)) return new Response("Name is already in use", { status: 422 });
    const secret = randomBytes(20).toString("hex");
    const { privateKey: pem } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs1", format: "pem" },
    });
    const { hook_attributes: hook } = manifest.data;
    const app: App = {
      ...identify(state, "A"),
      slug,
      name,
      owner,
      bot: addAccount(state, { login: `${slug}[bot]`, type: "Bot" }),
      publicKey: publicKeyOf(pem),
      webhook: hook?.active === true ? { url: hook.url, secret } : null,
      permissions,
      events,
      createdAt: now(state),
    };
    state.apps.push(app);
    const client = { id: `Iv23${app.nodeId}`, secret: randomBytes(20).toString("hex") };
    const [callback] = manifest.data.callback_urls;
    if (callback !== undefined) state.signIns.set(client.id, { app, ...client, callback });
    const code = randomBytes(20).toString("hex");
    state.manifestCodes.set(code, { app, pem, secret, client, until: state.clock() + codeLife });
    const back = new URL(redirect_url);
    back.searchParams.set("code", code);
    const given = new URLSearchParams(query).get("state");
    if (given !== null) back.searchParams.set("state", given);
    return Response.redirect(back.href, 302);
  };
  pages.get("/apps/:slug/installations/new", (context) => {
    const app = state.apps.find(({ slug }) => slug === context.req.param("slug"));
    if (app === undefined) return context.notFound();
    const own = state.repositories.filter(({ owner }) => owner === app.owner);
    return context.html(
      screen(html`<h1>Install ${app.name} on ${app.owner.login}</h1><form method="post" action="">
${own.map((one) => html`<p><label><input type="checkbox" name="repository" value="${fullName(one)}"> ${fullName(one)}</label></p>`)}
<button>Install</button></form>`),
    );
  });
  pages.post("/apps/:slug/installations/new", async (context) => {
    const app = state.apps.find(({ slug }) => slug === context.req.param("slug"));
    const person = state.accounts.find(({ type }) => type === "User");
    const { repository = [] } = await context.req.parseBody({ all: true });
    const chosen = state.repositories.filter((one) => [repository].flat().includes(fullName(one)));
    if (app === undefined || person === undefined || chosen.length === 0) return context.notFound();
    installApp(state, app, chosen, person);
    return context.html(screen(html`<h1>${app.name} is installed</h1><p>${chosen.map(fullName).join(", ")}</p>`));
  });
  pages.post("/settings/apps/new", async (context) => {
    const owner = state.accounts.find(({ type }) => type === "User");
    return take(owner, await context.req.parseBody(), new URL(context.req.url).search);
  });
  pages.post("/organizations/:org/settings/apps/new", async (context) => {
    const owner = findOrganization(state, context.req.param("org"))?.account;
    return take(owner, await context.req.parseBody(), new URL(context.req.url).search);
  });
  return pages;
}

export const manifestRoutes = [
  openRoute("POST /app-manifests/:code/conversions", (call) => {
    const { state, params } = call;
    const found = state.manifestCodes.get(params.code ?? "");
    state.manifestCodes.delete(params.code ?? "");
    if (found === undefined || found.until <= state.clock()) return notFound();
    const { app, pem, secret, client } = found;
    return created({
      ...presentApp(app),
      client_id: client.id,
      client_secret: client.secret,
      webhook_secret: secret,
      pem,
    });
  }),
];

const screen = (body: ReturnType<typeof html>) =>
  html`<!doctype html><html lang="en"><head><title>GitHub</title><link rel="icon" href="data:,"></head><body>${body}</body></html>`;

function parsed(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}
