import { generateKeyPairSync, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createGitHub } from "../../../app/github/clients.ts";
import { createSecrets, withoutSecrets } from "../../../app/settings/secrets.ts";
import { redactSecrets } from "../../../collect/secrets/redaction.ts";
import { SallyportError } from "../../../core/errors.ts";
import { redactionMark } from "../../../core/redaction/redaction.ts";
import { newKey } from "../../builders/ledger.ts";
import { type Acme, startAcme } from "../../hosts/store-and-github.ts";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const config = {
  privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  webhookSecret: randomBytes(32).toString("hex"),
  ledgerKey: newKey().pem,
  anthropic: { apiKey: `sk-ant-${randomBytes(40).toString("base64url")}`, baseUrl: null },
  openai: { apiKey: `sk-proj-${randomBytes(40).toString("base64url")}`, baseUrl: null },
  google: { apiKey: `AIza${randomBytes(26).toString("base64url")}`, baseUrl: null },
  metricsToken: randomBytes(32).toString("hex"),
  database: { url: "postgres://sallyport:a%20long%20pass%2Fword@db.example.com/sallyport" },
};
const newToken = () =>
  `ghs_4001_eyJ${randomBytes(150).toString("base64url")}.${randomBytes(159).toString("base64url")}.${randomBytes(69).toString("base64url")}0z`;

test("a line for the log is one line, and a terminal obeys nothing in it", () => {
  const name = "read\u001b]0;x\u0007\u009b2J\u202e";
  expect(createSecrets(config).redact(`an agent called ${name}\n2026-11-21 forged`)).toBe(
    "an agent called read[U+001B]]0;x[U+0007][U+009B]2J[U+202E] 2026-11-21 forged",
  );
});

describe("every setting that is a secret is cut from what is stored and from the log", () => {
  const { search, redact } = createSecrets(config);
  test.each([
    ["the App's key", config.privateKey],
    ["a line of it", config.privateKey.split("\n")[9] ?? ""],
    ["the ledger's key", config.ledgerKey],
    ["the webhook secret", config.webhookSecret],
    ["the model service's key", config.anthropic.apiKey],
    ["another model service's key", config.openai.apiKey],
    ["the third model service's key", config.google.apiKey],
    ["the token for the metrics", config.metricsToken],
    ["the database's password", "a long pass/word"],
    ["the database's address", config.database.url],
  ])("%s", async (_what, value) => {
    for (const written of [value, JSON.stringify(value), Buffer.from(`- ${value}`).toString("base64")]) {
      expect((await redactSecrets(`a ${written} z`, search)).text).toMatch(/^a .{0,60}\[secret cut\].{0,60} z$/s);
      expect(redact(`a ${written} z`)).toContain(redactionMark);
    }
  });

  test("and nothing of a plain line", () => {
    const line = `ledger key ed25519:${randomBytes(32).toString("base64")}, 3 entries read back`;
    expect(redact(line)).toBe(line);
  });
});

describe("T218 installation tokens", () => {
  test("of 520 characters, minted after the start, over two lines and in base64", async () => {
    const secrets = createSecrets(config);
    const token = newToken();
    expect(token).toHaveLength(520);
    const wrapped = `${token.slice(0, 260)}\n${token.slice(260)}`;
    const encoded = Buffer.from(`x-access-token:${token}`).toString("base64");
    expect(secrets.redact(`AUTHORIZATION: basic ${encoded}`)).toContain(encoded);
    secrets.addToken(token);
    expect(secrets.redact(`a ${wrapped} z`)).toBe(`a ${redactionMark} z`);
    expect(secrets.redact(`AUTHORIZATION: basic ${encoded}`)).not.toContain(encoded.slice(40, 80));
    const { text, redactions } = await redactSecrets(`a ${wrapped} z`, secrets.search);
    expect({ text, redactions }).toEqual({
      text: `a ${redactionMark} z`,
      redactions: [{ rule: "installation-token", line: 1 }],
    });
  });

  test("are remembered up to 1,000, the newest", () => {
    const { addToken, redact } = createSecrets(config);
    const tokens = Array.from({ length: 1_002 }, newToken);
    for (const token of tokens) addToken(token);
    addToken(tokens[2] ?? "");
    const isKnown = tokens.map((token) => redact(token) === redactionMark);
    expect(isKnown.indexOf(true)).toBe(2);
    expect(isKnown.filter((one) => one)).toHaveLength(1_000);
  });
});

describe("T218 our client's tokens", () => {
  let acme: Acme;
  beforeAll(async () => {
    acme = await startAcme();
  });
  afterAll(() => acme.close());

  test("every one that was minted is told before it is used", async () => {
    const told: string[] = [];
    const last: (string | undefined)[] = [];
    const seen = acme.watch.exchanges.length;
    const clients = createGitHub(
      { apiUrl: acme.sandbox.url, appId: 4001, privateKey: acme.privateKey, throttle: false },
      (token) => {
        told.push(token);
        last.push(acme.watch.exchanges.at(-1)?.path);
      },
    );
    const { request } = await clients.forRepository(acme.repository, "read");
    await request("GET /repos/acme/web");
    await clients.repositories();
    const fresh = acme.watch.exchanges.slice(seen);
    const minted = fresh.filter(({ path }) => path.endsWith("/access_tokens"));
    expect(told.length).toBeGreaterThanOrEqual(3);
    expect(new Set(told).size).toBe(minted.length);
    expect(told.every((token) => token.startsWith("ghs_"))).toBe(true);
    expect(last.every((path) => path?.endsWith("/access_tokens"))).toBe(true);
  });
});

describe("a failure that is stored or shown", () => {
  const { search } = createSecrets(config);
  const failing = (error: unknown) => withoutSecrets(search, () => Promise.reject(error));

  test("keeps its code and its time, and loses what it quotes and carries", async () => {
    const notBefore = new Date("2026-11-21T10:00:00Z");
    const cause = new Error(config.webhookSecret);
    const error = new SallyportError("rate-limit", `no: ${config.webhookSecret}`, {
      cause,
      retry: true,
      notBefore,
    });
    const told = await failing(error).catch((one: unknown) => one);
    expect(told).toMatchObject({
      code: "rate-limit",
      message: `no: ${redactionMark}`,
      retry: true,
      notBefore,
    });
    expect((told as Error).cause).toBeUndefined();
  });

  test("T194 any other one goes on as its message alone", async () => {
    const error = Object.assign(new Error(`sent ${config.anthropic.apiKey}`), {
      request: { headers: { authorization: config.anthropic.apiKey } },
    });
    const told = await failing(error).catch((one: unknown) => one);
    expect(told).toEqual(new Error(`sent ${redactionMark}`));
    expect(Object.keys(told as Error)).toEqual([]);
    await expect(failing("a text")).rejects.toEqual(new Error("a text"));
  });

  test("what succeeds goes through", async () => {
    expect(await withoutSecrets(search, async () => 7)).toBe(7);
  });
});
