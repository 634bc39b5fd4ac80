import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parse, validate } from "graphql";
import { branchQuery } from "../../../collect/github/run-branch.ts";
import { editsQuery } from "../../../collect/issue/edits.ts";
import { issueQuery } from "../../../collect/issue/state.ts";
import { currentPolicyQuery } from "../../../collect/policy/current.ts";
import { discussionQuery } from "../../../collect/pull/discussion.ts";
import { pullQuery } from "../../../collect/pull/query.ts";
import { othersChecks } from "../../../collect/pull/reviews.ts";
import { type PullState, pullStatus, readPullState } from "../../../collect/pull/state.ts";
import { known } from "../../../core/known.ts";
import { githubSchema } from "../../../sandbox/graphql/schema.ts";
import { commitFiles, file, makeRepository, plainGit } from "../../builders/git-repository.ts";
import { type Alter, gitApi, type Json } from "../../hosts/git-api.ts";

let repository: ReturnType<typeof makeRepository>;
let main: string;
let head: string;
beforeAll(() => {
  repository = makeRepository();
  const branch = (name: string, text: string, parents: string[] = []) => {
    const sha = commitFiles(repository.dir, new Map([["a", file(text)]]), parents);
    plainGit(repository.dir, ["update-ref", `refs/heads/${name}`, sha]);
    return sha;
  };
  main = branch("main", "1\n");
  head = branch("feature", "2\n", [main]);
});
afterAll(() => repository.remove());

type Over = {
  pullRequest?: Json;
  head?: Json;
  errors?: Json[];
  events?: Json[];
  rest?: Record<string, Json[] | Json | number>;
};

/** The state as it is read when GitHub's answers are altered so; `rest` are answers of the REST API by the path's end. */
async function read(over: Over = {}, asked: string[] = []) {
  const alter: Alter = (path, body) => {
    asked.push(path);
    const rest = Object.entries(over.rest ?? {}).find(([end]) => path.includes(end));
    // The fake's listings are objects or arrays, as GitHub's are.
    if (rest !== undefined) return rest[1] as Json | number;
    if (path !== "/graphql/SallyportPull") return body;
    const answer = structuredClone(body) as { data: { repository: { pullRequest: Json } } };
    const pull = answer.data.repository.pullRequest;
    Object.assign(pull, over.pullRequest);
    const [last] = (pull.last as { nodes: { commit: Json }[] } | null)?.nodes ?? [];
    Object.assign(last?.commit ?? {}, over.head);
    return { ...answer, ...(over.errors === undefined ? {} : { errors: over.errors }) };
  };
  const request = gitApi(repository.dir, alter, {
    base: "main",
    head: "feature",
    ...(over.events === undefined ? {} : { events: over.events }),
  });
  return readPullState({ request, owner: "o", repo: "r" }, 7);
}

async function state(over?: Over, asked?: string[]): Promise<PullState> {
  const answer = await read(over, asked);
  if (!answer.known) throw new Error(answer.why);
  return answer.value;
}

const listing = (nodes: Json[], hasNextPage = false) => ({ pageInfo: { hasNextPage }, nodes });
const run = (over: Json = {}) => ({
  databaseId: 11,
  name: "test",
  status: "COMPLETED",
  conclusion: "STARTUP_FAILURE",
  externalId: null,
  ...over,
});
const suite = (runs: Json[], more = false) => ({
  databaseId: 5,
  createdAt: "2026-11-21T09:00:00Z",
  app: { databaseId: 15368, slug: "github-actions" },
  checkRuns: listing(runs, more),
});
const review = (over: Json = {}) => ({
  fullDatabaseId: "9007199254",
  author: { __typename: "User", login: "grace", databaseId: 8 },
  body: "Not yet.",
  state: "CHANGES_REQUESTED",
  submittedAt: "2026-11-21T10:00:00Z",
  commit: { oid: head },
  ...over,
});

test.each([pullQuery, editsQuery, issueQuery, discussionQuery, branchQuery, currentPolicyQuery])(
  "every field of the queries is one of GitHub's",
  (query) => {
    expect(validate(githubSchema(), parse(query))).toEqual([]);
  },
);

test("one query tells where the branches stand", async () => {
  const asked: string[] = [];
  expect(await state({}, asked)).toEqual({
    repository: { id: 42, name: "o/r" },
    defaultBranch: { name: "main", tip: main },
    policy: null,
    number: 7,
    author: { id: 5, login: "ada", type: "User" },
    title: "A change",
    body: "",
    isDraft: false,
    headAt: null,
    textAt: "2026-11-21T09:00:00Z",
    labels: [],
    createdAt: "2026-11-21T09:00:00Z",
    state: "open",
    merged: { known: true, value: null },
    changedFiles: 1,
    base: { ref: "main", sha: main },
    retargetedAt: { known: true, value: null },
    head: { ref: "feature", sha: head },
    ahead: [expect.objectContaining({ sha: head, parents: [main], message: "1 files" })],
    reviews: { known: true, value: [] },
    checks: { known: true, value: [] },
    sameHeadPulls: { known: true, value: [] },
  });
  expect(asked).toEqual(["/graphql/SallyportPull"]);
});

