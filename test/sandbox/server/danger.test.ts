/** A client that others wrote: danger-js reads a pull request of the sandbox and reports back to it. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type IssueSide, startIssueSide } from "../../hosts/sandbox-issues.ts";

const run = promisify(execFile);
const danger = join(
  dirname(createRequire(import.meta.url).resolve("danger/package.json")),
  "distribution/commands/danger.js",
);

const DANGERFILE = `
const { danger, warn, message } = require("danger");
const pr = danger.github.pr;
warn("changed: " + danger.git.created_files.join(", "));
message("by " + pr.user.login + ", " + danger.git.commits.length + " commit, labels " + danger.github.issue.labels.map((label) => label.name));
`;

let side: IssueSide;
let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "danger-"));
  side = await startIssueSide();
});
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true });
  await side.close();
});

test("danger comments on a pull request and sets a status, by itself and once", async () => {
  await side.call("writer", "POST", "git/refs", { ref: "refs/heads/feature", sha: await side.head() });
  await side.call("writer", "PUT", "contents/docs%2Fnew.md", {
    message: "Add a page",
    content: Buffer.from("# New\n").toString("base64"),
    branch: "feature",
  });
  const request = { title: "A page", head: "feature", base: "main", body: "Please" };
  const pull = await side.call<{ number: number; head: { sha: string } }>("writer", "POST", "pulls", request);
  await side.call("writer", "POST", `issues/${pull.body.number}/labels`, { labels: ["bug"] });

  await runDanger(pull.body.number);
  await runDanger(pull.body.number);

  type Comment = { body: string; user: { login: string } };
  const comments = await side.call<Comment[]>("reader", "GET", `issues/${pull.body.number}/comments`);
  expect(comments.body).toHaveLength(1);
  expect(comments.body[0]).toMatchObject({
    user: { login: "admin" },
    body: expect.stringMatching(/changed: docs\/new\.md[\s\S]*by writer, 1 commit, labels bug/),
  });
  const status = await side.call("reader", "GET", `commits/${pull.body.head.sha}/status`);
  expect(status.body).toMatchObject({
    state: "success",
    statuses: [{ context: "Danger", state: "success" }],
  });
}, 60_000);

async function runDanger(pull: number): Promise<void> {
  const dangerfile = join(dir, "dangerfile.js");
  writeFileSync(dangerfile, DANGERFILE);
  const env = {
    PATH: dirname(process.execPath),
    HOME: dir,
    DANGER_FAKE_CI: "yes",
    DANGER_TEST_REPO: "acme/web",
    DANGER_TEST_PR: String(pull),
    DANGER_GITHUB_API_TOKEN: side.token("admin"),
    DANGER_GITHUB_API_BASE_URL: `${side.sandbox.url}/api/v3`,
    DANGER_GITHUB_HOST: side.sandbox.url.replace("http://", ""),
  };
  await run(process.execPath, [danger, "ci", "--dangerfile", dangerfile], { cwd: dir, env });
}
