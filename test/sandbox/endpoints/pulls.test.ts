import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type GitSide, type Json, startGitSide } from "../../hosts/sandbox-git.ts";

let side: GitSide;

beforeAll(async () => {
  side = await startGitSide({
    ci: [{ name: "test", conclusion: "success" }],
    files: { "README.md": "# Web\n", "src/a.txt": "one\ntwo\nthree\nfour\nfive\nsix\n", "old.txt": "gone\n" },
  });
  await side.commit("first", "b.txt", "b\n");
  await side.commit("second", "c.txt", "c\n");
  await side.commit("base-two", "base.txt", "base\n");
  const main = await side.call(null, "GET", "git/ref/heads/main");
  await side.call("admin", "POST", "git/refs", { ref: "refs/heads/same", sha: main.body.object.sha });
});
afterAll(() => side.close());

const open = (fields: object, token = "writer") =>
  side.call(token, "POST", "pulls", { title: "A title", head: "first", base: "main", ...fields });

async function told(event: string, action: string): Promise<Json> {
  await side.sandbox.settled();
  return side.received.findLast((each) => each.event === event && each.payload.action === action)?.payload;
}

test("a pull request is opened, told, and checked by the simulated Actions", async () => {
  const { status, body } = await open({ body: "Why" });
  expect(status).toBe(201);
  expect(body).toMatchObject({
    number: 1,
    state: "open",
    commits: 1,
    additions: 1,
    changed_files: 1,
    mergeable: true,
  });
  expect(await told("pull_request", "opened")).toMatchObject({
    number: 1,
    pull_request: { head: { ref: "first" } },
    sender: { login: "quinn" },
    installation: { id: expect.any(Number) },
  });
  const runs = (await side.call(null, "GET", `commits/${body.head.sha}/check-runs`)).body.check_runs;
  expect(runs).toMatchObject([{ name: "test", conclusion: "success", app: { id: 15368, slug: "github-actions" } }]);
});

describe("what cannot be opened", () => {
  test.each<[string, object, object]>([
    ["twice", {}, { code: "custom", message: "A pull request already exists for acme:first." }],
    ["from nowhere", { head: "none" }, { resource: "PullRequest", field: "head", code: "invalid" }],
    ["to nowhere", { base: "none" }, { resource: "PullRequest", field: "base", code: "invalid" }],
    ["without commits", { head: "same" }, { code: "custom", message: "No commits between main and same" }],
    ["without a title", { title: "" }, { field: "title" }],
  ])("%s", async (_title, fields, error) => {
    const { status, body } = await open(fields);
    expect(status).toBe(422);
    expect(body.errors).toEqual([expect.objectContaining(error)]);
  });

  test("by nobody", async () => {
    const answer = await side.call(null, "POST", "pulls", { title: "t", head: "second", base: "main" });
    expect(answer.status).toBe(401);
  });

  test("by an App without the permission", async () => {
    const token = await side.tokenOf("sallyport", { permissions: { contents: "write" } });
    expect((await open({ head: "second" }, token)).status).toBe(403);
  });
});

test("editing tells what was there before", async () => {
  await side.call("writer", "PATCH", "pulls/1", { title: "Better" });
  expect((await told("pull_request", "edited")).changes).toEqual({ title: { from: "A title" } });
  const moved = await side.call("writer", "PATCH", "pulls/1", { base: "base-two" });
  expect(moved.body.base.ref).toBe("base-two");
  const { changes } = await told("pull_request", "edited");
  expect(changes.base.ref).toEqual({ from: "main" });
  const { body: events } = await side.call("writer", "GET", "issues/1/events");
  expect(events.at(-1)).toMatchObject({ event: "base_ref_changed", created_at: expect.any(String) });
  await side.call("writer", "PATCH", "pulls/1", { base: "main" });
  expect((await side.call("reader", "PATCH", "pulls/1", { title: "Worse" })).status).toBe(403);
  expect((await side.call("writer", "PATCH", "pulls/1", { base: "none" })).status).toBe(422);
});

test("closing and reopening", async () => {
  expect((await side.call("writer", "PATCH", "pulls/1", { state: "closed" })).body.state).toBe("closed");
  expect((await told("pull_request", "closed")).pull_request.merged).toBe(false);
  expect((await side.call("writer", "PATCH", "pulls/1", { state: "open" })).body.state).toBe("open");
  expect(await told("pull_request", "reopened")).toBeDefined();
});

