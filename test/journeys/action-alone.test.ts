import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Sandbox, startSandbox } from "../../sandbox/server/server.ts";
import { expectConformance, type Watch, watchSandbox } from "../conformance/watch.ts";
import { asker, type Json } from "../hosts/store-and-github.ts";
import { runWorkflows } from "../hosts/workflow-runner.ts";

const policy = `version: 1
people: { approvers: ["@quinn", "@mallory"], architects: ["@lena"] }
gates:
  forbidden-paths: { deny: ["governance/**"] }
  diff-size: { files: 2, lines: 10, bytes: 1KB }
  evidence:
    require:
      - { when: { paths: ["web/**"] }, artifacts: [{ name: shots, workflow: .github/workflows/ci.yml }] }
      - { when: { paths: ["told/**"] }, sections: [Tested] }
  manual-test: { when: { paths: ["web/**"] } }
  review: { paths: ["docs/**"], by: [architects] }
`;

let sandbox: Sandbox;
let watch: Watch;
let runner: ReturnType<typeof runWorkflows>;
beforeAll(async () => {
  const checks = ["sallyport", "sallyport / diff-size"].map((context) => ({ context, app: "github-actions" }));
  sandbox = await startSandbox({
    seed: {
      users: ["lena", "quinn", "mallory"].map((login) => ({ login, token: `ghp_${login}` })),
      organizations: [{ login: "acme", members: ["lena", "quinn"] }],
      repositories: [
        {
          full_name: "acme/governed",
          files: { ".github/sallyport.yml": policy, "README.md": "# Governed\n" },
          collaborators: { lena: "admin", quinn: "write" },
          protection: [{ branch: "main", checks }],
        },
      ],
    },
  });
  watch = watchSandbox(sandbox);
  runner = runWorkflows(sandbox, "acme/governed", "diff-size, forbidden-paths");
  await as("mallory", "POST", "forks", {});
}, 30_000);
afterAll(async () => {
  await sandbox.close();
  await expectConformance(watch);
});

const as = (person: string, method: string, path: string, body?: unknown) =>
  asker(sandbox.url, "acme/governed")(person, method, path, body);
const fork = "/repos/mallory/governed";

/** A push of a file to a branch of @mallory's fork; null takes the file away. */
async function push(branch: string, path: string, text: string | null): Promise<void> {
  const old = await as("mallory", "GET", `${fork}/contents/${path}?ref=${branch}`).catch(() => null);
  const known = old === null ? {} : { sha: old.sha };
  if (text === null)
    await as("mallory", "DELETE", `${fork}/contents/${path}`, { message: "Drop it", branch, ...known });
  else {
    const content = Buffer.from(text).toString("base64");
    await as("mallory", "PUT", `${fork}/contents/${path}`, { message: "Write it", branch, content, ...known });
  }
}

async function branchOff(branch: string): Promise<void> {
  const main = await as("lena", "GET", "git/ref/heads/main");
  await as("mallory", "POST", `${fork}/git/refs`, { ref: `refs/heads/${branch}`, sha: main.object.sha });
}

const open = (branch: string): Promise<Json> =>
  as("mallory", "POST", "pulls", { title: "An idea", head: `mallory:${branch}`, base: "main" });
const say = (person: string, number: number, body: string) => as(person, "POST", `issues/${number}/comments`, { body });

/** What the head of a pull request shows once every job has ended. */
async function shown(number: number): Promise<{ head: Json; statuses: Record<string, string>; text: string }> {
  await fetch(`${sandbox.url}/_sandbox/settled`);
  await runner.settled();
  const { head } = await as("lena", "GET", `pulls/${number}`);
  const { statuses } = await as("lena", "GET", `commits/${head.sha}/status`);
  const text = statuses.find(({ context }: Json) => context === "sallyport")?.description ?? "";
  return { head, text, statuses: Object.fromEntries(statuses.map((one: Json) => [one.context, one.state])) };
}

