import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { load } from "js-yaml";
import * as z from "zod";
import type { Granted } from "../../core/health/installation.ts";
import { packageHome } from "../settings/package-home.ts";

const Manifest = z.object({
  url: z.url(),
  default_events: z.array(z.string()),
  default_permissions: z.record(z.string(), z.string()),
});

const Package = z.object({ engines: z.object({ node: z.string().regex(/^>=[0-9]+(\.[0-9]+)?$/) }) });

/** The App's own page, and the permissions and events that it requests: those of `app.yml`, part of the package. */
export async function readManifest(): Promise<Granted & { url: string }> {
  const manifest = Manifest.parse(load(await readFile(join(packageHome(), "app.yml"), "utf8")));
  return { url: manifest.url, permissions: manifest.default_permissions, events: manifest.default_events };
}

/** The oldest version of Node that the package runs on: `22` or `22.12`. */
export async function readNodeNeeded(): Promise<string> {
  const text = await readFile(join(packageHome(), "package.json"), "utf8");
  return Package.parse(JSON.parse(text)).engines.node.slice(">=".length);
}
