/** Sends webhooks to apps and repository hooks: signed, in order, after the answer to the request that caused them. */
import { createHmac, randomUUID } from "node:crypto";
import { presentAccount, presentOrganization } from "../present/accounts.ts";
import { presentRepository } from "../present/repositories.ts";
import { webhookFault } from "../state/faults.ts";
import type { State } from "../state/memory.ts";
import type { Account, App, Installation, Repository } from "../state/model.ts";
import { identify, now } from "../state/state.ts";
import type { Delivery } from "../state/traffic.ts";
import { background, inOrder, pause } from "../state/work.ts";

/** GitHub gives up on a receiver after this many milliseconds. */
const PATIENCE = 10_000;

/** Events that an app with the permission gets without subscribing. */
const UNASKED = new Set(["check_run.rerequested", "check_suite.requested", "check_suite.rerequested"]);

type Parcel = Pick<Delivery, "guid" | "event" | "action" | "target" | "installation" | "repository" | "body">;

/** Where something happened, and who did it. */
export type Origin = { state: State; repository: Repository; actor: Account };

/**
 * Sends one webhook to every app installed on the repository and subscribed to the event, and to the repository's own
 * hooks. `parts` are the event's own fields, already in GitHub's JSON; with `only` no other app gets it.
 */
export function emit(
  { state, repository, actor }: Origin,
  event: string,
  action: string | null,
  parts: Record<string, unknown>,
  only?: App,
): void {
  const { organization } = repository;
  const payload = {
    ...(action === null ? {} : { action }),
    repository: presentRepository(repository),
    ...parts,
    ...(organization === null ? {} : { organization: presentOrganization(organization.account) }),
    sender: presentAccount(actor),
  };
  for (const listener of state.webhookListeners) listener({ event, payload });
  const common = { event, action, repository };
  for (const installation of state.installations) {
    const { app } = installation;
    if (app.webhook === null || !installation.repositories.includes(repository)) continue;
    if (only !== undefined && app !== only) continue;
    if (!app.events.includes(event) && !UNASKED.has(`${event}.${action}`)) continue;
    const body = JSON.stringify({ ...payload, installation: { id: installation.id, node_id: app.nodeId } });
    const target = { type: "integration", id: app.id, webhook: app.webhook } as const;
    dispatch(state, { ...common, guid: randomUUID(), installation, target, body });
  }
  if (only !== undefined) return;
  for (const hook of repository.hooks) {
    if (!hook.active || !(hook.events.includes(event) || hook.events.includes("*"))) continue;
    const target = { type: "repository", id: hook.id, webhook: hook.webhook } as const;
    const body = JSON.stringify(payload);
    dispatch(state, { ...common, guid: randomUUID(), installation: null, target, body });
  }
}

/** Sends a webhook about an installation to its app alone. */
export function emitToApp(
  state: State,
  installation: Installation,
  actor: Account,
  event: string,
  action: string,
  parts: Record<string, unknown>,
): void {
  const payload = { action, ...parts, sender: presentAccount(actor) };
  for (const listener of state.webhookListeners) listener({ event, payload });
  const { app } = installation;
  if (app.webhook === null) return;
  const target = { type: "integration", id: app.id, webhook: app.webhook } as const;
  const body = JSON.stringify(payload);
  dispatch(state, { event, action, repository: null, guid: randomUUID(), installation, target, body });
}

/** Sends an earlier delivery again: the same body under the same GUID. */
export function redeliver(state: State, delivery: Delivery): void {
  enqueue(state, delivery, true);
}

/** The deliveries of one app, newest first. */
export function deliveriesOf(state: State, app: App): Delivery[] {
  return state.deliveries.filter(({ target }) => target.type === "integration" && target.id === app.id).reverse();
}

function dispatch(state: State, parcel: Parcel): void {
  const fault = webhookFault(state.faults, parcel.event);
  const queue = queueOf(parcel);
  if (fault?.kind === "drop_webhook") return;
  if (fault?.kind === "reorder_webhook") {
    state.held.set(queue, [...(state.held.get(queue) ?? []), () => enqueue(state, parcel, false)]);
    return;
  }
  if (fault?.kind === "delay_webhook") {
    background(
      state,
      pause(fault.delay_ms).then(() => enqueue(state, parcel, false)),
    );
    return;
  }
  enqueue(state, parcel, false);
  if (fault?.kind === "double_webhook") enqueue(state, parcel, false);
  const held = state.held.get(queue) ?? [];
  state.held.delete(queue);
  for (const release of held) release();
}

function enqueue(state: State, parcel: Parcel, redelivery: boolean): void {
  background(
    state,
    inOrder(state, queueOf(parcel), () => deliver(state, parcel, redelivery)),
  );
}

function queueOf({ target }: Parcel): string {
  return `webhooks ${target.type} ${target.id}`;
}

async function deliver(state: State, parcel: Parcel, redelivery: boolean): Promise<void> {
  const { guid, event, action, target, installation, repository, body } = parcel;
  const requestHeaders = headersOf(parcel);
  const deliveredAt = now(state);
  const start = performance.now();
  const result = await post(target.webhook.url, requestHeaders, body);
  state.deliveries.push({
    guid,
    event,
    action,
    target,
    installation,
    repository,
    body,
    id: identify(state, "HD").id,
    requestHeaders,
    ...result,
    deliveredAt,
    duration: Math.round(performance.now() - start) / 1000,
    redelivery,
  });
}

function headersOf({ guid, event, target, body }: Parcel): Record<string, string> {
  const signature = createHmac("sha256", target.webhook.secret).update(body).digest("hex");
  return {
    "Content-Type": "application/json",
    "User-Agent": "GitHub-Hookshot/sandbox",
    Accept: "*/*",
    "X-GitHub-Delivery": guid,
    "X-GitHub-Event": event,
    "X-GitHub-Hook-ID": String(target.id),
    "X-GitHub-Hook-Installation-Target-ID": String(target.id),
    "X-GitHub-Hook-Installation-Target-Type": target.type,
    "X-Hub-Signature-256": `sha256=${signature}`,
  };
}

type Outcome = Pick<Delivery, "status" | "statusCode" | "responseHeaders" | "responseBody">;

async function post(url: string, headers: Record<string, string>, body: string): Promise<Outcome> {
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const answer = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
    return {
      status: answer.ok ? "OK" : `Invalid HTTP Response: ${answer.status}`,
      statusCode: answer.status,
      responseHeaders: Object.fromEntries(answer.headers),
      responseBody: (await answer.text()).slice(0, 10_000),
    };
  } catch (error) {
    const late = error instanceof Error && error.name === "TimeoutError";
    const status = late ? "timed out" : "failed to connect to host";
    return { status, statusCode: 0, responseHeaders: {}, responseBody: "" };
  }
}
