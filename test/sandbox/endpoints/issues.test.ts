import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type IssueSide, startIssueSide } from "../../hosts/sandbox-issues.ts";

type Issue = { id: number; number: number; title: string; updated_at: string; user: { login: string } };

let side: IssueSide;
beforeAll(async () => {
  side = await startIssueSide();
});
afterAll(() => side.close());

describe("creating an issue", () => {
  test("answers the whole issue and tells listeners", async () => {
    const { status, body } = await side.call<Issue>("reader", "POST", "issues", {
      title: "It breaks",
      body: "How",
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      title: "It breaks",
      body: "How",
      state: "open",
      state_reason: null,
      type: null,
      sub_issues_summary: { total: 0, completed: 0, percent_completed: 0 },
      issue_dependencies_summary: { blocked_by: 0, blocking: 0, total_blocked_by: 0, total_blocking: 0 },
      user: { login: "reader" },
    });
    expect(side.sent("issues").at(-1)).toMatchObject({ action: "opened", issue: { number: body.number } });
  });

  test("labels and assignees of those who cannot push are dropped without a word, a writer's are kept", async () => {
    const request = { title: "Labelled", labels: ["bug"], assignees: ["writer"] };
    for (const person of ["reader", "triager"] as const) {
      const dropped = await side.call(person, "POST", "issues", request);
      expect(dropped).toMatchObject({ status: 201, body: { labels: [], assignees: [] } });
    }
    const written = await side.call("writer", "POST", "issues", request);
    expect(written.body).toMatchObject({ labels: [{ name: "bug" }], assignees: [{ login: "writer" }] });
    expect(
      side
        .sent("issues")
        .slice(-3)
        .map(({ action }) => action),
    ).toEqual(["opened", "labeled", "assigned"]);
  });

  test("by an app's token names the app", async () => {
    const { body } = await side.call("app", "POST", "issues", { title: "From the app" });
    expect(body).toMatchObject({
      user: { login: "sallyport[bot]", type: "Bot" },
      performed_via_github_app: { id: 4001 },
    });
  });

  test.each([
    ["no title", {}],
    ["an empty title", { title: "" }],
    ["a title of a wrong type", { title: ["a"] }],
  ])("%s is refused", async (_title, request) => {
    const { status, body } = await side.call("writer", "POST", "issues", request);
    expect(status).toBe(422);
    expect(body).toMatchObject({ message: expect.any(String), documentation_url: expect.any(String) });
  });
});

describe("editing an issue", () => {
  test("title and body: the webhook tells what they were", async () => {
    const issue = await create("Old");
    const { body } = await side.call("writer", "PATCH", `issues/${issue.number}`, {
      title: "New",
      body: "More",
    });
    expect(body).toMatchObject({ title: "New", body: "More" });
    expect(side.sent("issues").at(-1)).toMatchObject({
      action: "edited",
      changes: { title: { from: "Old" }, body: { from: "" } },
    });
  });

  test("what stays the same tells nobody", async () => {
    const issue = await create("Same");
    const before = side.sent("issues").length;
    await side.call("writer", "PATCH", `issues/${issue.number}`, { title: "Same" });
    expect(side.sent("issues").length).toBe(before);
  });

  test("close with a reason, then reopen", async () => {
    const issue = await create("Closing");
    const closed = await side.call("writer", "PATCH", `issues/${issue.number}`, {
      state: "closed",
      state_reason: "not_planned",
    });
    expect(closed.body).toMatchObject({
      state: "closed",
      state_reason: "not_planned",
      closed_at: expect.any(String),
      closed_by: { login: "writer" },
    });
    const opened = await side.call("writer", "PATCH", `issues/${issue.number}`, { state: "open" });
    expect(opened.body).toMatchObject({
      state: "open",
      state_reason: "reopened",
      closed_at: null,
      closed_by: null,
    });
    expect(
      side
        .sent("issues")
        .slice(-2)
        .map(({ action }) => action),
    ).toEqual(["closed", "reopened"]);
  });

  test("labels and assignees are replaced, one webhook for each change", async () => {
    const issue = await create("Replace");
    await side.call("writer", "PATCH", `issues/${issue.number}`, {
      labels: ["bug", "one"],
      assignees: ["writer"],
    });
    const { body } = await side.call("writer", "PATCH", `issues/${issue.number}`, {
      labels: ["one"],
      assignees: [],
    });
    expect(body).toMatchObject({ labels: [{ name: "one" }], assignees: [], assignee: null });
    expect(
      side
        .sent("issues")
        .slice(-2)
        .map(({ action }) => action),
    ).toEqual(["unlabeled", "unassigned"]);
  });

  test.each([
    ["an unknown state", { state: "done" }],
    ["a login that nobody has", { assignees: ["nobody-at-all"] }],
    ["a milestone", { milestone: 7 }],
  ])("%s is refused and changes nothing", async (_title, request) => {
    const issue = await create("Kept");
    const { status } = await side.call("writer", "PATCH", `issues/${issue.number}`, {
      title: "Lost",
      ...request,
    });
    expect(status).toBe(422);
    expect((await side.call("reader", "GET", `issues/${issue.number}`)).body).toMatchObject({
      title: "Kept",
    });
  });

  test("an author without a role may edit their own text, not close others' issues", async () => {
    const own = await side.call<Issue>("outsider", "POST", "issues", { title: "Mine" });
    const edited = await side.call("outsider", "PATCH", `issues/${own.body.number}`, { title: "Still mine" });
    expect(edited.status).toBe(200);
    const other = await create("Theirs");
    const refused = await side.call("outsider", "PATCH", `issues/${other.number}`, { state: "closed" });
    expect(refused.status).toBe(403);
  });
});

