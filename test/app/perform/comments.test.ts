import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { stickyMarker } from "../../../collect/issue/conversation.ts";
import { openIssue, scenes } from "../../builders/effect-scenes.ts";
import { type Acme, type Json, startAcme } from "../../hosts/store-and-github.ts";

let acme: Acme;
beforeAll(async () => {
  acme = await startAcme();
});
afterAll(() => acme.close());

const read = async (issue: number): Promise<{ id: number; by: string; body: string }[]> =>
  (await acme.as("lena", "GET", `issues/${issue}/comments?per_page=100`)).map((one: Json) => ({
    id: one.id,
    by: one.user.login,
    body: one.body,
  }));
const sticky = (issue: number, body: string) =>
  acme.perform({ type: "ensure-sticky", key: `sticky/${issue}`, issue, body });

describe("the backtest of a changed policy", () => {
  test("says what would have been blocked, by which gate and line, and is one comment for all versions", async () => {
    const { effect } = await scenes["show-backtest"](acme);
    if (effect.type !== "show-backtest") throw new Error("another scene");
    await acme.perform(effect);
    await acme.perform({ ...effect, key: "backtest/again", head: effect.policyRef });
    const { effect: fresh } = await scenes["show-backtest"](acme);
    if (fresh.type !== "show-backtest") throw new Error("another scene");
    await acme.perform(fresh);
    const [same] = await read(effect.pull);
    expect(same?.body).toContain("0 now blocked");
    const comments = await read(fresh.pull);
    expect(comments).toHaveLength(1);
    expect(comments[0]?.body).toContain("1 now blocked");
    expect(comments[0]?.body).toContain("forbidden-paths");
    expect(comments[0]?.body).toMatch(/#\d+ .*Write web\/new\.html/);
  });

  test("of a policy that does not parse says where", async () => {
    const { effect } = await scenes["show-backtest"](acme);
    if (effect.type !== "show-backtest") throw new Error("another scene");
    const branch = `broken-${effect.pull}`;
    await acme.as("lena", "POST", "git/refs", { ref: `refs/heads/${branch}`, sha: effect.head });
    const old = await acme.as("lena", "GET", `contents/.github/sallyport.yml?ref=${branch}`);
    const content = Buffer.from("version: 1\ngates: { forbiden-paths: {} }\n").toString("base64");
    const { commit } = await acme.as("lena", "PUT", "contents/.github/sallyport.yml", {
      message: "Break it",
      content,
      branch,
      sha: old.sha,
    });
    await acme.perform({ ...effect, key: "backtest/broken", head: commit.sha });
    expect((await read(effect.pull))[0]?.body).toMatch(/line 2, column 10.*did you mean "forbidden-paths"/s);
  });
});

describe("the one comment", () => {
  test("is edited in its place when it differs", async () => {
    const issue = await openIssue(acme);
    await sticky(issue, "### Sallyport: draft\n");
    const [first] = await read(issue);
    await sticky(issue, "### Sallyport: ready\n");
    expect(await read(issue)).toEqual([
      { id: first?.id, by: "sallyport[bot]", body: `### Sallyport: ready\n\n${stickyMarker}` },
    ]);
  });

  test("a person's comment with our mark is neither edited nor taken for ours", async () => {
    const issue = await openIssue(acme);
    const forged = `### Sallyport: complete\n\n${stickyMarker}`;
    await acme.as("wes", "POST", `issues/${issue}/comments`, { body: forged });
    await sticky(issue, "### Sallyport: draft\n");
    expect((await read(issue)).map(({ by, body }) => [by, body])).toEqual([
      ["wes", forged],
      ["sallyport[bot]", `### Sallyport: draft\n\n${stickyMarker}`],
    ]);
  });

  test("of two the older stays", async () => {
    const issue = await openIssue(acme);
    const { request, owner, repo } = acme.world.github;
    for (const body of ["old", "new"]) {
      const text = `${body}\n\n${stickyMarker}`;
      await request("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", {
        owner,
        repo,
        issue_number: issue,
        body: text,
      });
    }
    const [older] = await read(issue);
    await sticky(issue, "### Sallyport: ready\n");
    expect((await read(issue)).map(({ id }) => id)).toEqual([older?.id]);
  });

  test("T282 a text over GitHub's limit is cut, and the comment is still found again", async () => {
    const issue = await openIssue(acme);
    for (let times = 0; times < 2; times++) await sticky(issue, "x".repeat(70_000));
    const [only, ...others] = await read(issue);
    expect(others).toEqual([]);
    expect(only?.body.length).toBeLessThanOrEqual(65_535);
    expect(only?.body).toMatch(/too long for GitHub/);
  });

  test("T274 is found on the second page", async () => {
    const issue = await openIssue(acme);
    for (let index = 0; index < 100; index++)
      await acme.as("wes", "POST", `issues/${issue}/comments`, { body: `note ${index}` });
    await sticky(issue, "one\n");
    acme.written();
    await sticky(issue, "two\n");
    expect(acme.written()).toEqual([expect.stringMatching(/^PATCH /)]);
  });
});

describe("a reply", () => {
  test.each([
    [true, "+1"],
    [false, "confused"],
  ])("to a command that was accepted: %s", async (accepted, reaction) => {
    const { effect, seen } = await scenes.reply(acme);
    if (effect.type !== "reply") throw new Error("not a reply");
    await acme.perform({ ...effect, accepted });
    expect(await seen()).toMatchObject({ reactions: [`sallyport[bot] ${reaction}`] });
  });

  test("to a label is the line alone", async () => {
    const issue = await openIssue(acme);
    acme.written();
    await acme.perform({
      type: "reply",
      key: `reply/9/label/${issue}`,
      issue,
      comment: null,
      accepted: true,
      line: "Planning starts.",
    });
    expect(acme.written()).toEqual([`POST /issues/${issue}/comments`]);
    expect((await read(issue))[0]?.body).toMatch(/^Planning starts\.\n\n<!-- sallyport:reply\/9\/label\/\d+ -->$/);
  });

  test("to a command that was deleted meanwhile is still given", async () => {
    const { effect } = await scenes.reply(acme);
    if (effect.type !== "reply") throw new Error("not a reply");
    await acme.as("lena", "DELETE", `issues/comments/${effect.comment}`);
    await acme.perform(effect);
    expect((await read(effect.issue)).map(({ by }) => by)).toEqual(["sallyport[bot]"]);
  });

  test("a mark in the middle of another comment of ours does not swallow it", async () => {
    const issue = await openIssue(acme);
    const line = "Refused: <!-- sallyport:reply/9/comment/2 --> is no command.";
    await acme.perform({
      type: "reply",
      key: "reply/9/comment/1",
      issue,
      comment: null,
      accepted: false,
      line,
    });
    await acme.perform({
      type: "reply",
      key: "reply/9/comment/2",
      issue,
      comment: null,
      accepted: true,
      line: "Second.",
    });
    expect((await read(issue)).map(({ body }) => body.split("\n")[0])).toEqual([line, "Second."]);
  });
});

test("exactly the labels of its state and of whom it waits for stay, and none when there is no state", async () => {
  const issue = await openIssue(acme, "A story", { labels: ["story", "sallyport:draft", "sallyport:ready"] });
  const names = async () =>
    (await acme.as("lena", "GET", `issues/${issue}/labels`)).map((one: Json) => one.name).sort();
  await acme.perform({ type: "ensure-state", key: "s", issue, state: "executing" });
  expect(await names()).toEqual(["sallyport:executing", "story"]);
  await acme.perform({ type: "ensure-state", key: "s", issue, state: "draft", needs: "needs-approval" });
  expect(await names()).toEqual(["sallyport:draft", "sallyport:needs-approval", "story"]);
  await acme.perform({ type: "ensure-state", key: "s", issue, state: null });
  expect(await names()).toEqual(["story"]);
});
