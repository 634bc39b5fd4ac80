import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { pagesApp } from "../../../app/pages/pages.ts";
import { createSeal } from "../../../app/pages/session.ts";
import { type Sandbox, startSandbox } from "../../../sandbox/server/server.ts";
import { addSignInToken } from "../../../sandbox/state/tokens.ts";
import { openPageStore } from "../../builders/page-store.ts";
import { oauthAt, seedOurApp, signInAt } from "../../hosts/installed-app.ts";

const page = "/repositories/acme/web/prompts/3/R0S0";
const action = "/repositories/acme/web/stories/2/stop";
const time = Date.parse("2026-11-30T00:00:00Z");
const { publicUrl } = signInAt(3000);
let dir: string;
let sandbox: Sandbox;
let store: Awaited<ReturnType<typeof openPageStore>>;
let app: ReturnType<typeof pagesApp>;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "stop-"));
  const ours = seedOurApp(join(dir, "app.pem"), { url: "http://127.0.0.1:9/", secret: "a secret of this test" });
  sandbox = await startSandbox({
    seed: {
      users: ["lena", "max"].map((login) => ({ login, token: `ghp_${login}` })),
      organizations: [{ login: "acme" }],
      apps: [{ ...ours, oauth: oauthAt(3000) }],
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
    { ...signInAt(3000), apiUrl: sandbox.url },
    { db: store.db, github: { namedRepositories: async () => [] }, log: () => undefined, now: () => new Date(time) },
  );
}, 30_000);
afterAll(async () => {
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
  return `sallyport-session=${createSeal(oauthAt(3000).secret, () => time).seal("session", session, 60)}`;
}
const proofOf = async (cookie: string) =>
  /name="proof" value="([^"]+)"/.exec(await (await app.request(page, { headers: { cookie } })).text())?.[1] ?? "";
const press = (cookie: string, proof: string, { origin = publicUrl ?? "", at = action } = {}) =>
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
  const pending = createSeal(oauthAt(3000).secret, () => time).seal("pending", { id: 1 }, 60);
  const tries: [number, Response][] = [
    [302, await press("", proof)],
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