describe("reading issues", () => {
  test("an issue that is not there", async () => {
    expect((await side.call("reader", "GET", "issues/99999")).status).toBe(404);
    expect((await side.call("writer", "PATCH", "issues/99999", { title: "x" })).status).toBe(404);
  });

  test("filters by state, label, creator and assignee; sorts; pages to the end", async () => {
    const titles = Array.from({ length: 5 }, (_, index) => `listed ${index}`);
    for (const title of titles) {
      await side.call("writer", "POST", "issues", {
        title,
        labels: ["listed", "bug"],
        assignees: ["triager"],
      });
    }
    const list = async (query: string) => {
      const { body } = await side.call<Issue[]>("reader", "GET", `issues?labels=listed&${query}`);
      return body.map(({ title }) => title);
    };
    expect(await list("direction=asc")).toEqual(titles);
    expect(await list("")).toEqual([...titles].reverse());
    expect(await list("labels=listed,bug&direction=asc")).toEqual(titles);
    expect(await list("creator=reader")).toEqual([]);
    expect(await list("creator=writer&assignee=triager&per_page=2&page=3&direction=asc")).toEqual(["listed 4"]);
    expect(await list("assignee=none")).toEqual([]);
    expect(await list("state=closed")).toEqual([]);
    expect(await list("since=2999-01-01T00:00:00Z")).toEqual([]);
    const first = await side.call("reader", "GET", "issues?labels=listed&per_page=2");
    expect(first.headers.get("link")).toMatch(/page=2.*rel="next"/);
  });

  test("a state that is none is refused", async () => {
    expect((await side.call("reader", "GET", "issues?state=ajar")).status).toBe(422);
  });
});

describe("a locked issue", () => {
  test("takes comments from writers only, until it is unlocked", async () => {
    const issue = await create("Heated");
    const path = `issues/${issue.number}`;
    expect((await side.call("writer", "PUT", `${path}/lock`, { lock_reason: "too heated" })).status).toBe(204);
    const locked = await side.call("reader", "GET", path);
    expect(locked.body).toMatchObject({ locked: true, active_lock_reason: "too heated" });
    expect((await side.call("reader", "POST", `${path}/comments`, { body: "But" })).status).toBe(403);
    expect((await side.call("writer", "POST", `${path}/comments`, { body: "Enough" })).status).toBe(201);
    expect((await side.call("writer", "DELETE", `${path}/lock`)).status).toBe(204);
    expect((await side.call("reader", "POST", `${path}/comments`, { body: "Thanks" })).status).toBe(201);
    expect(
      side
        .sent("issues")
        .slice(-2)
        .map(({ action }) => action),
    ).toEqual(["locked", "unlocked"]);
  });

  test("a reason that is none is refused", async () => {
    const issue = await create("Calm");
    const answer = await side.call("writer", "PUT", `issues/${issue.number}/lock`, { lock_reason: "boring" });
    expect(answer.status).toBe(422);
  });
});

describe("assignees", () => {
  test("are added and removed; strangers are passed over", async () => {
    const issue = await create("Work");
    const path = `issues/${issue.number}/assignees`;
    const added = await side.call("triager", "POST", path, { assignees: ["writer", "nobody-at-all"] });
    expect(added).toMatchObject({ status: 201, body: { assignees: [{ login: "writer" }] } });
    const removed = await side.call("triager", "DELETE", path, { assignees: ["writer"] });
    expect(removed).toMatchObject({ status: 200, body: { assignees: [] } });
  });

  test("may be those who can at least triage or read by role", async () => {
    const { body } = await side.call<{ login: string }[]>("reader", "GET", "assignees");
    const logins = body.map(({ login }) => login);
    expect(logins).toEqual(expect.arrayContaining(["admin", "writer", "triager"]));
    expect(logins).not.toContain("outsider");
    expect((await side.call("reader", "GET", "assignees/writer")).status).toBe(204);
    expect((await side.call("reader", "GET", "assignees/outsider")).status).toBe(404);
  });
});

async function create(title: string): Promise<Issue> {
  return (await side.call<Issue>("reader", "POST", "issues", { title })).body;
}
