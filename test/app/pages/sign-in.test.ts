import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { pagesApp } from "../../../app/pages/pages.ts";
import { createSeal } from "../../../app/pages/session.ts";
import { ownPath } from "../../../app/pages/sign-in.ts";
import { type Sandbox, startSandbox } from "../../../sandbox/server/server.ts";
import { openPageStore } from "../../builders/page-store.ts";
import { expectConformance, type Watch, watchSandbox } from "../../conformance/watch.ts";
import { oauthAt, seedOurApp, signInAt } from "../../hosts/installed-app.ts";

let dir: string;
let sandbox: Sandbox;
let watch: Watch;
let store: Awaited<ReturnType<typeof openPageStore>>;
let time = Date.parse("2026-11-30T00:00:00Z");
const log: string[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "sign-in-"));
  const repository = { files: { "README.md": "# web\n" }, installed: ["sallyport"] };
  sandbox = await startSandbox({
    seed: {
      users: ["lena", "mallory"].map((login) => ({ login, token: `ghp_${login}` })),
      organizations: [{ login: "acme" }],
      apps: [
        {
          ...seedOurApp(join(dir, "app.pem"), { url: "http://127.0.0.1:9/", secret: "a secret of this test" }),
          oauth: oauthAt(3000),
        },
      ],
      repositories: [
        // The store's ledger is of the repository 7.
        { ...repository, full_name: "acme/web", id: 7, collaborators: { lena: "read" } },
        { ...repository, full_name: "acme/vault", id: 8, private: true },
      ],
    },
  });
  watch = watchSandbox(sandbox);
  store = await openPageStore();
}, 30_000);
afterAll(async () => {
  await sandbox.close();
  await store.close();
  rmSync(dir, { recursive: true, force: true });
  await expectConformance(watch);
});

const service = (apiUrl = sandbox.url) =>
  pagesApp(
    { ...signInAt(3000), apiUrl },
    {
      db: store.db,
      github: {
        namedRepositories: async () => {
          throw new Error("the App's own rights are not the viewer's");
        },
      },
      log: (line) => log.push(line),
      now: () => new Date(time),
    },
  );

/** A browser with its cookies; it follows nothing by itself. */
function browser(app = service()) {
  const jar = new Map<string, string>();
  return {
    jar,
    async get(path: string) {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
      const response = await app.request(path, { headers: { host: "127.0.0.1:3000", cookie } });
      for (const line of response.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === "") jar.delete(name);
        else jar.set(name, value);
      }
      const location = response.headers.get("location") ?? "";
      return {
        status: response.status,
        location,
        cookies: response.headers.getSetCookie(),
        text: await response.text(),
      };
    },
  };
}

/** What GitHub sends a person's browser back with. */
async function grant(authorize: string, login: string): Promise<string> {
  const address = new URL(authorize);
  address.searchParams.set("login", login);
  const answer = await fetch(address, { redirect: "manual" });
  const back = new URL(answer.headers.get("location") ?? "");
  return `${back.pathname}${back.search}`;
}

async function signIn(login: string, to = "/", one = browser()) {
  const begun = await one.get(`/sign-in?to=${encodeURIComponent(to)}`);
  const done = await one.get(await grant(begun.location, login));
  return { ...one, begun, done };
}

test("nobody sees anything without a session: every page leads to GitHub, with a state and a PKCE challenge", async () => {
  const one = browser();
  expect(await one.get("/repositories/acme/web/pulls/12?x=1")).toMatchObject({
    status: 302,
    location: "/sign-in?to=%2Frepositories%2Facme%2Fweb%2Fpulls%2F12%3Fx%3D1",
  });
  const address = new URL((await one.get("/sign-in?to=/stuck")).location);
  expect(address.origin).toBe(sandbox.url);
  expect(address.searchParams.get("state")).toMatch(/^[\w-]{100,}$/);
  expect(address.searchParams.get("code_challenge_method")).toBe("S256");
});

test("who signs in comes back to where they were, with a cookie that no script reads and no other site sends", async () => {
  const { done, jar, get } = await signIn("lena", "/repositories/acme/web/pulls/12");
  expect(done).toMatchObject({ status: 302, location: "/repositories/acme/web/pulls/12" });
  const cookie = done.cookies.find((line) => line.startsWith("sallyport-session=")) ?? "";
  expect(cookie).toMatch(/HttpOnly/);
  expect(cookie).toMatch(/SameSite=Lax/);
  expect(cookie).toMatch(/Max-Age=3600/);
  expect([...jar.keys()]).toEqual(["sallyport-pending", "sallyport-session"]);
  expect([...jar.values()].join()).not.toContain("ghu_");
  expect((await get("/repositories/acme/web/pulls/12")).status).toBe(200);
  expect((await get("/repositories")).text).toContain("@lena");
});

test("T213, IDOR: the rights are GitHub's for this person; that a repository is public, or the App's, gives nobody any", async () => {
  const lena = await signIn("lena");
  expect((await lena.get("/repositories/acme/vault")).status).toBe(404);
  const mallory = await signIn("mallory");
  for (const path of ["/repositories/acme/web", "/repositories/acme/web/stories/2", "/repositories/acme/vault"])
    expect((await mallory.get(path)).status).toBe(404);
  expect((await mallory.get("/repositories")).text).not.toContain("acme/");
});

