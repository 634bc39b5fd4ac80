import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { doctorCommand } from "../../../app/cli/doctor.ts";
import { rebuildCommand } from "../../../app/cli/rebuild.ts";
import { serveCommand } from "../../../app/cli/serve.ts";
import { readEnvironment } from "../../../app/terminal/settings.ts";
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
    [
      "a key that is none",
      { PRIVATE_KEY: "nothing of the kind" },
      /PRIVATE_KEY is no private key in PEM: make one.*; `sallyport doctor`/,
    ],
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

const { APP_ID: _, ...withoutId } = right;

describe("U1: a file of settings", () => {
  let cwd: string;
  beforeAll(() => {
    cwd = mkdtempSync(join(tmpdir(), "sallyport-"));
    writeFileSync(join(cwd, ".env"), "# ours\nAPP_ID=wrong\nPORT=4000\n");
    writeFileSync(join(cwd, "other"), 'HOST="0.0.0.0"\n');
  });
  afterAll(() => rmSync(cwd, { recursive: true, force: true }));
  const read = (file?: string, at = cwd) => {
    const io = { out() {}, err() {}, exit() {}, env: { PORT: "5000" }, cwd: at, color: false };
    return readEnvironment(io, file);
  };

  test(".env is read where it is, another one where it is named, and what is set wins", () => {
    expect(read()).toEqual({ known: true, value: { APP_ID: "wrong", PORT: "5000" } });
    expect(read("other")).toEqual({ known: true, value: { HOST: "0.0.0.0", PORT: "5000" } });
    expect(read(undefined, join(cwd, "nowhere"))).toEqual({ known: true, value: { PORT: "5000" } });
    expect(read("gone")).toMatchObject({
      known: false,
      why: "the settings file gone cannot be read: there is no such file",
    });
    expect(read(".")).toMatchObject({ known: false, why: expect.stringContaining("it is a folder") });
  });

  test("as editors of Windows save it: a byte order mark hides no line, and what is no UTF-8 is told as that", () => {
    writeFileSync(join(cwd, "marked"), "\ufeffAPP_ID=12\r\nPORT=4000\r\n");
    expect(read("marked")).toEqual({ known: true, value: { APP_ID: "12", PORT: "5000" } });
    writeFileSync(join(cwd, "wide"), Buffer.from("\ufeffAPP_ID=12\r\n", "utf16le"));
    expect(read("wide")).toMatchObject({
      known: false,
      why: expect.stringMatching(/wide cannot be read: it is no UTF-8/),
    });
  });

  test.each([
    ["serve", serveCommand],
    ["rebuild", rebuildCommand],
    ["doctor", doctorCommand],
  ])("%s takes its settings from it", async (_, command) => {
    const { out, err, exit } = await runCommand(command, [], { cwd, env: withoutId });
    expect({ exit, said: out + err }).toEqual({ exit: 2, said: expect.stringContaining("APP_ID: is no") });
    const named = await runCommand(command, ["--env-file", "gone"], { cwd, env: right });
    expect(named).toMatchObject({ exit: 2, out: "", err: expect.stringContaining("gone cannot be read") });
  });
});

test("U2: in a folder where nothing is set up, one line names the command that does it", async () => {
  const empty = mkdtempSync(join(tmpdir(), "sallyport-"));
  const { err, exit } = await runCommand(serveCommand, [], { cwd: empty, env: {} });
  rmSync(empty, { recursive: true });
  expect({ err, exit }).toEqual({
    exit: 2,
    err: expect.stringMatching(/^sallyport serve: [^\n]*`npx sallyport setup`[^\n]*\n$/),
  });
});

test("U13: a wrong App ID or key is told as that, and not in GitHub's words", async () => {
  const github = createServer((_request, response) => {
    response.writeHead(401, { "content-type": "application/json" });
    response.end(JSON.stringify({ message: "A JSON web token could not be decoded" }));
  });
  await new Promise<void>((resolve) => github.listen(0, "127.0.0.1", resolve));
  const { port } = github.address() as AddressInfo;
  const env = { ...right, GITHUB_API_URL: `http://127.0.0.1:${port}`, DATABASE_FOLDER: "memory" };
  const { err, exit } = await runCommand(rebuildCommand, [], { cwd: tmpdir(), env });
  await new Promise((resolve) => github.close(resolve));
  expect({ err, exit }).toMatchObject({
    exit: 2,
    err: expect.stringContaining("GitHub knows no App by this id and key"),
  });
  expect(err).not.toContain("web token");
});

test("U13: an address where nobody answers is told as that, with the next step", async () => {
  const env = { ...right, DATABASE_FOLDER: "memory", GITHUB_API_URL: "http://127.0.0.1:9" };
  const { err, exit } = await runCommand(rebuildCommand, [], { cwd: tmpdir(), env });
  expect({ err, exit }).toMatchObject({
    exit: 2,
    err: expect.stringContaining("check GITHUB_API_URL and the network"),
  });
});