test("files and commits are git's own", async () => {
  await side.commit("changes", "src/new.txt", "one\ntwo\nthree\nfour\nfive\nsix\nseven\n");
  const tree = await side.call("writer", "POST", "git/trees", {
    base_tree: (await side.call(null, "GET", "git/ref/heads/changes")).body.object.sha,
    tree: [
      { path: "src/a.txt", sha: null },
      { path: "old.txt", sha: null },
    ],
  });
  const parent = (await side.call(null, "GET", "git/ref/heads/changes")).body.object.sha;
  const commit = await side.call("writer", "POST", "git/commits", {
    message: "Move",
    tree: tree.body.sha,
    parents: [parent],
  });
  await side.call("writer", "PATCH", "git/refs/heads/changes", { sha: commit.body.sha });
  const { body: pull } = await open({ head: "changes" });
  const { body: files } = await side.call(null, "GET", `pulls/${pull.number}/files`);
  expect(files).toMatchObject([
    { filename: "old.txt", status: "removed", deletions: 1, patch: "@@ -1 +0,0 @@\n-gone" },
    { filename: "src/new.txt", status: "renamed", previous_filename: "src/a.txt", additions: 1 },
  ]);
  const { body: commits } = await side.call(null, "GET", `pulls/${pull.number}/commits`);
  expect(commits.map((each: Json) => each.sha)).toEqual([parent, commit.body.sha]);
  const { body: compared } = await side.call(null, "GET", "compare/main...changes");
  expect(compared).toMatchObject({ status: "ahead", ahead_by: 2, behind_by: 0, files: [{}, {}] });
  expect((await side.call(null, "GET", `commits/${commit.body.sha}/pulls`)).body).toMatchObject([
    { number: pull.number },
  ]);
});

test("lists are filtered", async () => {
  await open({ head: "second" });
  const titles = async (query: string) =>
    (await side.call(null, "GET", `pulls?${query}`)).body.map((pull: Json) => pull.head.ref);
  expect(await titles("")).toEqual(["second", "changes", "first"]);
  expect(await titles("head=acme:second")).toEqual(["second"]);
  expect(await titles("base=base-two")).toEqual([]);
  expect(await titles("state=closed")).toEqual([]);
  expect(await titles("sort=created&direction=asc")).toEqual(["first", "changes", "second"]);
});

test("reviewers are asked for and told", async () => {
  const asked = await side.call("writer", "POST", "pulls/1/requested_reviewers", { reviewers: ["lena"] });
  expect(asked.status).toBe(201);
  expect(await told("pull_request", "review_requested")).toMatchObject({
    requested_reviewer: { login: "lena" },
  });
  const self = await side.call("writer", "POST", "pulls/1/requested_reviewers", { reviewers: ["quinn"] });
  expect(self.status).toBe(422);
  const review = await side.call("admin", "POST", "pulls/1/reviews", {
    event: "REQUEST_CHANGES",
    body: "Not yet",
    comments: [{ path: "b.txt", line: 1, side: "RIGHT", body: "This" }],
  });
  expect(review.status).toBe(200);
  expect(await told("pull_request_review", "submitted")).toMatchObject({
    review: { state: "changes_requested" },
  });
  expect((await side.call(null, "GET", "pulls/1/requested_reviewers")).body.users).toEqual([]);
  expect((await side.call(null, "GET", "pulls/1/comments")).body).toMatchObject([{ path: "b.txt", line: 1 }]);
});

test("a pending review is its author's alone until it is submitted", async () => {
  const { body } = await side.call("reader", "POST", "pulls/1/reviews", { body: "So far" });
  expect(body.state).toBe("PENDING");
  expect((await side.call("writer", "GET", `pulls/1/reviews/${body.id}`)).status).toBe(404);
  const submitted = await side.call("reader", "POST", `pulls/1/reviews/${body.id}/events`, {
    event: "COMMENT",
  });
  expect(submitted.body.state).toBe("COMMENTED");
  expect((await side.call("writer", "GET", `pulls/1/reviews/${body.id}`)).status).toBe(200);
});

test("a draft is not merged before it is ready", async () => {
  await side.commit("drafted", "d.txt", "d\n");
  const { body } = await open({ head: "drafted", draft: true });
  expect(body).toMatchObject({ draft: true, mergeable_state: "draft" });
  expect((await side.call("writer", "PUT", `pulls/${body.number}/merge`, {})).status).toBe(405);
});

test("a pull request ends with its branch", async () => {
  await side.commit("doomed", "x.txt", "x\n");
  const { body } = await open({ head: "doomed" });
  expect((await side.call("writer", "DELETE", "git/refs/heads/doomed")).status).toBe(204);
  expect((await side.call(null, "GET", `pulls/${body.number}`)).body.state).toBe("closed");
  expect((await side.call("writer", "PATCH", `pulls/${body.number}`, { state: "open" })).status).toBe(422);
});

test("a pull request whose commits arrive on the base by hand is merged", async () => {
  const sha = await side.commit("by-hand", "y.txt", "y\n");
  const { body } = await open({ head: "by-hand" });
  expect((await side.call("writer", "PATCH", "git/refs/heads/main", { sha })).status).toBe(200);
  expect((await side.call(null, "GET", `pulls/${body.number}`)).body).toMatchObject({
    state: "closed",
    merged: true,
  });
});
