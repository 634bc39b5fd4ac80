import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "@octokit/core";
import { APP_IDS, type GitSide, newKey, signJwt, startGitSide } from "../../hosts/sandbox-git.ts";

let side: GitSide;
let installation: number;
let time = Date.parse("2026-11-21T00:00:00Z");

beforeAll(async () => {
  side = await startGitSide({}, () => time);
  const found = await side.call(side.jwt("sallyport"), "GET", "/repos/acme/web/installation");
  installation = found.body.id;
});
afterAll(() => side.close());

function tokens(): string {
  return `/app/installations/${installation}/access_tokens`;
}

describe("an app's own credential", () => {
  const seconds = () => Math.floor(time / 1000);

  test("shows who it is", async () => {
    const { status, body } = await side.call(side.jwt("sallyport"), "GET", "/app");
    expect(status).toBe(200);
    expect(body).toMatchObject({ slug: "sallyport", id: APP_IDS.sallyport, installations_count: 1 });
  });

  test.each<[string, () => string]>([
    ["expired", () => side.jwt("sallyport", { exp: seconds() })],
    ["living longer than ten minutes", () => side.jwt("sallyport", { exp: seconds() + 900 })],
    ["made long ago to live long", () => side.jwt("sallyport", { iat: seconds() - 3600, exp: seconds() + 300 })],
    ["issued in the future", () => side.jwt("sallyport", { iat: seconds() + 120 })],
    ["without a time of expiry", () => side.jwt("sallyport", { exp: undefined })],
    ["signed with a foreign key", () => signJwt(newKey(), { iss: APP_IDS.sallyport }, () => time)],
    ["signed by another app", () => side.jwt("other", { iss: APP_IDS.sallyport })],
    ["of an app that there is not", () => side.jwt("sallyport", { iss: 99 })],
    ["of an app without a key", () => side.jwt("sallyport", { iss: 15368 })],
    ["with another algorithm", () => unsigned(side.jwt("sallyport"))],
    ["that is a person's token", () => "writer"],
  ])("%s is refused", async (_title, credential) => {
    expect((await side.call(credential(), "GET", "/app")).status).toBe(401);
    expect((await side.call(credential(), "POST", tokens(), {})).status).toBe(401);
  });

  test("opens no repository", async () => {
    expect((await side.call(side.jwt("sallyport"), "GET", "/repos/acme/web")).status).toBe(401);
  });

  test("finds no installation that is another app's", async () => {
    const other = side.jwt("other");
    expect((await side.call(other, "GET", `/app/installations/${installation}`)).status).toBe(404);
    expect((await side.call(other, "POST", tokens(), {})).status).toBe(404);
    expect((await side.call(side.jwt("sallyport"), "GET", "/repos/acme/hidden/installation")).status).toBe(404);
  });
});

describe("an installation token", () => {
  test("has what the app has", async () => {
    const { status, body } = await side.call(side.jwt("sallyport"), "POST", tokens(), {});
    expect(status).toBe(201);
    expect(body).toMatchObject({
      token: expect.stringMatching(/^ghs_/),
      expires_at: "2026-11-21T01:00:00Z",
      permissions: { contents: "write", metadata: "read" },
    });
  });

  test.each<[string, object]>([
    ["a permission that the app lacks", { permissions: { members: "read" } }],
    ["a level that the app lacks", { permissions: { contents: "admin" } }],
    ["a repository that is not its own", { repositories: ["web", "hidden"] }],
    ["an id that is nobody's", { repository_ids: [1] }],
  ])("cannot be widened: %s", async (_title, narrowing) => {
    expect((await side.call(side.jwt("sallyport"), "POST", tokens(), narrowing)).status).toBe(422);
  });

  test("narrowed to reading writes nothing", async () => {
    const token = await side.tokenOf("sallyport", { permissions: { contents: "read" } });
    expect((await side.call(token, "GET", "contents/README.md")).status).toBe(200);
    const sha = "0".repeat(40);
    const refused = await side.call(token, "POST", "git/refs", { ref: "refs/heads/x", sha });
    expect(refused).toMatchObject({
      status: 403,
      body: { message: "Resource not accessible by integration" },
    });
    expect(refused.headers.get("x-accepted-github-permissions")).toBe("contents=write");
    expect((await side.call(token, "GET", "pulls")).status).toBe(403);
  });

  test("narrowed to one repository sees no other private one", async () => {
    const all = await side.tokenOf("other");
    const one = await side.tokenOf("other", { repositories: ["web"] });
    expect((await side.call(all, "GET", "/repos/acme/hidden")).status).toBe(200);
    expect((await side.call(one, "GET", "/repos/acme/hidden")).status).toBe(404);
    expect((await side.call(all, "GET", "/installation/repositories")).body.total_count).toBe(2);
    expect((await side.call(one, "GET", "/installation/repositories")).body.total_count).toBe(1);
  });

  test("ends when it is given back, and after an hour", async () => {
    const given = await side.tokenOf("sallyport");
    expect((await side.call(given, "DELETE", "/installation/token")).status).toBe(204);
    expect((await side.call(given, "GET", ".")).status).toBe(401);
    const kept = await side.tokenOf("sallyport");
    time += 3_599_000;
    expect((await side.call(kept, "GET", ".")).status).toBe(200);
    time += 1_000;
    expect((await side.call(kept, "GET", ".")).status).toBe(401);
  });

  test("is no person", async () => {
    expect((await side.call(await side.tokenOf("sallyport"), "GET", "/user")).status).toBe(403);
  });
});

