import { join } from "node:path";
import { SallyportError } from "../../core/errors.ts";
import { packageHome } from "../settings/package-home.ts";

/** A model service that answers with the demo's recorded turns, over HTTP and in the provider's own format. */
export type Models = { url: string; close(): Promise<void> };

/**
 * Starts the model service with recorded turns; of two that fit, the one loaded first is given. Its package is a
 * development dependency, loaded only here: an installed Sallyport has no recorded turns and asks the real service.
 */
export async function startModels(recorded: readonly string[] = ["turns.json"]): Promise<Models> {
  const { LLMock } = await import("@copilotkit/aimock").catch((error: unknown) => {
    throw new SallyportError(
      "not-found",
      "the demo needs a checkout with its development packages: run `npm ci` there, or use --live",
      { cause: error },
    );
  });
  const service = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent" });
  for (const file of recorded) service.loadFixtureFile(join(packageHome(), "app", "demo", file));
  await service.start();
  return { url: service.url, close: () => service.stop() };
}
