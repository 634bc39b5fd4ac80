import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Octokit } from "@octokit/core";
import { readConversation } from "../../../collect/issue/conversation.ts";
import { readIssueState } from "../../../collect/issue/state.ts";
import type { Command } from "../../../core/commands.ts";
import { sourceKey } from "../../../core/identifiers.ts";
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

const sources = ["REST", "a query"] as const;

/** Reads an issue's comments by REST, or as the query for the issue gave them. */
async function talkOf(
  issue: { number: number; created_at: string },
  source: (typeof sources)[number],
  more: Partial<Parameters<typeof readConversation>[2]>,
  fetched: (response: Response, url: string) => Promise<Response> = async (response) => response,
) {
  const { request } = new Octokit({
    baseUrl: sandbox.url,
    auth: "ghp_lena",
    request: { fetch: async (url: string, init: RequestInit) => fetched(await fetch(url, init), url) },
  });
  const github = { request, owner: "acme", repo: "web" };
  const sight = source === "REST" ? null : await readIssueState(github, issue.number);
  const written = sight?.known ? (sight.value.state?.comments ?? null) : null;
  if (source !== "REST" && written === null) throw new Error("the query gave no comments");
  const talk = await readConversation(
    github,
    { number: issue.number, createdAt: issue.created_at, labels: [], written },
    {
      ourselves: {
        appId: 1,
        slug: "s",
        page: "https://github.com/apps/sallyport",
        bot: { id: 1, login: "s[bot]", type: "Bot" },
      },
      people: Policy.parse({ version: 1, people: { planners: ["@lena"], executors: ["@lena"] } }).people,
      isAnswered: () => false,
      ...more,
    },
  );
  if (!talk.known) throw new Error(talk.why);
  return talk.value;
}

describe.each(sources)("comments that are read by %s", (source) => {
  test("T096: a command that somebody wrote into another's comment within its first second is an edited one", async () => {
    const as = asker(sandbox.url, "acme/web");
    const issue = await as("lena", "POST", "issues", { title: "A story" });
    const id = await editedAtOnce(issue.number, "/run");
    const own = await as("lena", "POST", `issues/${issue.number}/comments`, { body: "/stop" });
    const { commands } = await talkOf(issue, source, {});
    expect(commands).toMatchObject([
      { source: { id }, command: { name: "run" }, by: { login: "lena" }, edited: true },
      { source: { id: own.id }, command: { name: "stop" }, edited: false, permission: { known: true } },
    ]);
  });

  test("T10: a command below other words is told where it counts, and the words stay part of the ticket", async () => {
    const as = asker(sandbox.url, "acme/web");
    const issue = await as("lena", "POST", "issues", { title: "A story" });
    const { id } = await as("lena", "POST", `issues/${issue.number}/comments`, { body: "In blue.\n\n/run" });
    const { commands, comments } = await talkOf(issue, source, {});
    expect(commands).toMatchObject([{ source: { id }, command: { name: "run", reply: expect.any(String) } }]);
    expect(comments.map((one) => one.id)).toEqual([id]);
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
    const read = async (wantsTicket: boolean) => {
      const more = { isAnswered: () => true, wantsTicket: () => wantsTicket };
      const { comments } = await talkOf(issue, source, more);
      return comments.map(({ id, right }) => [id, right.known ? right.value : "unread"]);
    };
    expect(await read(true)).toEqual([
      [edited, null],
      [planner, "planner"],
      [writer, "writer"],
      [stranger, null],
    ]);
    expect((await read(false)).slice(1)).toEqual([planner, writer, stranger].map((id) => [id, "unread"]));
  });

  test.each([
    ["an app", 3, undefined],
    ["our own app", 1, true],
  ])("T096: what %s wrote in a person's name is seen as such", async (_, id, viaUs) => {
    const as = asker(sandbox.url, "acme/web");
    const issue = await as("lena", "POST", "issues", { title: "A story" });
    for (const body of ["/run", "Small."]) await as("lena", "POST", `issues/${issue.number}/comments`, { body });
    const { commands, comments } = await talkOf(issue, source, { wantsTicket: () => true }, async (response, url) => {
      if (!url.includes("/comments?")) return response;
      const list: unknown = await response.json();
      if (!Array.isArray(list)) throw new Error("no comments were listed");
      return Response.json(list.map((one) => ({ ...one, performed_via_github_app: { id } })));
    });
    expect(commands).toMatchObject([{ command: { name: "run" }, viaApp: true }]);
    expect(commands[0]?.viaUs).toBe(viaUs);
    expect(comments).toMatchObject([{ text: "Small.", right: { value: null } }]);
  });
});

