import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type GitSide, type Json, startGitSide } from "../../hosts/sandbox-git.ts";

let side: GitSide;
let main: string;

beforeAll(async () => {
  side = await startGitSide();
  main = (await side.call(null, "GET", "git/ref/heads/main")).body.object.sha;
});
afterAll(() => side.close());

const git = (...args: string[]) =>
  execFileSync("git", args, { cwd: side.sandbox.state.repositories[0]!.dir, encoding: "utf8" }).trim();

async function tree(entries: object[], base?: string): Promise<Json> {
  return side.call("writer", "POST", "git/trees", {
    tree: entries,
    ...(base === undefined ? {} : { base_tree: base }),
  });
}

const paths = (body: Json): string[] => body.tree.map((entry: Json) => entry.path);

describe("trees", () => {
  test.each<[string, object[], string[]]>([
    [
      "adds",
      [{ path: "x/y.txt", mode: "100644", type: "blob", content: "y" }],
      ["README.md", "src", "src/a.txt", "x", "x/y.txt"],
    ],
    ["removes a file", [{ path: "README.md", mode: "100644", sha: null }], ["src", "src/a.txt"]],
    ["removes a directory", [{ path: "src", mode: "040000", sha: null }], ["README.md"]],
    ["puts a file where a directory was", [{ path: "src", mode: "100644", content: "s" }], ["README.md", "src"]],
    ["changes the mode", [{ path: "src/a.txt", mode: "100755", content: "#!" }], ["README.md", "src", "src/a.txt"]],
  ])("%s", async (_title, entries, expected) => {
    const made = await tree(entries, main);
    expect(made.status).toBe(201);
    const read = await side.call(null, "GET", `git/trees/${made.body.sha}?recursive=1`);
    expect(paths(read.body)).toEqual(expected);
    expect(git("cat-file", "-t", made.body.sha)).toBe("tree");
  });

  test("takes a whole tree as a directory", async () => {
    const inner = await tree([{ path: "deep/z.txt", mode: "100644", content: "z" }]);
    const made = await tree([{ path: "src", mode: "040000", type: "tree", sha: inner.body.sha }], main);
    const read = await side.call(null, "GET", `git/trees/${made.body.sha}?recursive=1`);
    expect(paths(read.body)).toEqual(["README.md", "src", "src/deep", "src/deep/z.txt"]);
  });

  test.each<[string, object[], string | undefined]>([
    ["a blob that is not there", [{ path: "a", mode: "100644", sha: "1".repeat(40) }], undefined],
    ["a base that is not there", [{ path: "a", mode: "100644", content: "" }], "1".repeat(40)],
    ["a path out of the tree", [{ path: "../a", mode: "100644", content: "" }], undefined],
    ["git's own directory", [{ path: "a/.GIT/config", mode: "100644", content: "" }], undefined],
    ["nothing said of an entry", [{ path: "a", mode: "100644" }], undefined],
  ])("refuses %s", async (_title, entries, base) => {
    expect((await tree(entries, base)).status).toBe(422);
  });
});

describe("commits", () => {
  const person = { name: "Ada", email: "ada@example.org", date: "2026-01-02T03:04:05Z" };

  test("have the id that their fields give", async () => {
    const fields = { message: "Exactly\n\nthis", tree: git("rev-parse", `${main}^{tree}`), parents: [main] };
    const { status, body } = await side.call("writer", "POST", "git/commits", {
      ...fields,
      author: person,
      committer: person,
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ author: person, committer: person, message: "Exactly\n\nthis" });
    expect(git("cat-file", "commit", body.sha)).toBe(
      `tree ${fields.tree}\nparent ${main}\nauthor Ada <ada@example.org> 1767323045 +0000\n` +
        "committer Ada <ada@example.org> 1767323045 +0000\n\nExactly\n\nthis",
    );
    const again = await side.call("writer", "POST", "git/commits", {
      ...fields,
      author: person,
      committer: person,
    });
    expect(again.body.sha).toBe(body.sha);
  });

  test("cannot smuggle lines in a name", async () => {
    const author = { ...person, name: "Ada\ncommitter Eve <eve@example.org> 1 +0000\n" };
    const fields = { message: "m", tree: git("rev-parse", `${main}^{tree}`), parents: [main], author };
    const { body } = await side.call("writer", "POST", "git/commits", fields);
    expect(git("cat-file", "commit", body.sha).match(/^committer /gm)).toHaveLength(1);
  });

  test.each<[string, object]>([
    ["a tree that is not there", { tree: "1".repeat(40) }],
    ["a commit as its tree", { tree: "main" }],
    ["a parent that is not there", { parents: ["1".repeat(40)] }],
  ])("refuse %s", async (_title, wrong) => {
    const fields = { message: "m", tree: git("rev-parse", `${main}^{tree}`), parents: [main], ...wrong };
    expect((await side.call("writer", "POST", "git/commits", fields)).status).toBe(422);
  });
});