test("the Action alone brings a fork's change from red to green by a push, an artifact and a comment", async () => {
  await branchOff("idea");
  await push("idea", "governance/rule.md", "Mine.\n");
  await push("idea", "web/page.html", "<p>\n".repeat(20));
  const { number } = await open("idea");
  const red = await shown(number);
  expect(red).toMatchObject({
    statuses: { sallyport: "failure", "sallyport / diff-size": "failure", "sallyport / forbidden-paths": "failure" },
    text: "2 gates fail: forbidden-paths, diff-size",
  });
  await expect(as("lena", "PUT", `pulls/${number}/merge`, {})).rejects.toThrow("405");

  await push("idea", "governance/rule.md", null);
  await push("idea", "web/page.html", "<p>\n");
  const mended = await shown(number);
  const { head } = mended;
  expect(mended.statuses).toEqual({
    sallyport: "pending",
    "sallyport / diff-size": "success",
    "sallyport / forbidden-paths": "success",
  });

  // The author holds the duty and may not write; lena may write and lacks it; quinn names too little of the commit.
  await say("mallory", number, `/sign-off ${head.sha} pass manual`);
  await say("lena", number, `/sign-off ${head.sha} pass manual`);
  await say("quinn", number, `/sign-off ${head.sha} pass browser`);
  expect((await shown(number)).statuses.sallyport).toBe("pending");
  const told = (await runner.settled())?.summary ?? "";
  expect(told).toMatch(/lena's comment does not count as a sign-off: This is for approvers/);
  expect(told).toMatch(/quinn's comment does not count as a sign-off: There is no test/);
  expect(told).not.toMatch(/mallory's comment does not count/);
  expect(told.split("#### Comments that do not count as sign-offs")[1]).toMatch(/mallory.*no write access/);

  await say("quinn", number, `/sign-off ${head.sha} pass manual`);
  expect(await shown(number)).toMatchObject({ statuses: { sallyport: "pending" }, text: "Waiting: evidence" });
  await runner.upload("shots", head);
  expect(await shown(number)).toMatchObject({ statuses: { sallyport: "success" }, text: "All gates pass" });
  expect(runner.jobs.flatMap(({ failed }) => failed)).toEqual([]);
  await as("lena", "PUT", `pulls/${number}/merge`, {});
}, 60_000);

test("a review of a fork's change is judged by the workflow that its own tells of it", async () => {
  await branchOff("note");
  await push("note", "docs/a.md", "A note.\n");
  const { number } = await open("note");
  expect((await shown(number)).statuses.sallyport).toBe("pending");
  await as("lena", "POST", `pulls/${number}/reviews`, { event: "APPROVE" });
  expect((await shown(number)).statuses.sallyport).toBe("success");
  expect((await runner.settled())?.event).toBe("workflow_run");
}, 60_000);

test("another pull request of the same commit does not turn a red one green", async () => {
  await branchOff("twin");
  await push("twin", "governance/a.md", "Mine.\n");
  const red = await open("twin");
  expect((await shown(red.number)).statuses.sallyport).toBe("failure");
  await as("lena", "POST", "git/refs", { ref: "refs/heads/playground", sha: red.base.sha });
  await as("lena", "PUT", "contents/governance/a.md", {
    message: "The same file",
    content: Buffer.from("Mine.\n").toString("base64"),
    branch: "playground",
  });
  const green = await as("mallory", "POST", "pulls", { title: "A", head: "mallory:twin", base: "playground" });
  expect((await shown(green.number)).statuses.sallyport).toBe("failure");
}, 60_000);

test("A1: a closed pull request, which anybody may comment on for ever, holds up no other one of its commit", async () => {
  // A branch with more than main, from which the commit brings in nothing forbidden.
  const main = await as("lena", "GET", "git/ref/heads/main");
  await as("lena", "POST", "git/refs", { ref: "refs/heads/ahead", sha: main.object.sha });
  const content = Buffer.from("Ours.\n").toString("base64");
  const rule = { message: "A rule", content, branch: "ahead" };
  const { commit } = await as("lena", "PUT", "contents/governance/b.md", rule);
  await as("mallory", "POST", `${fork}/git/refs`, { ref: "refs/heads/closed", sha: commit.sha });
  await push("closed", "notes.md", "Mine.\n");
  const green = await as("mallory", "POST", "pulls", { title: "A", head: "mallory:closed", base: "ahead" });
  const twin = await open("closed");
  expect((await shown(green.number)).statuses.sallyport).toBe("failure");
  await as("mallory", "PATCH", `pulls/${twin.number}`, { state: "closed" });
  await say("mallory", green.number, "Ready?");
  expect((await shown(green.number)).statuses.sallyport).toBe("success");
  await say("mallory", twin.number, "Hello.");
  expect((await shown(green.number)).statuses.sallyport).toBe("success");
  expect(runner.jobs.at(-1)?.failed).toEqual([]);
}, 60_000);

test("A4: H8 holds for the Action alone: what another one's description lacks turns no commit red", async () => {
  const main = await as("lena", "GET", "git/ref/heads/main");
  await as("lena", "POST", "git/refs", { ref: "refs/heads/side", sha: main.object.sha });
  await branchOff("text");
  await push("text", "told/notes.md", "Mine.\n");
  const told = { title: "A", head: "mallory:text", base: "main", body: "## Tested\n\nBy hand.\n" };
  const { number } = await as("mallory", "POST", "pulls", told);
  expect((await shown(number)).statuses.sallyport).toBe("success");
  await as("mallory", "POST", "pulls", { ...told, base: "side", body: "" });
  expect((await shown(number)).statuses.sallyport).toBe("success");
}, 60_000);

test("a status that stands already is not set again", async () => {
  await branchOff("quiet");
  await push("quiet", "notes.md", "A note.\n");
  const { number, head } = await open("quiet");
  await shown(number);
  await say("quinn", number, "Nice.");
  await shown(number);
  const all = await as("lena", "GET", `commits/${head.sha}/statuses`);
  expect(all.filter(({ context }: Json) => context === "sallyport")).toHaveLength(1);
  expect(all[0]).toMatchObject({
    creator: { login: "github-actions[bot]" },
    target_url: expect.stringContaining("/actions/runs/"),
  });
}, 60_000);
