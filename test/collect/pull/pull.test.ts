import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { collectPull } from "../../../collect/pull/pull.ts";
import type { PullFacts } from "../../../core/facts.ts";
import { known } from "../../../core/known.ts";
import { noRecord } from "../../../core/record/pull.ts";
import { commitFiles, file, makeRepository, type Node, plainGit } from "../../builders/git-repository.ts";
import { run } from "../../builders/pull-facts.ts";
import { signedLedger } from "../../builders/signed-ledger.ts";
import { type Alter, gitApi, type Json, type Pull } from "../../hosts/git-api.ts";

const none = noRecord;
const now = "2026-11-21T10:00:00.000Z";
const policyText = "version: 1\ngates:\n  evidence: { files: ['evidence/**'] }\n";
const policy = { ".github/sallyport.yml": file(policyText) };

let repository: ReturnType<typeof makeRepository>;
beforeAll(() => {
  repository = makeRepository();
});
afterAll(() => repository.remove());

function branch(name: string, files: Record<string, Node>, parents: string[] = []): string {
  const sha = commitFiles(repository.dir, new Map(Object.entries(files)), parents);
  plainGit(repository.dir, ["update-ref", `refs/heads/${name}`, sha]);
  return sha;
}

let main: string;
let head: string;
beforeEach(() => {
  main = branch("main", { ...policy, a: file("1\n") });
  head = branch("feature", { ...policy, a: file("2\n"), "evidence/e.json": file("{}") }, [main]);
});

const ask = (alter?: Alter, pull: Pull = { base: "main", head: "feature" }, record = known(none)) =>
  collectPull({
    request: gitApi(repository.dir, alter, pull),
    owner: "o",
    repo: "r",
    number: 7,
    record: () => record,
    now,
  });

async function facts(...args: Parameters<typeof ask>): Promise<PullFacts> {
  const answer = await ask(...args);
  if (!answer.known) throw new Error(answer.why);
  return answer.value;
}

const at =
  (part: string, status: number): Alter =>
  (path, body) =>
    path.includes(part) ? status : body;

/** Alters what the one query for the state gives. */
const inState =
  (part: "repository" | "pullRequest", change: Json): Alter =>
  (path, body) => {
    if (path !== "/graphql/SallyportPull") return body;
    const answer = structuredClone(body) as { data: { repository: { pullRequest: Json } & Json } };
    const { repository: found } = answer.data;
    Object.assign(part === "repository" ? found : found.pullRequest, change);
    return answer;
  };

test("collects every fact of a pull request", async () => {
  const found = await facts();
  expect(found).toMatchObject({
    repository: { id: 42, name: "o/r" },
    pull: { number: 7, author: { id: 5, login: "ada", type: "User" } },
    base: { ref: "main", sha: main },
    head: { sha: head },
    defaultBranch: "main",
    policy: { known: true, value: { state: "loaded", ref: main } },
    mergeBase: { known: true, value: main },
    texts: {
      known: true,
      value: [{ path: "evidence/e.json", before: { state: "absent" }, after: { state: "text", text: "{}" } }],
    },
    commits: { known: true, value: [{ sha: head, parents: [main] }] },
    checks: { known: true, value: [] },
    reviews: { known: true, value: [] },
    day: "2026-11-21",
    record: { known: true, value: none },
  });
  expect(found.changes.known && found.changes.value.map((change) => change.path)).toEqual(["a", "evidence/e.json"]);
});

test("T007 an evidence file that is a link gives no text, wherever it points", async () => {
  const target: Node = { mode: "120000", content: Buffer.from("1") };
  branch("feature", { ...policy, a: file("1\n"), "evidence/link.json": target }, [main]);
  expect((await facts()).texts).toMatchObject({
    value: [{ path: "evidence/link.json", after: { state: "opaque", why: "link" } }],
  });
});

test("files of a folder that a gate asks for are read, also those that the change leaves as they are", async () => {
  const rules = { ".github/sallyport.yml": file("version: 1\nextends: default\n") };
  const old = {
    ...rules,
    ".github/workflows/a.yml": file("on: push\n"),
    ".github/workflows/b.yml": file("on: [push]\n"),
  };
  const base = branch("main", old, [main]);
  branch("feature", { ...old, ".github/workflows/a.yml": file("on: pull_request\n") }, [base]);
  const { texts } = await facts();
  expect(texts).toMatchObject({
    value: [
      { path: ".github/workflows/b.yml", before: { text: "on: [push]\n" }, after: { text: "on: [push]\n" } },
      { path: ".github/workflows/a.yml", before: { text: "on: push\n" }, after: { text: "on: pull_request\n" } },
      { path: "Makefile", before: { state: "absent" }, after: { state: "absent" } },
      { path: "package.json", before: { state: "absent" }, after: { state: "absent" } },
    ],
  });
});

