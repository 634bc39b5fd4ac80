import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { freePort } from "../../../app/demo/hosts.ts";
import { pagesApp } from "../../../app/pages/pages.ts";
import { createSeal } from "../../../app/pages/session.ts";
import { effectKey } from "../../../core/identifiers.ts";
import { type Sandbox, startSandbox } from "../../../sandbox/server/server.ts";
import { addSignInToken } from "../../../sandbox/state/tokens.ts";
import { openPageStore, web } from "../../builders/page-store.ts";
import { browserPath, openEyes } from "../../hosts/browser.ts";
import { oauthAt, seedOurApp, signInAt } from "../../hosts/installed-app.ts";
import { waitUntil } from "../../hosts/until.ts";

const page = "/repositories/acme/web/prompts/3/R0S0";
const action = "/repositories/acme/web/stories/2/stop";
const time = Date.parse("2026-11-30T00:00:00Z");
let port: number;
let publicUrl: string;
let server: ReturnType<typeof serve>;
let dir: string;
let sandbox: Sandbox;
let store: Awaited<ReturnType<typeof openPageStore>>;
let app: ReturnType<typeof pagesApp>;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "stop-"));
  port = await freePort();
  publicUrl = `http://127.0.0.1:${port}`;
  const ours = seedOurApp(join(dir, "app.pem"), { url: "http://127.0.0.1:9/", secret: "a secret of this test" });
  sandbox = await startSandbox({
    seed: {
      users: ["lena", "max"].map((login) => ({ login, token: `ghp_${login}` })),
      organizations: [{ login: "acme" }],
      apps: [{ ...ours, oauth: oauthAt(port) }],
      // The store's ledger is of the repository 7.
      repositories: [
        {
          full_name: "acme/web",
          id: 7,
          files: { a: "a" },
          installed: ["sallyport"],
          collaborators: { lena: "write", max: "read" },
        },
      ],
    },
  });
  for (const title of ["An epic", "A story"])
    await fetch(`${sandbox.url}/repos/acme/web/issues`, {
      method: "POST",
      headers: { authorization: "token ghp_lena", "content-type": "application/json" },
      body: JSON.stringify({ title }),
    });
  store = await openPageStore("a.ts", true);
  app = pagesApp(
    { ...signInAt(port), apiUrl: sandbox.url },
    { db: store.db, github: { namedRepositories: async () => [] }, log: () => undefined, now: () => new Date(time) },
  );
  server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" });
}, 30_000);
afterAll(async () => {
  server.close();
  await sandbox.close();
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

/** The cookie of a person's session. */
function cookieOf(login: string): string {
  const user = sandbox.state.accounts.find((one) => one.login === login);
  const [ours] = sandbox.state.apps.filter(({ slug }) => slug === "sallyport");
  if (user === undefined || ours === undefined) throw new Error("nobody is there");
  const session = { id: user.id, login, token: addSignInToken(sandbox.state, user, ours) };
  return `sallyport-session=${createSeal(oauthAt(port).secret, () => time).seal("session", session, 60)}`;
}
const proofOf = async (cookie: string) =>
  /name="proof" value="([^"]+)"/.exec(await (await app.request(page, { headers: { cookie } })).text())?.[1] ?? "";
const press = (cookie: string, proof: string, { origin = publicUrl, at = action } = {}) =>
  app.request(at, { method: "POST", headers: { cookie, origin }, body: new URLSearchParams({ proof }) });
const comments = () => sandbox.state.repositories[0]?.issues[1]?.comments ?? [];

test("the button comments /stop as the person, through our App, and leads back to the page", async () => {
  const lena = cookieOf("lena");
  const answer = await press(lena, await proofOf(lena));
  expect([answer.status, answer.headers.get("location")]).toEqual([303, page]);
  expect(comments()).toMatchObject([{ body: "/stop", user: { login: "lena" }, app: { slug: "sallyport" } }]);
});

