import { type FixtureResponse, LLMock } from "@copilotkit/aimock";
import type { TreeReader } from "../app/agents/trees.ts";
import type { CallStore } from "../app/perform/world.ts";
import { Pack } from "../schemas/step.ts";

/** A model service over HTTP that answers turn by turn. */
export async function modelService(
  turns: FixtureResponse[],
): Promise<{ url: string; calls(): number; service: LLMock; close(): Promise<void> }> {
  const service = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent" });
  for (const [turnIndex, response] of turns.entries()) service.addFixture({ match: { turnIndex }, response });
  await service.start();
  return {
    url: service.url,
    calls: () => service.getRequests().length,
    service,
    close: () => service.stop(),
  };
}

/** Stored answers in memory. */
export function memoryCalls(): CallStore & { size(): number } {
  const stored = new Map<string, string>();
  return {
    get: (key) => Promise.resolve(stored.get(key) ?? null),
    put: (key, answer) => {
      stored.set(key, answer);
      return Promise.resolve();
    },
    size: () => stored.size,
  };
}

/** A tree in memory: text files, and links by `link:` before their target. */
export function memoryTree(files: Record<string, string>): TreeReader {
  return {
    list: () =>
      Promise.resolve(
        Object.entries(files).map(([path, text]) => ({
          path,
          mode: text.startsWith("link:") ? "120000" : "100644",
        })),
      ),
    read: (path) => {
      const text = files[path];
      return Promise.resolve(text === undefined ? null : Buffer.from(text.replace(/^link:/, "")));
    },
  };
}

/** A pack whose role may touch `src/**`, of which `src/a/**` is declared, with overrides. */
export function samplePack(overrides: Partial<Pack> = {}): Pack {
  return Pack.parse({
    kind: "step",
    version: 1,
    run: "run-1-1",
    story: 1,
    prompt: 2,
    attempt: { r: 0, s: 0 },
    repository: "acme/web",
    base: "a".repeat(40),
    contract: "# Do it\n\nDo it well.",
    role: { name: "web", allow: ["src/**"], deny: ["src/a/secret/**", ".github/**"] },
    paths: ["src/a/**", "docs/**"],
    acceptance: ["It is done."],
    evidence: [],
    limits: { runtime: 60, silence: 5, turns: 6, tokens: 100_000 },
    ...overrides,
  });
}
