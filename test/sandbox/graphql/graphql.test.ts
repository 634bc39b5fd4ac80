import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { Octokit } from "@octokit/core";
import { type GitSide, type Json, startGitSide } from "../../hosts/sandbox-git.ts";

let side: GitSide;
let head: string;

beforeAll(async () => {
  side = await startGitSide();
  head = await side.commit("feature", "docs/new.md", "new\n");
  await side.call("writer", "POST", "pulls", { title: "New", head: "feature", base: "main", body: "Why" });
  await side.call("writer", "POST", "issues/1/labels", { labels: ["bug"] });
  await side.call("admin", "POST", "pulls/1/reviews", { event: "APPROVE" });
  const token = await side.tokenOf("other");
  for (const status of ["queued", "in_progress"])
    await side.call(token, "POST", "check-runs", {
      name: "build",
      head_sha: head,
      status,
      external_id: status,
    });
});
afterEach(async () => {
  await fetch(`${side.sandbox.url}/_sandbox/faults`, { method: "DELETE" });
});
afterAll(() => side.close());

/** Asks about acme/web with a stock client's token; gives the whole answer with its errors. */
async function ask(fields: string, token: string | null = "writer"): Promise<Json> {
  const query = `query { repository(owner: "acme", name: "web") { ${fields} } }`;
  const { status, body } = await side.call(token, "POST", "/graphql", { query });
  return { ...body, status };
}

test.each(["", "/api/v3"])("a stock client reads a pull request below %j", async (path) => {
  const octokit = new Octokit({ baseUrl: side.sandbox.url + path, auth: "writer" });
  const answer: Json = await octokit.graphql(
    `query Pull($owner: String!, $name: String!, $number: Int!) {
      repository(owner: $owner, name: $name) {
        databaseId
        nameWithOwner
        defaultBranchRef { name target { __typename oid } }
        pullRequest(number: $number) {
          number state merged title body changedFiles baseRefName headRefName headRefOid
          author { __typename login ... on User { databaseId } }
          mergedBy { login }
          mergeCommit { oid }
          baseRef { name target { ... on Commit { oid } } }
          labels(first: 10) { totalCount nodes { name } }
          reviews(first: 10) { nodes { fullDatabaseId state submittedAt author { login } commit { oid } } }
          commits(last: 1) { nodes { commit { oid message parents(first: 5) { nodes { oid } } author { email } } } }
        }
      }
      rateLimit { limit cost }
    }`,
    { owner: "acme", name: "web", number: 1 },
  );
  const { repository, rateLimit } = answer;
  const main = await side.call("writer", "GET", "git/ref/heads/main");
  const mainOid = main.body.object.sha;
  expect(repository).toMatchObject({
    nameWithOwner: "acme/web",
    defaultBranchRef: { name: "main", target: { __typename: "Commit", oid: mainOid } },
    pullRequest: {
      number: 1,
      state: "OPEN",
      merged: false,
      title: "New",
      body: "Why",
      changedFiles: 1,
      baseRefName: "main",
      headRefOid: head,
      author: { __typename: "User", login: "quinn", databaseId: expect.any(Number) },
      mergedBy: null,
      mergeCommit: null,
      baseRef: { name: "main", target: { oid: mainOid } },
      labels: { totalCount: 1, nodes: [{ name: "bug" }] },
      reviews: { nodes: [{ state: "APPROVED", author: { login: "lena" }, commit: { oid: head } }] },
      commits: { nodes: [{ commit: { oid: head, parents: { nodes: [{ oid: mainOid }] } } }] },
    },
  });
  expect(rateLimit).toEqual({ limit: 5000, cost: 1 });
});

test("a change of the base stands in the timeline, with both names and its time", async () => {
  const items = (window: string) =>
    `pullRequest(number: 2) { timelineItems(${window}) { totalCount nodes { __typename
      ... on BaseRefChangedEvent { previousRefName currentRefName createdAt actor { login } }
    } } }`;
  const asked = "last: 1, itemTypes: [BASE_REF_CHANGED_EVENT, AUTOMATIC_BASE_CHANGE_SUCCEEDED_EVENT]";
  await side.call("admin", "POST", "git/refs", {
    ref: "refs/heads/other",
    sha: (await side.call("admin", "GET", "git/ref/heads/main")).body.object.sha,
  });
  await side.commit("moving", "moved.md", "moved\n");
  await side.call("writer", "POST", "pulls", { title: "Moving", head: "moving", base: "main" });
  const before = await ask(items(asked));
  expect(before.data.repository.pullRequest.timelineItems).toEqual({ totalCount: 0, nodes: [] });
  for (const base of ["other", "main"]) await side.call("writer", "PATCH", "pulls/2", { base });
  const { nodes } = (await ask(items(asked))).data.repository.pullRequest.timelineItems;
  expect(nodes).toEqual([
    {
      __typename: "BaseRefChangedEvent",
      previousRefName: "other",
      currentRefName: "main",
      createdAt: expect.stringMatching(/^[0-9T:-]+Z$/),
      actor: { login: "quinn" },
    },
  ]);
  const automatic = await ask(items("last: 1, itemTypes: [AUTOMATIC_BASE_CHANGE_SUCCEEDED_EVENT]"));
  expect(automatic.data.repository.pullRequest.timelineItems.totalCount).toBe(0);
  for (const window of ["last: 1", "last: 1, itemTypes: [CLOSED_EVENT]"])
    expect((await ask(items(window))).errors[0].message).toContain("does not list timeline items of");
});