test("H5: a pull request that has ended is read after its base branch is gone, and an open one is not", async () => {
  const gone = { baseRef: null, baseRefOid: main };
  expect(await state({ pullRequest: { ...gone, state: "CLOSED" } })).toMatchObject({
    state: "closed",
    base: { sha: main },
  });
  expect(await read({ pullRequest: gone })).toMatchObject({ known: false });
});

// T063: a commit status is nobody's in particular and is not asked for, so none can stand for a check of any name.
test("T063, T064: a check of our name by another app is neither ours nor one that a gate reads", async () => {
  const foreign = suite([run({ name: "sallyport", conclusion: "SUCCESS" }), run({ databaseId: 12 })]);
  const found = await state({ head: { checkSuites: listing([foreign]) } });
  expect(pullStatus(found, 4001)).toMatchObject({ value: { ourCheck: { known: true, value: null } } });
  expect(othersChecks(found.checks)).toMatchObject({ value: [{ name: "test" }] });
  const ours = { ...foreign, app: { databaseId: 4001, slug: "sallyport" } };
  const both = await state({ head: { checkSuites: listing([foreign, ours]) } });
  expect(pullStatus(both, 4001)).toMatchObject({ value: { ourCheck: { value: { appId: 4001 } } } });
});

describe("is told in REST's words", () => {
  test.each<[string, Json, object]>([
    [
      "a bot",
      { __typename: "Bot", login: "dependabot", databaseId: 49 },
      { id: 49, login: "dependabot[bot]", type: "Bot" },
    ],
    [
      "a bot whose login says so",
      { __typename: "Bot", login: "x[bot]", databaseId: 4 },
      { id: 4, login: "x[bot]", type: "Bot" },
    ],
    [
      "an imported account",
      { __typename: "Mannequin", login: "old", databaseId: 3 },
      { id: 3, login: "old", type: "Mannequin" },
    ],
  ])("%s", async (_, author, expected) => {
    expect((await state({ pullRequest: { author } })).author).toEqual(expected);
  });

  test("a check, the newest first", async () => {
    const checkSuites = listing([suite([run(), run({ databaseId: 12, status: "IN_PROGRESS", conclusion: null })])]);
    expect((await state({ head: { checkSuites } })).checks).toEqual({
      known: true,
      value: [
        expect.objectContaining({ id: 12, status: "in_progress", conclusion: null }),
        {
          id: 11,
          suite: 5,
          name: "test",
          app: "github-actions",
          appId: 15368,
          status: "completed",
          conclusion: "startup_failure",
          externalId: "",
        },
      ],
    });
  });

  test("T086: an author whose account is gone is nobody's name, and not known to be a person", async () => {
    expect(await state({ pullRequest: { author: null } })).toMatchObject({
      author: { id: 10137, login: "ghost", type: "Mannequin" },
    });
  });

  test("T237: a review; one that nobody submitted or whose author is gone is none", async () => {
    const reviews = listing([review(), review({ state: "PENDING" }), review({ author: null })]);
    expect((await state({ pullRequest: { reviews } })).reviews).toEqual({
      known: true,
      value: [
        {
          id: 9007199254,
          by: { id: 8, login: "grace", type: "User" },
          state: "changes_requested",
          sha: head,
          at: "2026-11-21T10:00:00Z",
        },
      ],
    });
  });

  test("T10: a review that begins as a command", async () => {
    const reviews = listing([review({ body: "/rework Mend it." }), review({ body: "Say `/rework` to mend it." })]);
    const found = (await state({ pullRequest: { reviews } })).reviews;
    expect(found.known && found.value.map(({ isCommand }) => isCommand)).toEqual([true, undefined]);
  });

  test("a merge", async () => {
    const mergedBy = { __typename: "Bot", login: "merger", databaseId: 6 };
    const mergeCommit = { oid: "a".repeat(40), tree: { oid: "b".repeat(40) } };
    const pullRequest = { state: "MERGED", mergedBy, mergeCommit };
    expect(await state({ pullRequest })).toMatchObject({
      state: "closed",
      merged: {
        value: { commit: "a".repeat(40), tree: "b".repeat(40), by: { id: 6, login: "merger[bot]" } },
      },
    });
    expect((await state({ pullRequest: { ...pullRequest, mergeCommit: null } })).merged).toMatchObject({
      known: false,
    });
  });

  test("T024 the other open pull requests of the head, and no others", async () => {
    const twin = (number: number, over: Json = {}) => ({ number, state: "OPEN", headRefOid: head, ...over });
    const associatedPullRequests = listing([
      twin(7),
      twin(8),
      twin(9, { state: "MERGED" }),
      twin(10, { headRefOid: main }),
    ]);
    expect((await state({ head: { associatedPullRequests } })).sameHeadPulls).toEqual({
      known: true,
      value: [8],
    });
  });
});

