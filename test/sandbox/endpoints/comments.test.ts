import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Caller, type IssueSide, startIssueSide } from "../../hosts/sandbox-issues.ts";

type Comment = { id: number; body: string; created_at: string; updated_at: string; issue_url: string };
type Reaction = { id: number; content: string };

let side: IssueSide;
let number: number;
beforeAll(async () => {
  side = await startIssueSide();
  number = (await side.call<{ number: number }>("writer", "POST", "issues", { title: "Talk" })).body.number;
});
afterAll(() => side.close());

describe("comments", () => {
  test("are written, counted, read and listed", async () => {
    const { id } = await comment("reader", "First");
    expect((await side.call("nobody", "GET", `issues/comments/${id}`)).body).toMatchObject({
      body: "First",
      user: { login: "reader", type: "User" },
      performed_via_github_app: null,
    });
    const ofIssue = await side.call<Comment[]>("reader", "GET", `issues/${number}/comments`);
    expect(ofIssue.body.map((each) => each.id)).toContain(id);
    const ofRepository = await side.call<Comment[]>("reader", "GET", "issues/comments?sort=created&direction=desc");
    expect(ofRepository.body[0]?.id).toBe(id);
    expect((await side.call("reader", "GET", `issues/${number}`)).body).toMatchObject({ comments: 1 });
    expect(side.sent("issue_comment").at(-1)).toMatchObject({
      action: "created",
      comment: { id },
      issue: { number },
    });
  });

  test("an app's comment names the app", async () => {
    const { body } = await side.call("app", "POST", `issues/${number}/comments`, { body: "Beep" });
    expect(body).toMatchObject({
      user: { login: "sallyport[bot]", type: "Bot" },
      performed_via_github_app: { id: 4001 },
    });
  });

  test("an edit moves updated_at, keeps created_at and tells the former text", async () => {
    const made = await comment("reader", "Before");
    side.sandbox.state.clock = () => Date.now() + 5000;
    const { body } = await side.call<Comment>("reader", "PATCH", `issues/comments/${made.id}`, {
      body: "After",
    });
    expect(body).toMatchObject({ body: "After", created_at: made.created_at });
    expect(Date.parse(body.updated_at)).toBeGreaterThan(Date.parse(made.updated_at));
    expect(side.sent("issue_comment").at(-1)).toMatchObject({
      action: "edited",
      changes: { body: { from: "Before" } },
    });
  });

  test("a deleted one is gone", async () => {
    const { id } = await comment("reader", "Gone soon");
    expect((await side.call("reader", "DELETE", `issues/comments/${id}`)).status).toBe(204);
    expect((await side.call("reader", "GET", `issues/comments/${id}`)).status).toBe(404);
    expect(side.sent("issue_comment").at(-1)).toMatchObject({ action: "deleted", comment: { id } });
  });

  test.each<[Caller, number]>([
    ["writer", 200],
    ["admin", 200],
    ["outsider", 403],
    ["triager", 403],
    ["nobody", 401],
    ["bystander", 403],
  ])("another's comment, edited by %s: %d", async (who, expected) => {
    const { id } = await comment("reader", "Hands off");
    expect((await side.call(who, "PATCH", `issues/comments/${id}`, { body: "Mine" })).status).toBe(expected);
  });

  test.each([[{}], [{ body: "" }], [{ body: 7 }]])("%j is refused", async (request) => {
    expect((await side.call("reader", "POST", `issues/${number}/comments`, request)).status).toBe(422);
  });

  test("101 of them are paged to the end", async () => {
    const { body } = await side.call<{ number: number }>("writer", "POST", "issues", { title: "Long talk" });
    for (let index = 0; index < 101; index += 1) {
      await side.call("writer", "POST", `issues/${body.number}/comments`, { body: `${index}` });
    }
    const first = await side.call<Comment[]>("reader", "GET", `issues/${body.number}/comments?per_page=100`);
    expect(first.body).toHaveLength(100);
    expect(first.headers.get("link")).toMatch(/rel="next"/);
    const second = await side.call<Comment[]>("reader", "GET", `issues/${body.number}/comments?per_page=100&page=2`);
    expect(second.body.map((each) => each.body)).toEqual(["100"]);
  });
});

describe("reactions", () => {
  test.each(["issue", "comment"])(
    "on an %s: new is 201, the same again is 200, then listed and deleted",
    async (kind) => {
      const path = kind === "issue" ? `issues/${number}` : `issues/comments/${(await comment("reader", "React")).id}`;
      const first = await side.call<Reaction>("reader", "POST", `${path}/reactions`, { content: "eyes" });
      const again = await side.call<Reaction>("reader", "POST", `${path}/reactions`, { content: "eyes" });
      expect([first.status, again.status]).toEqual([201, 200]);
      expect(again.body.id).toBe(first.body.id);
      await side.call("writer", "POST", `${path}/reactions`, { content: "+1" });
      const listed = await side.call<Reaction[]>("reader", "GET", `${path}/reactions?content=eyes`);
      expect(listed.body.map(({ id }) => id)).toEqual([first.body.id]);
      expect((await side.call("reader", "GET", path)).body).toMatchObject({
        reactions: { total_count: 2, eyes: 1, "+1": 1, heart: 0 },
      });
      expect((await side.call("outsider", "DELETE", `${path}/reactions/${first.body.id}`)).status).toBe(403);
      expect((await side.call("reader", "DELETE", `${path}/reactions/${first.body.id}`)).status).toBe(204);
      expect((await side.call("reader", "DELETE", `${path}/reactions/${first.body.id}`)).status).toBe(404);
    },
  );

  test("of an unknown kind is refused", async () => {
    expect((await side.call("reader", "POST", `issues/${number}/reactions`, { content: "shrug" })).status).toBe(422);
  });
});

async function comment(who: Caller, body: string): Promise<Comment> {
  return (await side.call<Comment>(who, "POST", `issues/${number}/comments`, { body })).body;
}