test("checks are told by suite with their App, the latest of a name or all", async () => {
  const runs = (filter: string) =>
    `checkRuns(first: 10, filterBy: { ${filter} }) { nodes { externalId status conclusion } }`;
  const suites = (filter: string) =>
    `object(oid: "${head}") { ... on Commit { checkSuites(first: 10) { nodes { app { databaseId slug } ${runs(filter)} } } } }`;
  const all = await ask(suites("checkType: ALL"));
  expect(all.data.repository.object.checkSuites.nodes).toEqual([
    {
      app: { databaseId: 4002, slug: "other" },
      checkRuns: {
        nodes: [
          { externalId: "queued", status: "QUEUED", conclusion: null },
          { externalId: "in_progress", status: "IN_PROGRESS", conclusion: null },
        ],
      },
    },
  ]);
  const latest = await ask(suites("checkType: LATEST"));
  expect(latest.data.repository.object.checkSuites.nodes[0].checkRuns.nodes).toHaveLength(1);
  const named = await ask(suites('checkName: "build"'));
  expect(named.errors[0].message).toContain("CheckRunFilter.checkName");
});

test("a bot is told without the [bot] of its login", async () => {
  const token = await side.tokenOf("sallyport");
  await side.commit("by-bot", "bot.md", "bot\n");
  const made = await side.call(token, "POST", "pulls", { title: "Bot", head: "by-bot", base: "main" });
  const answer = await ask(`pullRequest(number: ${made.body.number}) { author { __typename login } }`);
  expect(answer.data.repository.pullRequest.author).toEqual({ __typename: "Bot", login: "sallyport" });
});

test("an issue is told with what stands around it, and a pull request by the same number space", async () => {
  const epic = await side.call("writer", "POST", "issues", { title: "Epic", labels: ["bug"] });
  const { body: issue } = await side.call("writer", "POST", "issues", { title: "Story", body: "Why" });
  const { login } = issue.user;
  await side.call("writer", "POST", `issues/${issue.number}/assignees`, { assignees: [login] });
  await side.call("writer", "POST", `issues/${epic.body.number}/sub_issues`, { sub_issue_id: issue.id });
  const { body: comment } = await side.call("writer", "POST", `issues/${issue.number}/comments`, { body: "Mind." });
  const fields = `issueOrPullRequest(number: ${issue.number}) {
    __typename
    ... on Issue {
      title body state locked author { login } repository { name }
      parent { title labels(first: 1) { nodes { name } } subIssues(first: 1) { nodes { number } } }
      comments(first: 1) { nodes { fullDatabaseId body author { login } createdAt updatedAt lastEditedAt } }
      assignees(first: 1) { nodes { login } }
      timelineItems(first: 1, itemTypes: [ASSIGNED_EVENT]) { nodes { ... on AssignedEvent { assignee { __typename } } } }
    }
  }`;
  const own = { title: "Story", body: "Why", state: "OPEN", locked: false, author: { login } };
  const { created_at: createdAt } = comment;
  expect((await ask(`${fields} pull: issueOrPullRequest(number: 1) { __typename }`)).data.repository).toEqual({
    issueOrPullRequest: {
      ...{ __typename: "Issue", ...own, repository: { name: "web" } },
      parent: {
        ...{ title: "Epic", labels: { nodes: [{ name: "bug" }] } },
        subIssues: { nodes: [{ number: issue.number }] },
      },
      comments: {
        nodes: [
          {
            ...{ fullDatabaseId: String(comment.id), body: "Mind.", author: { login } },
            ...{ createdAt, updatedAt: createdAt, lastEditedAt: null },
          },
        ],
      },
      assignees: { nodes: [{ login }] },
      timelineItems: { nodes: [{ assignee: { __typename: "User" } }] },
    },
    pull: { __typename: "PullRequest" },
  });
  const token = await side.tokenOf("other", { permissions: { contents: "read" } });
  expect(await ask(fields, token)).toMatchObject({
    data: { repository: { issueOrPullRequest: null } },
    errors: [{ type: "FORBIDDEN", path: ["repository", "issueOrPullRequest"] }],
  });
  expect(await ask("issueOrPullRequest(number: 999) { __typename }")).toMatchObject({
    errors: [{ type: "NOT_FOUND" }],
  });
});

