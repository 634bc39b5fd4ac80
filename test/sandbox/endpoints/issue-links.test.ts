import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type IssueSide, startIssueSide } from "../../hosts/sandbox-issues.ts";

type Issue = { id: number; number: number; url: string };

let side: IssueSide;
beforeAll(async () => {
  side = await startIssueSide();
});
afterAll(() => side.close());

describe("sub-issues", () => {
  test("are added by database id, listed in order, and counted", async () => {
    const [epic, one, two] = [await create("Epic"), await create("One"), await create("Two")];
    expect((await add(epic, one)).status).toBe(201);
    expect((await add(epic, two)).status).toBe(201);
    expect(await subIssues(epic)).toEqual([one.number, two.number]);
    await side.call("writer", "PATCH", `issues/${one.number}`, { state: "closed" });
    expect((await side.call("reader", "GET", `issues/${epic.number}`)).body).toMatchObject({
      sub_issues_summary: { total: 2, completed: 1, percent_completed: 50 },
    });
    expect((await side.call("reader", "GET", `issues/${two.number}`)).body).toMatchObject({
      parent_issue_url: epic.url,
    });
    expect((await side.call("reader", "GET", `issues/${two.number}/parent`)).body).toMatchObject({
      id: epic.id,
    });
    expect((await side.call("reader", "GET", `issues/${epic.number}/parent`)).status).toBe(404);
  });

  test("tell both ends", async () => {
    const [epic, story] = [await create("Epic"), await create("Story")];
    await add(epic, story);
    await side.call("writer", "DELETE", `issues/${epic.number}/sub_issue`, { sub_issue_id: story.id });
    const sent = side.sent("sub_issues").slice(-4);
    expect(sent.map(({ action }) => action)).toEqual([
      "sub_issue_added",
      "parent_issue_added",
      "sub_issue_removed",
      "parent_issue_removed",
    ]);
    for (const payload of sent) expect(payload).toMatchObject({ sub_issue_id: story.id, parent_issue_id: epic.id });
    expect(await subIssues(epic)).toEqual([]);
  });

  test("have one parent, unless it is to be replaced", async () => {
    const [first, second, story] = [await create("First"), await create("Second"), await create("Story")];
    await add(first, story);
    expect((await add(second, story)).status).toBe(422);
    expect(await subIssues(second)).toEqual([]);
    expect((await add(second, story, { replace_parent: true })).status).toBe(201);
    expect([await subIssues(first), await subIssues(second)]).toEqual([[], [story.number]]);
  });

  test("cannot be their own parent or grandparent, nor be added twice, nor be nowhere", async () => {
    const [epic, story] = [await create("Epic"), await create("Story")];
    await add(epic, story);
    expect((await add(epic, epic)).status).toBe(422);
    expect((await add(story, epic)).status).toBe(422);
    expect((await add(epic, story)).status).toBe(422);
    expect((await add(epic, { ...story, id: 1 })).status).toBe(404);
    expect(await subIssues(epic)).toEqual([story.number]);
  });

  test("are put in another order", async () => {
    const [epic, a, b, c] = [await create("Epic"), await create("a"), await create("b"), await create("c")];
    for (const issue of [a, b, c]) await add(epic, issue);
    const move = (body: Record<string, number>) =>
      side.call("writer", "PATCH", `issues/${epic.number}/sub_issues/priority`, body);
    expect((await move({ sub_issue_id: c.id, before_id: a.id })).status).toBe(200);
    expect(await subIssues(epic)).toEqual([c.number, a.number, b.number]);
    expect((await move({ sub_issue_id: c.id, after_id: b.id })).status).toBe(200);
    expect(await subIssues(epic)).toEqual([a.number, b.number, c.number]);
    expect((await move({ sub_issue_id: c.id })).status).toBe(422);
    expect((await move({ sub_issue_id: epic.id, after_id: b.id })).status).toBe(404);
  });
});

