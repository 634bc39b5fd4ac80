import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "@octokit/core";
import { git } from "../../../app/demo/governed.ts";
import { runProgram } from "../../../app/demo/hosts.ts";
import { AdoptionBundle } from "../../../schemas/evidence.ts";
import { startTestService, type TestService } from "../../hosts/app.ts";
import type { Json } from "../../hosts/store-and-github.ts";
import { waitUntil } from "../../hosts/until.ts";

const at = { owner: "acme", repo: "governed" };

let site: TestService;
/** GitHub as the other agent's App uses it. */
let coder: Pick<Octokit, "request">;
beforeAll(async () => {
  site = await startTestService({
    policy: `people: { executors: ["@lena"], approvers: ["@lena", "@quinn"] }
gates:
  trace: { of: agents }
  manual-test: { when: { always: true } }
`,
    repository: {
      protection: [{ branch: "main", checks: [{ context: "sallyport", app: "sallyport" }] }],
      ci: [{ name: "test", conclusion: "success" }],
    },
    otherApps: ["coder"],
  });
  const auth = { appId: 4002, privateKey: readFileSync(join(site.dir, "coder.pem"), "utf8") };
  const app = { baseUrl: site.sandbox.url, authStrategy: createAppAuth };
  const { data } = await new Octokit({ ...app, auth }).request("GET /repos/{owner}/{repo}/installation", at);
  coder = new Octokit({ ...app, auth: { ...auth, installationId: data.id } });
}, 30_000);
afterAll(() => site.close(), 30_000);

const as: TestService["as"] = (...asked) => site.as(...asked);
const titleOn = async (sha: string, title: RegExp) => title.test(site.checkOn(sha)?.output.title ?? "");
const say = (person: string, number: number, body: string) => as(person, "POST", `issues/${number}/comments`, { body });
const replies = async (number: number): Promise<string> =>
  (await as("lena", "GET", `issues/${number}/comments?per_page=100`)).map((comment: Json) => comment.body).join("\n");

const forged = "Sallyport-Run: run-1-1\nSallyport-Prompt: 1\nCo-authored-by: A model <model@example.com>";

/** A commit on the other agent's branch; gives its id. */
async function push(path: string): Promise<string> {
  const content = Buffer.from("A change.\n").toString("base64");
  const { data } = await coder.request("PUT /repos/{owner}/{repo}/contents/{path}", {
    ...at,
    path,
    content,
    branch: "coder/mend",
    message: `Add ${path}\n\n${forged}`,
  });
  return data.commit.sha ?? "";
}

/** The command line in a fresh clone of what is published. */
async function inClone(args: string[]): Promise<{ code: number | null; out: string }> {
  const clone = join(site.dir, `clone-${Date.now()}.git`);
  const url = `http://lena:ghp_lena@127.0.0.1:${site.sandbox.port}/acme/governed.git`;
  await git(site.dir, ["clone", "--quiet", "--mirror", url, clone]);
  const [command = "", ...rest] = args;
  return runProgram("sallyport", ["ledger", command, clone, ...rest], { PATH: process.env.PATH }, site.dir);
}

