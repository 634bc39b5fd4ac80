import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Caller, type IssueSide, startIssueSide } from "../../hosts/sandbox-issues.ts";

type Run = { id: number; name: string; check_suite: { id: number }; html_url: string };
type Runs = { total_count: number; check_runs: Run[] };
type Suites = { total_count: number; check_suites: { id: number; app: { id: number } }[] };

let side: IssueSide;
let sha: string;
beforeAll(async () => {
  side = await startIssueSide();
  sha = await side.head();
});
afterAll(() => side.close());

describe("check runs", () => {
  test("go from queued to completed, with webhooks at both ends", async () => {
    const made = await create({ name: "sallyport", external_id: "42" });
    expect(made).toMatchObject({
      status: 201,
      body: { status: "queued", conclusion: null, external_id: "42", head_sha: sha, app: { id: 4001 } },
    });
    const path = `check-runs/${made.body.id}`;
    const started = await side.call("app", "PATCH", path, { status: "in_progress" });
    expect(started.body).toMatchObject({
      status: "in_progress",
      started_at: expect.any(String),
      completed_at: null,
    });
    const output = { title: "Fine", summary: "All gates pass", text: "…" };
    const ended = await side.call("app", "PATCH", path, { conclusion: "success", output });
    expect(ended.body).toMatchObject({
      status: "completed",
      conclusion: "success",
      completed_at: expect.any(String),
      output,
    });
    expect((await side.call("reader", "GET", path)).body).toMatchObject({ conclusion: "success" });
    expect(side.sent("check_run").map(({ action }) => action)).toEqual(["created", "completed"]);
    expect(side.sent("check_suite").at(-1)).toMatchObject({
      action: "completed",
      check_suite: { conclusion: "success" },
    });
  });

  test.each<[Caller, number]>([
    ["admin", 403],
    ["writer", 403],
    ["bystander", 403],
    ["nobody", 401],
  ])("cannot be made by %s: %d", async (who, expected) => {
    const answer = await side.call(who, "POST", "check-runs", { name: "forged", head_sha: sha });
    expect(answer.status).toBe(expected);
  });

  test.each<[string, Record<string, unknown>]>([
    ["completed without a conclusion", { status: "completed" }],
    ["a conclusion that is none", { conclusion: "fine" }],
    ["a status that is none", { status: "waiting for lunch" }],
    ["a commit that is not there", { head_sha: "1".repeat(40) }],
    ["no name", { name: undefined }],
    ["a summary above 65535 characters", { output: { title: "t", summary: "x".repeat(65_536) } }],
    ["a text above 65535 characters", { output: { title: "t", summary: "s", text: "x".repeat(65_536) } }],
    ["51 annotations", { output: { title: "t", summary: "s", annotations: annotations(51) } }],
    ["an annotation without a message", { output: { title: "t", summary: "s", annotations: [{ path: "a" }] } }],
  ])("%s is refused", async (_title, fields) => {
    expect((await create({ name: "refused", ...fields })).status).toBe(422);
    const { body } = await side.call<Runs>("reader", "GET", `commits/${sha}/check-runs?check_name=refused`);
    expect(body).toEqual({ total_count: 0, check_runs: [] });
  });

  test("take 65535 characters, and annotations in portions that add up", async () => {
    const output = { title: "t", summary: "x".repeat(65_535), annotations: annotations(50) };
    const { body, status } = await create({ name: "noted", output });
    expect(status).toBe(201);
    const more = { title: "t", summary: "s", annotations: annotations(3) };
    const updated = await side.call("app", "PATCH", `check-runs/${body.id}`, { output: more });
    expect(updated.body).toMatchObject({ output: { annotations_count: 53 } });
    const listed = await side.call<unknown[]>("reader", "GET", `check-runs/${body.id}/annotations?per_page=100`);
    expect(listed.body).toHaveLength(53);
    expect(listed.body[0]).toMatchObject({ path: "README.md", annotation_level: "warning" });
  });

  test("are listed by ref, name, app, status; only the latest of a name unless all are asked for", async () => {
    const first = await create({ name: "twice" });
    const second = await create({ name: "twice", conclusion: "failure" });
    const list = async (query: string) => {
      const { body } = await side.call<Runs>("reader", "GET", `commits/main/check-runs?check_name=twice${query}`);
      expect(body.total_count).toBe(body.check_runs.length);
      return body.check_runs.map(({ id }) => id);
    };
    expect(await list("")).toEqual([second.body.id]);
    expect(await list("&filter=all")).toEqual([second.body.id, first.body.id]);
    expect(await list("&filter=all&status=queued")).toEqual([first.body.id]);
    expect(await list("&app_id=4001")).toEqual([second.body.id]);
    expect(await list("&app_id=4002")).toEqual([]);
    const suite = await side.call<Runs>(
      "reader",
      "GET",
      `check-suites/${first.body.check_suite.id}/check-runs?filter=all`,
    );
    expect(suite.body.check_runs.map(({ id }) => id)).toContain(first.body.id);
  });

  test("of one app are not changed by another", async () => {
    const { body } = await create({ name: "ours" });
    for (const who of ["admin", "bystander"] as const) {
      expect((await side.call(who, "PATCH", `check-runs/${body.id}`, { conclusion: "success" })).status).toBe(403);
    }
  });

  test("that are not there", async () => {
    expect((await side.call("app", "PATCH", "check-runs/1", { name: "x" })).status).toBe(404);
    expect((await side.call("reader", "GET", "check-runs/1")).status).toBe(404);
    expect((await side.call("reader", "GET", "check-suites/1")).status).toBe(404);
  });
});

