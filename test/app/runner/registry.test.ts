import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "@jest/globals";
import { startRegistryRelay } from "../../../app/runner/registry.ts";
import { brokenService } from "../../hosts/model-service.ts";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** Reads a package of as many parts through the relay; `pause`: the milliseconds after each. */
async function read(parts: number, pause: number, patience: number, isCut = false) {
  const registry = await brokenService([
    async (response) => {
      for (let part = 0; part < parts; part++) {
        response.write("x");
        await sleep(pause);
      }
      if (isCut) response.destroy();
      else response.end();
    },
  ]);
  open.push(registry.close);
  const folder = await mkdtemp(join(tmpdir(), "registry-"));
  open.push(() => rm(folder, { recursive: true }));
  const socketPath = join(folder, "s");
  const relay = await startRegistryRelay(socketPath, registry.url, patience);
  open.push(relay.close);
  const body = await new Promise<string | null>((resolve) => {
    request({ socketPath, path: "/left-pad/-/left-pad-1.0.0.tgz" }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.on("close", () => resolve(response.complete ? text : null));
    })
      .on("error", () => resolve(null))
      .end();
  });
  return { body, failure: relay.failure() };
}

test("a package that comes slowly comes whole, however long it takes", async () => {
  expect(await read(12, 100, 600)).toEqual({ body: "x".repeat(12), failure: null });
});

test("a registry that breaks off within a package is told, so that no agent has to mend it", async () => {
  const { body, failure } = await read(2, 20, 600, true);
  expect([body, failure]).toEqual([null, expect.stringMatching(/^http:.+: \w/)]);
});

test("a registry that falls silent is given up, and told", async () => {
  const { body, failure } = await read(2, 2_000, 300);
  expect([body, failure]).toEqual([null, expect.stringContaining("said nothing for 0.3 s")]);
});
