import type { RequestInterface } from "@octokit/types";
import type { AppFacts, Delivery, Hook, Installation } from "../../core/health/installation.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { listAll } from "../github/listing.ts";
import { requestKnown, requestResult } from "../github/request.ts";

/** How many of the last deliveries are checked. */
const lastDeliveries = 30;

/**
 * The App as GitHub knows it; `request` carries the App's own JWT and no installation's token.
 * Source: GitHub docs, "REST API endpoints for GitHub Apps" and "… for GitHub App webhooks".
 */
export async function readAppFacts(request: RequestInterface): Promise<Omit<AppFacts, "needs">> {
  const app = await readApp(request);
  if (!app.known || app.value === null) {
    const unread = unknown("the App cannot sign in");
    return { app, installations: unread, hook: unread, deliveries: unread };
  }
  const [installations, hook, deliveries] = await Promise.all([
    readInstallations(request),
    readHook(request),
    readDeliveries(request),
  ]);
  return { app, installations, hook, deliveries };
}

async function readApp(request: RequestInterface): Promise<AppFacts["app"]> {
  const answer = await requestResult("the App", request("GET /app"));
  if (!answer.ok) return [401, 404].includes(answer.status) ? known(null) : unknown(answer.why);
  const { slug, permissions, events } = answer.data ?? {};
  if (slug === undefined) return known(null);
  return known({ slug, permissions: levelsOf(permissions), events: events ?? [] });
}

async function readInstallations(request: RequestInterface): Promise<Known<Installation[]>> {
  const all = await listAll("the App's installations", (page) => request("GET /app/installations", page));
  if (!all.known) return all;
  return known(
    all.value.map(({ id, account, target_type: type, permissions, events, suspended_at: suspended }) => ({
      account: account !== null && "login" in account ? account.login : `installation ${id}`,
      isOrganization: type === "Organization",
      isSuspended: suspended !== null,
      permissions: levelsOf(permissions),
      events,
    })),
  );
}

async function readHook(request: RequestInterface): Promise<Known<Hook>> {
  const answer = await requestKnown("the webhook's settings", request("GET /app/hook/config"));
  if (!answer.known) return answer;
  const { url = "", content_type: contentType = "form", insecure_ssl: insecure, secret } = answer.value;
  return known({
    url,
    contentType,
    isInsecure: String(insecure ?? "0") !== "0",
    hasSecret: secret !== undefined && secret !== "",
  });
}

async function readDeliveries(request: RequestInterface): Promise<Known<Delivery[]>> {
  const answer = await requestKnown(
    "the last deliveries",
    request("GET /app/hook/deliveries", { per_page: lastDeliveries }),
  );
  if (!answer.known) return answer;
  return known(
    answer.value.map(({ status_code: code, delivered_at: at, event, status }) => ({
      isDelivered: code >= 200 && code < 300,
      at,
      event,
      status,
    })),
  );
}

/** Levels by permission, without those that are not granted. */
function levelsOf(permissions: object | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(permissions ?? {}).flatMap(([name, level]) => (typeof level === "string" ? [[name, level]] : [])),
  );
}
