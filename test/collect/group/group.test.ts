import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Octokit } from "@octokit/core";
import { collectGroup } from "../../../collect/group/group.ts";
import { listQueueBranches } from "../../../collect/group/queue-branches.ts";
import type { GroupFacts } from "../../../core/group/facts.ts";
import { judgeGroup } from "../../../core/group/judge.ts";
import { known } from "../../../core/known.ts";
import { noRecord } from "../../../core/record/pull.ts";
import { zipOf } from "../../builders/zip.ts";
import { type GitSide, type Json, startGitSide } from "../../hosts/sandbox-git.ts";

const checks = [{ context: "sallyport", app: "sallyport" }];
const files = {
  "README.md": "# Web\n",
  ".github/sallyport.yml": `version: 1
gates:
  diff-size: { files: 3 }
  evidence: { require: [{ when: { paths: [covered.txt] }, coverage: { artifact: cov, min: 80 } }] }
`,
  "src/a.txt": Array.from({ length: 9 }, (_, index) => `line ${index}\n`).join(""),
};

let side: GitSide;
beforeAll(async () => {
  side = await startGitSide({
    files,
    protection: [
      { branch: "main", checks, merge_queue: true, enforce_admins: false },
      { branch: "slim", checks, merge_queue: "squash", enforce_admins: false },
    ],
  });
  await side.call("admin", "POST", "git/refs", { ref: "refs/heads/slim", sha: await tip("main") });
}, 30_000);
afterAll(() => side.close(), 30_000);