test("pull requests are found by their head's name, the newest first, also once they are closed", async () => {
  await side.commit("twice", "docs/twice.md", "twice\n");
  const open = async () =>
    (await side.call("writer", "POST", "pulls", { title: "Twice", head: "twice", base: "main" })).body.number;
  const first = await open();
  await side.call("writer", "PATCH", `pulls/${first}`, { state: "closed" });
  const second = await open();
  const list = (more: string) => `pullRequests(first: 5, headRefName: "twice"${more}) { nodes { number state } }`;
  const newest = ", orderBy: { field: CREATED_AT, direction: DESC }";
  expect((await ask(list(newest))).data.repository.pullRequests.nodes).toEqual([
    { number: second, state: "OPEN" },
    { number: first, state: "CLOSED" },
  ]);
  for (const more of ["", `${newest}, states: [OPEN]`])
    expect(await ask(list(more))).toMatchObject({ errors: [{ type: "UNSUPPORTED" }] });
});

test("the pull requests of a head", async () => {
  const fields = "associatedPullRequests(first: 10) { nodes { number state headRefOid } }";
  const answer = await ask(`object(oid: "${head}") { ... on Commit { ${fields} } }`);
  expect(answer.data.repository.object.associatedPullRequests.nodes).toEqual([
    { number: 1, state: "OPEN", headRefOid: head },
  ]);
});

describe("files", () => {
  const contents: [string, string, object][] = [
    ["text", "plain\n", { isBinary: false, isTruncated: false, byteSize: 6, text: "plain\n" }],
    ["binary", "a\0b", { isBinary: true, isTruncated: false, byteSize: 3, text: null }],
    ["too long", "x".repeat(512 * 1024 + 1), { isTruncated: true, byteSize: 512 * 1024 + 1 }],
  ];
  test.each(contents)("the content of a %s one", async (_, content, expected) => {
    const made = await side.call("writer", "POST", "git/blobs", { content, encoding: "utf-8" });
    const answer = await ask(`object(oid: "${made.body.sha}") { ... on Blob { byteSize isBinary isTruncated text } }`);
    expect(answer.data.repository.object).toMatchObject(expected);
    expect(answer.data.repository.object.text?.length ?? 0).toBeLessThanOrEqual(512 * 1024);
  });

  test("stand at a path of a commit, with their mode as a number", async () => {
    const file = (name: string, path: string) =>
      `${name}: file(path: "${path}") { mode type name object { __typename } }`;
    const fields = [file("file", "src/a.txt"), file("folder", "src"), file("none", "src/b.txt")].join(" ");
    const answer = await ask(`defaultBranchRef { target { ... on Commit { ${fields} tree { entries { name } } } } }`);
    expect(answer.data.repository.defaultBranchRef.target).toMatchObject({
      file: { mode: 0o100644, type: "blob", name: "a.txt", object: { __typename: "Blob" } },
      folder: { mode: 0o40000, type: "tree", object: { __typename: "Tree" } },
      none: null,
      tree: { entries: [{ name: "README.md" }, { name: "src" }] },
    });
  });

  test("an object that there is not is null", async () => {
    expect((await ask(`object(oid: "${"0".repeat(40)}") { oid }`)).data.repository.object).toBeNull();
  });
});

describe("a window on a listing", () => {
  const commits = (window: string) =>
    `pullRequest(number: 1) { commits(${window}) { totalCount pageInfo { hasNextPage endCursor } nodes { commit { oid } } } }`;

  test("leads to all of it by cursors", async () => {
    const second = await side.commit("feature", "docs/more.md", "more\n");
    const one = (await ask(commits("first: 1"))).data.repository.pullRequest.commits;
    expect(one).toMatchObject({
      totalCount: 2,
      pageInfo: { hasNextPage: true },
      nodes: [{ commit: { oid: head } }],
    });
    const two = (await ask(commits(`first: 1, after: "${one.pageInfo.endCursor}"`))).data.repository;
    expect(two.pullRequest.commits).toMatchObject({
      pageInfo: { hasNextPage: false },
      nodes: [{ commit: { oid: second } }],
    });
    const last = (await ask(commits("last: 1"))).data.repository.pullRequest.commits;
    expect(last.nodes).toEqual([{ commit: { oid: second } }]);
  });

  test.each([
    ["first: 101", "EXCESSIVE_PAGINATION"],
    ["last: 101", "EXCESSIVE_PAGINATION"],
    ["", "MISSING_PAGINATION_BOUNDARIES"],
    ['first: 1, after: "x"', "INVALID_CURSOR_ARGUMENTS"],
  ])("(%s) is refused with %s", async (window, type) => {
    const field = commits(window).replace("()", "");
    expect(await ask(field)).toMatchObject({ status: 200, errors: [{ type }] });
  });
});