test("a file of YAML is given as text and as what the text says, each side by itself", async () => {
  const record = known({ ...none, run: run({ evidenceFiles: ["a.yml", "b.YAML", "c.json"] }) });
  const base = branch("main", { ...policy, "a.yml": file("on: push\n"), "c.json": file("{}") }, [main]);
  branch("feature", { ...policy, "a.yml": file("on: [\n"), "b.YAML": file("- 1\n"), "c.json": file("{}") }, [base]);
  const { texts } = await facts(undefined, undefined, record);
  expect(texts).toMatchObject({
    value: [
      {
        path: "a.yml",
        before: { text: "on: push\n", yaml: { value: { kind: "map" }, problems: [] } },
        after: { text: "on: [\n", yaml: { value: null, problems: [{ line: 2, column: 1 }] } },
      },
      { path: "b.YAML", before: { state: "absent" }, after: { yaml: { value: { kind: "list" } } } },
      { path: "c.json", before: { state: "text" } },
    ],
  });
  expect(JSON.stringify(texts)).not.toContain('"{}","yaml"');
});

test("a run's declared evidence files are read, and it is said of those that are not there", async () => {
  const record = known({ ...none, run: run({ evidenceFiles: ["a", "gone.json", "keep"] }) });
  const { texts } = await facts(undefined, undefined, record);
  const there = { state: "text" };
  expect(texts).toMatchObject({
    value: [
      { path: "a", before: there, after: there },
      { path: "evidence/e.json", before: { state: "absent" }, after: there },
      { path: "gone.json", before: { state: "absent" }, after: { state: "absent" } },
      { path: "keep", before: { state: "absent" }, after: { state: "absent" } },
    ],
  });
});

describe("the policy", () => {
  test("T047 comes from the default branch and never from the head", async () => {
    branch("feature", { ".github/sallyport.yml": file("version: 1\n"), a: file("2\n") }, [main]);
    expect((await facts()).policy).toMatchObject({
      value: { ref: main, policy: { gates: { evidence: { files: ["evidence/**"] } } } },
    });
  });

  test("T048 T069 comes from the default branch and never from the base that the author chose or a lower layer of a stack", async () => {
    const own = branch("own", { ".github/sallyport.yml": file("version: 1\n"), a: file("1\n") }, [main]);
    branch("feature", { ".github/sallyport.yml": file("version: 1\n"), a: file("2\n") }, [own]);
    const found = await facts(undefined, { base: "own", head: "feature" });
    expect(found).toMatchObject({ base: { ref: "own", sha: own }, policy: { value: { ref: main } } });
  });

  const states: [string, Record<string, Node>, object][] = [
    ["T051 absent", {}, { state: "absent" }],
    [
      "T053 a second file",
      { ...policy, ".github/sallyport.yaml": file(policyText) },
      { state: "malformed", problems: [{ message: expect.stringContaining("sallyport.yaml") }] },
    ],
    ["T053 the other ending alone", { ".github/sallyport.yaml": file(policyText) }, { state: "malformed" }],
    [
      "T054 a symlink",
      { ".github/sallyport.yml": { mode: "120000", content: Buffer.from("../a") } },
      { state: "malformed" },
    ],
    [
      "T054 a folder that is a symlink",
      { ".github": { mode: "120000", content: Buffer.from("docs") } },
      { state: "malformed" },
    ],
    ["T054 a folder", { ".github/sallyport.yml/x": file("") }, { state: "malformed" }],
    [
      "T056 more than 64 KB",
      { ".github/sallyport.yml": file(`${policyText}#${"x".repeat(65_536)}`) },
      { state: "malformed", problems: [{ message: expect.stringContaining("bytes") }] },
    ],
    ["not YAML", { ".github/sallyport.yml": file("version: [") }, { state: "malformed" }],
  ];
  test.each(states)("%s", async (_, files, expected) => {
    const tip = branch("main", { ...files, a: file("1\n") }, [main]);
    expect((await facts()).policy).toMatchObject({ known: true, value: { ...expected, ref: tip } });
  });

  test.each([403, 404, 500])("T051 unreadable with status %d is unknown and not absent", async (status) => {
    // The query shows no policy, and the tree that could tell why is not given.
    const alter: Alter = (path, body) =>
      path.includes("/git/trees/")
        ? status
        : inState("repository", { defaultBranchRef: { name: "main", target: { oid: main } } })(path, body);
    expect((await facts(alter)).policy).toEqual({
      known: false,
      why: expect.stringContaining(String(status)),
    });
  });
});

