import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { nextSecond } from "../../app/demo/road.ts";
import { entriesOf } from "../../core/entries.ts";
import { type Journey, startJourney } from "../hosts/demo-world.ts";
import { replayOf } from "../hosts/story-steps.ts";
import { waitUntil } from "../hosts/until.ts";

let journey: Journey;
beforeAll(async () => {
  journey = await startJourney();
}, 60_000);
afterAll(() => journey.close(), 30_000);

const title = "Say where the greeting comes from";

test("D1: from one label on an ordinary issue to a merged change that somebody else passed", async () => {
  const { lena, quinn, seen } = journey;
  const edited = await lena.openIssue(title, "A short README in `sallyport-demo/` names the module.", []);
  await nextSecond();
  await lena.label(edited, "ai:run");
  const pull = await waitUntil("the pull request", async () => (await seen.openPulls())[0]);
  expect(pull.branch).toBe(`sallyport/run-${edited}-1/${edited}`);
  const waiting = await waitUntil("the check", async () =>
    (await seen.checks(pull.sha)).find((check) => check.name === "sallyport" && /waiting/i.test(check.title)),
  );
  expect(waiting.summary).toContain("under the light tier");
  await waitUntil("CI", async () =>
    (await seen.checks(pull.sha)).find((check) => check.name === "test" && check.status === "completed"),
  );
  await lena.comment(pull.number, `/sign-off ${pull.sha} pass manual`);
  await waitUntil("the refusal", async () =>
    (await seen.comments(pull.number)).some((comment) => comment.includes("You asked for this change")),
  );
  expect((await lena.merge(pull.number, pull.sha)).ok).toBe(false);
  await quinn.comment(pull.number, `/sign-off ${pull.sha} pass manual`);
  await waitUntil("the merge", async () => (await lena.merge(pull.number, pull.sha)).ok);
  await waitUntil("the end", async () => {
    const { state, labels } = await seen.issue(edited);
    return state === "closed" && labels.includes("sallyport:complete");
  });
  const comments = (await seen.comments(edited)).join("\n");
  expect(comments).toContain("Taken as it stands");
  expect(comments).toContain("Complete: every diff prompt is merged.");

  const risky = await lena.openIssue("Rotate the password of the robot", "Please.", []);
  await nextSecond();
  await lena.label(risky, "ai:run");
  await waitUntil("the full road", async () =>
    (await seen.comments(risky)).some((comment) => comment.includes("its risk is high")),
  );
  // Labels are written after comments.
  await waitUntil("the label's end", async () => (await seen.issue(risky)).labels.length === 0);
  expect(await journey.watch.problems()).toEqual([]);
}, 200_000);

test("anyone with a clone derives its run again", async () => {
  const [submitted] = entriesOf(await journey.entries(), "run.submitted");
  const replay = await replayOf(journey, submitted?.body.run ?? "");
  expect(replay).toMatchObject({ ok: true, differences: [] });
  expect(replay.counts).toMatchObject({ differs: 0, missing: 0, purged: 0 });
}, 200_000);
