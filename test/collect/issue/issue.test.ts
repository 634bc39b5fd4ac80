import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Octokit } from "@octokit/core";
import { apiObjects } from "../../../collect/github/objects.ts";
import type { GitHub } from "../../../collect/github/request.ts";
import { readConversation } from "../../../collect/issue/conversation.ts";
import { readIssue } from "../../../collect/issue/issue.ts";
import { readOpeners } from "../../../collect/issue/openers.ts";
import { readIssueState } from "../../../collect/issue/state.ts";
import type { CommandRequest } from "../../../core/facts.ts";
import { intakeProblems, maxDecisions, storyForm } from "../../../core/story/form.ts";
import { type Sandbox, startSandbox } from "../../../sandbox/server/server.ts";
import { Policy } from "../../../schemas/policy.ts";

let dir: string;
let sandbox: Sandbox;
const asked: string[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "issue-"));
  sandbox = await startSandbox({
    dir: join(dir, "github"),
    seed: {
      users: ["lena", "otto"].map((login) => ({ login, token: `ghp_${login}` })),
      repositories: ["web", "other", "hidden"].map((name) => ({
        full_name: `lena/${name}`,
        private: name === "hidden",
        files: { "docs/one.md": "# One\n" },
      })),
    },
  });
});
afterAll(async () => {
  await sandbox.close();
  rmSync(dir, { recursive: true, force: true });
});

function reader(person = "lena"): GitHub {
  const { request } = new Octokit({ baseUrl: sandbox.url, auth: `ghp_${person}` });
  return { request, owner: "lena", repo: "web" };
}

// Each test alters another part of what GitHub answers.
// biome-ignore lint/suspicious/noExplicitAny: as above
type Json = any;

/** A reader that alters answers, a query's by the path `/graphql`, and keeps the paths that were asked for. */
function altering(alter: (path: string, body: Json) => void): GitHub & { paths: string[] } {
  const paths: string[] = [];
  const { request } = new Octokit({
    baseUrl: sandbox.url,
    auth: "ghp_lena",
    request: {
      fetch: async (url: string, init: RequestInit) => {
        const response = await fetch(url, init);
        const { pathname } = new URL(url);
        paths.push(pathname.replace("/repos/lena/web", ""));
        const body = await response.json();
        alter(pathname, body);
        return Response.json(body, { status: response.status });
      },
    },
  });
  return { request, owner: "lena", repo: "web", paths };
}

/** Alters the issue in a query's answer. */
const inQuery = (alter: (issue: Json, body: Json) => void) =>
  altering((path, body) => {
    if (path === "/graphql") alter(body.data.repository.issueOrPullRequest, body);
  });

