import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { rebuildCommand } from "../../../app/cli/rebuild.ts";
import { serveCommand } from "../../../app/cli/serve.ts";
import { newKey } from "../../builders/ledger.ts";
import { runCommand } from "../../hosts/run-command.ts";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const right = {
  APP_ID: "4001",
  PRIVATE_KEY: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  WEBHOOK_SECRET: "a-webhook-secret-of-this-test",
  LEDGER_KEY: newKey().pem,
  GITHUB_THROTTLE: "off",
};

/** A GitHub that is away, and repeats in its words what it was sent. */
const away = createServer((_request, response) => {
  response.writeHead(503, { "content-type": "application/json" });
  response.end(JSON.stringify({ message: `no\nserver \u009b2J ${right.WEBHOOK_SECRET}` }));
});
beforeAll(() => new Promise<void>((resolve) => away.listen(0, "127.0.0.1", resolve)));
afterAll(() => new Promise((resolve) => away.close(resolve)));

describe.each([
  ["serve", serveCommand],
  ["rebuild", rebuildCommand],
] as const)("%s says in one line what it cannot start with", (name, command) => {
  test.each([
    ["a setting that is wrong", { APP_ID: "-1" }, /APP_ID/],
    ["a key that is none", { PRIVATE_KEY: "nothing of the kind" }, /keyData.*; `sallyport doctor`/],
    ["a GitHub that is away", {}, /no server \[U\+009B\]2J .*; `sallyport doctor`/],
  ])("%s", async (_, wrong, why) => {
    const { port } = away.address() as AddressInfo;
    const env = { ...right, GITHUB_API_URL: `http://127.0.0.1:${port}`, ...wrong };
    const { out, err, exit } = await runCommand(command, [], { cwd: tmpdir(), env });
    expect({ out, exit, lines: err.split("\n").length }).toEqual({ out: "", exit: 2, lines: 2 });
    expect(err).toMatch(why);
    expect(err.startsWith(`sallyport ${name}: `)).toBe(true);
    expect(err).not.toContain(right.WEBHOOK_SECRET);
  });
});
