import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { startTestService, type TestService } from "../../hosts/app.ts";
import type { Json } from "../../hosts/store-and-github.ts";
import { waitUntil } from "../../hosts/until.ts";
import { wholeLedger } from "../../hosts/whole-ledger.ts";

let site: TestService;
beforeAll(async () => {
  site = await startTestService({
    policy: 'people: { planners: ["@lena"] }\ngates: { forbidden-paths: { deny: ["governance/**"] } }\n',
    repository: {
      labels: [{ name: "story" }, ...["draft", "archived"].map((name) => ({ name: `sallyport:${name}` }))],
    },
  });
}, 30_000);
afterAll(() => site.close(), 30_000);

const lena = (method: string, path: string, body?: unknown): Promise<Json> => site.as("lena", method, path, body);

async function propose(branch: string, path: string): Promise<{ number: number; sha: string }> {
  const main = await lena("GET", "git/ref/heads/main");
  await lena("POST", "git/refs", { ref: `refs/heads/${branch}`, sha: main.object.sha });
  await lena("PUT", `contents/${path}`, { message: "m", content: "eA==", branch });
  const made = await lena("POST", "pulls", { title: branch, head: branch, base: "main" });
  return { number: made.number, sha: made.head.sha };
}

const isJudged = ({ sha }: { sha: string }) =>
  waitUntil("the check", async () => site.checkOn(sha)?.status === "completed");
const labels = async (issue: number): Promise<string[]> =>
  (await lena("GET", `issues/${issue}/labels`)).map(({ name }: Json) => name);

test("H5 T231 T232 T233: after any time away one sweep sees what was merged, closed and deleted, and a merge past the check is an incident", async () => {
  const red = await propose("red", "governance/a.md");
  const closed = await propose("closed", "a.md");
  const gone = await propose("gone", "b.md");
  const story = (await lena("POST", "issues", { title: "A story", body: "Text.", labels: ["story"] })).number;
  for (const pull of [red, closed, gone]) await isJudged(pull);
  await waitUntil("the story's state", async () => (await labels(story)).includes("sallyport:draft"));
  const merge = ({ number }: { number: number }) => lena("PUT", `pulls/${number}/merge`, {});
  let unseen = 0;
  await site.restart(async () => {
    await merge(red);
    await lena("PATCH", `pulls/${closed.number}`, { state: "closed" });
    await lena("DELETE", "git/refs/heads/gone");
    await lena("PATCH", `issues/${story}`, { state: "closed" });
    const late = await propose("late", "governance/b.md");
    await merge(late);
    unseen = late.number;
  });
  const repository = (await lena("GET", "")).id;
  const read = () => wholeLedger(site.service().database.db, repository);
  const ends = await waitUntil("the ends", async () => {
    const found = (await read()).flatMap((entry) => {
      if (entry.kind === "merge.observed") return [`#${entry.body.pull} merged, judged: ${entry.body.judged}`];
      if (entry.kind === "pull.closed") return [`#${entry.body.pull} closed`];
      return entry.kind === "incident.raised" && entry.body.issue !== null
        ? [`#${entry.body.issue} ${entry.body.code}`]
        : [];
    });
    return found.length >= 6 && found;
  });
  expect(ends.sort()).toEqual(
    [
      `#${red.number} merged, judged: false`,
      `#${red.number} merged-past-the-gate`,
      `#${closed.number} closed`,
      `#${gone.number} closed`,
      `#${unseen} merged, judged: false`,
      `#${unseen} merged-past-the-gate`,
    ].sort(),
  );
  await waitUntil("the story's end", async () => (await labels(story)).includes("sallyport:archived"));
}, 90_000);
