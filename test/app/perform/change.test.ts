import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { githubTree } from "../../../app/agents/trees.ts";
import { answer, change, openIssue, openPull, pack, tip, written } from "../../builders/effect-scenes.ts";
import { type Acme, type Json, startAcme } from "../../hosts/store-and-github.ts";

let acme: Acme;
beforeAll(async () => {
  acme = await startAcme();
});
afterAll(() => acme.close());

const files = async (commit: string) =>
  Object.fromEntries(
    (await acme.as("lena", "GET", `git/trees/${commit}?recursive=1`)).tree
      .filter((one: Json) => one.type !== "tree")
      .map((one: Json) => [one.path, one.mode]),
  );
const text = async (commit: string, path: string) => {
  const { content } = await acme.as("lena", "GET", `contents/${path}?ref=${commit}`);
  return Buffer.from(content, "base64").toString("utf8");
};

/** Expects a refusal before anything was written to GitHub. */
async function refused(effect: Awaited<ReturnType<typeof change>>, code: string): Promise<void> {
  acme.written();
  await expect(acme.perform(effect)).rejects.toMatchObject({ code, retry: false });
  expect(acme.written().filter((one) => /refs|trees|commits/.test(one))).toEqual([]);
}

test("T184 whole files become one commit with the modes they had, by our bot, at the given time", async () => {
  const effect = await change(acme, [
    { path: "web/run.sh", content: "#!/bin/sh\r\necho é\n" },
    { path: "web/new/page.html", content: "" },
    { path: "web/deep/er/leaf.txt", content: null },
    { path: "web/never-there.txt", content: null },
  ]);
  const result = await acme.perform(effect);
  if (result.type !== "commit") throw new Error("no commit");
  expect(await files(result.commit)).toEqual({
    "README.md": "100644",
    "web/page.html": "100644",
    "web/run.sh": (await files(effect.parent))["web/run.sh"],
    "web/new/page.html": "100644",
  });
  expect(await text(result.commit, "web/run.sh")).toBe("#!/bin/sh\r\necho é\n");
  const commit = await acme.as("lena", "GET", `git/commits/${result.commit}`);
  const { bot } = acme.world.ourselves;
  const person = {
    name: bot.login,
    email: `${bot.id}+${bot.login}@users.noreply.github.com`,
    date: "2026-11-20T09:30:00Z",
  };
  expect(commit).toMatchObject({ author: person, committer: person, parents: [{ sha: effect.parent }] });
  expect(result).toEqual({
    type: "commit",
    commit: commit.sha,
    tree: commit.tree.sha,
    parent: effect.parent,
    files: [
      { path: "web/run.sh", blob: "af2bc23887968bd37d3e9642a298f98962102383" },
      { path: "web/new/page.html", blob: "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391" },
      { path: "web/deep/er/leaf.txt", blob: null },
    ],
  });
});