describe("open redirect", () => {
  test.each([
    ["https://evil.example/", "/"],
    ["//evil.example/", "/"],
    ["/\\evil.example/", "/"],
    ["/\t/evil.example", "/"],
    ["/.//evil.example", "/"],
    ["/%2f/evil.example", "/%2f/evil.example"],
    ["javascript:alert(1)", "/"],
    ["/sign-out", "/"],
    ["/%73ign-out", "/"],
    ["/stuck/%zz", "/stuck/%zz"],
    ["", "/"],
    ["/stuck?page=2", "/stuck?page=2"],
  ])("%j leads to %j", (to, path) => {
    expect(ownPath(to)).toBe(path);
  });

  test("a path that is longer than GitHub's addresses should be leads to the first page", () => {
    expect(ownPath(`/stuck?who=${"x".repeat(4_000)}`)).toBe("/");
  });
});

test("tabs that sign in at one time each come back to where they were, in whatever order GitHub answers", async () => {
  const one = browser();
  const places = ["/stuck", "/health", "/repositories/acme/web"];
  const answers: string[] = [];
  for (const to of places)
    answers.push(await grant((await one.get(`/sign-in?to=${encodeURIComponent(to)}`)).location, "lena"));
  const [first = "", second = "", third = ""] = answers;
  expect((await one.get(second)).location).toBe("/health");
  expect((await one.get(first)).location).toBe("/stuck");
  expect((await one.get(third)).location).toBe("/repositories/acme/web");
  expect((await one.get(third)).status).toBe(400);
});

describe("an answer that is none to a question of this browser begins no session", () => {
  test("another browser's: nobody is signed in as somebody else", async () => {
    const mallory = browser();
    const begun = await mallory.get("/sign-in");
    const victim = browser();
    await victim.get("/sign-in");
    expect((await victim.get(await grant(begun.location, "mallory"))).status).toBe(400);
    expect([...victim.jar.keys()]).toEqual(["sallyport-pending"]);
  });

  test("one without a state, one that is refused, one that comes twice, one with a made-up code", async () => {
    const one = browser();
    const begun = await one.get("/sign-in");
    const state = new URL(begun.location).searchParams.get("state");
    for (const query of ["", "?code=abc", `?state=${state}&error=access_denied`, `?code=abc&state=${state}`])
      expect((await one.get(`/sign-in/callback${query}`)).status).toBe(400);
    const answer = await grant(begun.location, "lena");
    expect((await one.get(answer)).status).toBe(302);
    expect((await one.get(answer)).status).toBe(400);
  });

  test("a code that was stolen on its way is worth nothing without the verifier", async () => {
    const victim = browser();
    const begun = await victim.get("/sign-in");
    const code = new URLSearchParams((await grant(begun.location, "lena")).split("?")[1]).get("code");
    const thief = browser();
    const own = new URL((await thief.get("/sign-in")).location).searchParams.get("state");
    expect((await thief.get(`/sign-in/callback?code=${code}&state=${own}`)).status).toBe(400);
  });
});

test("session fixation: a session that was there before is not the one that begins", async () => {
  const one = browser();
  one.jar.set("sallyport-session", "chosen-by-somebody-else");
  const { jar } = await signIn("lena", "/", one);
  expect(jar.get("sallyport-session")).not.toBe("chosen-by-somebody-else");
  const before = jar.get("sallyport-session");
  await signIn("lena", "/", one);
  expect(jar.get("sallyport-session")).not.toBe(before);
});

test("a session ends after its hour, by signing out, and when GitHub takes its token back", async () => {
  const lena = await signIn("lena");
  const { jar } = lena;
  const session = jar.get("sallyport-session") ?? "";
  time += 3_600_000;
  expect((await lena.get("/")).status).toBe(302);
  time -= 3_600_000;
  await lena.get("/sign-out");
  expect(jar.size).toBe(0);

  const later = browser();
  later.jar.set("sallyport-session", session);
  expect((await later.get("/")).status).toBe(200);
  sandbox.state.tokens = sandbox.state.tokens.filter(({ token }) => !token.startsWith("ghu_"));
  const restarted = browser();
  restarted.jar.set("sallyport-session", session);
  expect((await restarted.get("/")).location).toMatch(/^\/sign-in/);
  expect(restarted.jar.size).toBe(0);
});

test("GitHub is away: nothing is shown, and what it answers later counts", async () => {
  const { jar } = await signIn("lena");
  const app = service();
  const one = browser(app);
  one.jar.set("sallyport-session", jar.get("sallyport-session") ?? "");
  sandbox.fault({ kind: "status", status: 502, path: "/user/installations", method: "GET", after: false, times: 1 });
  expect((await one.get("/repositories/acme/web")).status).toBe(503);
  expect((await one.get("/repositories/acme/web")).status).toBe(200);
});

test("a seal opens what it sealed, for its purpose, in its time, whole, and by its own secret", () => {
  let now = 0;
  const seal = createSeal("a secret of these tests", () => now);
  const text = seal.seal("session", { a: 1 }, 10);
  expect(seal.open("session", text)).toEqual({ a: 1 });
  expect(seal.open("pending", text)).toBeNull();
  expect(createSeal("another secret", () => now).open("session", text)).toBeNull();
  for (const wrong of [undefined, "", "x", text.slice(0, -2), `${text.slice(0, -4)}AAAA`, text.slice(4)])
    expect(seal.open("session", wrong)).toBeNull();
  now = 10_000;
  expect(seal.open("session", text)).toBeNull();
});
