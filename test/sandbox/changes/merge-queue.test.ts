import { afterEach, describe, expect, test } from "@jest/globals";
import { type GitSide, type Json, startGitSide } from "../../hosts/sandbox-git.ts";

let side: GitSide;
afterEach(() => side.close());

const ci = [{ name: "test", conclusion: "success" as const, delay_ms: 1 }];
const start = (queue: true | "squash" = true, more: object = {}) =>
  startGitSide({
    protection: [{ branch: "main", checks: [{ context: "sallyport", app: "sallyport" }], merge_queue: queue }],
    ci,
    ...more,
  });

async function report(slug: "sallyport" | "other", sha: string, conclusion: string): Promise<void> {
  const run = { name: "sallyport", head_sha: sha, conclusion };
  expect((await side.call(await side.tokenOf(slug), "POST", "check-runs", run)).status).toBe(201);
}

/** A pull request with one new file, green when it is to be queued. */
async function openPull(branch: string, path = `${branch}.txt`): Promise<{ number: number; head: string }> {
  const head = await side.commit(branch, path, `${branch}\n`);
  const fields = { title: `About ${branch}`, head: branch, base: "main" };
  const { body } = await side.call("writer", "POST", "pulls", fields);
  await report("sallyport", head, "success");
  return { number: body.number, head };
}

const queue = (...pulls: { number: number }[]) =>
  side.call(null, "POST", "/_sandbox/merge-queue", {
    repository: "acme/web",
    pulls: pulls.map(({ number }) => number),
  });

async function tip(ref = "heads/main"): Promise<string | null> {
  const { status, body } = await side.call(null, "GET", `git/ref/${ref}`);
  return status === 200 ? body.object.sha : null;
}

const told = () =>
  side.watch.webhooks
    .filter(({ event }) => event === "merge_group")
    .map(({ payload }): Json => payload)
    .map(({ action, reason, merge_group }) => ({ action, reason, head: merge_group.head_sha }));

const states = async (...pulls: { number: number }[]) =>
  Promise.all(
    pulls.map(async ({ number }) => {
      const { body } = await side.call(null, "GET", `pulls/${number}`);
      return body.merged ? "merged" : body.state;
    }),
  );

test("a group lands when the required check of the App is good on its own head", async () => {
  side = await start();
  const base = await tip();
  const [one, two] = [await openPull("one"), await openPull("two")];
  const { status, body: group } = await queue(one, two);
  expect([status, group.base_sha]).toEqual([201, base]);
  expect(group.head_ref).toBe(`refs/heads/gh-readonly-queue/main/pr-${two.number}-${base}`);
  await side.sandbox.settled();
  expect(await tip()).toBe(base);

  // Its simulated CI ran on the group's head; another App's check of the name does not count.
  const checks = await side.call("writer", "GET", `commits/${group.head_sha}/check-runs`);
  expect(checks.body.check_runs.map((run: Json) => [run.name, run.conclusion])).toEqual([["test", "success"]]);
  await report("other", group.head_sha, "success");
  await side.sandbox.settled();
  expect(await states(one, two)).toEqual(["open", "open"]);

  await report("sallyport", group.head_sha, "success");
  await side.sandbox.settled();
  expect([await tip(), await tip(group.head_ref.replace("refs/", ""))]).toEqual([group.head_sha, null]);
  expect(await states(one, two)).toEqual(["merged", "merged"]);
  expect(told()).toEqual([
    { action: "checks_requested", reason: undefined, head: group.head_sha },
    { action: "destroyed", reason: "merged", head: group.head_sha },
  ]);
  const landed = (await side.call(null, "GET", "commits?per_page=4")).body;
  const last = landed.find((commit: Json) => commit.sha === group.head_sha);
  expect(last.commit.message).toBe(`Merge pull request #${two.number} from acme/two\n\nAbout two`);
  expect(last.parents[1].sha).toBe(two.head);
  const first = (await side.call(null, "GET", `pulls/${one.number}`)).body.merge_commit_sha;
  expect(last.parents[0].sha).toBe(first);
});

test("a squashing queue makes one commit of each pull request", async () => {
  side = await start("squash");
  const base = await tip();
  const one = await openPull("one");
  const { body: group } = await queue(one);
  const { body } = await side.call(null, "GET", `git/commits/${group.head_sha}`);
  expect(body.parents.map((parent: Json) => parent.sha)).toEqual([base]);
  expect(body.message).toBe(`About one (#${one.number})`);
  await report("sallyport", group.head_sha, "success");
  await side.sandbox.settled();
  expect(await states(one)).toEqual(["merged"]);
});

describe("a group that is given up leaves its members open, and the branch where it was", () => {
  const ends: [string, string, (one: { number: number }, head: string) => Promise<unknown>][] = [
    ["a required check fails", "dequeued", (_, head) => report("sallyport", head, "failure")],
    ["a member's head moves", "dequeued", () => side.commit("one", "more.txt", "more\n")],
    [
      "a member is closed",
      "dequeued",
      ({ number }) => side.call("writer", "PATCH", `pulls/${number}`, { state: "closed" }),
    ],
    ["the branch moves under it", "invalidated", () => side.commit("main", "direct.txt", "direct\n")],
  ];
  test.each(ends)("when %s: %s", async (_, reason, act) => {
    const rule = { branch: "main", checks: [{ context: "sallyport", app: "sallyport" }], merge_queue: true };
    side = await startGitSide({ protection: [{ ...rule, enforce_admins: false }], ci });
    const [one, two] = [await openPull("one"), await openPull("two")];
    const { body: group } = await queue(one, two);
    await act(one, group.head_sha);
    await side.sandbox.settled();
    expect(told().at(-1)).toEqual({ action: "destroyed", reason, head: group.head_sha });
    expect(await tip(group.head_ref.replace("refs/", ""))).toBe(null);
    expect(await tip()).not.toBe(group.head_sha);
    expect((await states(two))[0]).toBe("open");
    // What comes too late changes nothing.
    await report("sallyport", group.head_sha, "success");
    await side.sandbox.settled();
    expect(await tip()).not.toBe(group.head_sha);
  });
});

describe("what may not enter", () => {
  test("a branch with a queue takes no direct merge and shows its rule", async () => {
    side = await start();
    const one = await openPull("one");
    const merged = await side.call("writer", "PUT", `pulls/${one.number}/merge`, {});
    expect(merged).toMatchObject({
      status: 405,
      body: { message: "Changes must be made through the merge queue" },
    });
    const { body } = await side.call("writer", "GET", "rules/branches/main");
    expect(body).toContainEqual(
      expect.objectContaining({
        type: "merge_queue",
        parameters: expect.objectContaining({ merge_method: "MERGE" }),
      }),
    );
  });

  test("a pull request that is not green, queued twice, or in conflict", async () => {
    side = await start();
    const [one, two] = [await openPull("one", "same.txt"), await openPull("two", "same.txt")];
    const red = await openPull("red");
    await report("sallyport", red.head, "failure");
    const refused = async (message: RegExp, ...pulls: { number: number }[]) =>
      expect(await queue(...pulls)).toMatchObject({
        status: 422,
        body: { message: expect.stringMatching(message) },
      });
    await refused(/is failing/, red);
    await refused(/conflicts/, one, two);
    expect((await queue(one)).status).toBe(201);
    await refused(/in the queue already/, one);
    await refused(/no such pull request/, { number: 99 });
  });

  test("a branch without a queue", async () => {
    side = await startGitSide();
    const one = await openPull("one");
    expect(await queue(one)).toMatchObject({
      status: 422,
      body: { message: expect.stringMatching(/has no merge queue/) },
    });
  });
});
