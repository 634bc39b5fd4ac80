import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Octokit } from "@octokit/core";
import { blobId } from "../../collect/blob-id.ts";
import { openBudget } from "../../collect/budget.ts";
import { contentFacts } from "../../collect/content/content.ts";
import { gitObjects } from "../../collect/git/objects.ts";
import { createObjectsCache } from "../../collect/github/cache.ts";
import { apiObjects } from "../../collect/github/objects.ts";
import type { Objects } from "../../collect/objects.ts";
import { gates } from "../../core/gates/registry.ts";
import { known, unknown } from "../../core/known.ts";
import { commitFiles, file, makeRepository, type Node } from "../builders/git-repository.ts";
import { facts, policyOf } from "../builders/pull-facts.ts";
import { type Alter, gitApi } from "../hosts/git-api.ts";

let repository: ReturnType<typeof makeRepository>;
beforeAll(() => {
  repository = makeRepository();
});
afterAll(() => repository.remove());

type Given = Parameters<typeof openBudget>[0];

/** The paths that were asked of GitHub. */
let asked: string[] = [];
const apiReader = (given: Given) => {
  const seen: Alter = (path, body) => {
    asked.push(path);
    return body;
  };
  return apiObjects({ request: gitApi(repository.dir, seen), owner: "o", repo: "r" }, undefined, openBudget(given));
};
const readers: [string, (given: Given) => Objects][] = [
  ["git", (given) => gitObjects(repository.dir, openBudget(given))],
  ["GitHub", apiReader],
];

const text = `version: 1
gates:
  diff-size: { files: 50, lines: 100, bytes: 200000, ignore: ["vendor/**"] }
  tests: [{ when: "src/**", need: "test/**" }]
  secrets: {}
`;
const tests = (count: number, content: (at: number) => string) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`test/${at}.test.ts`, file(content(at))]));
const long = (at: number) => `// ${at}\n`.padEnd(90_000, "x");

const start = () => commitFiles(repository.dir, new Map([["README.md", file("made\n")]]));
const after = (files: Record<string, Node>, parent: string) =>
  commitFiles(repository.dir, new Map(Object.entries({ "README.md": file("made\n"), ...files })), [parent]);

/** The statuses of the gates that read content, and what diff-size says, of a change that is read on this budget. */
async function look(objects: Objects, files: Record<string, Node>, policy = text) {
  const mergeBase = start();
  const head = after(files, mergeBase);
  const loaded = policyOf(policy);
  const content = await contentFacts(objects, {
    mergeBase: known(mergeBase),
    head,
    policy: known({ state: "loaded", ...loaded }),
    record: unknown("no record"),
    pull: null,
  });
  const whole = { ...facts({ policy }), ...content };
  const [size, tested, secrets] = [gates["diff-size"], gates.tests, gates.secrets].map(({ judge }) =>
    judge(whole, loaded),
  );
  return { size, tested, secrets };
}