test("T096: whether an app wrote a comment is asked where it matters, and not known if GitHub does not tell", async () => {
  const as = asker(sandbox.url, "acme/web");
  const issue = await as("lena", "POST", "issues", { title: "A story" });
  for (const body of ["/run", "Small."]) await as("lena", "POST", `issues/${issue.number}/comments`, { body });
  const listed: string[] = [];
  const read = (more: Partial<Parameters<typeof readConversation>[2]>) =>
    talkOf(issue, "a query", more, async (response, url) => {
      if (!url.includes("/comments?")) return response;
      listed.push(url);
      return Response.json([]);
    });
  await read({ isAnswered: () => true });
  expect(listed).toEqual([]);
  const { commands, comments } = await read({ wantsTicket: () => true });
  expect(listed).toHaveLength(1);
  expect(commands).toMatchObject([{ command: { name: "run" }, permission: { known: false } }]);
  expect(comments).toMatchObject([{ right: { known: false } }]);
});

test("D1: an issue tells when its body or title was last changed", async () => {
  const as = asker(sandbox.url, "acme/web");
  const issue = await as("lena", "POST", "issues", { title: "Small", body: "Fix it." });
  const { request } = new Octokit({ baseUrl: sandbox.url, auth: "ghp_lena" });
  const read = async () => {
    const sight = await readIssueState({ request, owner: "acme", repo: "web" }, issue.number);
    return sight.known ? sight.value.state?.textAt : sight;
  };
  expect(await read()).toBeNull();
  const changed = await as("lena", "PATCH", `issues/${issue.number}`, { title: "Large" });
  expect(await read()).toBe(changed.updated_at);
});

describe("G1: the assignment of our bot is a command of whoever assigned it", () => {
  const bot = { id: 99, login: "sallyport[bot]", type: "Bot" as const };
  const event = (over: object = {}) => ({
    ...{ id: 7, event: "assigned", assignee: bot, actor: bot, performed_via_github_app: null },
    ...{ assigner: { id: 1, login: "lena", type: "User" }, created_at: "2026-11-21T10:00:00Z", ...over },
  });
  const read = async (events: object[], assignment: Command | null, answered: string[] = []) => {
    const answers: Record<string, unknown> = {
      comments: [],
      events,
      permission: { user: { id: 1 }, role_name: "write" },
    };
    const { request } = new Octokit({
      request: {
        fetch: async (url: string) =>
          Response.json(answers[new URL(url).pathname.split("/").at(-1) ?? ""], { status: 200 }),
      },
    });
    const conversation = await readConversation(
      { request, owner: "acme", repo: "web" },
      { number: 5, createdAt: "2026-11-21T09:00:00Z", labels: [], assignment },
      {
        ourselves: { appId: 9, slug: "sallyport", page: "https://github.com/apps/sallyport", bot },
        people: Policy.parse({ version: 1, people: { planners: ["@lena"] } }).people,
        isAnswered: (source) => answered.includes(sourceKey(source)),
      },
    );
    if (!conversation.known) throw new Error(conversation.why);
    return conversation.value.commands;
  };
  const plan: Command = { name: "plan" };

  test("with their right, once for each time", async () => {
    expect(await read([event(), event({ id: 8 })], plan)).toMatchObject([
      {
        source: { type: "assignment", id: 8 },
        command: plan,
        by: { login: "lena" },
        viaApp: false,
        atOpening: false,
        permission: { value: { role: "write", duties: ["planners"] } },
      },
    ]);
    expect(await read([event()], plan, ["assignment/7"])).toEqual([]);
  });

  test.each<[string, object[], Command | null]>([
    ["somebody else was assigned", [event({ assignee: { ...bot, id: 98 } })], plan],
    ["it is not assigned any more", [event()], null],
    ["nobody is named who assigned it", [event({ assigner: null })], plan],
  ])("none where %s", async (_, events, assignment) => {
    expect(await read(events, assignment)).toEqual([]);
  });

  test("through an app or at the opening it is seen as such, so that it counts for nothing", async () => {
    expect(await read([event({ performed_via_github_app: { id: 3 } })], plan)).toMatchObject([{ viaApp: true }]);
    expect(await read([event({ created_at: "2026-11-21T09:00:00Z" })], plan)).toMatchObject([{ atOpening: true }]);
  });
});
