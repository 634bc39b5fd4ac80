import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Octokit } from "@octokit/core";
import { people, storyBody } from "../../app/demo/governed.ts";
import { entriesOf } from "../../core/entries.ts";
import { type Journey, startJourney } from "../hosts/demo-world.ts";
import { approve, askForPlan } from "../hosts/story-steps.ts";

let journey: Journey;
beforeAll(async () => {
  journey = await startJourney();
}, 60_000);
afterAll(() => journey.close(), 30_000);

const prompt = [
  "Inputs\n\ndocs/decisions/sallyport-demo.md",
  "Objective\n\nA file says what the folder is for.",
  "Role\n\ndemo",
  "Paths\n\nsallyport-demo/README.md",
  "Inputs\n\n- README.md",
  "Non-goals\n\nNothing else.",
  "Acceptance criteria\n\n- The file is there.",
  "Output\n\nThe file.",
]
  .map((part) => `### ${part}`)
  .join("\n\n");

test("T18: a diff prompt that a planner wrote below a story is planned and approved, and no model is asked", async () => {
  const { lena, sandbox } = journey;
  const epic = await lena.openIssue("An epic", "### Description\n\nMore.\n\n### Risk\n\nhigh\n", ["epic"]);
  const story = await lena.openIssue("A story", storyBody(epic, null), ["story"]);
  const written = await lena.openIssue("Say what the folder is for", prompt, ["diff-prompt"]);
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
  await approve(journey, story, digest);
  const entries = await journey.entries();
  expect(entriesOf(entries, "plan.proposed").map(({ body }) => body.compiled)).toEqual(["people"]);
  expect(entriesOf(entries, "prompt.opened").map(({ body }) => body.issue)).toEqual([written]);
  expect(await journey.watch.problems()).toEqual([]);
}, 200_000);
