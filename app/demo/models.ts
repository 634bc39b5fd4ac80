import { readFile } from "node:fs/promises";

/** A model service that answers with the demo's recorded turns, over HTTP and in the provider's own format. */
export type Models = { url: string; close(): Promise<void> };

/**
 * Starts it. The package is a development dependency, loaded only here: an installed Sallyport has no recorded turns and
 * asks the real service.
 */
export async function startModels(turns: URL = new URL("./turns.json", import.meta.url)): Promise<Models> {
  const { LLMock } = await import("@copilotkit/aimock");
  const service = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent" });
  const { fixtures } = JSON.parse(await readFile(turns, "utf8"));
  service.addFixtures(fixtures);
  await service.start();
  return { url: service.url, close: () => service.stop() };
}
