import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { RequestInterface } from "@octokit/types";
import fc from "fast-check";
import { changesBetween } from "../../collect/changes.ts";
import { gitObjects } from "../../collect/git/objects.ts";
import { apiObjects } from "../../collect/github/objects.ts";
import type { Objects, TreeEntry } from "../../collect/objects.ts";
import type { Change } from "../../core/facts.ts";
import { commitFiles, file, makeRepository, type Node, plainGit } from "../builders/git-repository.ts";
import { countedChanges } from "../hosts/counted-changes.ts";
import { type Alter, gitApi } from "../hosts/git-api.ts";

const none = "0".repeat(40);
let repository: ReturnType<typeof makeRepository>;
beforeAll(() => {
  repository = makeRepository();
});
afterAll(() => repository.remove());

const apiOf = (request: RequestInterface) => apiObjects({ request, owner: "o", repo: "r" });
const sources = (): [string, Objects][] => [
  ["git", gitObjects(repository.dir)],
  ["API", apiOf(gitApi(repository.dir))],
];

async function changed(objects: Objects, before: string, after: string): Promise<Change[]> {
  const changes = await countedChanges(objects, before, after);
  if (!changes.known) throw new Error(changes.why);
  return changes.value;
}

const commit = (files: Record<string, Node>, parents?: string[]) =>
  commitFiles(repository.dir, new Map(Object.entries(files)), parents);
const link = (target: string): Node => ({ mode: "120000", content: Buffer.from(target) });
const submodule = (digit: string): Node => ({ mode: "160000", content: Buffer.from(digit.repeat(40)) });
const lines = (count: number) => Array.from({ length: count }, (_, line) => `line ${line}\n`).join("");

type Shown = Pick<Change, "path" | "added" | "deleted" | "binary"> & { modes: string };
const shown = ({ path, added, deleted, binary, before, after }: Change): Shown => {
  const modes = `${before?.mode ?? "none"} ${after?.mode ?? "none"}`;
  return { path, added, deleted, binary, modes };
};
const row = (path: string, modes: string, added: number, deleted: number, binary = false): Shown => ({
  path,
  added,
  deleted,
  binary,
  modes,
});

const plain = "100644";
const cases: [string, Record<string, Node>, Record<string, Node>, Shown[]][] = [
  [
    "T001, T002 both ends of a rename count",
    { ".github/workflows/ci.yml": file(lines(3)) },
    { "src/ci.yml": file(lines(3)) },
    [row(".github/workflows/ci.yml", `${plain} none`, 0, 3), row("src/ci.yml", `none ${plain}`, 3, 0)],
  ],
  [
    "T004 a copy does not touch its source",
    { "a.txt": file(lines(3)) },
    { "a.txt": file(lines(3)), "b.txt": file(lines(3)) },
    [row("b.txt", `none ${plain}`, 3, 0)],
  ],
  ["T006 a file becomes a symlink", { a: file(lines(2)) }, { a: link("b") }, [row("a", `${plain} 120000`, 1, 2)]],
  [
    "T006 a file becomes a submodule",
    { a: file(lines(2)) },
    { a: submodule("a") },
    [row("a", `${plain} 160000`, 1, 2)],
  ],
  ["T007 a symlink is read and never followed", {}, { a: link("../../etc/passwd") }, [row("a", "none 120000", 1, 0)]],
  ["T008 a submodule is planted", {}, { vendor: submodule("b") }, [row("vendor", "none 160000", 1, 0)]],
  ["T009 a submodule's pointer moves", { m: submodule("a") }, { m: submodule("b") }, [row("m", "160000 160000", 1, 1)]],
  ["a mode alone", { a: file("x\n") }, { a: { ...file("x\n"), mode: "100755" } }, [row("a", `${plain} 100755`, 0, 0)]],
  [
    "T012 attributes at the head hide no lines",
    { "src/a.ts": file(lines(300)) },
    {
      ".gitattributes": file("src/a.ts -diff linguist-generated\n"),
      "src/a.ts": file(lines(300).replaceAll("line", "word")),
    },
    [row(".gitattributes", `none ${plain}`, 1, 0), row("src/a.ts", `${plain} ${plain}`, 300, 300)],
  ],
  [
    "T028, T029 a name with a newline, a tab, quotes or accents stays one name",
    {},
    { 'a\nb\t"c"': file("x"), "docs/café.md": file("x") },
    [row('a\nb\t"c"', `none ${plain}`, 1, 0), row("docs/café.md", `none ${plain}`, 1, 0)],
  ],
  [
    "a file becomes a folder",
    { a: file("x\n") },
    { "a/b": file("x\n") },
    [row("a", `${plain} none`, 0, 1), row("a/b", `none ${plain}`, 1, 0)],
  ],
  ["T041 nothing", { a: file("x\n") }, { a: file("x\n") }, []],
];

