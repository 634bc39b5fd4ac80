import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { pagesApp, webOf } from "../../../app/pages/pages.ts";
import { listOverviews, pageSize } from "../../../app/store/overviews.ts";
import { openPageStore, putAll, vault, waiting, web } from "../../builders/page-store.ts";

const hostile = `</title><script>alert(1)</script><img src=x onerror="alert(2)">"'&lt;b&gt; javascript:alert(3)\u202e`;

const config = { pages: { for: "this-machine" as const }, apiUrl: "https://api.github.com", publicUrl: null };
const log: string[] = [];
let store: Awaited<ReturnType<typeof openPageStore>>;
beforeAll(async () => {
  store = await openPageStore(hostile);
});
afterAll(() => store.close());

const appOf = (repositories = [web], db = store.db) =>
  pagesApp(config, { db, github: { namedRepositories: async () => repositories }, log: (line) => log.push(line) });
const get = async (path: string, app = appOf(), host = "127.0.0.1:3000", method = "GET") => {
  const response = await app.request(path, { method, headers: { host } });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

const all = [
  "/",
  "/stuck",
  "/repositories",
  "/health",
  "/repositories/acme/web",
  "/repositories/acme/web/gates",
  "/repositories/acme/web/pulls/11",
  "/repositories/acme/web/pulls/12",
  "/repositories/acme/web/pulls/11/evidence",
  "/repositories/acme/web/stories/2",
  "/repositories/acme/web/stories/5",
  "/repositories/acme/web/entries/3",
  "/repositories/acme/web/prompts/3/R0S0",
];

describe.each(all)("%s", (path) => {
  test("is a whole page with one main part and one first heading, and nothing of it is a script", async () => {
    const { status, headers, text } = await get(path);
    expect(status).toBe(200);
    expect(text).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(text.match(/<main/g)).toHaveLength(1);
    expect(text.match(/<h1/g)).toHaveLength(1);
    expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'self'/);
    expect(headers.get("content-security-policy")).not.toMatch(/unsafe|\*/);
    expect(headers.get("cache-control")).toBe("no-store");
  });

  test("XSS: no text of people or models becomes markup, an attribute or a hidden character", async () => {
    const text = (await get(path)).text.replace('<script src="/htmx.js" defer></script>', "");
    expect(text).not.toMatch(/<script|<img src=x|onerror="| style=|href="javascript|\u202e/);
  });

  test("T213, IDOR: who may not read the repository gets the answer of one that does not exist", async () => {
    const { text, status } = await get(path, appOf([vault]));
    const isList = ["/", "/stuck", "/repositories", "/health"].includes(path);
    expect(status).toBe(isList ? 200 : 404);
    expect(text).not.toContain("acme/web");
    expect(text).not.toContain("alert(1)");
    if (!isList) expect(text).toBe((await get("/repositories/acme/nothing/pulls/1", appOf([vault]))).text);
  });

  test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("T214, CSRF: %s is not answered", async (method) => {
    const { status, headers } = await get(path, appOf(), undefined, method);
    expect([status, headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});

test.each([
  "/nothing",
  "/repositories/acme/web/pulls/99",
  "/repositories/acme/web/stories/99",
  "/repositories/acme/web/entries/999",
  "/repositories/acme/web/prompts/3/R9S9",
  "/repositories/acme/web/prompts/99/R0S0",
  "/repositories/acme/web/prompts/3/R0S0%2f..",
  "/repositories/acme/web/pulls/0",
  "/repositories/acme/web/pulls/1e3",
  "/repositories/acme/web/pulls/99999999999999999999",
  "/repositories/acme/web/pulls/11/../../../vault",
  "/?repository=acme/vault",
  "/%2f%2fevil.example",
])("%s is not found, on a page that says so", async (path) => {
  const { status, text } = await get(path);
  expect(status).toBe(404);
  expect(text).toContain("There is nothing here");
});

test("a page that is open to this machine is not read through another name of it", async () => {
  expect((await get("/", appOf(), "evil.example")).status).toBe(421);
  expect((await get("/", appOf(), "127.0.0.1.evil.example")).status).toBe(421);
  expect((await get("/", appOf(), "localhost:3000")).status).toBe(200);
});

test("a store that is away, and a GitHub that does not answer: a page says so, and tells nothing else", async () => {
  const away = await openPageStore();
  await away.close();
  const { status, text } = await get("/", appOf([web], away.db));
  expect(status).toBe(503);
  expect(text).toContain("could not be read");
  const silent = pagesApp(config, {
    db: store.db,
    github: {
      namedRepositories: async () => {
        throw new Error("a secret address");
      },
    },
    log: (line) => log.push(line),
  });
  // Two at one time share one question to GitHub, and its failure.
  for (const answer of await Promise.all([1, 2].map(() => get("/repositories/acme/web", silent)))) {
    expect([answer.status, answer.text]).toEqual([503, expect.stringContaining("GitHub could not be asked")]);
    expect(answer.text).not.toMatch(/secret address|acme\/web/);
  }
});

test("the verdict page: what blocks comes first, with policy line, next step and who; then commit, policy and digest", async () => {
  const { text } = await get("/repositories/acme/web/pulls/12");
  const order = [
    "What blocks",
    "<h3>forbidden-paths",
    "policy line 3",
    "Next:",
    "What passes",
    "What was judged",
    "d".repeat(40),
  ];
  const places = order.map((part) => text.indexOf(part));
  expect(places).toEqual(places.toSorted((one, other) => one - other));
  expect(places).not.toContain(-1);
});

test("a merged pull request shows its last verdict from the ledger, its story and its evidence", async () => {
  const { text } = await get("/repositories/acme/web/pulls/11");
  expect(text).toContain('href="/repositories/acme/web/stories/2"');
  expect(text).toContain("diff-size");
  const evidence = (await get("/repositories/acme/web/pulls/11/evidence")).text;
  expect(evidence).toContain("No link is missing");
  const order = [
    "Approval",
    "Contract",
    "Issue",
    "Run",
    "Prompt",
    "Answer",
    "Evidence",
    "Commit",
    "Pull request",
    "Merge",
  ];
  const places = order.map((name) => evidence.indexOf(`<h3>${name}</h3>`));
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((one, other) => one - other));
  for (const entry of store.entries)
    if (entry.ok && entry.entry.kind === "merge.observed") expect(evidence).toContain(entry.entry.hash);
});

test("a story tells each attempt, refused ones too, and every step with its entry", async () => {
  const { text } = await get("/repositories/acme/web/stories/2");
  expect(text).toMatch(/<strong>R0\/S0<\/strong><\/a> refused: governance\/a: denied by/);
  expect(text).toMatch(/<strong>R[01]\/S[01]<\/strong><\/a> accepted/);
  expect(text).toContain('href="/repositories/acme/web/entries/1"');
});

test("C9: what gates did is counted from the newest entries, each pull request once", async () => {
  const app = pagesApp(config, {
    ...{ db: store.db, github: { namedRepositories: async () => [web] }, log: (line: string) => log.push(line) },
    now: () => new Date("2026-11-25T00:00:00.000Z"),
  });
  const { text } = await get("/repositories/acme/web/gates", app);
  expect(text).toMatch(/<dt>Merged past the check<\/dt><dd>0 of 1 merges<\/dd>/);
  expect(text).toContain("in the last 30 days");
});

test("lists: pages and filters are in the address, and a filter that fits nothing says so", async () => {
  const rows = Array.from({ length: pageSize + 5 }, (_, index) => ({
    kind: "issue" as const,
    number: 100 + index,
    ...waiting,
    who: "@rita",
  }));
  await putAll(store.db, rows, vault.id);
  const app = appOf([web, vault]);
  const first = (await get("/?who=%40RITA", app)).text;
  expect(first.match(/<tr><th scope="row">/g)).toHaveLength(pageSize);
  const [, next = ""] = /rel="next" href="([^"]+)"/.exec(first) ?? [];
  expect(next).toBe("/?who=%40RITA&amp;page=2");
  expect((await get(next.replace("&amp;", "&"), app)).text.match(/<tr><th scope="row">/g)).toHaveLength(5);
  expect((await get("/stuck?state=failure", app)).text).toContain("#12");
  expect((await get("/?state=failed", app)).text).toContain("Nothing fits this filter.");
  for (const path of ["/?page=-1&state=%00", "/?who=%00rita", "/repositories/acme/web?state=%00&who=%00"])
    expect([path, (await get(path, app)).status]).toEqual([path, 200]);
});

test("a filter offers states in the words that their rows have, and shows what the address asks for", async () => {
  const { text } = await get("/stuck?state=failure");
  expect(text).toContain('<option value="failure" selected>fails</option>');
  expect(text).toContain('<span class="badge bad">fails</span>');
  const other = (await get("/stuck?state=gone-state")).text;
  expect(other).toContain('<option value="gone-state" selected>gone state</option>');
});

test("since when something stands begins anew with its state, its need or its next step, and with nothing else", async () => {
  const row = async () =>
    (await listOverviews(store.db, { list: "all", repositories: [9] }, 1)).rows[0]?.since.getTime() ?? 0;
  await putAll(store.db, [{ kind: "issue", number: 1, ...waiting }], 9);
  const began = await row();
  await putAll(store.db, [{ kind: "issue", number: 1, ...waiting, title: "Another title" }], 9);
  expect(await row()).toBe(began);
  await putAll(store.db, [{ kind: "issue", number: 1, ...waiting, needs: null }], 9);
  expect(await row()).toBeGreaterThan(began);
});

test.each([
  ["https://api.github.com", "https://github.com"],
  ["https://api.acme.ghe.com", "https://acme.ghe.com"],
  ["https://github.acme.com/api/v3", "https://github.acme.com"],
])("the web pages of %s are at %s", (api, pages) => {
  expect(webOf(api)).toBe(pages);
});
