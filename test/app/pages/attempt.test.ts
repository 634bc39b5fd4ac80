import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { pagesApp } from "../../../app/pages/pages.ts";
import { effectKey } from "../../../core/identifiers.ts";
import { openPageStore, putAll, vault, web } from "../../builders/page-store.ts";

const config = { pages: { for: "this-machine" as const }, apiUrl: "https://api.github.com", publicUrl: null };
const path = "/repositories/acme/web/prompts/3/R0S0";
const key = effectKey.agent(web.id, { run: "run-2-1", prompt: 3, attempt: { r: 0, s: 0 } });
let live: Awaited<ReturnType<typeof openPageStore>>;
let merged: Awaited<ReturnType<typeof openPageStore>>;
beforeAll(async () => {
  live = await openPageStore("a.ts", true);
  merged = await openPageStore("a.ts");
}, 30_000);
afterAll(() => Promise.all([live.close(), merged.close()]));

async function get(db: typeof live.db, at = path, repositories = [web]) {
  const asked: string[] = [];
  const github = {
    namedRepositories: async () => {
      asked.push("which repositories there are");
      return repositories;
    },
  };
  const response = await pagesApp(config, { db, github, log: () => undefined }).request(at, {
    headers: { host: "127.0.0.1:3000" },
  });
  return { text: await response.text(), policy: response.headers.get("content-security-policy"), asked };
}

/** Where the agent's effect stands. */
async function put(status: "todo" | "doing" | "failed", more: { result?: string; not_before?: Date } = {}) {
  const row = { repository: web.id, subject: "issue/7/2", lane: "agent", type: "run-agent", payload: "{}", status };
  const values = { key, ...row, result: null, not_before: new Date(0), ...more };
  await live.db.deleteFrom("effects").execute();
  await live.db.insertInto("effects").values(values).execute();
}

describe("an attempt at work", () => {
  test("shows its steps, limits and diff, and is read again by itself; its script asks this host alone", async () => {
    await put("doing");
    const { text, policy, asked } = await get(live.db);
    expect(text).toContain(`hx-get="${path}" hx-trigger="every 2s" hx-select="#attempt"`);
    expect(policy).toMatch(/script-src 'self'; connect-src 'self'$/);
    expect(policy).not.toMatch(/unsafe|\*/);
    for (const part of [
      "at work",
      '<meter aria-label="Tokens" min="0" max="400000" high="320000" optimum="0" value="19650">',
      '<meter aria-label="Model calls" min="0" max="60" high="48" optimum="0" value="2">',
      "<del>-a.ts\n</del><ins>+a.ts again\n</ins>",
      "write &quot;governance/a.ts&quot;: refused",
      "<pre>/stop</pre>",
    ])
      expect(text).toContain(part);
    expect(asked).toEqual(["which repositories there are"]);
  });

  test.each<[string, Parameters<typeof put>, RegExp]>([
    ["not begun", ["todo"], /waits<\/span> It begins as soon as/],
    ["parked", ["todo", { not_before: new Date(4e12) }], /waits<\/span> It goes on by itself at/],
    ["stopped", ["failed", { result: '{"code":"cancelled","message":"it was stopped"}' }], /stopped<\/span> it was/],
    ["failed", ["failed", { result: '{"code":"model","message":"<b>down"}' }], /failed<\/span> &lt;b&gt;down/],
  ])("one that is %s says so", async (_, where, words) => {
    await put(...where);
    const { text } = await get(live.db);
    expect(text).toMatch(words);
    expect(text.includes("hx-get")).toBe(where[0] !== "failed");
  });

  test("a person who may not read the repository learns nothing of it", async () => {
    expect((await get(live.db, path, [vault])).text).toContain("There is nothing here");
  });
});

test("one that is over is not read again, says why it was refused, and outlives its bodies and steps", async () => {
  const { text } = await get(merged.db);
  expect(text).toMatch(/refused<\/span>/);
  expect(text).toContain("In the agent's words, which nobody checked");
  expect(text).not.toMatch(/hx-get|\/stop/);
  await merged.db.deleteFrom("bodies").execute();
  await merged.db.deleteFrom("steps").execute();
  const bare = await get(merged.db);
  expect(bare.text).toMatch(/Its limits are in its prompt, which the policy&#39;s retention has taken away/);
  expect(bare.text).toContain("governance/a");
});

test("the page of a story leads to each of its attempts", async () => {
  expect((await get(merged.db, "/repositories/acme/web/stories/2")).text).toContain(`href="${path}"`);
});

describe("health", () => {
  const given = (repository: number, number: number) => ({
    ...{ key: `check/${repository}/${number}`, repository, subject: `pull/${repository}/${number}`, lane: "github/1" },
    ...{ type: "ensure-check", payload: "{}", status: "failed" as const, tries: 8, not_before: new Date(0) },
    result: JSON.stringify({ code: "github", message: `GitHub said <no> to ${number}` }),
  });

  test("says what was given up and what lags, of the repositories that the viewer may read alone", async () => {
    await merged.db
      .insertInto("effects")
      .values([given(web.id, 41), given(vault.id, 42)])
      .execute();
    await merged.db
      .insertInto("searches")
      .values({ repository: web.id, at: new Date(0) })
      .execute();
    await merged.db.insertInto("deliveries").values({ guid: "1", event: "push" }).execute();
    const { text } = await get(merged.db, "/health");
    expect(text).toContain("GitHub said &lt;no&gt; to 41");
    expect(text).toContain(`${merged.lines.length} entries, ${merged.lines.length} not published`);
    expect(text).toMatch(/swept <time datetime="1970/);
    expect(text).not.toMatch(/to 42|check\/8/);
    const other = (await get(merged.db, "/health", [vault])).text;
    expect(other).not.toMatch(/acme\/web|to 41/);
    expect((await get(merged.db, "/health", [])).text).toContain("no repository with Sallyport that you may read");
  });

  test("nothing that waits is no lateness", async () => {
    await putAll(live.db, [], web.id);
    await live.db.deleteFrom("effects").execute();
    expect((await get(live.db, "/health")).text).toContain("Nothing was given up.");
  });
});
