import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { addIssue, findAccount } from "../../../sandbox/state/state.ts";
import { type GitSide, startGitSide } from "../../hosts/sandbox-git.ts";

let side: GitSide;

beforeAll(async () => {
  side = await startGitSide();
  const { state } = side.sandbox;
  const [repository] = state.repositories;
  const user = findAccount(state, "quinn")!;
  for (let count = 1; count <= 101; count += 1) {
    addIssue(state, repository!, { title: `Issue ${count}`, body: null, user, app: null });
  }
});
afterAll(() => side.close());

const ask = (path: string, headers: Record<string, string> = {}) =>
  fetch(side.sandbox.url + path, { headers: { authorization: "Bearer writer", ...headers } });

describe("a listing of 101", () => {
  test.each<[string, number, string | null]>([
    ["", 30, "next last"],
    ["?per_page=100", 100, "next last"],
    ["?per_page=100&page=2", 1, "prev first"],
    ["?per_page=101", 100, "next last"],
    ["?per_page=50&page=2", 50, "prev next last first"],
    ["?page=99", 0, "prev first"],
    ["?labels=none", 0, null],
  ])("%s gives %d and links to %s", async (query, length, relations) => {
    const answer = await ask(`/repos/acme/web/issues${query}`);
    expect(await answer.json()).toHaveLength(length);
    const link = answer.headers.get("link");
    expect(link === null ? null : [...link.matchAll(/rel="(\w+)"/g)].map(([, name]) => name).join(" ")).toBe(relations);
  });

  test.each(["/repos/acme/web", "/api/v3/repos/acme/web"])("its links lead to all of it below %s", async (root) => {
    const numbers = new Set<number>();
    for (let next: string | undefined = `${root}/issues?per_page=40`; next !== undefined; ) {
      const answer: Response = await ask(next);
      for (const issue of (await answer.json()) as { number: number }[]) numbers.add(issue.number);
      next = /<([^>]*)>; rel="next"/.exec(answer.headers.get("link") ?? "")?.[1]?.replace(side.sandbox.url, "");
      expect(next?.startsWith(root) ?? true).toBe(true);
    }
    expect(numbers.size).toBe(101);
  });
});

describe("an ETag", () => {
  test("answers 304 for nothing until something changes", async () => {
    const first = await ask("/repos/acme/web/issues/1");
    const etag = first.headers.get("etag") ?? "";
    expect(etag).toMatch(/^W\/"\w+"$/);
    const again = await ask("/repos/acme/web/issues/1", { "if-none-match": etag });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    expect(again.headers.get("x-ratelimit-used")).toBe(first.headers.get("x-ratelimit-used"));
    await side.call("writer", "PATCH", "issues/1", { title: "Changed" });
    const changed = await ask("/repos/acme/web/issues/1", { "if-none-match": etag });
    expect(changed.status).toBe(200);
    expect(changed.headers.get("etag")).not.toBe(etag);
  });
});

describe("the rate", () => {
  test("is told, counted by who asks", async () => {
    const used = async (token: string) =>
      Number((await ask("/repos/acme/web", { authorization: `Bearer ${token}` })).headers.get("x-ratelimit-used"));
    const reader = await used("reader");
    await used("writer");
    expect(await used("reader")).toBe(reader + 1);
    const { body } = await side.call("reader", "GET", "/rate_limit");
    expect(body.rate).toMatchObject({ limit: 5000, used: reader + 1, remaining: 4999 - reader });
  });
});

describe("refusals have GitHub's shape", () => {
  test.each<[string, string | null, string, string, unknown, number, string]>([
    ["a wrong token", "wrong", "GET", "/repos/acme/web", undefined, 401, "Bad credentials"],
    ["an unknown repository", "writer", "GET", "/repos/acme/none", undefined, 404, "Not Found"],
    ["a hidden repository", "writer", "GET", "/repos/acme/hidden", undefined, 404, "Not Found"],
    ["a hidden repository, to nobody", null, "GET", "/repos/acme/hidden", undefined, 404, "Not Found"],
  ])("%s", async (_title, token, method, path, body, status, message) => {
    const answer = await side.call(token, method, path, body);
    expect(answer).toMatchObject({ status, body: { message, status: String(status) } });
    expect(answer.body.documentation_url).toMatch(/^https:/);
    expect(answer.headers.get("x-github-request-id")).toBeTruthy();
  });

  test("a path that there is not", async () => {
    const answer = await ask("/none/of/these");
    expect([answer.status, ((await answer.json()) as { message: string }).message]).toEqual([404, "Not Found"]);
  });

  test("a body that is no JSON", async () => {
    const init = { method: "POST", headers: { authorization: "Bearer writer" }, body: "{" };
    const answer = await fetch(`${side.sandbox.url}/repos/acme/web/issues`, init);
    expect(answer.status).toBe(400);
  });

  test("a body beyond all measure", async () => {
    const init = {
      method: "POST",
      headers: { authorization: "Bearer writer" },
      body: "x".repeat(33 * 1024 * 1024),
    };
    const answer = await fetch(`${side.sandbox.url}/repos/acme/web/issues`, init);
    expect(answer.status).toBe(413);
  });
});

test("what was asked can be listed and cleared", async () => {
  await fetch(`${side.sandbox.url}/_sandbox/requests`, { method: "DELETE" });
  await ask("/api/v3/repos/acme/web/branches/main");
  const asked = await (await fetch(`${side.sandbox.url}/_sandbox/requests`)).json();
  const path = "/api/v3/repos/acme/web/branches/main";
  expect(asked).toEqual([{ method: "GET", path, route: "/repos/:owner/:repo/branches/:branch{.+}", status: 200 }]);
});
