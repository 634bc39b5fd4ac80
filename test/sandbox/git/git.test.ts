import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type GitSide, startGitSide, userGit } from "../../hosts/sandbox-git.ts";

let side: GitSide;

beforeAll(async () => {
  side = await startGitSide({ protection: [{ branch: "release", checks: [{ context: "ci" }] }] });
  await side.commit("topic", "b.txt", "b\n");
});
afterAll(() => side.close());

function address(token: string | null, repository = "acme/web"): string {
  const credential = token === null ? "" : `x-access-token:${token}@`;
  return `${side.sandbox.url.replace("http://", `http://${credential}`)}/${repository}.git`;
}

async function cloned(token: string, name: string): Promise<string> {
  expect(await userGit(side.dir, "clone", "-q", address(token), name)).toMatchObject({ ok: true });
  return join(side.dir, name);
}

async function committed(clone: string, text: string): Promise<string> {
  writeFileSync(join(clone, "new.txt"), text);
  await userGit(clone, "add", "new.txt");
  await userGit(clone, "commit", "-qm", text);
  return (await userGit(clone, "rev-parse", "HEAD")).said.trim();
}

describe("reading", () => {
  test("anyone clones a public repository", async () => {
    expect(await userGit(side.dir, "clone", "-q", address(null), "public")).toEqual({ ok: true, said: "" });
    expect((await userGit(join(side.dir, "public"), "ls-files")).said).toBe("README.md\nsrc/a.txt\n");
  });

  test.each<[string, string | null, string, RegExp]>([
    ["nobody is asked for a name by a private one", null, "acme/hidden", /could not read Username/],
    ["an outsider does not see it", "outsider", "acme/hidden", /not found/],
    ["a wrong token is refused", "wrong", "acme/hidden", /Authentication failed/],
    ["there is nothing to see", "admin", "acme/none", /not found/],
  ])("%s", async (_title, token, repository, said) => {
    const tried = await userGit(side.dir, "clone", "-q", address(token, repository), "refused");
    expect(tried).toEqual({ ok: false, said: expect.stringMatching(said) });
  });

  test("an installation token reads a private repository that it covers", async () => {
    const hidden = await side.tokenOf("other");
    expect(await userGit(side.dir, "clone", "-q", address(hidden, "acme/hidden"), "hidden")).toMatchObject({
      ok: true,
    });
    const elsewhere = await side.tokenOf("sallyport");
    const tried = await userGit(side.dir, "ls-remote", address(elsewhere, "acme/hidden"));
    expect(tried).toEqual({ ok: false, said: expect.stringMatching(/not found/) });
  });
});

describe("pushing", () => {
  test("a writer's push arrives and is told", async () => {
    const clone = await cloned("writer", "writes");
    const sha = await committed(clone, "from quinn");
    side.received.length = 0;
    expect(await userGit(clone, "push", "-q", "origin", "HEAD:refs/heads/quinn")).toMatchObject({ ok: true });
    await side.sandbox.settled();
    expect((await side.call(null, "GET", "git/ref/heads/quinn")).body.object.sha).toBe(sha);
    expect(side.received.map(({ event }) => event)).toEqual(["create", "push"]);
    expect(side.received[1]!.payload).toMatchObject({
      ref: "refs/heads/quinn",
      after: sha,
      created: true,
      sender: { login: "quinn" },
      commits: [{ id: sha, added: ["new.txt"] }],
    });
  });

  test("a push to a pull request's branch moves its head", async () => {
    const pull = await side.call("writer", "POST", "pulls", { title: "t", head: "topic", base: "main" });
    const clone = await cloned("writer", "follows");
    await userGit(clone, "checkout", "-q", "topic");
    const sha = await committed(clone, "more");
    side.received.length = 0;
    await userGit(clone, "push", "-q", "origin", "topic");
    await side.sandbox.settled();
    const told = side.received.find(({ event }) => event === "pull_request");
    expect(told?.payload).toMatchObject({ action: "synchronize", after: sha, before: pull.body.head.sha });
    expect((await side.call(null, "GET", `git/ref/pull/${pull.body.number}/head`)).body.object.sha).toBe(sha);
  });

  test("deleting a branch is told", async () => {
    const clone = await cloned("writer", "deletes");
    await userGit(clone, "push", "-q", "origin", "HEAD:refs/heads/short-lived");
    side.received.length = 0;
    expect(await userGit(clone, "push", "-q", "origin", ":short-lived")).toMatchObject({ ok: true });
    await side.sandbox.settled();
    expect(side.received.map(({ event }) => event)).toEqual(["push", "delete"]);
  });

  test.each<[string, string, string, RegExp]>([
    ["a reader", "reader", "HEAD:refs/heads/mine", /403/],
    ["an outsider", "outsider", "HEAD:refs/heads/mine", /403/],
    ["an administrator to a protected branch", "admin", "HEAD:refs/heads/release", /GH006.*release[\s\S]*pull request/],
    ["anyone to a pull request's ref", "admin", "HEAD:refs/pull/1/head", /deny updating a hidden ref/],
    ["anyone against the default branch's existence", "admin", ":main", /current branch/],
  ])("%s is refused", async (title, token, refspec, said) => {
    const clone = await cloned(token, title.replaceAll(/\W/g, "-"));
    await committed(clone, "refused");
    const tried = await userGit(clone, "push", "-q", "origin", refspec);
    expect(tried).toEqual({ ok: false, said: expect.stringMatching(said) });
  });

  test("a token without contents: write is refused", async () => {
    const clone = await cloned(await side.tokenOf("sallyport", { permissions: { contents: "read" } }), "reads-only");
    await committed(clone, "refused");
    expect(await userGit(clone, "push", "-q", "origin", "HEAD:refs/heads/mine")).toEqual({
      ok: false,
      said: expect.stringMatching(/403/),
    });
  });

  test("an App without the permission for workflows writes none, whichever way it tries", async () => {
    const token = await side.tokenOf("sallyport");
    const path = ".github/workflows/evil.yml";
    const clone = await cloned(token, "workflows");
    mkdirSync(join(clone, ".github/workflows"), { recursive: true });
    writeFileSync(join(clone, path), "on: push\n");
    await userGit(clone, "add", ".");
    await userGit(clone, "commit", "-qm", "evil");
    const said = /without 'workflows' permission/;
    const tried = await userGit(clone, "push", "-q", "origin", "HEAD:refs/heads/evil");
    expect(tried).toEqual({ ok: false, said: expect.stringMatching(said) });
    const change = { message: "evil", branch: "topic", content: "b246IHB1c2gK" };
    expect(await side.call(token, "PUT", `contents/${path}`, change)).toMatchObject({ status: 403 });
    const sha = await side.commit("by-a-person", path, "on: push\n");
    const ref = await side.call(token, "POST", "git/refs", { ref: "refs/heads/evil", sha });
    expect(ref).toMatchObject({ status: 403, body: { message: expect.stringMatching(said) } });
    const pull = { title: "evil", head: "by-a-person", base: "main" };
    const { body } = await side.call("writer", "POST", "pulls", pull);
    expect((await side.call(token, "PUT", `pulls/${body.number}/merge`, {})).status).toBe(403);
    expect((await side.call("writer", "PUT", `pulls/${body.number}/merge`, {})).status).toBe(200);
  });
});