describe("asking for a check again", () => {
  test("tells its app", async () => {
    const { body } = await create({ name: "again", conclusion: "failure" });
    await endAll();
    expect((await side.call("writer", "POST", `check-runs/${body.id}/rerequest`)).status).toBe(201);
    expect(side.sent("check_run").at(-1)).toMatchObject({
      action: "rerequested",
      check_run: { id: body.id },
    });
    expect((await side.call("reader", "POST", `check-runs/${body.id}/rerequest`)).status).toBe(403);
  });

  test("and for a whole suite", async () => {
    await create({ name: "suite", conclusion: "failure" });
    await endAll();
    const { body } = await side.call<Suites>("reader", "GET", `commits/${sha}/check-suites?app_id=4001`);
    expect(body).toMatchObject({ total_count: 1, check_suites: [{ app: { id: 4001 } }] });
    const path = `check-suites/${body.check_suites[0]?.id}`;
    expect((await side.call("reader", "GET", path)).body).toMatchObject({ head_sha: sha });
    expect((await side.call("writer", "POST", `${path}/rerequest`)).status).toBe(201);
    expect(side.sent("check_suite").at(-1)).toMatchObject({ action: "rerequested" });
  });
});

describe("statuses", () => {
  test("the newest of each context counts; one pending or failed weighs on the whole", async () => {
    const empty = await side.call("reader", "GET", `commits/${sha}/status`);
    expect(empty.body).toMatchObject({ state: "pending", statuses: [], total_count: 0, sha });
    await set("app", { state: "pending", context: "build" });
    await set("app", {
      state: "success",
      context: "build",
      description: "Built",
      target_url: "https://ci.example/1",
    });
    await set("writer", { state: "success" });
    expect((await side.call("reader", "GET", `commits/${sha}/status`)).body).toMatchObject({
      state: "success",
      total_count: 2,
      statuses: expect.arrayContaining([expect.objectContaining({ context: "default" })]),
    });
    await set("app", { state: "error", context: "lint" });
    expect((await side.call("reader", "GET", "commits/main/status")).body).toMatchObject({
      state: "failure",
    });
    const all = await side.call<{ state: string }[]>("reader", "GET", `commits/${sha}/statuses`);
    expect(all.body.map(({ state }) => state)).toEqual(["error", "success", "success", "pending"]);
    expect(side.sent("status").at(-1)).toMatchObject({ sha, context: "lint", state: "error" });
  });

  test.each<[Caller, Record<string, unknown>, number]>([
    ["reader", { state: "success" }, 403],
    ["triager", { state: "success" }, 403],
    ["bystander", { state: "success" }, 403],
    ["nobody", { state: "success" }, 401],
    ["writer", { state: "fine" }, 422],
    ["writer", {}, 422],
    ["writer", { state: "success", description: "x".repeat(141) }, 422],
  ])("by %s with %j: %d", async (who, request, expected) => {
    expect((await set(who, request)).status).toBe(expected);
  });

  test("on a commit that is not there is refused", async () => {
    const answer = await side.call("writer", "POST", `statuses/${"1".repeat(40)}`, { state: "success" });
    expect(answer.status).toBe(422);
  });
});

function create(fields: Record<string, unknown>) {
  return side.call<Run>("app", "POST", "check-runs", { head_sha: sha, ...fields });
}

/** GitHub asks again only for what has ended, and the tests share one suite. */
async function endAll(): Promise<void> {
  const open = await side.call<Runs>("reader", "GET", `commits/${sha}/check-runs?filter=all&status=queued`);
  for (const { id } of open.body.check_runs) {
    await side.call("app", "PATCH", `check-runs/${id}`, { conclusion: "neutral" });
  }
}

function set(who: Caller, fields: Record<string, unknown>) {
  return side.call(who, "POST", `statuses/${sha}`, fields);
}

function annotations(count: number) {
  const one = { path: "README.md", start_line: 1, end_line: 1, annotation_level: "warning", message: "Look" };
  return Array.from({ length: count }, () => one);
}
