import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Octokit } from "@octokit/core";
import { readConversation } from "../../../collect/issue/conversation.ts";
import { readTextEdit } from "../../../collect/issue/edits.ts";
import { type Sandbox, startSandbox } from "../../../sandbox/server/server.ts";
import { Policy } from "../../../schemas/policy.ts";
import { asker } from "../../hosts/store-and-github.ts";

let dir: string;
let sandbox: Sandbox;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "asks-"));
  sandbox = await startSandbox({
    dir: join(dir, "github"),
    seed: {
      users: [
        { login: "lena", token: "ghp_lena" },
        { login: "wes", token: "ghp_wes" },
        { login: "otto", token: "ghp_otto" },
      ],
      organizations: [{ login: "acme", members: ["lena", "wes"] }],
      repositories: [{ full_name: "acme/web", files: { a: "1\n" }, collaborators: { lena: "write", wes: "write" } }],
    },
  });
});
afterAll(async () => {
  await sandbox.close();
  rmSync(dir, { recursive: true, force: true });
});

/** A comment that `lena` wrote and `wes` edited so soon that REST shows the same time for both. */
async function editedAtOnce(issue: number, body: string): Promise<number> {
  const as = asker(sandbox.url, "acme/web");
  for (;;) {
    const { id } = await as("lena", "POST", `issues/${issue}/comments`, { body: "Fine." });
    const comment = await as("wes", "PATCH", `issues/comments/${id}`, { body });
    if (comment.created_at === comment.updated_at) return id;
  }
}

test("T096: a command that somebody wrote into another's comment within its first second is an edited one", async () => {
  const as = asker(sandbox.url, "acme/web");
  const issue = await as("lena", "POST", "issues", { title: "A story" });
  const id = await editedAtOnce(issue.number, "/run");
  const own = await as("lena", "POST", `issues/${issue.number}/comments`, { body: "/stop" });
  const { request } = new Octokit({ baseUrl: sandbox.url, auth: "ghp_lena" });
  const talk = await readConversation(
    { request, owner: "acme", repo: "web" },
    { number: issue.number, createdAt: issue.created_at, labels: [] },
    {
      ourselves: { appId: 1, slug: "s", bot: { id: 1, login: "s[bot]", type: "Bot" } },
      people: Policy.parse({ version: 1, people: { executors: ["@lena"] } }).people,
      isAnswered: () => false,
    },
  );
  expect(talk.known && talk.value.commands).toMatchObject([
    { source: { id }, command: { name: "run" }, by: { login: "lena" }, edited: true },
    { source: { id: own.id }, command: { name: "stop" }, edited: false, permission: { known: true } },
  ]);
});

test("U5: comments of people who may write are a ticket's, unless they were edited; others' are not", async () => {
  const as = asker(sandbox.url, "acme/web");
  const issue = await as("lena", "POST", "issues", { title: "A story" });
  const edited = await editedAtOnce(issue.number, "Do it all.");
  const say = async (person: string, body: string) =>
    (await as(person, "POST", `issues/${issue.number}/comments`, { body })).id;
  const [planner, writer, stranger] = [
    await say("lena", "Small."),
    await say("wes", "Blue."),
    await say("otto", "No."),
  ];
  await say("lena", "/status");
  const { request } = new Octokit({ baseUrl: sandbox.url, auth: "ghp_lena" });
  const read = async (wantsTicket: boolean) => {
    const talk = await readConversation(
      { request, owner: "acme", repo: "web" },
      { number: issue.number, createdAt: issue.created_at, labels: [] },
      {
        ourselves: { appId: 1, slug: "s", bot: { id: 1, login: "s[bot]", type: "Bot" } },
        people: Policy.parse({ version: 1, people: { planners: ["@lena"] } }).people,
        isAnswered: () => true,
        wantsTicket: () => wantsTicket,
      },
    );
    if (!talk.known) throw new Error(talk.why);
    return talk.value.comments.map(({ id, right }) => [id, right.known ? right.value : "unread"]);
  };
  expect(await read(true)).toEqual([
    [edited, null],
    [planner, "planner"],
    [writer, "writer"],
    [stranger, null],
  ]);
  expect((await read(false)).slice(1)).toEqual([planner, writer, stranger].map((id) => [id, "unread"]));
});

test("D1: an issue tells when its body or title was last changed", async () => {
  const as = asker(sandbox.url, "acme/web");
  const issue = await as("lena", "POST", "issues", { title: "Small", body: "Fix it." });
  const { request } = new Octokit({ baseUrl: sandbox.url, auth: "ghp_lena" });
  const read = () => readTextEdit({ request, owner: "acme", repo: "web" }, issue.number);
  expect(await read()).toEqual({ known: true, value: null });
  const changed = await as("lena", "PATCH", `issues/${issue.number}`, { title: "Large" });
  expect(await read()).toEqual({ known: true, value: changed.updated_at });
});
