import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { queueCommand } from "../../../app/cli/queue.ts";
import { statusCommand } from "../../../app/cli/status.ts";
import { createQueue } from "../../../app/queue/queue.ts";
import { openDatabase } from "../../../app/store/database.ts";
import { newKey } from "../../builders/ledger.ts";
import { failuresIn } from "../../hosts/log.ts";
import { type Result, runCommand } from "../../hosts/run-command.ts";

let dir: string;
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const env = (port: number) => ({
  APP_ID: "4001",
  PRIVATE_KEY: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  WEBHOOK_SECRET: "a secret of these tests",
  LEDGER_KEY: newKey().pem,
  DATABASE_FOLDER: join(dir, "database"),
  PORT: String(port),
});

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "status-"));
  const database = await openDatabase({ folder: join(dir, "database") });
  const queue = createQueue(database, { limitedUntil: () => null, secrets: async () => [], log: failuresIn([]) });
  const never = async () => undefined;
  const idle = { reconcile: never, perform: async () => null, publish: never, enqueueMatching: never, sweep: never };
  await queue.start(idle, new Set());
  await queue.stop();
  const given = { code: "github", message: "the label\nwas refused" };
  const effect = { key: "label/7", repository: 7, subject: "issue/7/1", payload: "{}", lane: "github/7" };
  const row = { ...effect, type: "set-labels", status: "failed" as const, tries: 8, result: JSON.stringify(given) };
  await database.db.insertInto("effects").values(row).execute();
  await database.close();
}, 60_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const status = (port = 9): Promise<Result> => runCommand(statusCommand, [], { cwd: dir, env: env(port) });
const dead = (...args: string[]) => runCommand(queueCommand, ["dead", ...args], { cwd: dir, env: env(9) });

test("an operator sees what was given up and why, begins it again, and then nothing is left", async () => {
  const before = await status();
  expect(before).toMatchObject({ err: "", exit: 1 });
  expect(before.out).toContain("outbox: 0 effects to do\n");
  expect(before.out).toContain("given up: 1 effects\n  label/7: the label was refused\n");
  expect(await dead()).toEqual({ out: "label/7  github: the label was refused\n", err: "", exit: 1 });
  expect(await dead("--retry", "another")).toMatchObject({ out: "", exit: 1 });
  expect(await dead("--retry", "--json")).toMatchObject({ out: '{"key":"label/7"}\n', exit: 0 });
  expect(await dead()).toEqual({ out: "", err: "nothing was given up\n", exit: 0 });
  expect((await status()).out).toContain("outbox: 1 effects to do");
}, 60_000);

test("no database is made by asking about one", async () => {
  const away = { ...env(9), DATABASE_FOLDER: join(dir, "away") };
  const refused = await runCommand(statusCommand, [], { cwd: dir, env: away });
  expect(refused).toMatchObject({ out: "", exit: 2 });
  expect(refused.err).toContain("there is no database yet: start `sallyport serve` first");
  expect(existsSync(join(dir, "away"))).toBe(false);
});

test("the embedded database of a running service is not opened a second time", async () => {
  const server = createServer((_, response) => response.end("ok")).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const refused = await status(port);
  server.close();
  expect(refused).toMatchObject({ out: "", exit: 2 });
  expect(refused.err).toContain(`the service on port ${port} has the embedded database open: ask its /metrics`);
});