describe("dependencies", () => {
  test("are added by database id, listed from both ends, and counted while open", async () => {
    const [waiting, first] = [await create("Waiting"), await create("First")];
    expect((await block(waiting, first)).status).toBe(201);
    expect(await numbers(`issues/${waiting.number}/dependencies/blocked_by`)).toEqual([first.number]);
    expect(await numbers(`issues/${first.number}/dependencies/blocking`)).toEqual([waiting.number]);
    const summary = async (issue: Issue) => (await side.call("reader", "GET", `issues/${issue.number}`)).body;
    expect(await summary(waiting)).toMatchObject({
      issue_dependencies_summary: { blocked_by: 1, total_blocked_by: 1 },
    });
    await side.call("writer", "PATCH", `issues/${first.number}`, { state: "closed" });
    expect(await summary(waiting)).toMatchObject({
      issue_dependencies_summary: { blocked_by: 0, total_blocked_by: 1 },
    });
    expect(await summary(first)).toMatchObject({
      issue_dependencies_summary: { blocking: 1, total_blocking: 1 },
    });
  });

  test("tell both ends", async () => {
    const [waiting, first] = [await create("Waiting"), await create("First")];
    await block(waiting, first);
    const path = `issues/${waiting.number}/dependencies/blocked_by/${first.id}`;
    expect((await side.call("writer", "DELETE", path)).status).toBe(200);
    expect((await side.call("writer", "DELETE", path)).status).toBe(404);
    const sent = side.sent("issue_dependencies").slice(-4);
    expect(sent.map(({ action }) => action)).toEqual([
      "blocked_by_added",
      "blocking_added",
      "blocked_by_removed",
      "blocking_removed",
    ]);
    for (const payload of sent)
      expect(payload).toMatchObject({ blocked_issue_id: waiting.id, blocking_issue_id: first.id });
  });

  test("on itself, twice, in a ring or on nothing are refused", async () => {
    const [a, b] = [await create("a"), await create("b")];
    await block(a, b);
    expect((await block(a, a)).status).toBe(422);
    expect((await block(a, b)).status).toBe(422);
    expect((await block(b, a)).status).toBe(422);
    expect((await block(b, { ...a, id: 1 })).status).toBe(404);
  });
});

describe("events and timeline", () => {
  type Event = {
    event: string;
    id: number;
    actor: { login: string };
    label?: { name: string };
    created_at: string;
  };

  test("tell who did what to an issue, in order", async () => {
    const [issue, parent] = [await create("Busy"), await create("Parent")];
    const path = `issues/${issue.number}`;
    await side.call("triager", "POST", `${path}/labels`, { labels: ["bug"] });
    await side.call("writer", "DELETE", `${path}/labels/bug`);
    await side.call("writer", "PATCH", path, { title: "Busier" });
    await side.call("writer", "POST", `${path}/assignees`, { assignees: ["writer"] });
    await add(parent, issue);
    await block(issue, parent);
    await side.call("reader", "POST", `${path}/comments`, { body: "Hm" });
    await side.call("app", "PATCH", path, { state: "closed" });
    await side.call("writer", "PATCH", path, { state: "open" });
    const history = ["labeled", "unlabeled", "renamed", "assigned", "parent_issue_added", "blocked_by_added"];
    const events = await side.call<Event[]>("reader", "GET", `${path}/events`);
    expect(events.body.map(({ event }) => event)).toEqual([...history, "closed", "reopened"]);
    expect(events.body[0]).toMatchObject({
      actor: { login: "triager" },
      label: { name: "bug" },
      performed_via_github_app: null,
    });
    expect(events.body[2]).toMatchObject({ rename: { from: "Busy", to: "Busier" } });
    expect(events.body[6]).toMatchObject({ actor: { type: "Bot" }, performed_via_github_app: { id: 4001 } });
    const timeline = await side.call<Event[]>("reader", "GET", `${path}/timeline?per_page=100`);
    expect(timeline.body.map(({ event }) => event)).toEqual([...history, "commented", "closed", "reopened"]);
    const paged = await side.call<Event[]>("reader", "GET", `${path}/timeline?per_page=4&page=3`);
    expect(paged.body.map(({ event }) => event)).toEqual(["reopened"]);
    const one = await side.call<Event>("reader", "GET", `issues/events/${events.body[0]?.id}`);
    expect(one.body).toMatchObject({ event: "labeled", issue: { number: issue.number } });
    const all = await side.call<Event[]>("reader", "GET", "issues/events");
    expect(all.body[0]).toMatchObject({ event: "reopened", issue: { number: issue.number } });
  });
});

async function create(title: string): Promise<Issue> {
  return (await side.call<Issue>("writer", "POST", "issues", { title })).body;
}

function add(parent: Issue, child: Issue, more = {}) {
  return side.call("writer", "POST", `issues/${parent.number}/sub_issues`, {
    sub_issue_id: child.id,
    ...more,
  });
}

function block(issue: Issue, by: Issue) {
  return side.call("writer", "POST", `issues/${issue.number}/dependencies/blocked_by`, { issue_id: by.id });
}

async function numbers(path: string): Promise<number[]> {
  const { body } = await side.call<Issue[]>("reader", "GET", path);
  return body.map(({ number }) => number);
}

function subIssues(issue: Issue): Promise<number[]> {
  return numbers(`issues/${issue.number}/sub_issues`);
}