describe.each(["git", "API"])("changes read from %s", (name) => {
  const objects = () => sources().find(([one]) => one === name)![1];

  test.each(cases)("%s", async (_, before, after, expected) => {
    const changes = await changed(objects(), commit(before), commit(after));
    expect(changes.map(shown)).toEqual(expected);
  });

  test("a file of more than 10 MB counts by its size", async () => {
    const large = Buffer.from("y\n".repeat(5_000_001));
    const [change] = await changed(objects(), commit({}), commit({ large: file(large) }));
    expect(change).toMatchObject({ added: 0, bytes: large.length, binary: true });
  });

  test("T021 the merge base counts and not the tip of the base branch", async () => {
    const start = commit({ a: file("1\n") });
    const tip = commit({ a: file("2\n") }, [start]);
    const head = commit({ a: file("1\n"), b: file("1\n") }, [start]);
    expect(await objects().mergeBase(tip, head)).toEqual({ known: true, value: start });
  });

  test("finds what stands at a path, and nothing by looking through a link", async () => {
    const at = commit({ "a/b": file("x"), "*": file("y"), l: link("a") });
    const modes = await Promise.all(
      ["a", "a/b", "*", "l", "l/b", "a/b/c", "nope"].map(async (path) => {
        const entry = await objects().entry(at, path);
        return entry.known ? (entry.value?.mode ?? null) : entry.why;
      }),
    );
    expect(modes).toEqual(["040000", "100644", "100644", "120000", null, null, null]);
  });

  test("lists what stands directly in a folder, and nothing for what is none", async () => {
    const at = commit({ "a/b": file("x"), "a/c/d": file("y"), l: link("a"), f: file("z") });
    const listed = async (path: string) => {
      const found = await objects().folder(at, path);
      return found.known ? found.value.map((entry) => `${entry.path} ${entry.mode}`) : found.why;
    };
    expect(await listed("a")).toEqual(["a/b 100644", "a/c 040000"]);
    expect(await listed("a/c")).toEqual(["a/c/d 100644"]);
    for (const path of ["f", "l", "nope"]) expect(await listed(path)).toEqual([]);
  });

  test("a commit that is not there is unknown", async () => {
    expect(await objects().changes(none, none)).toMatchObject({ known: false });
  });
});

const name = fc.constantFrom(
  "a",
  "b",
  "a.b",
  "a-b",
  "A",
  "é",
  "e\u0301",
  " ",
  "-x",
  "'",
  "[id]",
  "\u200b",
  "a\nb",
  "💥",
);
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
const text = fc.array(fc.constantFrom("x", "y", "z", "", "\0"), { maxLength: 12 }).map((parts) => parts.join("\n"));
const node: fc.Arbitrary<Node> = fc.oneof(
  { weight: 6, arbitrary: text.map((content) => file(content)) },
  { weight: 1, arbitrary: text.map((content): Node => ({ ...file(content), mode: "100755" })) },
  { weight: 1, arbitrary: fc.constantFrom("a", "../b").map(link) },
  { weight: 1, arbitrary: fc.constantFrom("a", "b").map(submodule) },
  { weight: 1, arbitrary: fc.constantFrom("* -diff\n", "* binary\n").map((content) => file(content)) },
);
const files = fc.uniqueArray(fc.tuple(path, node), { maxLength: 8, selector: ([one]) => one }).map((entries) => {
  // A name cannot be a file and a folder at once: the first taker keeps it.
  const kept: [string, Node][] = [];
  for (const [one, content] of entries) {
    const clashes = kept.some(([other]) => other.startsWith(`${one}/`) || one.startsWith(`${other}/`));
    if (!clashes) kept.push([one, content]);
  }
  return new Map(kept);
});

/** Plain git's own answer, from raw trees and from numstat with minimal diffs. */
function reference(before: string, after: string): Map<string, string> {
  const raw = plainGit(repository.dir, [
    "diff-tree",
    "-r",
    "-z",
    "--raw",
    "--no-renames",
    "--no-abbrev",
    before,
    after,
  ]);
  const parts = raw.split("\0").filter((part) => part !== "");
  const rows = new Map<string, string>();
  for (let at = 0; at < parts.length; at += 2) {
    const [from, to] = parts[at]!.slice(1).split(" ");
    rows.set(parts[at + 1]!, `${from} ${to}`);
  }
  const argv = ["diff-tree", "-r", "-z", "--numstat", "--minimal", "--no-renames", "--no-textconv", before, after];
  for (const line of plainGit(repository.dir, argv).split("\0").filter(Boolean)) {
    const [added, deleted, ...rest] = line.split("\t");
    const file = rest.join("\t");
    rows.set(file, `${rows.get(file)} ${added} ${deleted}`);
  }
  return rows;
}

