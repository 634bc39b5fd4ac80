import * as z from "zod";
import { messageOf } from "../../../core/errors.ts";
import { shortLine } from "../../../core/escape.ts";
import { type Known, known, unknown } from "../../../core/known.ts";
import { readManifest } from "../../health/manifest.ts";
import { webhookPath } from "../../http/delivery.ts";

/** Where the App is made: GitHub's own address, and the organisation that will own it; null: the person's own account. */
export type Home = { githubUrl: string; organization: string | null };

/** What GitHub hands over once for an App that it made: with the secrets of all its installations. */
export type CreatedApp = z.infer<typeof Created>;

const Created = z.object({
  id: z.number().int().positive(),
  name: z.string(),
  html_url: z.url(),
  pem: z.string().includes("PRIVATE KEY-----"),
  webhook_secret: z.string().nullable(),
  client_id: z.string(),
  client_secret: z.string(),
});

/** What GitHub makes the App from: its permissions by name, beside what else GitHub asks. */
export type AppManifest = { default_permissions: Record<string, string>; [field: string]: unknown };

/** How long GitHub may take to answer, in milliseconds. */
const timeoutMs = 30_000;

/**
 * The manifest that GitHub makes the App from; `app.yml` says what it may do and hears. GitHub wants an address for
 * webhooks also where none are sent.
 * Source: GitHub docs, "Registering a GitHub App from a manifest".
 */
export async function appManifest({
  name,
  redirectUrl,
  webhookUrl,
  onActions,
}: {
  name: string;
  redirectUrl: string;
  webhookUrl: string | null;
  /** Whether it may start runs on Actions. */
  onActions: boolean;
}): Promise<AppManifest> {
  const { url, permissions, events } = await readManifest(onActions);
  const publicUrl = publicUrlOf(webhookUrl);
  return {
    name,
    url,
    hook_attributes: { url: webhookUrl ?? url, active: webhookUrl !== null },
    redirect_url: redirectUrl,
    ...(publicUrl === null ? {} : { callback_urls: [`${publicUrl}/sign-in/callback`] }),
    public: false,
    default_permissions: permissions,
    default_events: events,
  };
}

/**
 * Where people reach the service by the address of its webhooks; null where that is not the service's own, or is neither
 * https nor this machine, where a sandbox finds it.
 */
export function publicUrlOf(webhookUrl: string | null): string | null {
  const ours = /^(?:https:\/\/[^/]+|http:\/\/(?:127\.0\.0\.1|localhost)(?::\d+)?)\/api\/github\/webhooks$/;
  return webhookUrl !== null && ours.test(webhookUrl) ? webhookUrl.slice(0, -webhookPath.length) : null;
}

/** The page of GitHub that takes a manifest; `state` comes back with the answer. */
export function registrationUrl({ githubUrl, organization }: Home, state: string): string {
  const owner = organization === null ? "" : `/organizations/${encodeURIComponent(organization)}`;
  return `${githubUrl}${owner}/settings/apps/new?state=${state}`;
}

/** GitHub's REST API, beside GitHub's own address. */
export function apiUrlOf(githubUrl: string): string {
  const { protocol, host } = new URL(githubUrl);
  if (host === "github.com" || host.endsWith(".ghe.com")) return `${protocol}//api.${host}`;
  return `${githubUrl}/api/v3`;
}

/** Redeems the code that GitHub sent the browser back with. It is good for one hour, and once. */
export async function redeem(githubUrl: string, code: string): Promise<Known<CreatedApp>> {
  const address = `${apiUrlOf(githubUrl)}/app-manifests/${encodeURIComponent(code)}/conversions`;
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { accept: "application/vnd.github+json" },
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!answer.ok)
      return unknown(`GitHub answered ${answer.status}: the code was used before, or is older than an hour`);
    const created = Created.safeParse(await answer.json());
    return created.success ? known(created.data) : unknown("GitHub's answer is no App");
  } catch (error) {
    return unknown(`GitHub gave no answer: ${shortLine(messageOf(error))}`);
  }
}