test("T189 a commit message closes and pings nothing", async () => {
  const result = await acme.perform(await change(acme, undefined, { message: "Fixes #1 for @acme/all\n" }));
  if (result.type !== "commit") throw new Error("no commit");
  const { message } = await acme.as("lena", "GET", `git/commits/${result.commit}`);
  expect(message).toMatch(/^F\u200bixes #1 for @\u200bacme\/all/);
});

describe("T191, T174 a branch that is not one of a run is refused", () => {
  test.each([
    "main",
    "refs/heads/sallyport/run-1-1/2",
    "sallyport/run-1-1",
    "sallyport/run-1-1/2/3",
    "sallyport/run-1-1/../main",
    "sallyport/run-1-1/2\n",
    "sallyport/run-1-1/2.lock",
    "sallyport/evidence",
    "-x",
    "--upload-pack=id",
    "x;id",
    "a..b",
    "Sallyport/run-1-1/2",
    "",
  ])("%j", async (branch) => {
    await refused(await change(acme, undefined, { branch }), "bad-input");
  });
});

describe("what an answer may not write is refused as a whole", () => {
  test.each([
    ["outside the role", "README.md"],
    ["denied inside the role", "web/vendor/lib.js"],
    ["a workflow", ".github/workflows/ci.yml"],
    ["T027 a hostile name", "web/../README.md"],
    ["git's own folder", "web/.git/hooks/post-commit"],
    ["below a file", "web/page.html/inside.txt"],
    ["in place of a folder", "web/deep"],
  ])("%s: %s", async (_what, path) => {
    const harmless = { path: "web/page.html", content: "<p>harmless</p>\n" };
    await refused(await change(acme, [harmless, { path, content: "x" }]), "out-of-scope");
  });

  test("T007 in place of a symlink, or through one", async () => {
    const { request, owner, repo } = acme.world.github;
    const parent = await tip(acme);
    const base = (await acme.as("lena", "GET", `git/commits/${parent}`)).tree.sha;
    const blob = await request("POST /repos/{owner}/{repo}/git/blobs", {
      owner,
      repo,
      content: "../secret",
      encoding: "utf-8",
    });
    const link = [{ path: "web/link", mode: "120000" as const, type: "blob" as const, sha: blob.data.sha }];
    const tree = await request("POST /repos/{owner}/{repo}/git/trees", {
      owner,
      repo,
      base_tree: base,
      tree: link,
    });
    const commit = await request("POST /repos/{owner}/{repo}/git/commits", {
      owner,
      repo,
      message: "link",
      tree: tree.data.sha,
      parents: [parent],
    });
    const packSha256 = await acme.store(pack(commit.data.sha));
    for (const path of ["web/link", "web/link/inside.txt"]) {
      await refused(
        await change(acme, [{ path, content: "x" }], { parent: commit.data.sha, packSha256 }),
        "out-of-scope",
      );
    }
  });

  test("a narrower declaration than the role's", async () => {
    const packSha256 = await acme.store(pack(await tip(acme), { paths: ["web/page.html"] }));
    await refused(await change(acme, [{ path: "web/other.html", content: "x" }], { packSha256 }), "out-of-scope");
  });
});

describe("nothing to write", () => {
  test.each([
    ["no file", []],
    ["the content that is there", [{ path: "web/page.html", content: "<p>hello</p>\n" }]],
    ["a deletion of what is not there", [{ path: "web/never-there.txt", content: null }]],
  ])("%s", async (_what, list) => {
    await expect(acme.perform(await change(acme, list))).rejects.toMatchObject({
      code: "nothing-changed",
      retry: false,
    });
  });
});

describe("content travels whole", () => {
  test.each([
    ["inside the tree", "<p>é</p>\r\n", 0],
    ["as bytes, where it has a character that text can lose", "a\0b\n", 1],
    ["as bytes, where it is too long for one request", "x".repeat(2_000_000), 2],
  ])("%s", async (_what, content, blobs) => {
    const files = [{ path: "web/page.html", content }, ...(blobs === 2 ? [{ path: "web/b.html", content: "b" }] : [])];
    const effect = await change(acme, files);
    acme.written();
    const result = await acme.perform(effect);
    if (result.type !== "commit") throw new Error("no commit");
    expect(acme.written().filter((one) => one.endsWith("/git/blobs"))).toHaveLength(blobs);
    const { tree } = await acme.as("lena", "GET", `git/trees/${result.commit}?recursive=1`);
    const blobOf = (path: string) => tree.find((one: Json) => one.path === path).sha;
    expect(result.files).toEqual(files.map(({ path }) => ({ path, blob: blobOf(path) })));
  });
});

test("once its parent was listed, a commit and its branch take one query and three requests", async () => {
  const effect = await change(acme);
  await githubTree(acme.world.reader, effect.parent, acme.world.cache);
  const before = acme.watch.exchanges.length;
  await acme.perform(effect);
  const asked = acme.watch.exchanges.slice(before).filter(({ path }) => !path.endsWith("/access_tokens"));
  expect(asked.map(({ method, path }) => `${method} ${path.replace("/repos/acme/web", "")}`)).toEqual([
    ...["POST /git/trees", "POST /git/commits", "POST /git/refs"],
  ]);
});

describe("the branch", () => {
  test("at the parent goes forward", async () => {
    const effect = await change(acme);
    await acme.as("lena", "POST", "git/refs", { ref: `refs/heads/${effect.branch}`, sha: effect.parent });
    const result = await acme.perform(effect);
    expect(result).toMatchObject({ commit: await tip(acme, effect.branch) });
  });

  test("T256 with somebody else's commit is left alone", async () => {
    const effect = await change(acme);
    const other = await written(acme);
    await acme.as("lena", "POST", "git/refs", { ref: `refs/heads/${effect.branch}`, sha: other.head });
    await expect(acme.perform(effect)).rejects.toMatchObject({ code: "foreign-commit", retry: false });
    expect(await tip(acme, effect.branch)).toBe(other.head);
  });

  test("T187 of a pull request that has ended is not written again", async () => {
    const effect = await change(acme, [{ path: "web/page.html", content: "<p>late</p>\n" }]);
    const result = await acme.perform(effect);
    if (result.type !== "commit") throw new Error("no commit");
    const opened = await acme.perform(openPull({ branch: effect.branch, head: result.commit }));
    if (opened.type !== "pull") throw new Error("no pull request");
    await acme.as("lena", "PATCH", `pulls/${opened.number}`, { state: "closed" });
    await acme.as("lena", "DELETE", `git/refs/heads/${effect.branch}`);
    await expect(acme.perform(effect)).rejects.toMatchObject({ code: "pull-closed", retry: false });
  });
});

test("a stored body that is missing is told and not taken for an empty answer", async () => {
  await expect(acme.perform(await change(acme, undefined, { resultSha256: "0".repeat(64) }))).rejects.toMatchObject({
    code: "internal",
  });
});

test("an answer that is none is refused", async () => {
  const resultSha256 = await acme.store({ ...answer([]), files: [{ path: "web/a", content: 5 }] });
  await expect(acme.perform(await change(acme, undefined, { resultSha256 }))).rejects.toMatchObject({
    code: "internal",
  });
});

test("T262 nothing is begun once the service is told to stop", async () => {
  const issue = await openIssue(acme);
  const stopped = { ...acme.world, signal: AbortSignal.abort(new Error("stopping")) };
  acme.written();
  const { perform } = await import("../../../app/perform/perform.ts");
  const effect = { type: "ensure-sticky", key: "k", issue, body: "x" } as const;
  await expect(perform(effect, stopped, async () => "")).rejects.toMatchObject({ retry: true });
  expect(acme.written()).toEqual([]);
});
