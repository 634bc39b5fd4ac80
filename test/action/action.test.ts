import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { checkCommand } from "../../app/cli/check/check.ts";
import { commitFiles, file, makeRepository, type Node, plainGit } from "../builders/git-repository.ts";
import { serveGitApi } from "../hosts/git-api.ts";

const entry = fileURLToPath(new URL("../../action/index.ts", import.meta.url));
const policy = file(
  "version: 1\ngates:\n  forbidden-paths: { deny: [governance] }\n  manual-test: { when: { paths: [ui] } }\n",
);

let repository: ReturnType<typeof makeRepository>;
let scratch: string;
let main: string;
beforeAll(() => {
  repository = makeRepository();
  scratch = mkdtempSync(join(tmpdir(), "sallyport-"));
  main = branch("main", { ".github/sallyport.yml": policy });
  branch("stricter", {
    ".github/sallyport.yml": file("version: 1\ngates: { forbidden-paths: { deny: [a] } }\n"),
  });
  branch("release", { ".github/sallyport.yml": file("version: 1\n"), a: file("0\n") }, [main]);
  branch("good", { ".github/sallyport.yml": policy, a: file("1\n") }, [main]);
  branch("waiting", { ".github/sallyport.yml": policy, "ui/a": file("1\n") }, [main]);
  branch("bad", { ".github/sallyport.yml": policy, "governance/::error::x\n::add-mask::y": file("1\n") }, [main]);
});
afterAll(() => {
  repository.remove();
  rmSync(scratch, { recursive: true, force: true });
});

function branch(name: string, files: Record<string, Node>, parents: string[] = []): string {
  const sha = commitFiles(repository.dir, new Map(Object.entries(files)), parents);
  plainGit(repository.dir, ["update-ref", `refs/heads/${name}`, sha]);
  return sha;
}

const shaOf = (name: string) => plainGit(repository.dir, ["rev-parse", name]).trim();
const pushed = (head: string) => JSON.stringify({ pull_request: { number: 7, head: { sha: shaOf(head) } } });

type Ended = {
  status: number;
  stdout: string;
  stderr: string;
  outputs: Record<string, string>;
  summary: string;
  /** What stands in the job's folders afterwards. */
  left: string[];
};