test("T003 git, API and plain git agree on any two trees", async () => {
  await fc.assert(
    fc.asyncProperty(files, files, async (one, other) => {
      const before = commitFiles(repository.dir, one);
      const after = commitFiles(repository.dir, other);
      const fromGit = await changed(gitObjects(repository.dir), before, after);
      const whole = gitApi(repository.dir);
      const cut = gitApi(repository.dir, (asked, body) =>
        asked.includes("recursive") ? { ...body, truncated: true } : body,
      );
      expect(await changed(apiOf(whole), before, after)).toEqual(fromGit);
      expect(await changed(apiOf(cut), before, after)).toEqual(fromGit);
      const ours = new Map(
        fromGit.map(({ path: at, before: old, after: young, added, deleted, binary }) => {
          const counts = binary ? "- -" : `${added} ${deleted}`;
          return [at, `${old?.mode ?? "000000"} ${young?.mode ?? "000000"} ${counts}`];
        }),
      );
      const expected = reference(before, after);
      // git names the two halves of a change of kind on one line whose counts may be of one half only.
      for (const { path: at, before: old, after: young } of fromGit)
        if (old !== null && young !== null && old.mode.slice(0, 3) !== young.mode.slice(0, 3)) {
          expected.delete(at);
          ours.delete(at);
        }
      expect(ours).toEqual(expected);
    }),
    { numRuns: 15, seed: 11 },
  );
}, 120_000);

