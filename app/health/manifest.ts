import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { load } from "js-yaml";
import * as z from "zod";
import type { Granted } from "../../core/health/installation.ts";
import { packageHome } from "../settings/package-home.ts";

const Asked = z.object({
  default_events: z.array(z.string()),
  default_permissions: z.record(z.string(), z.string()),
});
const Manifest = z.object({ ...Asked.shape, url: z.url() });

const Package = z.object({ engines: z.object({ node: z.string().regex(/^>=[0-9]+(\.[0-9]+)?$/) }) });

/**
 * The App's own page, and the permissions and events that it requests: those of `app.yml`, part of the package, and those
 * of `app-actions.yml` where it starts runs on Actions.
 */
export async function readManifest(onActions: boolean): Promise<Granted & { url: string }> {
  const read = async (name: string) => load(await readFile(join(packageHome(), name), "utf8"));
  const manifest = Manifest.parse(await read("app.yml"));
  const more = onActions ? Asked.parse(await read("app-actions.yml")) : { default_permissions: {}, default_events: [] };
  return {
    url: manifest.url,
    permissions: { ...manifest.default_permissions, ...more.default_permissions },
    events: [...manifest.default_events, ...more.default_events],
  };
}

/** The oldest version of Node that the package runs on: `22` or `22.12`. */
export async function readNodeNeeded(): Promise<string> {
  const text = await readFile(join(packageHome(), "package.json"), "utf8");
  return Package.parse(JSON.parse(text)).engines.node.slice(">=".length);
}
