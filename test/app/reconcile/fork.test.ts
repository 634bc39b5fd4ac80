import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { startTestService, type TestService } from "../../hosts/app.ts";
import type { Json } from "../../hosts/store-and-github.ts";
import { waitUntil } from "../../hosts/until.ts";
import { wholeLedger } from "../../hosts/whole-ledger.ts";

let site: TestService;
beforeAll(async () => {
  site = await startTestService({
    policy: `people: { planners: ["@lena"], approvers: ["@quinn"] }
gates:
  forbidden-paths: { deny: ["governance/**"] }
  manual-test: { when: { always: true } }
`,
    repository: { labels: [{ name: "story" }, { name: "ai:plan" }] },
  });
  await as("mallory", "POST", "forks", {});
}, 30_000);
afterAll(() => site.close(), 30_000);

const as: TestService["as"] = (...asked) => site.as(...asked);
const say = (person: string, number: number, body: string) => as(person, "POST", `issues/${number}/comments`, { body });
const reactions = async (comment: number): Promise<string[]> =>
  (await as("lena", "GET", `issues/comments/${comment}/reactions`)).map(({ content }: Json) => content);

/** Opens a pull request from a branch of @mallory's fork that writes these files. */
async function propose(branch: string, files: Record<string, string>): Promise<{ number: number; sha: string }> {
  const main = await as("lena", "GET", "git/ref/heads/main");
  const fork = "/repos/mallory/governed";
  await as("mallory", "POST", `${fork}/git/refs`, { ref: `refs/heads/${branch}`, sha: main.object.sha });
  for (const [path, text] of Object.entries(files)) {
    const content = Buffer.from(text).toString("base64");
    const old = await as("mallory", "GET", `${fork}/contents/${path}?ref=${branch}`).catch(() => null);
    const change = { message: `Write ${path}`, branch, content, ...(old === null ? {} : { sha: old.sha }) };
    await as("mallory", "PUT", `${fork}/contents/${path}`, change);
  }
  const made = await as("mallory", "POST", "pulls", { title: "An idea", head: `mallory:${branch}`, base: "main" });
  return { number: made.number, sha: made.head.sha };
}

test("a fork's pull request is judged by the base's policy, and only its people's word counts", async () => {
  const { number, sha } = await propose("idea", { "docs/idea.md": "An idea.\n" });
  const status = async () => site.checkOn(sha)?.conclusion ?? site.checkOn(sha)?.status ?? null;
  await waitUntil("the check that waits", async () => (await status()) === "in_progress");
  const { id } = await say("mallory", number, `/sign-off ${sha} pass manual\nTried it.`);
  await waitUntil("the refusal", async () => (await reactions(id)).includes("confused"));
  expect(await status()).toBe("in_progress");
  await say("quinn", number, `/sign-off ${sha} pass manual\nEnvironment: a desk\nTried it.`);
  await waitUntil("the green check", async () => (await status()) === "success");
}, 60_000);

test("a fork cannot bring its own policy", async () => {
  const { sha } = await propose("bold", { ".github/sallyport.yml": "version: 1\n", "governance/a.md": "Mine.\n" });
  await waitUntil("the refusal", async () => site.checkOn(sha)?.conclusion === "failure");
  expect(site.checkOn(sha)?.output.summary).toContain("governance/");
}, 60_000);

test("an outsider's labels are dropped, and an outsider's command changes nothing", async () => {
  const own = await as("mallory", "POST", "issues", { title: "A story", body: "Mine.", labels: ["story", "ai:plan"] });
  expect(own.labels).toEqual([]);
  await expect(as("mallory", "POST", `issues/${own.number}/labels`, { labels: ["ai:plan"] })).rejects.toThrow("403");
  const story = await as("lena", "POST", "issues", { title: "A story", body: "Ours.", labels: ["story"] });
  const { id } = await say("mallory", story.number, "/plan");
  await waitUntil("the refusal", async () => (await reactions(id)).includes("confused"));
  // H3: the second is passed over, and of neither there is an entry.
  await say("mallory", story.number, "/status");
  await say("quinn", story.number, "/status");
  const repository = (await as("lena", "GET", "")).id;
  const authors = await waitUntil("the answer to @quinn", async () => {
    const entries = await wholeLedger(site.service().database.db, repository);
    const commands = entries.flatMap(({ kind, actor, body }) =>
      kind === "command" && body.issue === story.number ? [actor.login] : [],
    );
    return commands.includes("quinn") && commands;
  });
  expect(authors).not.toContain("mallory");
  const told = (await as("lena", "GET", `issues/${story.number}/comments`)).filter(
    ({ body }: Json) => body.includes("no write access") && body.includes("@mallory"),
  );
  expect(told).toHaveLength(1);
  const names = (await as("lena", "GET", `issues/${story.number}/labels`)).map(({ name }: Json) => name);
  expect(names).not.toContain("ai:plan");
}, 60_000);
