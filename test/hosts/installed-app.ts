/** Our App, as a sandbox plants it and as the service is set up for it. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Webhooks } from "@octokit/webhooks";
import { load } from "js-yaml";
import type { Config } from "../../app/settings/config.ts";
import { newKey } from "../builders/ledger.ts";

/** What people install: the App has what its manifest asks for, so that no test gives it more. */
export const manifest = load(readFileSync(join(import.meta.dirname, "../../app.yml"), "utf8")) as {
  default_events: string[];
  default_permissions: Record<string, "read" | "write">;
};

/** What it asks for besides, where programs work in runs on Actions. */
export const actionsManifest = load(
  readFileSync(join(import.meta.dirname, "../../app-actions.yml"), "utf8"),
) as typeof manifest;

const webhookSecret = "a secret of these tests";

/** The App in a sandbox's seed. */
export const seedOurApp = (keyFile: string, webhook: { url: string; secret: string }) => ({
  slug: "sallyport",
  id: 4001,
  private_key_file: keyFile,
  webhook,
  permissions: manifest.default_permissions,
  events: manifest.default_events,
});

/** Where the service hears of what happens, on a port of this machine. */
export const webhookAt = (port: number) => ({
  url: `http://127.0.0.1:${port}/api/github/webhooks`,
  secret: webhookSecret,
});

/** Sends a delivery as GitHub does, and gives the answer's status. */
export async function deliverTo(service: string, payload: object, event = "issues"): Promise<number> {
  const body = JSON.stringify(payload);
  const headers = {
    "content-type": "application/json",
    "x-github-event": event,
    "x-github-delivery": randomUUID(),
    "x-hub-signature-256": await new Webhooks({ secret: webhookSecret }).sign(body),
  };
  return (await fetch(`${service}/api/github/webhooks`, { method: "POST", headers, body })).status;
}

/** How people sign in by it, where the service is on a port of this machine. */
export const oauthAt = (port: number) => ({
  id: "Iv1.sallyport",
  secret: "a client secret of these tests",
  callback: `http://127.0.0.1:${port}/sign-in/callback`,
});

/** The settings that let them. */
export const signInAt = (port: number): Pick<Config, "publicUrl" | "pages"> => ({
  publicUrl: `http://127.0.0.1:${port}`,
  pages: { for: "readers", clientId: oauthAt(port).id, clientSecret: oauthAt(port).secret },
});

/** The settings of the service, for this App. */
export const configOf = (given: Pick<Config, "privateKey" | "apiUrl" | "port"> & Partial<Config>): Config => ({
  appId: 4001,
  webhookSecret,
  host: "127.0.0.1",
  database: { folder: null },
  ledgerKey: newKey().pem,
  anthropic: { apiKey: null, baseUrl: null },
  openai: { apiKey: null, baseUrl: null },
  google: { apiKey: null, baseUrl: null },
  agentTools: null,
  packageRegistry: "http://127.0.0.1:1",
  publicUrl: null,
  pages: { for: "nobody" },
  metricsToken: null,
  digestWebhook: null,
  throttle: false,
  onboarding: false,
  tracing: null,
  logLevel: "error",
  logFormat: "json",
  ...given,
});
