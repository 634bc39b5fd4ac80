import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { nextSecond } from "../../app/demo/road.ts";
import { entriesOf } from "../../core/entries.ts";
import { recordOf } from "../../core/record/pull.ts";
import type { EntryKind } from "../../schemas/entries.ts";
import { facts } from "../builders/pull-facts.ts";
import { expectConformance } from "../conformance/watch.ts";
import { type Journey, startJourney } from "../hosts/demo-world.ts";
import { done, scriptAgent, write } from "../hosts/scripted-agent.ts";
import { approve, askForPlan, openStory } from "../hosts/story-steps.ts";
import { waitUntil } from "../hosts/until.ts";

const agent = scriptAgent();
let journey: Journey;
beforeAll(async () => {
  journey = await startJourney({ models: agent.start });
}, 60_000);
afterAll(() => journey.close(), 30_000);

/** Waits until there are so many entries of a kind. */
const recorded = <K extends EntryKind>(kind: K, count: number) =>
  waitUntil(`${count} × ${kind}`, async () => {
    const found = entriesOf(await journey.entries(), kind);
    return found.length >= count ? found : null;
  });

test("D14: a second attempt is taken back, then the first; each time what stands is judged anew, and the road goes on", async () => {
  const { lena, quinn, seen } = journey;
  agent.answer(write("one\n"), done);
  const { story } = await openStory(journey);
  const digest = await askForPlan(journey, story);
  await approve(journey, story, digest);
  const say = async (text: string, line: RegExp) => {
    const before = (await seen.comments(story)).filter((comment) => line.test(comment)).length;
    await nextSecond();
    await lena.comment(story, text);
    await waitUntil(`an answer to ${text}`, async () => {
      const answers = (await seen.comments(story)).filter((comment) => line.test(comment));
      return answers.length > before;
    });
  };
  const open = async () => (await seen.openPulls())[0];
  const verdictOn = (sha: string, status: string) =>
    waitUntil(`a check that is ${status}`, async () =>
      (await seen.checks(sha)).find((check) => check.name === "sallyport" && check.status === status),
    );
  const headIs = (what: string, fits: (sha: string) => boolean) =>
    waitUntil(what, async () => {
      const pull = await open();
      return pull !== undefined && fits(pull.sha) && pull;
    });

  // The first attempt becomes a pull request, and a person signs it off.
  await say("/run", /run-\d+-1 is submitted/);
  const first = await waitUntil("the pull request", open);
  await verdictOn(first.sha, "in_progress");
  await quinn.comment(first.number, `/sign-off ${first.sha} pass manual\nIt works.`);
  await verdictOn(first.sha, "completed");

  // A later run goes on at the same pull request; its commit has no sign-off.
  agent.answer(write("two, which is wrong\n"), done);
  await say("/stop", /run-\d+-1 is stopped/);
  await say("/run", /run-\d+-2 is submitted/);
  const second = await headIs("the second commit", (sha) => sha !== first.sha);
  expect(second.number).toBe(first.number);
  await verdictOn(second.sha, "in_progress");
  const saved = await recorded("checkpoint.recorded", 2);
  expect(saved.map(({ body }) => body.head)).toEqual([null, first.sha]);

  // Back to the second checkpoint: the first commit stands again, with its own evidence and its own sign-off.
  const [start, afterFirst] = saved.map(({ body }) => body.checkpoint);
  await say(`/rollback ${afterFirst}`, /Read as: back to/);
  await headIs("the first commit", (sha) => sha === first.sha);
  await recorded("rollback.done", 1);
  await waitUntil("the verdict on the first commit", async () => {
    const last = entriesOf(await journey.entries(), "verdict.given").at(-1)?.body;
    return last?.head === first.sha && last.conclusion === "success";
  });
  const judged = recordOf(await journey.entries(), first.number, facts());
  expect(judged.known && judged.value.evidence.map(({ commit }) => commit)).toEqual([first.sha]);

  // Back to the beginning: the pull request is closed, and the next attempt begins anew on the default branch.
  await say(`/rollback ${start}`, /its pull request is closed/);
  const [, undone] = await recorded("rollback.done", 2);
  expect(undone?.body).toMatchObject({ to: null, closed: [first.number], undone: [first.sha] });
  expect(await seen.openPulls()).toEqual([]);
  agent.answer(write("three\n"), done);
  await say("/retry", /run-\d+-3 is submitted/);
  const third = await waitUntil("the next pull request", open);
  expect(third.number).not.toBe(first.number);
  expect((await recorded("checkpoint.recorded", 3)).at(-1)?.body).toMatchObject({
    head: null,
    attempt: { r: 1, s: 0 },
  });
  await verdictOn(third.sha, "in_progress");
  await quinn.comment(third.number, `/sign-off ${third.sha} pass manual\nIt works.`);
  await verdictOn(third.sha, "completed");
  await waitUntil("the merge", async () => (await lena.merge(third.number, third.sha)).ok);
  await waitUntil("the story closed", async () => (await seen.issue(story)).state === "closed");

  const handed = (await recorded("handoff.made", 1)).map(({ body: { from, to } }) => `${from.stage} → ${to.stage}`);
  expect(handed.slice(-4)).toEqual(["spec → execute", "execute → validate", "validate → package", "package → cleanup"]);
  await expectConformance(journey.watch);
}, 300_000);