const isBlobs = (asked: string) => asked === "/graphql/SallyportBlobs";
/** Puts another text in the place of every content that the query gave. */
const garbled: Alter = (asked, body) =>
  isBlobs(asked) ? JSON.parse(JSON.stringify(body).replace(/"text":"[^"]*"/g, '"text":"?"')) : body;

test.each<[string, Alter]>([
  ["another text", garbled],
  [
    "a text cut short",
    (_asked, body) => JSON.parse(JSON.stringify(body).replaceAll('"isTruncated":false', '"isTruncated":true')),
  ],
  ["nothing", (asked, body) => (isBlobs(asked) ? { data: { repository: {} } } : body)],
])("T017 where the query gives %s in a content's place, the content itself is read", async (_, alter) => {
  const before = commit({ a: file("1\n") });
  const after = commit({ a: file("2 2\n"), b: file("3\n") });
  const asked: string[] = [];
  const seen: Alter = (path, body) => {
    asked.push(path);
    return alter(path, body);
  };
  expect(await changed(apiOf(gitApi(repository.dir, seen)), before, after)).toEqual(
    await changed(gitObjects(repository.dir), before, after),
  );
  expect(asked.filter((one) => one.includes("/git/blobs/"))).toHaveLength(3);
});

/** Gives no folder by query, so that each is listed by itself. */
const listed: Alter = (asked, body) =>
  asked === "/graphql/SallyportFolders" ? { data: { repository: {} } } : { ...body, truncated: true };
const twins: Alter = (asked, body) => {
  if (asked.startsWith("/graphql/")) return listed(asked, body);
  const tree = body.tree;
  return Array.isArray(tree) ? { ...body, tree: [...tree, ...tree], truncated: asked.includes("recursive") } : body;
};
const refusals: [string, Alter, string][] = [
  ["T016 a tree cannot be read", (asked, body) => (asked.includes("/trees/") ? 500 : body), "500"],
  ["T016 every listing is cut short", listed, "too many files"],
  [
    "T017 a content is cut short",
    (asked, body) => ("content" in body ? { ...body, content: "eA==" } : garbled(asked, body)),
    "incomplete or changed",
  ],
  ["two names in a large tree are one as UTF-8", twins, "cannot be told apart"],
  ["the query for contents is refused", (asked, body) => (isBlobs(asked) ? 403 : body), "403"],
  [
    "the query for contents is answered in part",
    (asked, body) => (isBlobs(asked) ? { ...body, errors: [{ message: "Something went wrong" }] } : body),
    "Something went wrong",
  ],
  [
    "a content that the query did not give whole is refused",
    (asked, body) => (asked.includes("/blobs/") ? 403 : garbled(asked, body)),
    "403",
  ],
];

test.each(refusals)("the API's answer is unknown when %s", async (_, alter, why) => {
  const before = commit({ a: file("1\n") });
  const after = commit({ a: file("2 2\n"), b: file("3\n") });
  const answer = await countedChanges(apiOf(gitApi(repository.dir, alter)), before, after);
  expect(answer).toEqual({ known: false, why: expect.stringContaining(why) });
});

describe("what a git directory cannot tell is unknown", () => {
  test("no common ancestor", async () => {
    const answer = await gitObjects(repository.dir).mergeBase(commit({ a: file("1") }), commit({ a: file("2") }));
    expect(answer).toEqual({ known: false, why: expect.stringContaining("no common ancestor") });
  });

  test("two best common ancestors", async () => {
    const [one, two] = [commit({ a: file("1") }), commit({ a: file("2") })];
    const [left, right] = [commit({ a: file("3") }, [one, two]), commit({ a: file("4") }, [one, two])];
    const answer = await gitObjects(repository.dir).mergeBase(left, right);
    expect(answer).toEqual({ known: false, why: expect.stringContaining("2 best common ancestors") });
  });

  test("a shallow clone", async () => {
    const head = commit({ a: file("2") }, [commit({ a: file("1") })]);
    plainGit(repository.dir, ["update-ref", "refs/heads/main", head]);
    const clone = makeRepository();
    plainGit(clone.dir, ["fetch", "-q", "--depth=1", `file://${repository.dir}`, "main"]);
    const answer = await gitObjects(clone.dir).mergeBase(head, head);
    clone.remove();
    expect(answer).toEqual({ known: false, why: expect.stringContaining("--unshallow") });
  });

  test("T023 a replaced object does not stand in for the real one", async () => {
    const [before, after] = [commit({ a: file("1\n") }), commit({ a: file("1\n"), b: file("1\n") })];
    plainGit(repository.dir, ["replace", after, before]);
    const paths = (await changed(gitObjects(repository.dir), before, after)).map((change) => change.path);
    plainGit(repository.dir, ["replace", "-d", after]);
    expect(paths).toEqual(["b"]);
  });

  test("T013 a program named by attributes and configuration is not run", async () => {
    const hostile = makeRepository();
    const before = commitFiles(hostile.dir, new Map([["a", file("1\n")]]));
    const after = commitFiles(hostile.dir, new Map([["a", file("2\n")]]));
    writeFileSync(join(hostile.dir, "info", "attributes"), "* diff=x filter=x\n");
    for (const key of ["diff.x.command", "diff.x.textconv", "filter.x.smudge", "filter.x.process", "core.fsmonitor"])
      plainGit(hostile.dir, ["config", key, `touch ${join(hostile.dir, "ran")}; false`]);
    const changes = await changed(gitObjects(hostile.dir), before, after);
    const ran = existsSync(join(hostile.dir, "ran"));
    hostile.remove();
    expect({ ran, changes: changes.map(shown) }).toEqual({
      ran: false,
      changes: [row("a", `${plain} ${plain}`, 1, 1)],
    });
  });

  test.each([
    ["a file", { "src/auth.js": file("1") }, "src/Auth.js", "src/auth.js"],
    ["a file with another form of é", { "caf\u00e9": file("1") }, "cafe\u0301", "caf\u00e9"],
    ["a folder", { "src/auth.js": file("1") }, "Src/deep/a.js", "src"],
  ])("H12: %s beside one of the same name but for case or form has a twin", async (_, there, path, twin) => {
    const before = commit(there);
    const after = commit({ ...there, [path]: file("2"), "other.js": file("2") }, [before]);
    const moved = commit({ [path]: file("1") }, [before]);
    for (const [, objects] of sources()) {
      const twins = (await changed(objects, before, after)).map((one) => [one.path, one.twin]);
      expect(new Map(twins.map(([of = "", other]) => [of, other]))).toEqual(
        new Map([
          ["other.js", undefined],
          [path, twin],
        ]),
      );
      expect((await changed(objects, before, moved)).map((one) => one.twin)).toEqual([undefined, undefined]);
      expect((await changed(objects, after, commit({ ...there, [path]: file("3") }))).at(0)?.twin).toBeUndefined();
    }
  });

  test("two names that become one", () => {
    const entry: TreeEntry = { path: "\u{FFFD}", mode: plain, type: "blob", sha: none };
    expect(changesBetween({ before: [], after: [entry, entry], twins: new Map() })).toMatchObject({ known: false });
  });
});
