import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type GitSide, type Json, startGitSide, userGit } from "../../hosts/sandbox-git.ts";

let side: GitSide;
/** The head of otto's branch. */
let head: string;
let pull: Json;

const inFork = (token: string | null, method: string, path: string, body?: object) =>
  side.call(token, method, `/repos/otto/web/${path}`, body);
const write = (token: string, path: string, text: string) =>
  inFork(token, "PUT", `contents/${path}`, {
    message: `Add ${path}`,
    branch: "idea",
    content: Buffer.from(text).toString("base64"),
  });
const open = (token: string, fields: object) =>
  side.call(token, "POST", "pulls", { title: "An idea", head: "otto:idea", base: "main", ...fields });

beforeAll(async () => {
  side = await startGitSide({ ci: [{ name: "test", conclusion: "success" }] });
});
afterAll(() => side.close());

test("an outsider forks a public repository, once; the fork is theirs", async () => {
  const made = await side.call("outsider", "POST", "forks", {});
  expect(made).toMatchObject({
    status: 202,
    body: { full_name: "otto/web", fork: true, parent: { full_name: "acme/web" }, source: { full_name: "acme/web" } },
  });
  expect((await side.call("outsider", "POST", "forks", {})).body.id).toBe(made.body.id);
  expect((await side.call(null, "GET", "forks")).body).toMatchObject([{ full_name: "otto/web" }]);
  expect((await side.call(null, "GET", ".")).body.forks_count).toBe(1);
  expect((await side.call(null, "POST", "forks", {})).status).toBe(401);
  expect((await side.call("outsider", "POST", "/repos/acme/hidden/forks", {})).status).toBe(404);
  const { object } = (await side.call(null, "GET", "git/ref/heads/main")).body;
  expect((await inFork("outsider", "POST", "git/refs", { ref: "refs/heads/idea", sha: object.sha })).status).toBe(201);
  expect((await write("writer", "no.txt", "no")).status).toBe(403);
  head = (await write("outsider", "idea.txt", "an idea\n")).body.commit.sha;
  // One network has one store of objects, as on GitHub.
  expect((await side.call(null, "GET", `commits/${head}`)).status).toBe(200);
  expect((await side.call(null, "GET", "compare/main...otto:idea")).body).toMatchObject({ ahead_by: 1 });
});

test.each<[string, string, object, object]>([
  ["from a branch of no fork", "outsider", { head: "otto:none" }, { field: "head", code: "invalid" }],
  ["from the fork of nobody", "outsider", { head: "nobody:idea" }, { field: "head", code: "invalid" }],
  ["from a branch that is in the fork only", "outsider", { head: "idea" }, { field: "head", code: "invalid" }],
  ["from a fork of somebody else, open to maintainers", "reader", {}, { field: "fork_collab", code: "invalid" }],
])("a pull request %s is refused", async (_title, token, fields, error) => {
  const { status, body } = await open(token, fields);
  expect(status).toBe(422);
  expect(body.errors).toEqual([expect.objectContaining(error)]);
});

test("a pull request from a fork says so, and its head is in the base repository", async () => {
  const { status, body } = await open("outsider", {});
  pull = body;
  expect(status).toBe(201);
  expect(body).toMatchObject({
    head: { label: "otto:idea", sha: head, user: { login: "otto" }, repo: { full_name: "otto/web", fork: true } },
    base: { label: "acme:main", repo: { full_name: "acme/web" } },
    maintainer_can_modify: true,
    author_association: "NONE",
    changed_files: 1,
    mergeable: true,
  });
  await side.sandbox.settled();
  expect((await side.call(null, "GET", `git/ref/pull/${body.number}/head`)).body.object.sha).toBe(head);
  const { check_runs: runs } = (await side.call(null, "GET", `commits/${head}/check-runs`)).body;
  expect(runs).toMatchObject([{ name: "test", conclusion: "success", pull_requests: [] }]);
  expect((await side.call(null, "GET", "pulls?head=otto:idea")).body).toMatchObject([{ number: body.number }]);
  expect((await side.call(null, "GET", "pulls?head=acme:idea")).body).toEqual([]);
  expect((await open("outsider", {})).body.errors).toMatchObject([
    { message: "A pull request already exists for otto:idea." },
  ]);
});

test("GraphQL tells of the fork", async () => {
  const query = `{ repository(owner: "acme", name: "web") { pullRequest(number: ${pull.number}) {
    isCrossRepository maintainerCanModify headRefName headRef { name }
    headRepository { nameWithOwner isFork } headRepositoryOwner { login } } } }`;
  const { body } = await side.call("reader", "POST", "/graphql", { query });
  expect(body.data.repository.pullRequest).toEqual({
    isCrossRepository: true,
    maintainerCanModify: true,
    headRefName: "idea",
    headRef: { name: "idea" },
    headRepository: { nameWithOwner: "otto/web", isFork: true },
    headRepositoryOwner: { login: "otto" },
  });
});

test("a push to the fork is told where the pull request is, and nothing of the fork itself", async () => {
  const url = `http://otto:outsider@127.0.0.1:${side.sandbox.port}/otto/web.git`;
  const clone = `${side.dir}/fork`;
  expect(await userGit(side.dir, "clone", "--quiet", "--branch", "idea", url, clone)).toMatchObject({ ok: true });
  await userGit(clone, "commit", "--quiet", "--allow-empty", "--message", "Another");
  expect(await userGit(clone, "push", "--quiet", url, "HEAD:idea")).toMatchObject({ ok: true });
  await side.sandbox.settled();
  const told = side.received.findLast(({ event }) => event === "pull_request")?.payload;
  expect(told).toMatchObject({ action: "synchronize", before: head, repository: { full_name: "acme/web" } });
  expect(side.received.filter(({ payload }) => payload.repository.full_name !== "acme/web")).toEqual([]);
  head = told.after;
  expect((await side.call(null, "GET", `git/ref/pull/${pull.number}/head`)).body.object.sha).toBe(head);
});

test("maintainers update a fork's branch while its owner lets them", async () => {
  await side.commit("main", "more.txt", "more\n");
  const path = `pulls/${pull.number}`;
  const may = (token: string, allowed: boolean) => side.call(token, "PATCH", path, { maintainer_can_modify: allowed });
  expect((await may("outsider", false)).body.maintainer_can_modify).toBe(false);
  expect((await side.call("writer", "PUT", `${path}/update-branch`, {})).status).toBe(403);
  await may("outsider", true);
  expect((await side.call("writer", "PUT", `${path}/update-branch`, {})).status).toBe(202);
  const { object } = (await inFork(null, "GET", "git/ref/heads/idea")).body;
  expect((await side.call(null, "GET", path)).body.head.sha).toBe(object.sha);
});

test("it is merged into the base, and its branch stays the fork's", async () => {
  const { body } = await side.call("writer", "PUT", `pulls/${pull.number}/merge`, {});
  expect(body).toMatchObject({ merged: true });
  const { commit } = (await side.call(null, "GET", `commits/${body.sha}`)).body;
  expect(commit.message).toMatch(/^Merge pull request #1 from otto\/idea/);
  expect((await side.call("outsider", "PUT", `pulls/${pull.number}/merge`, {})).status).toBe(403);
});

test("a deleted branch of a fork closes its pull request", async () => {
  await write("outsider", "second.txt", "second\n");
  const { number } = (await open("outsider", { maintainer_can_modify: false })).body;
  expect((await inFork("outsider", "DELETE", "git/refs/heads/idea")).status).toBe(204);
  expect((await side.call(null, "GET", `pulls/${number}`)).body.state).toBe("closed");
});
