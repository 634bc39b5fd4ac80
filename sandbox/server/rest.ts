/** Serves routes over HTTP: credentials, faults, rate, ETag and errors work the same for all of them. */
import { createHash, randomUUID } from "node:crypto";
import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { type Answer, refused } from "../request/answer.ts";
import { type Caller, identifyCaller } from "../request/caller.ts";
import { chargeRate, rateHeaders } from "../request/rate.ts";
import type { Route } from "../request/route.ts";
import { requestFault } from "../state/faults.ts";
import type { State } from "../state/memory.ts";
import type { Exchange } from "../state/traffic.ts";
import { pause } from "../state/work.ts";
import { applyFault, breakConnection, faultAnswer } from "./fault-answers.ts";

/** One request in the sandbox's log; `route` is the template that answered, empty when none did. */
export type ServedRequest = { method: string; path: string; route: string; status: number };

/** Each request carries Node's own request and response. */
type Served = { Bindings: HttpBindings };

const JSON_TYPE = "application/json; charset=utf-8";

/** The REST side, to be mounted at `/` and at `/api/v3`. Of two matching routes, the earlier answers. */
export function restApi(state: State, routes: Route[], remember: (asked: ServedRequest) => void): Hono<Served> {
  const api = new Hono<Served>();
  for (const route of routes) {
    api.on(route.method, route.path, (context) => serve(state, route, context, remember));
  }
  return api;
}

async function serve(
  state: State,
  route: Route,
  context: Context<Served>,
  remember: (asked: ServedRequest) => void,
): Promise<Response> {
  const url = new URL(context.req.url);
  const { method } = context.req;
  const fault = requestFault(state.faults, method, url.pathname.replace(/^\/api\/v3(?=\/)/, ""));
  if (fault?.kind === "delay") await pause(fault.delay_ms);
  const text = await context.req.text();
  const identified = identifyCaller(state, context.req.header("authorization"));
  const caller: Caller = "kind" in identified ? identified : { kind: "nobody" };
  const honest =
    faultAnswer(fault) ??
    ("kind" in identified ? await reply(state, route, context, url, identified, text) : identified);
  const answer = applyFault(fault, honest);
  const response = finish(state, route, caller, context.req.header("if-none-match"), answer);
  remember({ method, path: url.pathname, route: route.path, status: response.status });
  notifyListeners(state, method, url, text, response, answer);
  return fault?.kind === "cut_body" ? breakConnection(context.env.outgoing, response) : response;
}

function reply(
  state: State,
  route: Route,
  context: Context<Served>,
  url: URL,
  caller: Caller,
  text: string,
): Answer | Promise<Answer> {
  const body = parseJson(text);
  if (!body.ok) return refused(400, "Problems parsing JSON");
  return route.answer({
    state,
    caller,
    method: context.req.method,
    path: url.pathname,
    params: context.req.param(),
    query: url.searchParams,
    headers: context.req.raw.headers,
    body: body.value,
  });
}

/** Adds GitHub's headers; an answer that the client already has becomes a 304 and costs nothing. */
function finish(state: State, route: Route, caller: Caller, known: string | undefined, answer: Answer): Response {
  const body = answer.body === undefined ? null : bytesOf(answer);
  const readable = route.method === "GET" && answer.status === 200 && body !== null;
  const etag = readable ? `W/"${createHash("sha256").update(body).digest("hex")}"` : undefined;
  const unchanged = etag !== undefined && sameTag(known, etag);
  const headers = new Headers({
    ...(answer.body === undefined || unchanged ? {} : { "content-type": answer.type ?? JSON_TYPE }),
    ...(etag === undefined ? {} : { etag, "cache-control": "private, max-age=60, s-maxage=60" }),
    ...(route.accepted === "" ? {} : { "x-accepted-github-permissions": route.accepted }),
    ...rateHeaders(chargeRate(state, caller, unchanged ? 0 : 1)),
    "x-github-request-id": randomUUID(),
    "x-github-media-type": "github.v3; format=json",
    ...answer.headers,
  });
  return unchanged
    ? new Response(null, { status: 304, headers })
    : new Response(body, { status: answer.status, headers });
}

function notifyListeners(
  state: State,
  method: string,
  url: URL,
  text: string,
  response: Response,
  answer: Answer,
): void {
  const sent = parseJson(text);
  const empty = response.status === 304 || answer.body === undefined;
  const exchange: Exchange = {
    method,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    ...(sent.ok && sent.value !== undefined ? { requestBody: sent.value } : {}),
    status: response.status,
    ...(empty ? {} : { responseBody: answer.type === undefined ? jsonOf(answer) : String(answer.body) }),
    responseType: response.headers.get("content-type") ?? "",
  };
  for (const listener of state.exchangeListeners) listener(exchange);
}

function bytesOf(answer: Answer): Uint8Array<ArrayBuffer> {
  if (answer.body instanceof Uint8Array) return new Uint8Array(answer.body);
  const text = answer.type === undefined ? JSON.stringify(answer.body) : String(answer.body);
  return new TextEncoder().encode(text);
}

/** The body as a client reads it: without undefined fields. */
function jsonOf(answer: Answer): unknown {
  return JSON.parse(JSON.stringify(answer.body));
}

function parseJson(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: text === "" ? undefined : JSON.parse(text) };
  } catch {
    return { ok: false };
  }
}

function sameTag(known: string | undefined, etag: string): boolean {
  const bare = etag.replace("W/", "");
  return known?.split(",").some((tag) => tag.trim().replace("W/", "") === bare) ?? false;
}
