import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { type GitSide, startGitSide } from "../../hosts/sandbox-git.ts";

let side: GitSide;

beforeAll(async () => {
  side = await startGitSide();
  for (const title of ["one", "two", "three", "four"]) await side.call("writer", "POST", "issues", { title });
});
afterEach(async () => {
  await fetch(`${side.sandbox.url}/_sandbox/faults`, { method: "DELETE" });
});
afterAll(() => side.close());

const titles = async () =>
  (await side.call("writer", "GET", "issues")).body.map(({ title }: { title: string }) => title);

test("a status instead of the work, as often as ordered", async () => {
  side.sandbox.fault({ kind: "status", method: "POST", path: "/issues$", status: 502, times: 2 });
  const before = await titles();
  expect((await side.call("writer", "POST", "issues", { title: "lost" })).status).toBe(502);
  expect((await side.call("writer", "POST", "/api/v3/repos/acme/web/issues", { title: "lost" })).status).toBe(502);
  expect(await titles()).toEqual(before);
  expect((await side.call("writer", "POST", "issues", { title: "five" })).status).toBe(201);
});

test("a status although the work was done", async () => {
  side.sandbox.fault({ kind: "status", method: "POST", path: "/issues$", after: true });
  expect((await side.call("writer", "POST", "issues", { title: "done all the same" })).status).toBe(502);
  expect(await titles()).toContain("done all the same");
});

test("a secondary rate limit says when to come back", async () => {
  side.sandbox.fault({ kind: "secondary_limit", path: "^/repos/acme/web$", retry_after: 7 });
  const refused = await side.call("writer", "GET", ".");
  expect(refused.status).toBe(403);
  expect(refused.headers.get("retry-after")).toBe("7");
  expect(refused.body.message).toMatch(/secondary rate limit/);
  expect((await side.call("writer", "GET", ".")).status).toBe(200);
});

test("a listing that is cut short without a word", async () => {
  const whole = await titles();
  side.sandbox.fault({ kind: "cut_page", path: "/issues$" });
  expect(await titles()).toEqual(whole.slice(0, Math.floor(whole.length / 2)));
  expect(await titles()).toEqual(whole);
});

test("a body that breaks off", async () => {
  side.sandbox.fault({ kind: "cut_body", path: "^/repos/acme/web$" });
  await expect(side.call("writer", "GET", ".")).rejects.toThrow();
  expect((await side.call("writer", "GET", ".")).status).toBe(200);
});

test("an answer that comes late comes all the same", async () => {
  side.sandbox.fault({ kind: "delay", path: "^/repos/acme/web$", delay_ms: 500 });
  const order: string[] = [];
  await Promise.all([
    side.call("writer", "GET", ".").then(() => order.push("delayed")),
    side.call("writer", "GET", "labels").then(() => order.push("prompt")),
  ]);
  expect(order).toEqual(["prompt", "delayed"]);
});

test("faults are ordered over HTTP as well, and a malformed one is refused", async () => {
  const order = (fault: unknown) =>
    fetch(`${side.sandbox.url}/_sandbox/faults`, { method: "POST", body: JSON.stringify(fault) });
  expect((await order({ kind: "status", path: "^/meta$", status: 503 })).status).toBe(201);
  expect((await side.call(null, "GET", "/meta")).status).toBe(503);
  expect((await side.call(null, "GET", "/meta")).status).toBe(200);
  for (const wrong of [{ kind: "status", path: "(" }, { kind: "earthquake" }, { kind: "delay", path: "x" }, null]) {
    expect((await order(wrong)).status).toBe(422);
  }
});