describe.each(readers)("H2: what one look reads from %s is bounded in all", (_, reader) => {
  test("an ordinary change is read as before", async () => {
    const { size, tested, secrets } = await look(reader({}), { "test/a.test.ts": file("it('is', () => {});\n") });
    expect([size, tested, secrets].map((one) => one?.status)).toEqual(["pass", expect.any(String), "pass"]);
    expect(size?.reasons[0]?.message).toBe("Size: files 1 of 50, lines 1 of 100, bytes 20 of 200000.");
  });

  test("past the budget the size gate still says what the listing shows, and the others say why and what to do", async () => {
    const { size, tested, secrets } = await look(reader({ bytes: 100_000 }), tests(4, long));
    expect(size).toMatchObject({
      status: "fail",
      reasons: [{ code: "too-many-bytes", message: "The change has at least 360000 bytes; the policy allows 200000." }],
    });
    for (const one of [tested, secrets])
      expect(one).toMatchObject({
        status: "unknown",
        reasons: [
          { message: expect.stringContaining("100000 bytes"), next: { step: expect.stringContaining("Split") } },
        ],
      });
  });

  test("a size that was not counted never passes", async () => {
    const { size } = await look(reader({ bytes: 50_000 }), tests(2, long));
    expect(size).toMatchObject({
      status: "unknown",
      reasons: [{ code: "size-unknown", next: { who: expect.any(String) } }],
    });
  });

  test("too many files", async () => {
    const { tested } = await look(
      reader({ objects: 4 }),
      tests(6, (at) => `// ${at}\n`),
    );
    expect(tested).toMatchObject({ status: "unknown", reasons: [{ message: expect.stringContaining("4 files") }] });
  });

  test("too much time", async () => {
    let now = 0;
    const budget = openBudget({ milliseconds: 5_000 }, () => now);
    now = 5_001;
    expect(budget.take({ bytes: 1 })).toMatchObject({ why: "the change takes more than 5 seconds to read" });
  });

  test("what is read together is bounded too, and the rest is judged", async () => {
    const { size, tested } = await look(
      reader({}),
      tests(6, (at) => `// ${at}\n`.padEnd(4_900_000, "x")),
    );
    expect(size?.status).toBe("fail");
    expect(tested?.status).toBe("unknown");
  });

  test("content that the policy leaves out is not counted, and so is no reason", async () => {
    const policy = text.replace("secrets: {}", 'secrets: { ignore: ["vendor/**"] }');
    const { size, secrets } = await look(reader({ bytes: 50_000 }), { "vendor/a": file(long(1)) }, policy);
    expect([size?.status, secrets?.status]).toEqual(["pass", "pass"]);
  });
});

describe("H4: the requests of one look are bounded", () => {
  /** A GitHub that has these contents, all binary: its query gives the text of none. */
  function githubWith(contents: readonly Buffer[]) {
    const bySha = new Map(contents.map((content) => [blobId(content, "sha1"), content]));
    const asked: string[] = [];
    const fetch = async (url: string) => {
      asked.push(url);
      const content = bySha.get(url.split("/").at(-1) ?? "");
      if (content === undefined) return Response.json({ data: { repository: {} } });
      return Response.json({ size: content.length, encoding: "base64", content: content.toString("base64") });
    };
    const { request } = new Octokit({ baseUrl: "http://api.invalid", request: { fetch } });
    const cache = createObjectsCache(1_000_000);
    const look = () => apiObjects({ request, owner: "o", repo: "r" }, cache, openBudget()).blobs(bySha.keys(), 1_000);
    return { look, asked };
  }
  const binaries = (count: number) => Array.from({ length: count }, (_, at) => Buffer.from([0, at >> 8, at & 255]));

  test("5,200 tiny binary files take few requests, and it is said what to do", async () => {
    const { look, asked } = githubWith(binaries(5_200));
    expect(await look()).toMatchObject({ known: false, step: expect.stringContaining("Split") });
    expect(asked.length).toBeLessThanOrEqual(10);
  });

  test("what a few looks can read is read on at the next one", async () => {
    const { look, asked } = githubWith(binaries(30));
    expect(await look()).toEqual({ known: false, why: expect.stringContaining("19 of 30 files were read") });
    expect(asked).toHaveLength(20);
    expect(await look()).toMatchObject({ known: true });
    expect(asked).toHaveLength(20 + 12);
  });

  test("the trees of many commits are read together", async () => {
    const base = start();
    let head = base;
    for (let at = 0; at < 6; at++) head = after({ [`src/part/${at % 2}.ts`]: file(`${at}\n`) }, head);
    asked = [];
    const objects = apiReader({});
    await objects.changes(base, head);
    const commits = await objects.commits(base, head);
    if (!commits.known) throw new Error(commits.why);
    const pairs = commits.value.map(({ sha, parents: [before = ""] }) => ({ before, after: sha }));
    const git = gitObjects(repository.dir);
    expect(await objects.steps(pairs)).toEqual(await git.steps(pairs));
    git.close();
    // Two whole trees, the commits, and a query for each level of folders.
    expect(asked).toHaveLength(6);
  }, 60_000);
});
