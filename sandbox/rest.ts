/** Puts routes on HTTP: credentials, faults, rate, ETag and errors are the same for every one of them. */
import { createHash, randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import { type Answer, refused } from "./answer.ts";
import { type Caller, identifyCaller } from "./caller.ts";
import { type RequestFault, requestFault } from "./faults.ts";
import type { State } from "./model.ts";
import { chargeRate, rateHeaders } from "./rate.ts";
import type { Call, Route } from "./route.ts";
import { pause } from "./work.ts";

/** One request as the sandbox remembers it; `route` is the template that answered, empty when none did. */
export type Asked = { method: string; path: string; route: string; status: number };

const BODY_LIMIT = 30 * 1024 * 1024;

/** The REST side, to be mounted at `/` and at `/api/v3`. */
export function restApi(state: State, routes: Route[], remember: (asked: Asked) => void): Hono {
  const api = new Hono();
  for (const route of routes) {
    api.on(route.method, route.path, (context) => serve(state, route, context, remember));
  }
  return api;
}

/** The answer for a path that no route knows. */
export function unknownPath(): Response {
  return respond(refused(404, "Not Found"), {});
}

async function serve(
  state: State,
  route: Route,
  context: Context,
  remember: (asked: Asked) => void,
): Promise<Response> {
  const url = new URL(context.req.url);
  const path = url.pathname;
  const { method } = context.req;
  const fault = requestFault(state, method, path.replace(/^\/api\/v3(?=\/)/, ""));
  if (fault?.kind === "delay") await pause(fault.delay_ms);
  const caller = identifyCaller(state, context.req.header("authorization"));
  const body = await readJson(context.req.raw);
  const call = callOf(state, context, url, caller, body);
  const answer =
    (fault === undefined ? undefined : insteadOf(fault)) ?? (await reply(route, call)) ;
  const seen = afterwards(fault, answer);
  const response = finish(call, route, seen);
  remember({ method, path, route: route.path, status: response.status });
  for (const listener of state.exchangeListeners) {
    listener({
      method,
      path,
      query: Object.fromEntries(url.searchParams),
      ...("value" in body && body.value !== undefined ? { requestBody: body.value } : {}),
      status: response.status,
      ...(response.status === 304 || seen.body === undefined ? {} : { responseBody: plain(seen.body) }),
      responseType: response.headers.get("content-type") ?? "",
    });
  }
  return fault?.kind === "cut_body" ? cut(response) : response;
}