/** Runs the Action as the runner does: its own process, its own environment, files for what it hands back. */
async function runAction(
  head: string,
  event: string | null,
  changed: Record<string, string> = {},
  base = "main",
): Promise<Ended> {
  const api = await serveGitApi(repository.dir, { base, head });
  const folders = join(scratch, "folders");
  mkdirSync(folders, { recursive: true });
  const [output, summary, payload] = ["output", "summary", "event.json"].map((name) => join(scratch, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(output, "");
  writeFileSync(summary, "");
  if (event === null) rmSync(payload, { force: true });
  else writeFileSync(payload, event);
  const env = {
    GITHUB_REPOSITORY: "o/r",
    GITHUB_EVENT_NAME: "pull_request",
    GITHUB_EVENT_PATH: payload,
    GITHUB_API_URL: api.url,
    GITHUB_OUTPUT: output,
    GITHUB_STEP_SUMMARY: summary,
    GITHUB_WORKSPACE: folders,
    HOME: folders,
    RUNNER_TEMP: folders,
    RUNNER_TOOL_CACHE: folders,
    TMPDIR: folders,
    "INPUT_GITHUB-TOKEN": "good",
    "INPUT_PULL-REQUEST": "",
    "INPUT_FAIL-ON": "pending",
    INPUT_STATUS: "",
    INPUT_GATES: "",
    "INPUT_POLICY-REF": "",
    "INPUT_API-URL": "",
    ...changed,
  };
  const ended = await new Promise<Pick<Ended, "status" | "stdout" | "stderr">>((resolve) => {
    execFile(process.execPath, [entry], { env, cwd: folders }, (error, stdout, stderr) => {
      const status = error === null ? 0 : Number(error.code);
      resolve({ status, stdout, stderr });
    });
  });
  api.close();
  return {
    ...ended,
    outputs: outputsIn(readFileSync(output, "utf8")),
    summary: readFileSync(summary, "utf8"),
    left: readdirSync(folders),
  };
}

/** Reads GITHUB_OUTPUT as the runner does: a name, a delimiter, lines, the delimiter again. */
function outputsIn(text: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  for (const [, name, , value] of text.matchAll(/^(\S+)<<(\S+)\n(.*?)\n\2$/gms)) outputs[name!] = value!;
  return outputs;
}

async function checkJson(head: string): Promise<string> {
  const api = await serveGitApi(repository.dir, { base: "main", head });
  let out = "";
  const write = (text: string) => {
    out += text;
  };
  const env = { GITHUB_TOKEN: "good", GITHUB_API_URL: api.url };
  const io = { out: write, err: write, exit: () => undefined, env, cwd: scratch, color: false };
  await checkCommand(io).parseAsync(["--pr", "o/r#7", "--json"], { from: "user" });
  api.close();
  return out;
}

test.each([
  ["good", 0, "success"],
  ["bad", 1, "failure"],
])(
  "a pull request that is %s: status %d, and the verdict of `check --pr` byte for byte",
  async (head, status, conclusion) => {
    const ended = await runAction(head, pushed(head));
    expect({ status: ended.status, conclusion: ended.outputs.conclusion, stderr: ended.stderr }).toEqual({
      status,
      conclusion,
      stderr: "",
    });
    expect(ended.outputs.verdict).toBe(await checkJson(head));
    expect(ended.summary).toContain("forbidden-paths");
  },
);

test.each([
  ["pending", 1],
  ["failure", 0],
])("a pending verdict with fail-on %s ends with status %d", async (failOn, status) => {
  const ended = await runAction("waiting", pushed("waiting"), { "INPUT_FAIL-ON": failOn });
  expect({ status: ended.status, conclusion: ended.outputs.conclusion }).toEqual({
    status,
    conclusion: "pending",
  });
  expect(ended.summary).toContain(`/sign-off ${shaOf("waiting")} pass manual`);
});

test("policy-ref: another branch's policy judges, and the verdict names it; a branch that is not there is no pass", async () => {
  const strict = await runAction("good", pushed("good"), { "INPUT_POLICY-REF": "stricter" });
  expect({ status: strict.status, conclusion: strict.outputs.conclusion }).toEqual({
    status: 1,
    conclusion: "failure",
  });
  expect(JSON.parse(strict.outputs.verdict!).policy.ref).toBe(shaOf("stricter"));
  const missing = await runAction("good", pushed("good"), { "INPUT_POLICY-REF": "nowhere" });
  expect({ status: missing.status, conclusion: missing.outputs.conclusion }).toEqual({
    status: 1,
    conclusion: "pending",
  });
});

test("T201 the base is the pull request's own, and the policy the default branch's, whatever the job's ref is", async () => {
  const event = { GITHUB_EVENT_NAME: "pull_request_target", GITHUB_REF: "refs/heads/main", GITHUB_SHA: main };
  const { status, outputs } = await runAction("good", pushed("good"), event, "release");
  const verdict = JSON.parse(outputs.verdict!);
  expect({ status, base: verdict.base, policy: verdict.policy.ref }).toEqual({
    status: 0,
    base: shaOf("release"),
    policy: main,
  });
});

test("T203, T204 nothing stays on the runner for the next job: no checkout, no token, no cache", async () => {
  const { left, outputs } = await runAction("good", pushed("good"));
  expect({ left, conclusion: outputs.conclusion }).toEqual({ left: [], conclusion: "success" });
});

test("T196, T198 a hostile file name gives no workflow command and no output of its own", async () => {
  const { stdout, outputs, summary } = await runAction("bad", pushed("bad"));
  const commands = stdout.split("\n").filter((line) => line !== "" && !/^::(?:error|notice)[ :]/.test(line));
  expect(commands).toEqual(["::add-mask::good"]);
  expect(stdout).not.toMatch(/^::add-mask::y/m);
  expect(summary).not.toMatch(/^::/m);
  expect(Object.keys(outputs)).toEqual(["conclusion", "verdict"]);
});

test("T082 a job that is run again for an older commit is refused", async () => {
  const { status, stdout, outputs } = await runAction("good", pushed("bad"));
  expect({ status, outputs }).toEqual({ status: 1, outputs: {} });
  expect(stdout).toContain(`at ${shaOf("good")} now`);
});

test("T083 who started a job, or started it again, gives it nothing: the verdict is the same", async () => {
  const plain = await runAction("waiting", pushed("waiting"));
  const again = await runAction("waiting", pushed("waiting"), {
    GITHUB_ACTOR: "quinn",
    GITHUB_ACTOR_ID: "20",
    GITHUB_TRIGGERING_ACTOR: "mallory",
    GITHUB_RUN_ATTEMPT: "2",
  });
  expect(again).toEqual(plain);
  expect(again.outputs.conclusion).toBe("pending");
});

const pending = { "INPUT_PULL-REQUEST": "7", "INPUT_FAIL-ON": "failure" };
const refused: [string, string | null, Record<string, string>, string][] = [
  ["a refused token", "{}", { "INPUT_GITHUB-TOKEN": "bad", "INPUT_PULL-REQUEST": "7" }, "check the token"],
  ["no token", "{}", { "INPUT_GITHUB-TOKEN": "" }, "github-token is empty"],
  ["no event file", null, {}, "cannot be read"],
  ["a broken event file", "{", {}, "is not JSON"],
  ["an event without a pull request", "{}", {}, "names no pull request"],
  ["an unknown fail-on", "{}", { "INPUT_FAIL-ON": "never" }, "write failure or pending"],
  ["a pull request that is no number", "{}", { "INPUT_PULL-REQUEST": "7;x" }, "write its number"],
  ["a pull request that is not there", "{}", { ...pending, "INPUT_PULL-REQUEST": "8" }, "pull request #8"],
  ["gates without a status", "{}", { INPUT_GATES: "each" }, "give `status: sallyport` too"],
  ["a gate that is none", "{}", { INPUT_STATUS: "s", INPUT_GATES: "diff-sise" }, "did you mean `diff-size`?"],
  ["a status of two lines", "{}", { INPUT_STATUS: "a\nb" }, "at most 100 characters"],
  ["a review", "{}", { GITHUB_EVENT_NAME: "pull_request_review" }, "npx sallyport init --action"],
  ["no repository", "{}", { GITHUB_REPOSITORY: "" }, "owner/repo"],
];
test.each(refused)("%s fails the job with one line", async (_, event, changed, line) => {
  const { status, stdout, stderr, outputs } = await runAction("good", event, changed);
  expect({ status, stderr, outputs }).toEqual({ status: 1, stderr: "", outputs: {} });
  const said = stdout
    .split("\n")
    .filter((one) => one !== "" && one !== "::add-mask::good" && one !== "::add-mask::bad");
  expect(said).toEqual([expect.stringContaining(line)]);
});

test("U3: a job in a repository that never had a policy passes and says so; a branch named for it must have one", async () => {
  branch("empty", { a: file("0\n") });
  branch("first", { a: file("1\n") }, [shaOf("empty")]);
  plainGit(repository.dir, ["update-ref", "refs/heads/main", "empty"]);
  const unset = await runAction("first", pushed("first"));
  const named = await runAction("first", pushed("first"), { "INPUT_POLICY-REF": "empty" });
  plainGit(repository.dir, ["update-ref", "refs/heads/main", main]);
  expect({ status: unset.status, conclusion: unset.outputs.conclusion }).toEqual({ status: 0, conclusion: "pending" });
  expect(unset.stdout).toContain("Not set up yet");
  expect(unset.summary).toContain("npx sallyport init");
  expect(named.status).toBe(1);
  expect(named.summary).toContain("`empty` has no `.github/sallyport.yml`");
});