test("Octokit signs in as the App and works with what it gets", async () => {
  // auth-app reads the time of day itself.
  const present = time;
  time = Date.now();
  const octokit = new Octokit({
    baseUrl: `${side.sandbox.url}/api/v3`,
    authStrategy: createAppAuth,
    auth: {
      appId: APP_IDS.sallyport,
      privateKey: readFileSync(join(side.dir, "sallyport.pem"), "utf8"),
      installationId: installation,
    },
  });
  const { data } = await octokit.request("GET /repos/{owner}/{repo}/branches/{branch}", {
    owner: "acme",
    repo: "web",
    branch: "main",
  });
  expect(data).toMatchObject({ name: "main", protected: false });
  time = present;
});

function unsigned(jwt: string): string {
  const [, payload] = jwt.split(".");
  return `${Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url")}.${payload}.x`;
}

describe("a manifest", () => {
  const whole = {
    name: "Made here",
    url: "https://example.org",
    hook_attributes: { url: "https://example.org/hook", active: true },
    redirect_url: "http://127.0.0.1:9/created",
    default_permissions: { contents: "read" },
    default_events: ["push"],
  };
  const send = (manifest: object, path = "/settings/apps/new?state=s") =>
    fetch(`${side.sandbox.url}${path}`, {
      method: "POST",
      body: new URLSearchParams({ manifest: JSON.stringify(manifest) }),
      redirect: "manual",
    });

  test("makes an App whose secrets are given once, for a code that is good for an hour", async () => {
    const codeOf = async (name: string) => {
      const back = new URL((await send({ ...whole, name })).headers.get("location") ?? "");
      expect(back.searchParams.get("state")).toBe("s");
      return `/app-manifests/${back.searchParams.get("code")}/conversions`;
    };
    const code = await codeOf("Made here");
    const { status, body } = await side.call(null, "POST", code);
    expect(status).toBe(201);
    expect(body).toMatchObject({ slug: "made-here", pem: expect.stringContaining("RSA PRIVATE KEY") });
    expect((await side.call(null, "POST", code)).status).toBe(404);
    const late = await codeOf("Made late");
    time += 3_600_000;
    expect((await side.call(null, "POST", late)).status).toBe(404);
  });

  test.each<[string, object]>([
    ["with a field that is misspelt", { ...whole, default_event: [] }],
    ["without a page of its own", { ...whole, url: undefined }],
    ["with an event beyond its permissions", { ...whole, default_events: ["issues"] }],
    ["with a name that is taken", { ...whole, name: "sallyport" }],
  ])("%s is refused", async (_, manifest) => {
    expect((await send(manifest)).status).toBe(422);
  });

  test("of an organization that there is not is refused", async () => {
    expect((await send(whole, "/organizations/nobody/settings/apps/new")).status).toBe(422);
  });
});