const ask = async (method: string, path: string, body?: object, token = "writer"): Promise<Json> => {
  const answer = await side.call(token, method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
};
const tip = async (branch: string): Promise<string> => (await ask("GET", `git/ref/heads/${branch}`)).object.sha;

type Pull = { number: number; head: string };

/** A pull request with one changed file, green by the App's check. */
async function openPull(branch: string, base = "main", path = `${branch}.txt`, text = `${branch}\n`): Promise<Pull> {
  const head = await side.commit(branch, path, text);
  const { number } = await ask("POST", "pulls", { title: `About ${branch}`, head: branch, base });
  const run = { name: "sallyport", head_sha: head, conclusion: "success" };
  await side.call(await side.tokenOf("sallyport"), "POST", "check-runs", run);
  return { number, head };
}

/** Puts them into the queue and gives the group's ref and head. */
async function queue(...pulls: Pull[]): Promise<{ ref: string; head: string; base: string }> {
  const order = { repository: "acme/web", pulls: pulls.map(({ number }) => number) };
  const group = await ask("POST", "/_sandbox/merge-queue", order);
  return { ref: group.head_ref, head: group.head_sha, base: group.base_sha };
}

/** A commit on `parent` with some files changed, under a branch of the queue's form: made by a person and not by GitHub. */
async function forge(
  message: string,
  parents: string[],
  over: Record<string, string>,
  base = parents[0] ?? "",
): Promise<string> {
  const tree = await ask("POST", "git/trees", {
    base_tree: parents[0],
    tree: Object.entries(over).map(([path, content]) => ({ path, mode: "100644", type: "blob", content })),
  });
  forged += 1;
  // A second of its own: the same commit under two branches would be one commit.
  const date = new Date(Date.UTC(2026, 0, 1, 0, 0, forged)).toISOString();
  const committer = { name: "Ada", email: "ada@example.com", date };
  const { sha } = await ask("POST", "git/commits", { message, tree: tree.sha, parents, committer });
  const ref = `refs/heads/gh-readonly-queue/main/pr-${forged}-${base}`;
  await ask("POST", "git/refs", { ref, sha });
  return ref;
}
let forged = 900;

const github = () => ({
  request: new Octokit({ baseUrl: side.sandbox.url, auth: "writer" }).request,
  owner: "acme",
  repo: "web",
});
const collect = (ref: string) =>
  collectGroup({ ...github(), ref, now: "2026-11-21T10:00:00.000Z", record: () => known(noRecord) });

async function group(ref: string): Promise<GroupFacts> {
  const found = await collect(ref);
  if (!found.known || found.value === null) throw new Error(found.known ? "it is gone" : found.why);
  return found.value;
}
const membersOf = (facts: GroupFacts) => judgeGroup(facts).gates.at(-1);

test("a group's tree and its members, in the order in which they land", async () => {
  const [one, two] = [await openPull("one"), await openPull("two")];
  const { ref, head, base } = await queue(one, two);
  const found = await group(ref);
  expect(found).toMatchObject({
    ref,
    strays: [],
    below: null,
    members: [
      { number: one.number, head: one.head, foreign: null, facts: { value: { head: { sha: one.head } } } },
      { number: two.number, head: two.head, foreign: null },
    ],
    tree: {
      pull: null,
      base: { ref: "main", sha: base },
      head: { sha: head },
      mergeBase: { value: base },
      policy: { value: { state: "loaded", ref: base } },
      day: "2026-11-21",
    },
  });
  const { changes } = found.tree;
  expect(changes.known && changes.value.map(({ path }) => path)).toEqual(["one.txt", "two.txt"]);
  expect(judgeGroup(found).conclusion).toBe("success");
  expect(await listQueueBranches(github())).toEqual(known([{ ref, sha: head }]));
  await ask("PATCH", `pulls/${one.number}`, { state: "closed" });
  await side.sandbox.settled();
  expect(await collect(ref)).toEqual(known(null));
});

test("a squashed commit is its pull request's, also where the branch changed the same file", async () => {
  const mine = files["src/a.txt"].replace("line 0", "mine");
  await side.commit("slim", "src/a.txt", files["src/a.txt"].replace("line 8", "theirs"));
  const pull = await openPull("squashed", "slim", "src/a.txt", mine);
  const found = await group((await queue(pull)).ref);
  expect(found.members).toMatchObject([{ number: pull.number, head: pull.head, foreign: null }]);
  expect(found.tree).toMatchObject({ base: { ref: "slim" }, defaultBranch: "main" });
  expect(judgeGroup(found).conclusion).toBe("success");
});

test("coverage that a policy asks for counts by the report of each member's own head, and none of the group's", async () => {
  const pull = await openPull("covered");
  const { ref, head } = await queue(pull);
  const report = (covered: number) => zipOf("lcov.info", `SF:a.ts\nDA:1,${covered}\n`).toString("base64");
  const upload = async (sha: string, covered: number) => {
    const order = { repository: "acme/web", name: "cov", workflow: ".github/workflows/ci.yml", head_sha: sha };
    await ask("POST", "/_sandbox/artifacts", { ...order, zip: report(covered) });
  };
  await upload(head, 1);
  expect(membersOf(await group(ref))).toMatchObject({ status: "pending", reasons: [{ code: "member-waits" }] });
  await upload(pull.head, 0);
  expect(membersOf(await group(ref))).toMatchObject({ status: "fail", reasons: [{ code: "member-fails" }] });
  await upload(pull.head, 1);
  expect(judgeGroup(await group(ref)).conclusion).toBe("success");
  await ask("PATCH", `pulls/${pull.number}`, { state: "closed" });
  await side.sandbox.settled();
});

test("T074: a policy that a member loosens is not the one its group is judged by", async () => {
  const loose = "version: 1\n";
  const [policy, other] = [await openPull("loose", "main", ".github/sallyport.yml", loose), await openPull("other")];
  const { ref, base } = await queue(policy, other);
  expect((await group(ref)).tree.policy).toMatchObject({
    value: { ref: base, policy: { gates: { "diff-size": { files: 3 } } } },
  });
  await ask("PATCH", `pulls/${other.number}`, { state: "closed" });
  await side.sandbox.settled();
});

describe("T072: a branch of the queue's form that a person made", () => {
  let pull: Pull;
  let main: string;
  beforeAll(async () => {
    pull = await openPull("judged");
    main = await tip("main");
  });

  test("with the content that was judged is as good as the queue's own", async () => {
    const ref = await forge(`A change (#${pull.number})`, [main], { "judged.txt": "judged\n" });
    expect(judgeGroup(await group(ref)).conclusion).toBe("success");
  });

  const cases: [string, string, () => Promise<string>][] = [
    ["a commit without a number", "no-member", () => forge("A change", [main], { x: "x\n" })],
    [
      "a stray commit below a member's",
      "no-member",
      async () => {
        const stray = await group(await forge("A change", [main], { x: "x\n" }));
        return forge(`A change (#${pull.number})`, [stray.tree.head.sha], { "judged.txt": "judged\n" }, main);
      },
    ],
    [
      "more than was judged",
      "foreign-content",
      () => forge(`A change (#${pull.number})`, [main], { "judged.txt": "judged\n", evil: "x\n" }),
    ],
    [
      "a merge of the judged head with another tree",
      "foreign-content",
      () => forge(`Merge pull request #${pull.number} from acme/judged`, [main, pull.head], { evil: "x\n" }),
    ],
    [
      "a merge of another head",
      "member-moved",
      () =>
        forge(`Merge pull request #${pull.number} from acme/judged`, [main, main], {
          "judged.txt": "judged\n",
        }),
    ],
    [
      "the same pull request twice",
      "no-member",
      async () => {
        const first = await group(await forge(`A change (#${pull.number})`, [main], { "judged.txt": "judged\n" }));
        return forge(`A change (#${pull.number})`, [first.tree.head.sha], {}, main);
      },
    ],
    ["a pull request that is not there", "member-unknown", () => forge("A change (#4000)", [main], { x: "x\n" })],
    [
      "T068: a pull request that was retargeted to another branch",
      "foreign-content",
      async () => {
        const other = await openPull("elsewhere", "slim", "elsewhere.txt");
        return forge(`A change (#${other.number})`, [main], { "elsewhere.txt": "elsewhere\n" });
      },
    ],
    [
      "a closed pull request",
      "foreign-content",
      async () => {
        const closed = await openPull("closed");
        await ask("PATCH", `pulls/${closed.number}`, { state: "closed" });
        return forge(`A change (#${closed.number})`, [main], { "closed.txt": "closed\n" });
      },
    ],
    [
      "a head that is a pull request's own",
      "no-member",
      async () => {
        const ref = await forge(`A change (#${pull.number})`, [main], { "judged.txt": "judged\n" });
        const { tree } = await group(ref);
        await ask("POST", "git/refs", { ref: "refs/heads/twin", sha: tree.head.sha });
        await ask("POST", "pulls", { title: "A twin", head: "twin", base: "main" });
        return ref;
      },
    ],
  ];
  test.each(cases)("does not pass with %s", async (_, code, make) => {
    const found = await group(await make());
    expect(judgeGroup(found).conclusion).not.toBe("success");
    expect(membersOf(found)?.reasons[0]).toMatchObject({ code, next: expect.anything() });
  });

  test("stands on the branch or on another group, or is not judged at all", async () => {
    const below = await forge(`A change (#${pull.number})`, [main], { "judged.txt": "judged\n" });
    const ahead = (await group(below)).tree.head.sha;
    const upper = await openPull("upper");
    const ref = await forge(`A change (#${upper.number})`, [ahead], { "upper.txt": "upper\n" });
    const found = await group(ref);
    expect(found.below).toMatchObject({ ref: below, members: [{ number: pull.number }] });
    expect(judgeGroup(found).conclusion).toBe("success");
    await ask("DELETE", `git/${below}`);
    expect(await collect(ref)).toEqual({ known: false, why: expect.stringContaining("neither in main nor") });
  });

  test("is not judged when it does not stand where its name says", async () => {
    const ref = await forge(`A change (#${pull.number})`, [main], { "judged.txt": "judged\n" }, pull.head);
    expect((await collect(ref)).known).toBe(false);
  });
});

test("a branch of another form is no group, and what has landed is nothing to judge", async () => {
  expect(await collect("refs/heads/main")).toEqual({
    known: false,
    why: expect.stringMatching(/not the branch/),
  });
  const main = await tip("main");
  const ref = `refs/heads/gh-readonly-queue/main/pr-1-${main}`;
  await ask("POST", "git/refs", { ref, sha: main });
  expect(await collect(ref)).toEqual(known(null));
});