describe("refs", () => {
  test("are made, moved forward, forced and deleted", async () => {
    const next = await side.commit("moves", "m.txt", "m\n");
    const made = await side.call("writer", "POST", "git/refs", { ref: "refs/heads/a/b", sha: next });
    expect(made).toMatchObject({
      status: 201,
      body: { ref: "refs/heads/a/b", object: { sha: next, type: "commit" } },
    });
    const back = { sha: main };
    expect((await side.call("writer", "PATCH", "git/refs/heads/a/b", back)).body.message).toBe(
      "Update is not a fast forward",
    );
    expect((await side.call("writer", "PATCH", "git/refs/heads/a/b", { ...back, force: true })).status).toBe(200);
    expect((await side.call("writer", "PATCH", "git/refs/heads/a/b", { sha: next })).status).toBe(200);
    expect((await side.call(null, "GET", "branches/a/b")).body.commit.sha).toBe(next);
    expect((await side.call("writer", "DELETE", "git/refs/heads/a/b")).status).toBe(204);
    expect((await side.call(null, "GET", "git/ref/heads/a/b")).status).toBe(404);
  });

  test("are found by their beginning", async () => {
    for (const name of ["run/1", "run/2"]) await side.commit(name, "r.txt", "r\n");
    const { body } = await side.call(null, "GET", "git/matching-refs/heads/run/");
    expect(body.map(({ ref }: Json) => ref)).toEqual(["refs/heads/run/1", "refs/heads/run/2"]);
    expect((await side.call(null, "GET", "git/matching-refs/heads/none")).body).toEqual([]);
  });

  test.each<[string, object, string]>([
    ["already there", { ref: "refs/heads/main" }, "Reference already exists"],
    ["badly named", { ref: "refs/heads/a..b" }, "Reference name invalid: refs/heads/a..b"],
    ["not below refs", { ref: "heads/x" }, "Reference name invalid: heads/x"],
    ["to nothing", { ref: "refs/heads/x", sha: "1".repeat(40) }, "Object does not exist"],
    ["a pull request's own", { ref: "refs/pull/9/head" }, "Reference cannot be updated"],
  ])("refused: %s", async (_title, fields, message) => {
    const answer = await side.call("writer", "POST", "git/refs", { sha: main, ...fields });
    expect(answer).toMatchObject({ status: 422, body: { message } });
  });

  test("that race: of two moves from one place one wins", async () => {
    await side.commit("race", "start.txt", "s\n");
    const written = await Promise.all(
      ["l.txt", "r.txt"].map((path) =>
        side.call("writer", "PUT", `contents/${path}`, { message: path, branch: "race", content: "eA==" }),
      ),
    );
    expect(written.map(({ status }) => status).sort()).toEqual([201, 409]);
  });
});

describe("contents", () => {
  test("of files, directories and nothing", async () => {
    const file = await side.call(null, "GET", "contents/src/a.txt");
    expect(Buffer.from(file.body.content, "base64").toString()).toBe("one\ntwo\nthree\n");
    expect((await side.call(null, "GET", "contents/src")).body).toMatchObject([{ path: "src/a.txt", type: "file" }]);
    expect((await side.call(null, "GET", "contents/")).body).toMatchObject([
      { type: "file" },
      { type: "dir", path: "src" },
    ]);
    expect((await side.call(null, "GET", "contents/none")).status).toBe(404);
    expect((await side.call(null, "GET", "contents/src/a.txt?ref=none")).status).toBe(404);
  });

  test("raw are the very bytes", async () => {
    const bytes = Buffer.from([0, 255, 128, 10, 13]);
    const put = { message: "Bytes", branch: "bytes", content: bytes.toString("base64") };
    await side.call("writer", "POST", "git/refs", { ref: "refs/heads/bytes", sha: main });
    expect((await side.call("writer", "PUT", "contents/bytes.bin", put)).status).toBe(201);
    const url = `${side.sandbox.url}/repos/acme/web/contents/bytes.bin?ref=bytes`;
    const raw = await fetch(url, { headers: { accept: "application/vnd.github.raw+json" } });
    expect(Buffer.from(await raw.arrayBuffer())).toEqual(bytes);
  });

  test("are changed only by who knows what was there", async () => {
    await side.commit("edits", "e.txt", "1\n");
    const change = { message: "m", branch: "edits", content: "eA==" };
    expect((await side.call("writer", "PUT", "contents/e.txt", change)).status).toBe(422);
    const wrong = { ...change, sha: "1".repeat(40) };
    expect((await side.call("writer", "PUT", "contents/e.txt", wrong)).status).toBe(409);
    expect((await side.call("reader", "PUT", "contents/f.txt", change)).status).toBe(403);
    const { body } = await side.call(null, "GET", "contents/e.txt?ref=edits");
    const removal = { message: "gone", branch: "edits", sha: body.sha };
    expect((await side.call("writer", "DELETE", "contents/e.txt", removal)).status).toBe(200);
    expect((await side.call(null, "GET", "contents/e.txt?ref=edits")).status).toBe(404);
  });
});

test("blobs and annotated tags", async () => {
  const made = await side.call("writer", "POST", "git/blobs", { content: "eHl6", encoding: "base64" });
  expect(made.status).toBe(201);
  const { body } = await side.call(null, "GET", `git/blobs/${made.body.sha}`);
  expect(body).toMatchObject({ size: 3, encoding: "base64", content: "eHl6" });
  const email = ["-c", "user.name=T", "-c", "user.email=t@example.org"];
  git(...email, "tag", "-a", "v1", "-m", "One", main);
  const ref = await side.call(null, "GET", "git/ref/tags/v1");
  expect(ref.body.object.type).toBe("tag");
  const tag = await side.call(null, "GET", `git/tags/${ref.body.object.sha}`);
  expect(tag.body).toMatchObject({ tag: "v1", message: "One", object: { sha: main, type: "commit" } });
});
