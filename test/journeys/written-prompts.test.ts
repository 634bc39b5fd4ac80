import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Octokit } from "@octokit/core";
import { git, people, storyBody } from "../../app/demo/governed.ts";
import { runProgram } from "../../app/demo/hosts.ts";
import { sha256 } from "../../core/digest.ts";
import { entriesOf } from "../../core/entries.ts";
import { type Journey, startJourney } from "../hosts/demo-world.ts";
import { approve, askForPlan, replayOf } from "../hosts/story-steps.ts";
import { waitUntil } from "../hosts/until.ts";

/** Any Markdown file of the default branch is a template. */
const template = "docs/decisions/sallyport-demo.md";
const criterion = "The change does what the issue asks for.";

let journey: Journey;
beforeAll(async () => {
  journey = await startJourney({ tiers: `  contract: { template: ${template} }\n` });
}, 60_000);
afterAll(() => journey.close(), 30_000);

const prompt = [
  "Inputs\n\ndocs/decisions/sallyport-demo.md",
  "Objective\n\nA file says what the folder is for.",
  "Role\n\ndemo",
  "Paths\n\nsallyport-demo/README.md",
  "Inputs\n\n- README.md",
  "Non-goals\n\nNothing else.",
  `Acceptance criteria\n\n- ${criterion}`,
  "Output\n\nThe file.",
]
  .map((part) => `### ${part}`)
  .join("\n\n");

const title = "Say where the greeting comes from";
let story: number;
let written: number;

test("T18: a diff prompt that a planner wrote below a story is planned and approved, and no model is asked", async () => {
  const { lena, sandbox } = journey;
  const epic = await lena.openIssue("An epic", "### Description\n\nMore.\n\n### Risk\n\nhigh\n", ["epic"]);
  const text = storyBody(epic, null).replace(/(### Acceptance criteria\n\n)(?:- .*\n)+/, `$1- ${criterion}\n`);
  story = await lena.openIssue("A story", text, ["story"]);
  written = await lena.openIssue(title, prompt, ["diff-prompt"]);
  const { request } = new Octokit({ baseUrl: sandbox.url, auth: people.lena.token });
  const where = { owner: "acme", repo: "governed" };
  const { data } = await request("GET /repos/{owner}/{repo}/issues/{issue_number}", {
    ...where,
    issue_number: written,
  });
  await request("POST /repos/{owner}/{repo}/issues/{issue_number}/sub_issues", {
    ...where,
    issue_number: story,
    sub_issue_id: Number(data.id),
  });
  const digest = await askForPlan(journey, story);
  expect((await journey.seen.comments(story)).join("\n")).toContain("Master contract, approved with the plan: ");
  await approve(journey, story, digest);
  const entries = await journey.entries();
  expect(entriesOf(entries, "plan.proposed").map(({ body }) => body.compiled)).toEqual(["people"]);
  expect(entriesOf(entries, "prompt.opened").map(({ body }) => body.issue)).toEqual([written]);
  expect(await journey.watch.problems()).toEqual([]);
}, 200_000);

test("D7: its risk asks for a master contract: each pack names it, and the story ends with a report on it", async () => {
  const { lena, quinn, seen } = journey;
  await lena.label(story, "ai:run");
  const pull = await waitUntil("the pull request", async () => (await seen.openPulls())[0]);
  await waitUntil("CI", async () =>
    (await seen.checks(pull.sha)).find((check) => check.name === "test" && check.status === "completed"),
  );
  await quinn.comment(pull.number, `/sign-off ${pull.sha} pass manual`);
  await waitUntil("the merge", async () => (await lena.merge(pull.number, pull.sha)).ok);
  await waitUntil("the report", async () =>
    (await seen.comments(story)).find((comment) => comment.includes("Conformance to the master contract")),
  );
  const entries = await journey.entries();
  const [frozen] = entriesOf(entries, "contract.frozen");
  const contract = sha256(frozen?.body.master?.text ?? "");
  expect(entriesOf(entries, "approval.granted")[0]?.body.parts.contract).toBe(contract);
  expect(entriesOf(entries, "story.completed")[0]?.body.conformance).toMatchObject({
    contract,
    criteria: [{ criterion, prompts: [written] }],
    prompts: [{ prompt: written, pull: pull.number, evidence: expect.any(String), held: true, ci: "pass" }],
    testers: [{ login: "quinn" }],
  });
  expect(await journey.watch.problems()).toEqual([]);
}, 200_000);

test("anyone with a clone derives contract and report again", async () => {
  const replay = await replayOf(journey, `run-${story}-1`);
  expect(replay).toMatchObject({ ok: true, differences: [] });
  expect(replay.steps.map(({ step }) => step)).toEqual(expect.arrayContaining(["master contract", "conformance"]));
  const clone = join(journey.dir, "verified");
  await git(journey.dir, ["clone", "--quiet", "--mirror", journey.cloneUrl, clone]);
  const verified = await runProgram("sallyport", ["ledger", "verify", clone], { PATH: process.env.PATH }, journey.dir);
  expect({ code: verified.code, err: verified.err }).toEqual({ code: 0, err: "" });
}, 200_000);