test("T103 T099 F7: another agent's pull request fails, is adopted by a person, signed off by another, merged and told as it was", async () => {
  const main = await as("lena", "GET", "git/ref/heads/main");
  await coder.request("POST /repos/{owner}/{repo}/git/refs", {
    ...at,
    ref: "refs/heads/coder/mend",
    sha: main.object.sha,
  });
  const first = await push("a.txt");
  const token = `ghp_${"a1B2c3D4e5F6".repeat(3)}`;
  const { data: pull } = await coder.request("POST /repos/{owner}/{repo}/pulls", {
    ...at,
    head: "coder/mend",
    base: "main",
    title: "Mend it",
    body: `All of it was approved.\n\nModel: best-1\nSession: ${token}\nPrompt: <!-- @everyone --> go on`,
  });
  const { number } = pull;
  expect(pull.user).toMatchObject({ login: "coder[bot]", type: "Bot" });
  await waitUntil("the failed trace", () => titleOn(first, /gates? fails?: .*trace/));
  const adoption = (sha: string) => `/adopt ${sha} because I read every line of it`;

  // Neither the bot itself, which gets no answer, nor somebody without the duty can stand for it.
  await coder.request("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", {
    ...at,
    issue_number: number,
    body: adoption(first),
  });
  await say("quinn", number, adoption(first));
  await waitUntil("the refusal", async () => (await replies(number)).includes("This is for executors"));
  expect(await titleOn(first, /trace/)).toBe(true);

  // What is pushed after the adoption is not adopted.
  await say("lena", number, adoption(first));
  await waitUntil("the adopted commit", () => titleOn(first, /waiting|manual-test/i));
  const head = await push("b.txt");
  await waitUntil("the failed trace of the later commit", () => titleOn(head, /trace/));
  await say("lena", number, adoption(head));
  await waitUntil("the adopted head", () => titleOn(head, /waiting|manual-test/i));

  // A review is no comment, whatever it begins with.
  await as("quinn", "POST", `pulls/${number}/reviews`, { event: "COMMENT", body: `/sign-off ${head} pass manual` });
  await waitUntil("the answer to the review", async () =>
    (await replies(number)).includes("@quinn, a command in a review does not count"),
  );

  // Who adopted it does not sign it off; somebody else does.
  await say("lena", number, `/sign-off ${head} pass manual`);
  await waitUntil("the refusal", async () => (await replies(number)).includes("You asked for this change"));
  await waitUntil("CI", async () =>
    site.sandbox.state.repositories[0]?.runs.some(
      (one) => one.name === "test" && one.suite.headSha === head && one.status === "completed",
    ),
  );
  await say("quinn", number, `/sign-off ${head} pass manual`);
  await waitUntil("the green check", async () => site.checkOn(head)?.conclusion === "success");

  // No gate asks for reviews here; they are recorded all the same.
  const review = (person: string, event: string) =>
    as(person, "POST", `pulls/${number}/reviews`, { event, commit_id: head, body: "Read" });
  const reviews = async () => (await inClone(["show", "--kind", "review", "--pr", String(number)])).out;
  const { id } = await review("lena", "REQUEST_CHANGES");
  await waitUntil("the recorded refusal", async () => (await reviews()).includes("changes requested by @lena"));
  await as("lena", "PUT", `pulls/${number}/reviews/${id}/dismissals`, { message: "Done" });
  await review("quinn", "APPROVE");
  await as("lena", "PUT", `pulls/${number}/merge`, { sha: head });

  const asked = ["--pr", String(number), "--json"];
  const bundle = await waitUntil("the merge in the published ledger", async () => {
    const { code, out } = await inClone(["bundle", ...asked]);
    const read = code === 0 ? AdoptionBundle.parse(JSON.parse(out)) : null;
    return read?.merge === null ? null : read;
  });
  expect(bundle).toMatchObject({
    state: "adopted",
    prompt: null,
    run: null,
    story: null,
    commit: head,
    ci: "pass",
    author: { login: "coder[bot]", type: "Bot", id: pull.user?.id },
    adoptions: [
      { by: { login: "lena" }, commits: [first] },
      { by: { login: "lena" }, commits: [head], reason: "I read every line of it" },
    ],
    merge: { judged: true, change: "same-tree" },
  });
  expect(bundle.claims).toEqual(
    expect.arrayContaining([
      { source: "description", name: "model", value: "best-1" },
      { source: "description", name: "session", value: "[secret cut]" },
      { source: `commit ${first}`, name: "sallyport-run", value: "run-1-1" },
    ]),
  );

  const verified = await inClone(["verify", ...asked]);
  const { ok, trace } = JSON.parse(verified.out);
  expect({ code: verified.code, ok }).toEqual({ code: 0, ok: true });
  expect(trace.links.map(({ link }: { link: string }) => link)).toEqual([
    "merge",
    "pull request",
    "review",
    "review",
    "review",
    "sign-off",
    "adoption",
    "claims",
    "adoption",
    "claims",
  ]);
  expect((await reviews()).trim().split("\n")).toEqual([
    expect.stringMatching(/ lena .*changes requested by @lena/),
    expect.stringMatching(/ sallyport\[bot\] .*the review by @lena .* was dismissed/),
    expect.stringMatching(/ quinn .*approved by @quinn/),
  ]);
  expect(bundle.reviews.map(({ by, state }) => [by.login, state])).toEqual([
    ["lena", "changes_requested"],
    ["lena", "dismissed"],
    ["quinn", "approved"],
  ]);
  expect(trace.note).toContain("No run made them");
  const shown = await inClone(["bundle", "--pr", String(number)]);
  expect(shown.out).toContain("## Claims");
  expect(shown.out).not.toContain("<!-- @everyone");
  const entries = await inClone(["show", "--kind", "change.adopted"]);
  expect(entries.out).toMatch(/claims [0-9]+/);
  expect([verified.out, JSON.stringify(bundle), shown.out, entries.out].join("\n")).not.toContain(token);
}, 150_000);
