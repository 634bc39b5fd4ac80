import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { entriesOf } from "../../core/entries.ts";
import { type Journey, startJourney } from "../hosts/demo-world.ts";
import { approve, askForPlan, openStory, replayOf } from "../hosts/story-steps.ts";
import { waitUntil } from "../hosts/until.ts";

let journey: Journey;
beforeAll(async () => {
  journey = await startJourney({ root: "agents: { default: openai, model: gpt-5.5 }\n" });
}, 60_000);
afterAll(() => journey.close(), 30_000);

test("the demo's story from its label to its merged changes, planned and written by a model of OpenAI's", async () => {
  const { lena, quinn, seen } = journey;
  const { story } = await openStory(journey);
  await approve(journey, story, await askForPlan(journey, story));
  await lena.label(story, "ai:run");
  for (const _prompt of await seen.children(story)) {
    const pull = await waitUntil("the pull request", async () => (await seen.openPulls())[0]);
    await waitUntil("CI", async () =>
      (await seen.checks(pull.sha)).find((check) => check.name === "test" && check.status === "completed"),
    );
    await quinn.comment(pull.number, `/sign-off ${pull.sha} pass manual\nEnvironment: my desk\nIt works.`);
    await waitUntil("the merge", async () => (await lena.merge(pull.number, pull.sha)).ok);
  }
  await waitUntil("the end", async () => (await seen.issue(story)).labels.includes("sallyport:complete"));
  const entries = await journey.entries();
  const models = [...entriesOf(entries, "plan.proposed"), ...entriesOf(entries, "response.recorded")];
  expect(models.map(({ body }) => body.usage.model)).toEqual(["gpt-5.5", "gpt-5.5", "gpt-5.5"]);
  expect(await journey.watch.problems()).toEqual([]);
}, 200_000);

test("anyone with a clone derives its run again", async () => {
  const [submitted] = entriesOf(await journey.entries(), "run.submitted");
  const replay = await replayOf(journey, submitted?.body.run ?? "");
  expect(replay).toMatchObject({ ok: true, differences: [] });
}, 200_000);
