import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Octokit } from "@octokit/core";
import { apiObjects } from "../../../collect/github/objects.ts";
import type { GitHub } from "../../../collect/github/request.ts";
import { readBranch } from "../../../collect/github/request.ts";
import { readConversation } from "../../../collect/issue/conversation.ts";
import { readIssue } from "../../../collect/issue/issue.ts";
import { readOpeners } from "../../../collect/issue/openers.ts";
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
      repositories: ["web", "other"].map((name) => ({
        full_name: `lena/${name}`,
        files: { "docs/one.md": "# One\n" },
      })),
    },
  });
});
afterAll(async () => {
  await sandbox.close();
  rmSync(dir, { recursive: true, force: true });
});

function reader(repo = "web"): GitHub {
  const { request } = new Octokit({ baseUrl: sandbox.url, auth: "ghp_lena" });
  return { request, owner: "lena", repo };
}

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

async function look(number: number) {
  const github = reader();
  const base = await readBranch(github, "main");
  const objects = apiObjects(github);
  const entry: typeof objects.entry = (commit, path) => {
    asked.push(path);
    return objects.entry(commit, path);
  };
  const reading = await readIssue(github, number, {
    base,
    objects: { entry, blob: objects.blob },
    people,
  });
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
        ourselves: { appId: 1, slug: "sallyport", bot: { id: 1, login: "sallyport[bot]", type: "Bot" } },
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
