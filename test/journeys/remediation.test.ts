import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { git } from "../../app/demo/governed.ts";
import { runProgram } from "../../app/demo/hosts.ts";
import { nextSecond } from "../../app/demo/road.ts";
import { readTrace } from "../../core/analysis/remediation-trace.ts";
import { entriesOf } from "../../core/entries.ts";
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

test("B5: a failed run opens a remediation with its trace, and the merge of a later run's change closes it", async () => {
  const { lena, quinn, seen } = journey;
  agent.answer(done);
  const { story } = await openStory(journey);
  const digest = await askForPlan(journey, story);
  await approve(journey, story, digest);

  // The agent says that it is done and has written nothing, as often as it is asked.
  await lena.label(story, "ai:run");
  const sticky = await waitUntil("the trace", async () =>
    (await seen.comments(story)).find((comment) => comment.includes("<summary>Remediation trace of")),
  );
  const trace = /^(`{4,})text\n([\s\S]*?)\n\1$/m.exec(sticky)?.[2] ?? "";
  expect(readTrace("remediation/1.md", trace)).toEqual({ missing: [], status: "open" });
  const [child] = await seen.children(story);
  const name = `run-${story}-1/${child?.number}`;
  const opened = entriesOf(await journey.entries(), "remediation.opened");
  expect(opened.map(({ body }) => [body.remediation, body.origin, body.signature.codes])).toEqual([
    [name, "attempt", ["nothing-changed"]],
  ]);

  agent.answer(write("It is there.\n"), done);
  await nextSecond();
  await lena.comment(story, "/retry");
  const pull = await waitUntil("the pull request", async () => (await seen.openPulls())[0]);
  await waitUntil("CI", async () =>
    (await seen.checks(pull.sha)).find((check) => check.name === "test" && check.status === "completed"),
  );
  await quinn.comment(pull.number, `/sign-off ${pull.sha} pass manual\nIt works.`);
  await waitUntil("the green check", async () =>
    (await seen.checks(pull.sha)).find((check) => check.name === "sallyport" && check.conclusion === "success"),
  );
  await waitUntil("the merge", async () => (await lena.merge(pull.number, pull.sha)).ok);
  await waitUntil("the story closed", async () => (await seen.issue(story)).state === "closed");
  expect(entriesOf(await journey.entries(), "remediation.opened")).toHaveLength(1);
  expect(entriesOf(await journey.entries(), "remediation.closed").map(({ body }) => body)).toMatchObject([
    { remediation: name, status: "fixed", by: { pull: pull.number, made: { run: `run-${story}-2` } } },
  ]);

  // Anyone with a clone derives both entries again.
  const replay = await waitUntil("the published ledger", async () => {
    const clone = `${journey.dir}/clone-${Date.now()}`;
    await git(journey.dir, ["clone", "--quiet", "--mirror", journey.cloneUrl, clone]);
    const args = ["replay", `run-${story}-1`, clone];
    const { code, out } = await runProgram("sallyport", args, { PATH: process.env.PATH }, journey.dir);
    return code === 0 && out.includes("what became of a failure") ? out : null;
  });
  expect(replay.match(/^same .* remediation .*$/gm)).toHaveLength(2);
  await expectConformance(journey.watch);
}, 300_000);
