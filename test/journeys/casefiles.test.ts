import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { git, people } from "../../app/demo/governed.ts";
import { runProgram } from "../../app/demo/hosts.ts";
import { peoplesPart } from "../../core/contract/casefiles.ts";
import { sha256 } from "../../core/digest.ts";
import { type Journey, startJourney } from "../hosts/demo-world.ts";
import { approve, askForPlan, openStory } from "../hosts/story-steps.ts";
import { waitUntil } from "../hosts/until.ts";

let journey: Journey;
beforeAll(async () => {
  journey = await startJourney({
    gates: '  casefile: { plan: "tasks/{story}/PLAN.md", log: "tasks/{story}/EXEC_LOG.md" }\n',
  });
}, 60_000);
afterAll(() => journey.close(), 30_000);

const checkOf = async (sha: string, conclusion: string) =>
  (await journey.seen.checks(sha)).find((check) => check.name === "sallyport" && check.conclusion === conclusion);

/** Merges a person's pull request that puts one file on the default branch. */
async function mergeFile(path: string, text: string): Promise<void> {
  const clone = join(journey.dir, "noted");
  await git(journey.dir, ["clone", "--quiet", journey.cloneUrl, clone]);
  await git(clone, ["checkout", "--quiet", "-b", "notes"]);
  await mkdir(dirname(join(clone, path)), { recursive: true });
  await writeFile(join(clone, path), text);
  await git(clone, ["add", "--", path]);
  await git(clone, ["commit", "--quiet", "--message", "Note something"]);
  await git(clone, ["push", "--quiet", "origin", "notes"]);
  const sha = await git(clone, ["rev-parse", "HEAD"]);
  const pull = await journey.max.openPull("notes", journey.governed.branch, "Note something");
  await waitUntil("the green check of the notes", () => checkOf(sha, "success"));
  await waitUntil("the merge of the notes", async () => (await journey.max.merge(pull, sha)).ok);
}

/** The texts of files at a commit of a fresh clone. */
async function show(commit: string, paths: string[]): Promise<string[]> {
  const clone = join(journey.dir, `shown-${commit.slice(0, 12)}-${Date.now()}`);
  await git(journey.dir, ["clone", "--quiet", "--mirror", journey.cloneUrl, clone]);
  const texts: string[] = [];
  for (const path of paths) texts.push(`${await git(clone, ["show", `${commit}:${path}`])}\n`);
  return texts;
}

test("a story's casefiles come with each commit, grow, keep what people wrote, and are derived again", async () => {
  const { lena, quinn, seen } = journey;
  const { epic, story } = await openStory(journey);
  const [plan, log] = [`tasks/${story}/PLAN.md`, `tasks/${story}/EXEC_LOG.md`];
  await mergeFile(log, "# Notes\n\nAsk the designers first.\n");

  const digest = await askForPlan(journey, story);
  await approve(journey, story, digest);
  await lena.label(story, "ai:run");

  const logs: string[] = [];
  const plans: string[] = [];
  const below = `\n${peoplesPart}\n\n# Notes\n\nAsk the designers first.\n`;
  for (const _ of [1, 2]) {
    const pull = await waitUntil("the pull request", async () => (await seen.openPulls())[0]);
    await waitUntil("CI", async () =>
      (await seen.checks(pull.sha)).find((check) => check.name === "test" && check.status === "completed"),
    );
    await quinn.comment(pull.number, `/sign-off ${pull.sha} pass manual\nEnvironment: my desk\nIt works.`);
    const green = await waitUntil("the green check", () => checkOf(pull.sha, "success"));
    const [planText = "", logText = ""] = await show(pull.sha, [plan, log]);
    expect(planText.endsWith(`\n${peoplesPart}\n`)).toBe(true);
    expect(logText.endsWith(below)).toBe(true);
    plans.push(planText);
    logs.push(logText.slice(0, -below.length));

    // The command line sees the record on the evidence branch and gives the same verdict.
    const command = await waitUntil("the command line's verdict to be the App's", async () => {
      const args = ["check", "--pr", `acme/governed#${pull.number}`, "--json"];
      const env = {
        PATH: process.env.PATH,
        GITHUB_TOKEN: people.lena.token,
        GITHUB_API_URL: journey.sandbox.url,
      };
      const run = await runProgram("sallyport", args, env, journey.dir);
      return sha256(run.out) === green.externalId ? run : null;
    });
    const { gates } = JSON.parse(command.out);
    const passed = gates.flatMap((one: { gate: string; status: string }) => (one.status === "pass" ? [one.gate] : []));
    expect(passed).toEqual(expect.arrayContaining(["scope", "casefile", "trace", "evidence"]));
    await waitUntil("the merge", async () => (await lena.merge(pull.number, pull.sha)).ok);
    await waitUntil("the prompt's end", async () => (await seen.openPulls())[0]?.number !== pull.number);
  }
  for (const number of [story, epic])
    await waitUntil(`#${number} closed`, async () => (await seen.issue(number)).state === "closed");

  expect(plans[1]).toBe(plans[0]);
  expect(plans[0]).toContain(digest);
  const [first = "none", second = ""] = logs;
  expect(second.startsWith(first)).toBe(true);
  expect(first).not.toContain("pull request #");
  expect(second).toMatch(/pull request #\d+ for #\d+ was merged as `[0-9a-f]{40}`/);
  expect(second.match(/^### Prompt #\d+, R0\/S0: /gm)).toHaveLength(2);

  // Anyone with a clone derives both commits again, casefiles included.
  const replayed = await waitUntil("the exported end of the run", async () => {
    const clone = join(journey.dir, `replayed-${Date.now()}`);
    await git(journey.dir, ["clone", "--quiet", "--mirror", journey.cloneUrl, clone]);
    const args = ["replay", `run-${story}-1`, clone, "--json"];
    const run = await runProgram("sallyport", args, { PATH: process.env.PATH }, journey.dir);
    return /"step": ?"end"/.test(run.out) ? run : null;
  });
  const { ok, counts, differences, steps } = JSON.parse(replayed.out);
  expect({ code: replayed.code, ok, differs: counts.differs, missing: counts.missing, differences }).toEqual({
    code: 0,
    ok: true,
    differs: 0,
    missing: 0,
    differences: [],
  });
  const commits = steps.filter(({ step }: { step: string }) => step === "commit");
  expect(commits.map(({ text }: { text: string }) => /the casefiles and nothing else/.test(text))).toEqual([
    true,
    true,
  ]);
}, 280_000);

test("all that was asked of GitHub, answered and sent is as GitHub's own description has it", async () => {
  expect(journey.sandbox.requests().filter((request) => request.route === "")).toEqual([]);
  expect(await journey.watch.problems()).toEqual([]);
});
