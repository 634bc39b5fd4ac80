import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createSigner } from "../../../app/ledger/signer.ts";
import { Environment, readConfig } from "../../../app/settings/config.ts";
import { readKey } from "../../../app/settings/key-source.ts";
import { newKey } from "../../builders/ledger.ts";

const { pem } = newKey();
let dir: string;
let keyFile: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "config-"));
  keyFile = join(dir, "ledger.pem");
  writeFileSync(keyFile, pem, { mode: 0o600 });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const base = { APP_ID: "4001", PRIVATE_KEY: "a key", WEBHOOK_SECRET: "a secret of this test" };
const node = (script: string, ...args: string[]) => JSON.stringify([process.execPath, "-e", script, ...args]);
const print = `process.stdout.write(require("node:fs").readFileSync(process.argv[1], "utf8"))`;

test(".env.example names every setting, and none that is not read", () => {
  const example = readFileSync(join(import.meta.dirname, "../../../.env.example"), "utf8");
  const named = [...example.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
  expect(named.sort()).toEqual(Object.keys(Environment.shape).sort());
});

test.each([
  [{ APP_ID: "my-app" }, "APP_ID: is no App ID: write the number that the App's settings show"],
  [{ APP_ID: "-1" }, "APP_ID: is no App ID: write the number that the App's settings show"],
  [{ PORT: "http" }, "PORT: is no port: write 0 to 65535"],
  [{ PORT: "70000" }, "PORT: is no port: write 0 to 65535"],
  [{ GITHUB_API_URL: "github" }, "GITHUB_API_URL: is no address: write it in full, such as https://api.github.com"],
  [{ METRICS_TOKEN: "short" }, "METRICS_TOKEN: must have at least 16 characters; make one with `openssl rand -hex 32`"],
  [{ LOG_LEVEL: "loud" }, "LOG_LEVEL: is none of them: write debug, info, warn or error"],
])("U13: %j is refused in our words", (wrong, problem) => {
  expect(readConfig({ ...base, LEDGER_KEY: pem, ...wrong })).toEqual({ ok: false, problems: [problem] });
});

describe("the pages", () => {
  const keys = { GITHUB_CLIENT_ID: "Iv1.x", GITHUB_CLIENT_SECRET: "a secret" };
  const at = "https://sallyport.example.com";
  const readers = { for: "readers", clientId: "Iv1.x", clientSecret: "a secret" };
  test.each([
    ["are off unless somebody says otherwise", {}, { for: "nobody" }],
    ["are off with an address alone", { PUBLIC_URL: at }, { for: "nobody" }],
    ["are for whom GitHub lets sign in", { ...keys, PUBLIC_URL: at }, readers],
    ["are so on this machine too", { ...keys, PUBLIC_URL: "http://127.0.0.1:3000/" }, readers],
    ["are open on this machine when asked for", { PAGES: "open" }, { for: "this-machine" }],
  ])("%s", (_, given, pages) => {
    const read = readConfig({ ...base, PRIVATE_KEY: pem, LEDGER_KEY: pem, ...given });
    expect(read.ok ? read.config.pages : read.problems).toEqual(pages);
  });

  test.each([
    ["open to a network", { PAGES: "open", HOST: "0.0.0.0" }, "PAGES: open shows everything"],
    ["open beside a sign-in", { PAGES: "open", ...keys, PUBLIC_URL: at }, "PAGES: is open, and people are to sign in"],
    ["another word", { PAGES: "on" }, "PAGES: is no choice"],
    ["no secret", { GITHUB_CLIENT_ID: "Iv1.x", PUBLIC_URL: at }, "GITHUB_CLIENT_SECRET: is not set"],
    ["no id", { GITHUB_CLIENT_SECRET: "x", PUBLIC_URL: at }, "GITHUB_CLIENT_ID: is not set"],
    ["no address", keys, "PUBLIC_URL: is not set"],
    [
      "an address that is read on the way",
      { ...keys, PUBLIC_URL: "http://sallyport.example.com" },
      "PUBLIC_URL: is not https",
    ],
    ["an address with a path", { ...keys, PUBLIC_URL: `${at}/sallyport` }, "PUBLIC_URL: has a path"],
  ])("refuse %s", (_, given, problem) => {
    const read = readConfig({ ...base, PRIVATE_KEY: pem, LEDGER_KEY: pem, ...given });
    expect(read.ok ? [] : read.problems).toEqual([expect.stringMatching(`^${problem}`)]);
  });
});

describe("H13: the webhook's secret", () => {
  test.each([
    ["short", "abc", "at least 16 characters"],
    ["one character", "a".repeat(64), "easy to guess"],
    ["two characters", "ab".repeat(20), "easy to guess"],
    ["a word written twice", "passwordpassword", "easy to guess"],
    ["random hex digits", "c0a5d1f27b3e9684", null],
    ["words", "a secret of this test", null],
  ])("%s", (_, secret, problem) => {
    const read = readConfig({ ...base, WEBHOOK_SECRET: secret, PRIVATE_KEY: pem, LEDGER_KEY: pem });
    expect(read.ok ? null : read.problems).toEqual(
      problem === null ? null : [expect.stringMatching(`^WEBHOOK_SECRET: .*${problem}.*openssl rand -hex 32`)],
    );
  });
});

describe("the ledger's key", () => {
  test("comes from the environment, a file or a command, and is the same key", () => {
    for (const from of [
      { LEDGER_KEY: pem.replaceAll("\n", "\\n") },
      { LEDGER_KEY_PATH: keyFile },
      { LEDGER_KEY_COMMAND: node(print, keyFile) },
    ]) {
      const read = readConfig({ ...base, ...from });
      if (!read.ok) throw new Error(read.problems.join("; "));
      expect(createSigner(read.config.ledgerKey).publicKey).toBe(createSigner(pem).publicKey);
    }
  });

  test("is taken out of what a command prints around it", () => {
    const chatty = `console.log("found it"); ${print}; console.log("login: lena")`;
    const read = readConfig({ ...base, LEDGER_KEY_COMMAND: node(chatty, keyFile) });
    expect(read.ok && read.config.ledgerKey).toBe(pem);
  });

  test("T193: a command gets its arguments as they are, and none of our own settings", () => {
    const spy = `const { APP_ID, WEBHOOK_SECRET, LEDGER_KEY_COMMAND, KEPT } = process.env;
      const seen = [APP_ID, WEBHOOK_SECRET, LEDGER_KEY_COMMAND, KEPT, ...process.argv.slice(2)];
      require("node:fs").writeFileSync(process.argv[1], JSON.stringify(seen))`;
    const out = join(dir, "seen.json");
    const command = node(spy, out, "$(id)", "a b", "*");
    readConfig({ ...base, KEPT: "yes", LEDGER_KEY_COMMAND: command });
    expect(JSON.parse(readFileSync(out, "utf8"))).toEqual([null, null, null, "yes", "$(id)", "a b", "*"]);
  });

  const both = { LEDGER_KEY: pem, LEDGER_KEY_COMMAND: '["true"]' };
  const failing = `process.stderr.write(process.argv[1]); process.stdout.write(process.argv[1]); process.exit(3)`;
  const flood = `process.stdout.write("-----BEGIN PRIVATE KEY-----".repeat(9999))`;
  test.each<[string, Record<string, string>, RegExp]>([
    ["from nowhere", {}, /^LEDGER_KEY or LEDGER_KEY_PATH: is not set/],
    ["from two places", both, /^LEDGER_KEY and LEDGER_KEY_COMMAND: are both set; keep one/],
    ["from a file that is not there", { LEDGER_KEY_PATH: "/no/such" }, /^LEDGER_KEY_PATH: cannot read/],
    ["from a line for a shell", { LEDGER_KEY_COMMAND: "pass show sallyport" }, /^LEDGER_KEY_COMMAND: .*JSON/],
    ["from an empty command", { LEDGER_KEY_COMMAND: "[]" }, /^LEDGER_KEY_COMMAND: .*JSON/],
    ["from a command with a number", { LEDGER_KEY_COMMAND: '["a", 1]' }, /^LEDGER_KEY_COMMAND: .*JSON/],
    ["from no program", { LEDGER_KEY_COMMAND: '["/no/such"]' }, /cannot be started \(ENOENT\); give its full/],
    ["from one that fails", { LEDGER_KEY_COMMAND: node(failing, "--", pem) }, /ended with status 3; run it by hand/],
    ["from one that prints nothing", { LEDGER_KEY_COMMAND: node("") }, /printed no private key in PEM; run/],
    ["from one that prints too much", { LEDGER_KEY_COMMAND: node(flood) }, /more than 65536 bytes/],
  ])("%s is refused in one line that does not repeat it", (_what, env, message) => {
    const read = readConfig({ ...base, ...env });
    const problems = read.ok ? [] : read.problems;
    expect(problems).toEqual([expect.stringMatching(message)]);
    expect(problems[0]).not.toContain("\n");
    expect(problems[0]).not.toContain("PRIVATE KEY-----");
    expect(problems[0]).not.toContain(pem.split("\n")[1]);
  });

  test("a command that hangs is ended", () => {
    const command = [process.execPath, "-e", "setInterval(() => {}, 1000)"];
    expect(readKey("LEDGER_KEY", { command }, process.env, 200)).toEqual({
      ok: false,
      problem: expect.stringMatching(/took longer than 0.2 seconds and was ended; run it by hand/),
    });
  });
});
