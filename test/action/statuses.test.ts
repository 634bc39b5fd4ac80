import { describe, expect, test } from "@jest/globals";
import { Octokit } from "@octokit/core";
import { setStatuses, statusesOf } from "../../action/statuses.ts";
import type { GateResult, Verdict } from "../../schemas/verdict.ts";

const sha = "a".repeat(40);
const gate = (name: string, status: GateResult["status"], message = "Why."): GateResult => ({
  gate: name,
  status,
  reasons: [{ code: "why", message }],
});
const conclusions = {
  pass: "success",
  "not-applicable": "success",
  fail: "failure",
  pending: "pending",
  unknown: "pending",
} as const;
const verdictOf = (...gates: GateResult[]): Verdict => ({
  conclusion: gates.some(({ status }) => status === "fail") ? "failure" : conclusions[gates.at(-1)?.status ?? "pass"],
  base: sha,
  head: sha,
  policy: null,
  engine: "3",
  gates,
  deferred: [],
});
const own = (...gates: GateResult[]) => ({ verdict: verdictOf(...gates), shared: gates, about: "pull request #7" });
const twin = (...gates: GateResult[]) => ({ ...own(...gates), about: "pull request #8" });
const settings = { context: "sallyport", gates: ["diff-size"] };
const shown = (...args: Parameters<typeof statusesOf>) =>
  statusesOf(...args).map(({ state, description }) => [state, description]);

describe("the statuses of a verdict", () => {
  test.each([
    ["pass", "success"],
    ["not-applicable", "success"],
    ["fail", "failure"],
    ["pending", "pending"],
    ["unknown", "pending"],
  ] as const)("a gate that is %s: %s, with its first reason", (status, state) => {
    const [joint, each] = statusesOf([own(gate("diff-size", status, "It has 3 files."))], null, settings);
    expect(each).toMatchObject({ context: "sallyport / diff-size", state, description: "It has 3 files." });
    expect(joint).toMatchObject({ context: "sallyport", state });
  });

  test("a reason that GitHub would refuse is cut, and stays on one line", () => {
    const [, each] = statusesOf([own(gate("diff-size", "fail", `a\n\u001b${"😀".repeat(100)}`))], null, settings);
    expect(each?.description.length).toBeLessThanOrEqual(140);
    expect(each?.description).toMatch(/^a \[U\+1B\]|^a \[/);
    expect(each?.description.isWellFormed()).toBe(true);
  });

  test("a gate that the verdict has no result of shows the whole verdict", () => {
    expect(shown([own(gate("policy", "fail"))], null, settings)).toEqual([
      ["failure", "1 gate fails: policy"],
      ["failure", "1 gate fails: policy"],
    ]);
  });

  test("a repository that never had a policy waits for nothing", () => {
    const unset: GateResult = { gate: "policy", status: "pending", reasons: [{ code: "not-set-up", message: "No." }] };
    expect(shown([own(unset)], null, settings)).toEqual([
      ["success", "Not set up yet"],
      ["success", "Not set up yet"],
    ]);
  });

  const good = gate("diff-size", "pass", "Small.");
  test.each<[string, Parameters<typeof statusesOf>[0], string | null, string[]]>([
    ["a worse one with this commit", [own(good), twin(gate("diff-size", "fail", "Big."))], null, ["failure", "Big."]],
    ["a better one", [own(gate("diff-size", "fail", "Big.")), twin(good)], null, ["failure", "Big."]],
    ["one that could not be judged", [own(good)], "#9 could not be judged", ["pending", "#9 could not be judged"]],
    [
      "one that could not be judged, beside a failure",
      [own(gate("diff-size", "fail", "Big."))],
      "#9",
      ["failure", "Big."],
    ],
  ])("a commit's statuses with %s", (_, judged, unread, expected) => {
    expect(shown(judged, unread, settings)[1]).toEqual(expected);
  });

  const text = gate("diff-size", "fail", "Its description.");
  test.each<[string, Parameters<typeof statusesOf>[0]]>([
    ["of another pull request", [own(good), { ...twin(text), shared: [] }]],
    ["of the job's own", [{ ...own(text), shared: [] }, twin(good)]],
  ])("A4: H8 holds for the Action alone: the text %s turns no commit red", (_, judged) => {
    expect(shown(judged, null, settings).map(([state]) => state)).toEqual(["success", "success"]);
  });

  test("A4: a text that is alone on its commit stays red", () => {
    expect(shown([{ ...own(text), shared: [] }], null, settings)[1]).toEqual(["failure", "Its description."]);
  });

  test("the joint status names the other pull request that is worse", () => {
    expect(shown([own(good), twin(gate("tests", "fail"))], null, settings)[0]).toEqual([
      "failure",
      "pull request #8 has this commit too: 1 gate fails: tests",
    ]);
  });
});

describe("setting them", () => {
  type Sent = { context: string; target_url: string };
  async function set(answer: (path: string) => { status: number; body: object }) {
    const sent: Sent[] = [];
    const fetch = async (url: string, init?: { method?: string; body?: string }) => {
      if (init?.method === "POST") sent.push(JSON.parse(init.body ?? ""));
      const { status, body } = answer(init?.method === "POST" ? "POST" : new URL(url).pathname);
      return Response.json(body, { status });
    };
    const { request } = new Octokit({ baseUrl: "http://api.invalid", request: { fetch }, log: console });
    const statuses = statusesOf([own(gate("diff-size", "pass"))], null, settings);
    const result = await setStatuses({ request, owner: "o", repo: "r" }, { sha, statuses, page: "https://x/1" });
    return { result, sent, statuses };
  }
  const none = { status: 200, body: { statuses: [] } };
  const refusal = (status: number) => (path: string) =>
    path === "POST" ? { status, body: { message: "Resource not accessible by integration" } } : none;

  test("each has a link to the job that tells the whole", async () => {
    const { result, sent } = await set((path) => (path === "POST" ? { status: 201, body: {} } : none));
    expect(result).toMatchObject({ known: true });
    expect(sent.map(({ context }) => context)).toEqual(["sallyport", "sallyport / diff-size"]);
    expect(sent[0]?.target_url).toMatch(/^https:\/\/x\/1#[0-9a-f]{12}$/);
  });

  test.each([403, 404])("a refusal (%d) names the permission that is missing, and the event", async (status) => {
    const { result, sent } = await set(refusal(status));
    expect(result).toMatchObject({
      known: false,
      why: expect.stringMatching(/`statuses: write`.*`pull_request_target`/),
    });
    expect(sent).toHaveLength(2);
  });

  test("another refusal gives GitHub's own words", async () => {
    expect((await set(refusal(422))).result).toMatchObject({ why: expect.stringContaining("not accessible") });
  });

  test("they are set all the same where the present ones cannot be read", async () => {
    const { sent } = await set((path) => (path === "POST" ? { status: 201, body: {} } : { status: 500, body: {} }));
    expect(sent).toHaveLength(2);
  });
});