describe("is refused", () => {
  const refusals: [string, string, string][] = [
    ["a field that GitHub has not", "colour", 'Cannot query field "colour"'],
    ["a field of GitHub's that the sandbox has not", "stargazerCount", "no resolver for Repository.stargazerCount"],
    ["an object by expression", 'object(expression: "main:src") { oid }', "no resolver for Repository.object"],
    ["a pull request that there is not", "pullRequest(number: 99) { title }", "number of 99"],
    ["what is no query", "}", "Syntax Error"],
  ];
  test.each(refusals)("%s", async (_, fields, message) => {
    const answer = await ask(fields);
    expect(answer.status).toBe(200);
    expect(answer.errors[0].message).toContain(message);
  });

  test("a mutation", async () => {
    const query = 'mutation { closePullRequest(input: { pullRequestId: "x" }) { clientMutationId } }';
    const { body } = await side.call("admin", "POST", "/graphql", { query });
    expect(body.errors[0].message).toContain("no resolver for Mutation.closePullRequest");
  });

  test.each([
    ["nobody", null, 401],
    ["a wrong token", "wrong", 401],
  ])("%s", async (_, token, status) => {
    expect(await ask("name", token)).toMatchObject({ status, message: expect.any(String) });
  });

  test("a repository that one may not see, as one that there is not", async () => {
    const query = 'query { repository(owner: "acme", name: "hidden") { name } }';
    const { body } = await side.call("writer", "POST", "/graphql", { query });
    expect(body).toMatchObject({ data: { repository: null }, errors: [{ type: "NOT_FOUND" }] });
  });

  test("what a token has no permission for, and the rest is answered", async () => {
    const token = await side.tokenOf("other", { permissions: { contents: "read" } });
    const answer = await ask("name pullRequest(number: 1) { title }", token);
    expect(answer).toMatchObject({
      data: { repository: { name: "web", pullRequest: null } },
      errors: [{ type: "FORBIDDEN", path: ["repository", "pullRequest"] }],
    });
  });
});

describe("a fault", () => {
  test("puts an error beside the data", async () => {
    side.sandbox.fault({ kind: "graphql_error" });
    expect(await ask("name")).toMatchObject({ data: { repository: { name: "web" } }, errors: [{}] });
    expect((await ask("name")).errors).toBeUndefined();
  });

  test("gives a status in its place", async () => {
    side.sandbox.fault({ kind: "status", path: "/graphql$" });
    expect((await ask("name")).status).toBe(502);
  });
});

test("a query is counted and charged as any request", async () => {
  await fetch(`${side.sandbox.url}/_sandbox/requests`, { method: "DELETE" });
  const query = 'query { repository(owner: "acme", name: "web") { name } }';
  const { headers } = await side.call("writer", "POST", "/api/graphql", { query });
  expect(headers.get("x-ratelimit-resource")).toBe("graphql");
  expect(Number(headers.get("x-ratelimit-used"))).toBeGreaterThan(0);
  const asked = await (await fetch(`${side.sandbox.url}/_sandbox/requests`)).json();
  expect(asked).toEqual([{ method: "POST", path: "/api/graphql", route: "/api/graphql", status: 200 }]);
});

test("T096 a comment tells when it was last edited, also within its first second, to those who may see it", async () => {
  const { body: comment } = await side.call("writer", "POST", "issues/1/comments", { body: "/status" });
  const edits = async (token: string | null, id = comment.node_id) => {
    const query = `query { nodes(ids: ["${id}"]) { ... on IssueComment { id databaseId lastEditedAt } } }`;
    return (await side.call(token, "POST", "/graphql", { query })).body;
  };
  expect((await edits("writer")).data.nodes).toEqual([
    { id: comment.node_id, databaseId: comment.id, lastEditedAt: null },
  ]);
  const { body: changed } = await side.call("admin", "PATCH", `issues/comments/${comment.id}`, {
    body: "/run",
  });
  expect((await edits("writer")).data.nodes).toMatchObject([{ lastEditedAt: changed.updated_at }]);
  expect(await edits("writer", "IC_none")).toMatchObject({
    data: { nodes: [null] },
    errors: [{ type: "NOT_FOUND", path: ["nodes", 0], message: expect.stringContaining("IC_none") }],
  });
});