test("the record is read from the evidence branch and verified with the policy's key", async () => {
  const ledger = await signedLedger(head);
  const pinned = file(`version: 1\nledger: { keys: [{ key: "${ledger.key}" }] }\n`);
  branch("main", { ".github/sallyport.yml": pinned, a: file("1\n") }, [main]);
  branch("sallyport/evidence", {
    "README.md": file("x\n"),
    "ledger/0001.jsonl": file(`${ledger.lines.join("\n")}\n`),
  });
  const request = gitApi(repository.dir, undefined, { base: "main", head: "feature" });
  const found = await collectPull({ request, owner: "o", repo: "r", number: 7, now });
  plainGit(repository.dir, ["update-ref", "-d", "refs/heads/sallyport/evidence"]);
  const without = await collectPull({ request, owner: "o", repo: "r", number: 7, now });
  expect(found).toMatchObject({
    value: { record: { value: { signOffs: [{ sha: head, result: "pass" }] } } },
  });
  expect(without).toMatchObject({ value: { record: { known: true, value: none } } });
});

test("T016 fewer changes than GitHub counts are an incomplete listing", async () => {
  const { changes } = await facts(inState("pullRequest", { changedFiles: 3 }));
  expect(changes).toEqual({ known: false, why: expect.stringContaining("incomplete") });
});

test("T021 the base is where its branch stands now", async () => {
  const tip = branch("main", { ...policy, a: file("1\n"), other: file("1\n") }, [main]);
  const found = await facts();
  expect(found).toMatchObject({ base: { sha: tip }, mergeBase: { value: main } });
  expect(found.changes.known && found.changes.value.map((change) => change.path)).not.toContain("other");
});

test("T024 a tag with the branch's name is not taken for it", async () => {
  plainGit(repository.dir, ["update-ref", "refs/tags/main", head]);
  expect((await facts()).base.sha).toBe(main);
  plainGit(repository.dir, ["update-ref", "-d", "refs/tags/main"]);
});

const hidden = [{ message: "Could not resolve to a Repository", path: ["repository"] }];
const lost: [string, Alter][] = [
  ["the query is refused", at("/graphql/", 502)],
  [
    "the repository is hidden",
    (path, body) => (path.includes("/graphql/") ? { data: { repository: null }, errors: hidden } : body),
  ],
  ["the base branch is gone", inState("pullRequest", { baseRef: null })],
  ["the token is refused", () => 401],
];
test.each(lost)("nothing is known when %s", async (_, alter) => {
  expect(await ask(alter)).toEqual({ known: false, why: expect.stringMatching(/^[^\n]+$/) });
});

test("nothing is known when there is no such pull request", async () => {
  const request = gitApi(repository.dir, undefined, { base: "main", head: "feature" });
  const found = await collectPull({ request, owner: "o", repo: "r", number: 8, record: () => known(none), now });
  expect(found).toEqual({ known: false, why: expect.stringContaining("number of 8") });
});

test("without a common ancestor changes and evidence are unknown and the rest is known", async () => {
  // The base has moved on, so the pull request's own commits do not tell where the two part.
  branch("main", { ...policy, a: file("1\n"), other: file("1\n") }, [main]);
  const found = await facts(at("/compare/", 404));
  expect([found.mergeBase.known, found.changes.known, found.texts.known, found.policy.known]).toEqual([
    false,
    false,
    false,
    true,
  ]);
});