describe("T066: when it was pointed at another branch", () => {
  const at = "2026-11-21T09:30:00Z";
  const event = (kind: string, created_at = at) => ({ id: 1, event: kind, created_at });
  const answers: [string, Json | null, Json[] | null, object][] = [
    ["is told by the newest of those events", { nodes: [{ createdAt: at }] }, [], known(at)],
    ["is never, where there is no such event", { nodes: [] }, [event("base_ref_changed")], known(null)],
    [
      "is read by REST where the event may not be shown",
      { nodes: [null] },
      [
        event("base_ref_changed", "2026-11-21T09:10:00Z"),
        event("automatic_base_change_succeeded"),
        event("closed", "2026-11-21T09:50:00Z"),
      ],
      known(at),
    ],
    ["is read by REST where the listing may not be", null, [event("base_ref_changed")], known(at)],
    ["is never, where REST alone is asked and knows none", null, [event("labeled")], known(null)],
    [
      "is unknown where there was one and nobody says when",
      { nodes: [null] },
      [],
      { known: false, why: expect.stringContaining("#7 was pointed at another branch") },
    ],
    ["is unknown where REST refuses, too", null, null, { known: false, why: expect.stringContaining("404") }],
  ];
  test.each(answers)("%s", async (_, retargets, events, expected) => {
    const over = { pullRequest: { retargets }, ...(events === null ? {} : { events }) };
    expect((await state(over)).retargetedAt).toEqual(expected);
  });
});

describe("what the query does not give whole is read by REST", () => {
  const restRun = {
    id: 5,
    name: "late",
    app: { id: 1, slug: "ci" },
    status: "queued",
    conclusion: null,
    external_id: "x",
  };
  const rest = { "/check-runs": { check_runs: [restRun] } };
  const checks: [string, () => Over][] = [
    ["more suites than a page", () => ({ head: { checkSuites: listing([suite([run()])], true) } })],
    ["more runs in a suite than a page", () => ({ head: { checkSuites: listing([suite([run()], true)]) } })],
    ["a run without its number", () => ({ head: { checkSuites: listing([suite([run({ databaseId: null })])]) } })],
    [
      "a suite that may not be seen",
      () => ({ head: { checkSuites: { pageInfo: { hasNextPage: false }, nodes: [null] } } }),
    ],
    [
      "checks that the token may not read",
      () => ({
        head: { checkSuites: null },
        errors: [
          {
            message: "Resource not accessible by integration",
            path: ["repository", "pullRequest", "last", "nodes", 0, "commit", "checkSuites"],
          },
        ],
      }),
    ],
    ["another commit than the head", () => ({ head: { oid: main, checkSuites: listing([suite([run()])]) } })],
    ["no commit at all", () => ({ pullRequest: { last: { nodes: [] } } })],
  ];
  test.each(checks)("%s", async (_, over) => {
    const found = await state({ ...over(), rest: { ...rest, "/pulls": 404 } });
    expect(found.checks).toMatchObject({ known: true, value: [{ id: 5, name: "late", app: "ci" }] });
  });

  test("and what REST refuses, too, is unknown with the reason", async () => {
    const over = { head: { checkSuites: null }, rest: { "/check-runs": 403 } };
    expect((await state(over)).checks).toEqual({ known: false, why: expect.stringContaining("403") });
  });

  test("reviews", async () => {
    const found = await state({ pullRequest: { reviews: listing([review()], true) } });
    // The fake's REST side has none.
    expect(found.reviews).toEqual({ known: true, value: [] });
  });

  test("labels, and without them nothing is known", async () => {
    const labels = listing([{ name: "bug" }], true);
    expect(await read({ pullRequest: { labels } })).toEqual({
      known: false,
      why: expect.stringContaining("labels of #7"),
    });
    expect((await state({ pullRequest: { labels: listing([{ name: "b" }, { name: "a" }]) } })).labels).toEqual([
      "a",
      "b",
    ]);
  });
});

describe("T273 T281: nothing is known", () => {
  const somewhere = (path: (string | number)[]) => ({ errors: [{ message: "It went\nwrong", path }] });
  test.each<[string, () => Over]>([
    ["when something went wrong without a place", () => ({ errors: [{ message: "Something went wrong" }] })],
    ["when the author may not be read", () => somewhere(["repository", "pullRequest", "author"])],
    ["when the policy may not be read", () => somewhere(["repository", "defaultBranchRef", "target", "policy"])],
    ["when a field is missing", () => ({ pullRequest: { changedFiles: null } })],
    ["when the base is no commit", () => ({ pullRequest: { baseRef: { target: null } } })],
    ["when a state is new to us", () => ({ pullRequest: { state: "LIMBO" } })],
  ])("%s", async (_, over) => {
    expect(await read(over())).toEqual({ known: false, why: expect.stringMatching(/^[^\n]+$/) });
  });
});