test("T214, CSRF, IDOR: nothing is written for another page, person, story, site or purpose, or without a session", async () => {
  const [lena, max] = [cookieOf("lena"), cookieOf("max")];
  const proof = await proofOf(lena);
  const before = comments().length;
  const pending = createSeal(oauthAt(port).secret, () => time).seal("pending", { id: 1 }, 60);
  const tries: [number, Response][] = [
    [401, await press("", proof)],
    [400, await press(max, proof)],
    [400, await press(lena, "")],
    [400, await press(lena, "guessed")],
    [400, await press(lena, pending)],
    [400, await press(lena, proof, { origin: "https://evil.example" })],
    [400, await press(lena, proof, { origin: "" })],
    [400, await press(lena, proof, { at: action.replace("stories/2", "stories/1") })],
    [404, await press(lena, proof, { at: action.replace("web", "vault") })],
    [405, await press(lena, proof, { at: "/stuck" })],
    [404, await app.request(action, { headers: { cookie: lena } })],
  ];
  for (const [status, answer] of tries) expect(answer.status).toBe(status);
  expect(comments()).toHaveLength(before);
});

test("a session that is over when the button is pressed: a page says so, and leads back to the story", async () => {
  const proof = await proofOf(cookieOf("lena"));
  const text = await (await press("", proof)).text();
  expect(text).toMatch(/Not stopped.*Your session is over/s);
  expect(text).toContain(`href="/sign-in?to=${encodeURIComponent("/repositories/acme/web/stories/2")}"`);
});

test("a live page whose session or repository is gone is loaded again, and begins no sign-in by itself", async () => {
  const ask = (at: string, cookie: string) => app.request(at, { headers: { cookie, "hx-request": "true" } });
  const over = await ask(page, "");
  expect([over.status, over.headers.get("hx-refresh"), over.headers.getSetCookie()]).toEqual([401, "true", []]);
  const gone = await ask(page.replace("web", "vault"), cookieOf("lena"));
  expect([gone.status, gone.headers.get("hx-refresh")]).toEqual([404, "true"]);
  expect((await ask(page, cookieOf("lena"))).headers.get("hx-refresh")).toBeNull();
});

test("GitHub does not take the comment: a page says so and what to do", async () => {
  const lena = cookieOf("lena");
  const proof = await proofOf(lena);
  sandbox.fault({
    kind: "status",
    status: 502,
    path: "/repos/acme/web/issues/2/comments",
    method: "POST",
    after: false,
    times: 1,
  });
  const answer = await press(lena, proof);
  expect(answer.status).toBe(400);
  expect(await answer.text()).toMatch(/Not stopped.*Write \/stop on #2 yourself/s);
});

(browserPath === null ? test.skip : test)(
  "a browser follows the agent without loading the page again, and its button stops the run",
  async () => {
    const eyes = await openEyes();
    try {
      const { page: tab, complaints, look } = eyes;
      const [name = "", value = ""] = cookieOf("lena").split("=");
      await tab.context().addCookies([{ name, value, url: publicUrl }]);
      await tab.goto(`${publicUrl}${page}`);
      expect(await look("attempt-live")).toEqual([]);
      await tab.evaluate("window.isStillHere = true");
      const effect = effectKey.agent(web.id, { run: "run-2-1", prompt: 3, attempt: { r: 0, s: 0 } });
      const patch = "@@ -0,0 +1 @@\n+<script>alert(1)</script>\n";
      const step = { effect, number: 9, repository: web.id, line: "write news.ts", path: "web/news.ts", patch };
      await store.db.insertInto("steps").values(step).execute();
      await tab.getByText("+<script>alert(1)</script>").waitFor();
      expect(await tab.evaluate("window.isStillHere")).toBe(true);

      // A service that cannot answer for a while takes nothing off the page, and is asked on.
      let failures = 0;
      await tab.route(`**${page}`, (route) => {
        failures += 1;
        return route.fulfill({ status: 503, contentType: "text/html", body: "<h1>Not available now</h1>" });
      });
      await waitUntil("a second failure", async () => failures > 1);
      await tab.unroute(`**${page}`);
      await store.db
        .insertInto("steps")
        .values({ ...step, number: 10, line: "write more.ts", patch: "@@ -0,0 +1 @@\n+and more\n" })
        .execute();
      await tab.getByText("+and more").waitFor();
      expect(await tab.evaluate("window.isStillHere")).toBe(true);
      expect(complaints.splice(0).filter((one) => !one.includes("status of 503"))).toEqual([]);
      const before = comments().length;
      await tab.getByRole("button", { name: "Stop this run" }).click();
      await tab.waitForURL(`${publicUrl}${page}`);
      expect(comments().slice(before)).toMatchObject([{ body: "/stop", user: { login: "lena" } }]);
      expect(complaints).toEqual([]);
    } finally {
      await eyes.close();
    }
  },
  120_000,
);
