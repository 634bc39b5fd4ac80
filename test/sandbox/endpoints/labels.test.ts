import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type IssueSide, startIssueSide } from "../../hosts/sandbox-issues.ts";

type Label = { id: number; name: string };

let side: IssueSide;
beforeAll(async () => {
  side = await startIssueSide();
});
afterAll(() => side.close());

describe("labels of the repository", () => {
  test("are made, read, renamed and deleted, each with its webhook", async () => {
    const made = await side.call("writer", "POST", "labels", {
      name: "ai:plan",
      color: "00ff00",
      description: "Plan it",
    });
    expect(made).toMatchObject({ status: 201, body: { name: "ai:plan", color: "00ff00", default: false } });
    expect((await side.call("reader", "GET", "labels/AI:PLAN")).body).toMatchObject({ name: "ai:plan" });
    const renamed = await side.call("writer", "PATCH", "labels/ai:plan", { new_name: "ai:run" });
    expect(renamed).toMatchObject({ status: 200, body: { name: "ai:run", color: "00ff00" } });
    expect(side.sent("label").at(-1)).toMatchObject({
      action: "edited",
      changes: { name: { from: "ai:plan" } },
    });
    expect((await side.call("writer", "DELETE", "labels/ai:run")).status).toBe(204);
    expect((await side.call("reader", "GET", "labels/ai:run")).status).toBe(404);
    expect(side.sent("label").map(({ action }) => action)).toEqual(["created", "edited", "deleted"]);
  });

  test.each([
    ["a name that is taken", { name: "BUG" }, "already_exists"],
    ["a colour that is none", { name: "pale", color: "white-ish" }, "invalid"],
  ])("%s is refused", async (_title, request, code) => {
    const { status, body } = await side.call("writer", "POST", "labels", request);
    expect(status).toBe(422);
    expect(body).toMatchObject({ message: "Validation Failed", errors: [{ resource: "Label", code }] });
  });

  test("a label without a name is refused", async () => {
    expect((await side.call("writer", "POST", "labels", { color: "ffffff" })).status).toBe(422);
  });

  test("a deleted label leaves the issues that had it", async () => {
    const number = await issue();
    await side.call("writer", "POST", `issues/${number}/labels`, { labels: ["passing"] });
    await side.call("writer", "DELETE", "labels/passing");
    expect(await names(number)).toEqual([]);
  });
});

describe("labels of an issue", () => {
  test("are added, each once, and unknown ones are made", async () => {
    const number = await issue();
    const added = await side.call<Label[]>("writer", "POST", `issues/${number}/labels`, {
      labels: ["bug", "brand new"],
    });
    expect(added.body.map(({ name }) => name)).toEqual(["bug", "brand new"]);
    expect((await side.call("reader", "GET", "labels/brand%20new")).body).toMatchObject({ color: "ededed" });
    const before = side.sent("issues").length;
    await side.call("triager", "POST", `issues/${number}/labels`, { labels: ["Bug"] });
    expect(side.sent("issues").length).toBe(before);
    expect(await names(number)).toEqual(["bug", "brand new"]);
  });

  test("each one added is told by name and by whom", async () => {
    const number = await issue();
    await side.call("triager", "POST", `issues/${number}/labels`, { labels: ["bug"] });
    expect(side.sent("issues").at(-1)).toMatchObject({
      action: "labeled",
      label: { name: "bug" },
      sender: { login: "triager", type: "User" },
      issue: { number, labels: [{ name: "bug" }] },
    });
  });

  test.each(["POST", "PUT"])("U4: %s by someone who may only apply labels makes none", async (method) => {
    const number = await issue();
    const refused = await side.call("triager", method, `issues/${number}/labels`, { labels: ["bug", "never made"] });
    expect(refused).toMatchObject({
      status: 403,
      body: { errors: [{ resource: "Repository", field: "label", code: "unauthorized" }] },
    });
    expect(await names(number)).toEqual([]);
    expect((await side.call("reader", "GET", "labels/never%20made")).status).toBe(404);
  });

  test("are set, removed one by one and all at once", async () => {
    const number = await issue();
    await side.call("writer", "PUT", `issues/${number}/labels`, { labels: ["a", "b", "c"] });
    const set = await side.call<Label[]>("writer", "PUT", `issues/${number}/labels`, { labels: ["b", "d"] });
    expect(set.body.map(({ name }) => name)).toEqual(["b", "d"]);
    const removed = await side.call<Label[]>("triager", "DELETE", `issues/${number}/labels/b`);
    expect(removed.body.map(({ name }) => name)).toEqual(["d"]);
    expect((await side.call("triager", "DELETE", `issues/${number}/labels/b`)).status).toBe(404);
    expect((await side.call("triager", "DELETE", `issues/${number}/labels`)).status).toBe(204);
    expect(await names(number)).toEqual([]);
  });

  test.each([[{ labels: "bug" }], [{ labels: [7] }], [{ labels: [""] }]])("%j is refused", async (request) => {
    const number = await issue();
    expect((await side.call("triager", "POST", `issues/${number}/labels`, request)).status).toBe(422);
  });
});

async function issue(): Promise<number> {
  return (await side.call<{ number: number }>("reader", "POST", "issues", { title: "To label" })).body.number;
}

async function names(number: number): Promise<string[]> {
  const { body } = await side.call<Label[]>("reader", "GET", `issues/${number}/labels`);
  return body.map(({ name }) => name);
}