async function say(person: "lena" | "otto", method: string, path: string, body: unknown) {
  const response = await fetch(`${sandbox.url}/repos/lena/${path}`, {
    method,
    headers: { authorization: `Bearer ghp_${person}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  // What GitHub answers has many forms; each test reads what it asked for.
  // biome-ignore lint/suspicious/noExplicitAny: as above
  return (await response.json()) as any;
}

async function look(number: number, github = reader()) {
  const sight = await readIssueState(github, number);
  if (!sight.known) throw new Error(sight.why);
  const { base, repository, state } = sight.value;
  if (state === null) return null;
  const objects = apiObjects(github);
  const entry: typeof objects.entry = (commit, path) => {
    asked.push(path);
    return objects.entry(commit, path);
  };
  const reading = await readIssue(
    github,
    { repository, state },
    { base, objects: { entry, blob: objects.blob }, people },
  );
  if (!reading.known) throw new Error(reading.why);
  return reading.value;
}

const { people } = Policy.parse({ version: 1, people: { planners: ["@lena"] } });

test("a pull request with the label of a story is no story", async () => {
  const { commit } = await say("lena", "PUT", "web/contents/x.txt", { message: "x", content: "eA==" });
  await say("lena", "POST", "web/git/refs", { ref: "refs/heads/topic", sha: commit.sha });
  await say("lena", "PUT", "web/contents/y.txt", { message: "y", content: "eA==", branch: "topic" });
  const { number } = await say("lena", "POST", "web/pulls", { title: "t", head: "topic", base: "main" });
  await say("lena", "POST", `web/issues/${number}/labels`, { labels: ["story"] });
  expect(await look(number)).toBeNull();
});

test("U4: a label that the repository had before us, in capitals, is the form's", async () => {
  const { number } = await say("lena", "POST", "web/issues", { title: "A story", body: "### Task\n\nT-1" });
  const capital = (issue: Json) => {
    issue.labels.nodes = [{ name: "Story" }, { name: "Area: UI" }];
  };
  const reading = await look(number, inQuery(capital));
  expect(reading?.issue.labels).toEqual(["story", "Area: UI"]);
  expect(reading?.task).toMatchObject({ state: "absent" });
});

test("an issue and an epic whose authors' accounts are gone are read all the same, as nobody's who plans", async () => {
  const epic = await say("lena", "POST", "web/issues", { title: "An epic", labels: ["epic"] });
  const text = { title: "A story", body: `### Epic\n\n#${epic.number}`, labels: ["story"] };
  const { number } = await say("lena", "POST", "web/issues", text);
  const gone = (issue: Json) => {
    issue.author = null;
  };
  const reading = await look(number, inQuery(gone));
  expect(reading?.issue).toMatchObject({ number, author: { login: "ghost" } });
  if (reading === null) throw new Error("no issue");
  const openers = await readOpeners(reader(), { issue: reading.issue, epic: reading.namedEpic }, people, {
    commands: [],
    wanted: () => true,
  });
  expect(openers).toMatchObject({ value: { issue: { isPlanner: false }, epic: { isPlanner: true } } });
});

test("H9: the text that names an epic is whoever's who edited it last", async () => {
  const epic = await say("lena", "POST", "web/issues", { title: "An epic", labels: ["epic"] });
  const text = { title: "A story", body: `### Epic\n\n#${epic.number}` };
  const { number } = await say("otto", "POST", "web/issues", text);
  expect((await look(number))?.namedBy).toBeNull();
  await say("lena", "POST", `web/issues/${number}/labels`, { labels: ["story"] });
  expect((await look(number))?.namedBy).toMatchObject({
    by: { login: "otto" },
    permission: { value: { role: "read", duties: [] } },
  });
  await say("lena", "PATCH", `web/issues/${number}`, { body: `${text.body}\n\n### Description\n\nMore.` });
  expect((await look(number))?.namedBy).toMatchObject({
    by: { login: "lena" },
    permission: { value: { role: "admin", duties: ["planners"] } },
  });
  await say("otto", "PATCH", `web/issues/${number}`, { body: text.body });
  expect((await look(number))?.namedBy).toMatchObject({ by: { login: "otto" } });
});

test("G6: who opened a story and its epic is read with what they may do, where it is wanted", async () => {
  const epic = await say("otto", "POST", "web/issues", { title: "An epic" });
  await say("lena", "POST", `web/issues/${epic.number}/labels`, { labels: ["epic"] });
  const body = `### Epic\n\n#${epic.number}`;
  const { number } = await say("lena", "POST", "web/issues", { title: "A story", body, labels: ["story"] });
  const reading = await look(number);
  if (reading === null) throw new Error("not read");
  const openers = (wanted: (issue: number) => boolean, commands: CommandRequest[] = []) =>
    readOpeners(reader(), { issue: reading.issue, epic: reading.namedEpic }, people, { commands, wanted });
  const [lena, otto] = [
    { by: { login: "lena" }, isPlanner: true },
    { by: { login: "otto" }, isPlanner: false },
  ];
  expect(await openers(() => true)).toMatchObject({ value: { issue: lena, epic: otto } });
  expect(await openers((issue) => issue === number)).toMatchObject({ value: { issue: lena, epic: null } });
});

describe("issues of another repository", () => {
  test("are no epic, and as sub-issues they are told apart by more than their number", async () => {
    const epic = await say("lena", "POST", "other/issues", { title: "Theirs", labels: ["epic"] });
    const story = await say("lena", "POST", "web/issues", { title: "A story", labels: ["story"] });
    await say("lena", "POST", `other/issues/${epic.number}/sub_issues`, { sub_issue_id: story.id });
    expect((await look(story.number))?.parent).toBeNull();

    const ours = await say("lena", "POST", "web/issues", { title: "Ours", labels: ["epic"] });
    const near = await say("lena", "POST", "web/issues", { title: "Near", labels: ["story"] });
    const far = await say("lena", "POST", "other/issues", { title: "Far", labels: ["story"] });
    for (const { id } of [near, far])
      await say("lena", "POST", `web/issues/${ours.number}/sub_issues`, { sub_issue_id: id });
    const children = (await look(ours.number))?.children ?? [];
    expect(children.map(({ title, elsewhere = false }) => [title, elsewhere])).toEqual([
      ["Near", false],
      ["Far", true],
    ]);
    expect((await look(near.number))?.parent?.number).toBe(ours.number);
  });
});

describe("one query tells of an issue, and REST of what the query did not give", () => {
  let number: number;
  beforeAll(async () => {
    const epic = await say("lena", "POST", "web/issues", { title: "An epic", labels: ["epic"] });
    const story = await say("lena", "POST", "web/issues", { title: "A story", labels: ["story"] });
    const far = await say("lena", "POST", "hidden/issues", { title: "Far", labels: ["story"] });
    const prompt = await say("lena", "POST", "web/issues", { title: "A prompt", labels: ["diff-prompt"], body: "Do." });
    await say("lena", "POST", `web/issues/${epic.number}/sub_issues`, { sub_issue_id: story.id });
    for (const { id } of [prompt, far])
      await say("lena", "POST", `web/issues/${story.number}/sub_issues`, { sub_issue_id: id });
    await say("otto", "POST", `web/issues/${story.number}/comments`, { body: "Mind the gap." });
    number = story.number;
  });

  test("the query is all that is asked", async () => {
    const github = inQuery(() => undefined);
    const { parent, children, written, assignees } = (await look(number, github)) ?? {};
    expect(github.paths).toEqual(["/graphql"]);
    expect({ parent, children, written, assignees }).toMatchObject({
      parent: { title: "An epic", author: { login: "lena", type: "User" }, labels: ["epic"], state: "open" },
      children: [{ title: "A prompt", written: { body: "Do.", by: { login: "lena" } } }, { elsewhere: true }],
      written: [{ by: { login: "otto" }, text: "Mind the gap.", edited: false, viaApp: null }],
      assignees: [],
    });
  });

  test.each<[string, string[], (issue: Json, body: Json) => void]>([
    [
      "a parent that may not be seen",
      ["/parent"],
      (issue, body) => {
        issue.parent = null;
        body.errors = [{ message: "no", path: ["repository", "issueOrPullRequest", "parent"] }];
      },
    ],
    [
      "a parent with an error below it",
      ["/parent"],
      (_, body) => {
        body.errors = [{ message: "no", path: ["repository", "issueOrPullRequest", "parent", "labels"] }];
      },
    ],
    [
      "a parent without all labels",
      ["/parent"],
      (issue) => {
        issue.parent.labels.pageInfo.hasNextPage = true;
      },
    ],
    [
      "more sub-issues than a page has",
      ["/sub_issues"],
      (issue) => {
        issue.subIssues.pageInfo.hasNextPage = true;
      },
    ],
    [
      "a sub-issue that was left out",
      ["/sub_issues"],
      (issue) => {
        issue.subIssues.nodes[1] = null;
      },
    ],
    [
      "a sub-issue with an error",
      ["/sub_issues"],
      (_, body) => {
        body.errors = [{ message: "no", path: ["repository", "issueOrPullRequest", "subIssues", "nodes", 0] }];
      },
    ],
  ])("%s", async (_what, asked, alter) => {
    const github = inQuery(alter);
    expect(await look(number, github)).toEqual(await look(number));
    expect(github.paths).toEqual(["/graphql", ...asked.map((path) => `/issues/${number}${path}`)]);
  });

  test.each<[string, (issue: Json) => void]>([
    [
      "more comments than a page has",
      (issue) => {
        issue.comments.pageInfo.hasNextPage = true;
      },
    ],
    [
      "a comment that was left out",
      (issue) => {
        issue.comments.nodes[0] = null;
      },
    ],
  ])("%s: no comment counts as read", async (_what, alter) => {
    expect((await look(number, inQuery(alter)))?.written).toBeNull();
  });

  test("the author of a comment is gone, and the comment with them", async () => {
    const github = inQuery((issue) => {
      issue.comments.nodes[0].author = null;
    });
    expect((await look(number, github))?.written).toEqual([]);
  });

  test.each<[string, (issue: Json, body: Json) => void]>([
    [
      "an error that names no place",
      (_, body) => {
        body.errors = [{ message: "timeout" }];
      },
    ],
    [
      "an error at the comments",
      (_, body) => {
        body.errors = [{ message: "timeout", path: ["repository", "issueOrPullRequest", "comments"] }];
      },
    ],
    [
      "labels that were cut",
      (issue) => {
        issue.labels.pageInfo.hasNextPage = true;
      },
    ],
    [
      "no issue at all",
      (_, body) => {
        body.data.repository.issueOrPullRequest = null;
      },
    ],
    [
      "no repository",
      (_, body) => {
        body.data.repository = null;
      },
    ],
  ])("T016: %s ends the look", async (_what, alter) => {
    await expect(look(number, inQuery(alter))).rejects.toThrow();
  });

  test.each<[string, object, object[]]>([
    ["an App was assigned", { nodes: [{ assignee: { __typename: "Bot" } }] }, [{ id: 99 }]],
    ["an account that is gone was assigned", { nodes: [{ assignee: null }] }, []],
    ["it was assigned too often to tell", { pageInfo: { hasPreviousPage: true } }, [{ id: 7 }, { id: 99 }]],
  ])("G1: %s, so REST is asked who is", async (_what, assigned, assignees) => {
    const github = altering((path, body) => {
      if (path === "/graphql") Object.assign(body.data.repository.issueOrPullRequest.assigned, assigned);
      else Object.assign(body, { assignees });
    });
    expect((await look(number, github))?.assignees).toEqual(assignees.map((one: Json) => one.id));
    expect(github.paths).toEqual(["/graphql", `/issues/${number}`]);
  });

  test("G1: of people alone REST is not asked", async () => {
    await say("lena", "POST", `web/issues/${number}/assignees`, { assignees: ["lena"] });
    const github = inQuery(() => undefined);
    expect((await look(number, github))?.assignees).toEqual([]);
    expect(github.paths).toEqual(["/graphql"]);
  });

  test("an issue of a repository that the reader may not see is in another one", async () => {
    const far = await say("lena", "POST", "hidden/issues", { title: "Theirs", labels: ["epic"] });
    const own = await say("lena", "POST", "web/issues", { title: "Ours", labels: ["story"] });
    await say("lena", "POST", `hidden/issues/${far.number}/sub_issues`, { sub_issue_id: own.id });
    expect((await look(own.number, reader("otto")))?.parent).toBeNull();
    const children = (await look(number, reader("otto")))?.children.map(({ title, elsewhere }) => [title, elsewhere]);
    expect(children).toEqual([
      ["A prompt", undefined],
      ["Far", true],
    ]);
  });
});

test("a story that names decisions without end is read to their first few, and told so", async () => {
  const names = Array.from({ length: 500 }, (_, at) => `- docs/${at}.md`);
  const body = `### Decisions\n\n- docs/one.md\n- docs\n- ../x\n${names.join("\n")}`;
  const { number } = await say("lena", "POST", "web/issues", { title: "Many", body, labels: ["story"] });
  asked.length = 0;
  const decisions = (await look(number))?.decisions;
  if (!decisions?.known) throw new Error("not read");
  expect(decisions.value).toHaveLength(maxDecisions);
  expect(decisions.value.slice(0, 3)).toEqual([
    { path: "docs/one.md", exists: true },
    { path: "docs", exists: false },
    { path: "../x", exists: false },
  ]);
  expect(asked).toHaveLength(maxDecisions - 1);
  const problems = intakeProblems(
    storyForm(body),
    { epic: "linked", task: null, decisions: [] },
    Policy.parse({ version: 1 }),
  );
  expect(problems.join(" ")).toContain(`at most ${maxDecisions}`);
});

test("T133: of a stranger's many commands a look takes some, the oldest first, and nobody else loses any", async () => {
  const { number, created_at } = await say("lena", "POST", "web/issues", { title: "Busy" });
  const ids: number[] = [];
  for (let count = 0; count < 5; count++)
    ids.push((await say("otto", "POST", `web/issues/${number}/comments`, { body: "/status" })).id);
  const read = async (answered: number[], max?: number) => {
    const talk = await readConversation(
      reader(),
      { number, createdAt: created_at, labels: [] },
      {
        ourselves: {
          appId: 1,
          slug: "sallyport",
          page: "https://github.com/apps/sallyport",
          bot: { id: 1, login: "sallyport[bot]", type: "Bot" },
        },
        people: null,
        isAnswered: ({ id }) => answered.includes(id),
        ...(max === undefined ? {} : { max }),
      },
    );
    if (!talk.known) throw new Error(talk.why);
    return talk.value.commands.map(({ source }) => source.id);
  };
  expect(await read([], 3)).toEqual(ids.slice(0, 3));
  expect(await read(ids.slice(0, 3), 3)).toEqual(ids.slice(3));
  expect(await read([])).toEqual(ids);
});