describe("without the App, a sign-off is read from comments", () => {
  const people = "version: 1\npeople: { approvers: ['@grace'] }\n";
  const said = (over: object = {}) => ({
    id: 900,
    body: `/sign-off ${head} pass manual`,
    user: { id: 8, login: "grace", type: "User" },
    created_at: "2026-11-21T10:00:00Z",
    updated_at: "2026-11-21T10:00:00Z",
    performed_via_github_app: null,
    ...over,
  });
  const everybody = { grace: 8, rita: 9 };
  const recordWith = async (comments: object[], writers: Record<string, number>, policy = people) => {
    branch("main", { ".github/sallyport.yml": file(policy), a: file("1\n") }, [main]);
    const pull = { base: "main", head: "feature", comments: comments.map((one) => ({ ...one })), writers };
    const request = gitApi(repository.dir, undefined, pull);
    const found = await collectPull({ request, owner: "o", repo: "r", number: 7, now });
    if (!found.known) throw new Error("the pull request is known here");
    return found.value.record;
  };
  const signOffs = async (comment: object | null, writers: Record<string, number> = everybody, policy = people) => {
    const record = await recordWith(comment === null ? [] : [comment], writers, policy);
    if (!record.known) throw new Error("the record is known here");
    return record.value.signOffs;
  };

  test("of an approver", async () => {
    const by = { id: 8, login: "grace", type: "User" };
    const given = { baseRef: null, at: "2026-11-21T10:00:00Z" };
    expect(await signOffs(said())).toEqual([{ sha: head, test: "manual", result: "pass", by, seq: 900, ...given }]);
  });

  test.each([
    ["T096: not when it was edited", () => said({ updated_at: "2026-11-21T10:05:00Z" })],
    [
      "T096: not when it was edited within its first second, which REST does not show",
      () => said({ last_edited_at: "2026-11-21T10:00:00Z" }),
    ],
    ["T101: not through an app", () => said({ performed_via_github_app: { id: 1 } })],
    ["T099: not of a bot", () => said({ user: { id: 8, login: "grace", type: "Bot" } })],
    ["T102: not of somebody who is no approver", () => said({ user: { id: 9, login: "rita", type: "User" } })],
    ["T098: not in a quotation", () => said({ body: `> /sign-off ${head} pass manual` })],
  ])("%s", async (_, comment) => {
    expect(await signOffs(comment())).toEqual([]);
  });

  test.each<[string, () => object, string, boolean]>([
    ["edited", () => said({ updated_at: "2026-11-21T10:05:00Z" }), "An edited comment", true],
    ["through an app", () => said({ performed_via_github_app: { id: 1 } }), "through an app", true],
    ["of a bot", () => said({ user: { id: 8, login: "grace", type: "Bot" } }), "apps and bots", false],
    ["without the duty", () => said({ user: { id: 9, login: "rita", type: "User" } }), "This is for approvers", true],
    ["without write access", () => said({ user: { id: 7, login: "max", type: "User" } }), "no write access", false],
    ["of a test that is none", () => said({ body: `/sign-off ${head} pass browser` }), "no test `browser`", true],
    ["of no commit", () => said({ body: "/sign-off pass manual" }), "Write it as `/sign-off", true],
    ["misspelt", () => said({ body: `/signoff ${head} pass manual` }), "Write it as `/sign-off", true],
  ])("T14: a comment that does not count is kept with the reason: %s", async (_, comment, why, mayWrite) => {
    expect(await recordWith([comment()], everybody)).toMatchObject({
      value: { signOffs: [], unheard: [{ comment: 900, why: expect.stringContaining(why), mayWrite }] },
    });
  });

  test("T096: nobody's while GitHub does not tell whether it was edited", async () => {
    expect(await recordWith([said({ node_id: "IC_elsewhere" })], everybody)).toMatchObject({
      known: false,
      why: expect.stringContaining("whether the comment was edited"),
    });
  });

  test("T14: nobody's under pinned keys, and the record says that the App is missing", async () => {
    const pinned = `${people}ledger: { keys: [{ key: "ed25519:${"A".repeat(43)}=" }] }\n`;
    expect(await recordWith([said()], everybody, pinned)).toMatchObject({ value: { signOffs: [], lacksApp: true } });
  });

  test("T097: not when the comment is deleted later, so it is asked for again", async () => {
    expect(await signOffs(said())).toHaveLength(1);
    expect(await signOffs(null)).toEqual([]);
  });

  test("T111: nobody's when the login of who wrote it belongs to another account now", async () => {
    expect(await recordWith([said()], { grace: 80 })).toMatchObject({
      known: false,
      why: expect.stringContaining("belongs to another account now"),
    });
  });

  test("T107: not through a team that is gone or has another name now", async () => {
    expect(await signOffs(said(), everybody, people.replace("@grace", "@o/approvers"))).toEqual([]);
  });

  test("T106: not of an approver who may not write any more", async () => {
    expect(await signOffs(said(), {})).toEqual([]);
  });
});
