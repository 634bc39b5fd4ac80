import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createIdentityCheck, issuerOf } from "../../../app/actions/identity.ts";

const own = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const other = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const now = new Date("2026-11-30T10:00:00Z");
const seconds = now.getTime() / 1_000;
let server: Server;
let issuer: string;
let asked = 0;
let good: (response: ServerResponse) => void;
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  const keys = [
    { ...own.publicKey.export({ format: "jwk" }), kid: "own" },
    { kty: "EC", kid: "ours-is-not" },
  ];
  good = (response) => void response.end(JSON.stringify({ keys }));
  answer = good;
  server = createServer((_request, response) => {
    asked += 1;
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = () => ({
  ...{ iss: issuer, aud: "https://sallyport.example.com", exp: seconds + 300, nbf: seconds - 60 },
  ...{ repository: "acme/web", repository_id: "9", run_id: "7", run_attempt: "1", event_name: "workflow_dispatch" },
  ...{ actor_id: "41", job_workflow_ref: "acme/web/.github/workflows/a.yml@refs/heads/main", job_workflow_sha: "a" },
});
function token({ head = {}, body = {}, key = own.privateKey } = {}): string {
  const signed = `${part({ alg: "RS256", kid: "own", ...head })}.${part({ ...claims(), ...body })}`;
  return `${signed}.${sign("RSA-SHA256", Buffer.from(signed), key).toString("base64url")}`;
}
const check = (text: string) => createIdentityCheck(issuer, "https://sallyport.example.com", () => now)(text);

test("GitHub's word for us is taken, with what it claims", async () => {
  expect(await check(token())).toMatchObject({ known: true, value: { run_id: "7", repository_id: "9" } });
});

test.each<[string, () => string]>([
  ["another's signature", () => token({ key: other.privateKey })],
  ["claims that were changed", () => token().replace(/\.[^.]+\./, `.${part({ ...claims(), run_id: "8" })}.`)],
  ["no signature", () => token().replace(/\.[^.]+$/, ".")],
  ["an algorithm of `none`", () => `${part({ alg: "none", kid: "own" })}.${part(claims())}.`],
  [
    "the public key as a secret",
    () => {
      const signed = `${part({ alg: "HS256", kid: "own" })}.${part(claims())}`;
      const pem = own.publicKey.export({ type: "spki", format: "pem" });
      return `${signed}.${createHmac("sha256", pem).update(signed).digest("base64url")}`;
    },
  ],
  ["a key that GitHub has not", () => token({ head: { kid: "other" } })],
  ["a key of another kind", () => token({ head: { kid: "ours-is-not" } })],
  ["another audience", () => token({ body: { aud: "https://elsewhere.example.com" } })],
  ["another issuer", () => token({ body: { iss: "https://elsewhere.example.com" } })],
  ["a time that is over", () => token({ body: { exp: seconds - 61 } })],
  ["a time that is to come", () => token({ body: { nbf: seconds + 61 } })],
  ["no run", () => token({ body: { run_id: 7 } })],
  ["a part more", () => `${token()}.x`],
  ["no token at all", () => "x"],
])("T136: %s proves nothing", async (_title, forged) => {
  expect(await check(forged())).toMatchObject({ known: false });
});

test("while GitHub's keys cannot be read nothing is refused for good, and nothing is taken", async () => {
  const before = asked;
  answer = (response) => void response.writeHead(503).end();
  await expect(check(token())).rejects.toMatchObject({ code: "github", retry: true });
  answer = (response) => void response.end("<html>");
  await expect(check(token())).rejects.toMatchObject({ code: "github", retry: true });
  answer = good;
  expect([await check(token()), asked - before]).toMatchObject([{ known: true }, 3]);
});

test("T136: tokens of keys that nobody has ask GitHub for its keys once in half a minute", async () => {
  let time = now.getTime();
  const checkAt = createIdentityCheck(issuer, "https://sallyport.example.com", () => new Date(time));
  const before = asked;
  for (const kid of ["a", "b", "c"]) await checkAt(token({ head: { kid } }));
  expect(asked - before).toBe(1);
  time += 30_000;
  await checkAt(token({ head: { kid: "d" } }));
  expect(await checkAt(token())).toMatchObject({ known: true });
  expect(asked - before).toBe(2);
});

test.each([
  ["https://api.github.com", "https://token.actions.githubusercontent.com"],
  ["https://api.acme.ghe.com", "https://token.actions.acme.ghe.com"],
  ["https://github.acme.dev/api/v3", "https://github.acme.dev/_services/token"],
])("beside %s, %s signs", (api, expected) => {
  expect(issuerOf(api)).toBe(expected);
});

test("a key that came since is asked for also where the clock was put back: else its jobs were refused for as long", async () => {
  let time = now.getTime() + 86_400_000;
  const checkAt = createIdentityCheck(issuer, "https://sallyport.example.com", () => new Date(time));
  await checkAt(token());
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  answer = (response) =>
    void response.end(JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "new" }] }));
  time = now.getTime();
  expect(await checkAt(token({ head: { kid: "new" }, key: privateKey }))).toMatchObject({ known: true });
  // One that GitHub withdrew is not taken for longer either.
  expect(await checkAt(token())).toMatchObject({ known: false });
  answer = good;
});
