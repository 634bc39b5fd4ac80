import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { startTestService, type TestService } from "../hosts/app.ts";
import { waitUntil } from "../hosts/until.ts";

let site: TestService;
beforeAll(async () => {
  site = await startTestService({
    policy: 'people: { approvers: ["@quinn"] }\ngates:\n  manual-test: { when: { paths: ["src/**"] } }\n',
    repository: { protection: [{ branch: "main", checks: [{ context: "sallyport", app: "sallyport" }] }] },
  });
}, 60_000);
afterAll(() => site.close());

test("uninstalled, the App leaves nothing that blocks, and nothing of it goes on working", async () => {
  const main = await site.as("lena", "GET", "git/ref/heads/main");
  await site.as("lena", "POST", "git/refs", { ref: "refs/heads/change", sha: main.object.sha });
  const content = Buffer.from("one\n").toString("base64");
  await site.as("lena", "PUT", "contents/src/one.ts", { message: "One", branch: "change", content });
  const pull = await site.as("lena", "POST", "pulls", { title: "One", head: "change", base: "main" });
  await waitUntil("the check", async () => site.checkOn(pull.head.sha)?.status === "in_progress");
  await expect(site.as("lena", "PUT", `pulls/${pull.number}/merge`, {})).rejects.toThrow("405");

  // Work that is under way, such as an agent's.
  const { db } = site.service().database;
  const [{ repository }] = (await db.selectFrom("effects").select("repository").limit(1).execute()) as [
    { repository: number },
  ];
  const work = {
    key: "agent/a",
    repository,
    subject: `issue/${repository}/9`,
    lane: "agent",
    type: "run-agent",
    payload: "{}",
  };
  await db
    .insertInto("effects")
    .values({ ...work, status: "doing", result: null, cause: null, not_before: new Date(4e12) })
    .execute();

  // The order of docs/install.md: no longer required, then uninstalled.
  await site.as("lena", "DELETE", "branches/main/protection");
  await fetch(`${site.sandbox.url}/_sandbox/installations/sallyport`, { method: "DELETE" });
  await waitUntil("the end of its work", async () => {
    const row = await db.selectFrom("effects").select("status").where("key", "=", "agent/a").executeTakeFirst();
    return row?.status === "failed";
  });
  await site.as("lena", "PUT", `pulls/${pull.number}/merge`, {});
  await site.sandbox.settled();
  const left = await db.selectFrom("effects").select("key").where("status", "in", ["todo", "doing"]).execute();
  expect(left).toEqual([]);
  expect(site.log.filter((line) => /"level":"?(?:error|50)/.test(line))).toEqual([]);
}, 120_000);
