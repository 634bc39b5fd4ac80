import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { git } from "../../app/demo/governed.ts";
import { runProgram } from "../../app/demo/hosts.ts";
import { nextSecond } from "../../app/demo/road.ts";
import { entriesOf } from "../../core/entries.ts";
import { readTrace } from "../../core/remediation-trace.ts";
import { expectConformance } from "../conformance/watch.ts";
import { until } from "../patience.ts";
import { done, scriptAgent, write } from "./agent.ts";
import { approve, askForPlan, openStory } from "./story.ts";
import { startWorld, type World } from "./world.ts";

const agent = scriptAgent();
let world: World;
beforeAll(async () => {
  world = await startWorld({ models: agent.start });
}, 60_000);
afterAll(() => world.close(), 30_000);

test("B5: a failed run opens a remediation with its trace, and the merge of a later run's change closes it", async () => {
  const { lena, quinn, seen } = world;
  agent.answer(done);
  const { story } = await openStory(world);
  const digest = await askForPlan(world, story);
  await approve(world, story, digest);

  // The agent says that it is done and has written nothing, as often as it is asked.
  await lena.label(story, "ai:run");
  const sticky = await until("the trace", async () =>
    (await seen.comments(story)).find((comment) => comment.includes("<summary>Remediation trace of")),
  );
  const trace = /^(`{4,})text\n([\s\S]*?)\n\1$/m.exec(sticky)?.[2] ?? "";
  expect(readTrace("remediation/1.md", trace)).toEqual({ missing: [], status: "open" });
  const [child] = await seen.children(story);
  const name = `run-${story}-1/${child?.number}`;
  const opened = entriesOf(await world.entries(), "remediation.opened");
  expect(opened.map(({ body }) => [body.remediation, body.origin, body.signature.codes])).toEqual([
    [name, "attempt", ["nothing-changed"]],
  ]);

  agent.answer(write("It is there.\n"), done);
  await nextSecond();
  await lena.comment(story, "/retry");
  const pull = await until("the pull request", async () => (await seen.openPulls())[0]);
  await until("CI", async () =>
    (await seen.checks(pull.sha)).find((check) => check.name === "test" && check.status === "completed"),
  );
  await quinn.comment(pull.number, `/sign-off ${pull.sha} pass manual\nIt works.`);
  await until("the green check", async () =>
    (await seen.checks(pull.sha)).find(
      (check) => check.name === "sallyport" && check.conclusion === "success",
    ),
  );
  await until("the merge", async () => (await lena.merge(pull.number, pull.sha)).ok);
  await until("the story closed", async () => (await seen.issue(story)).state === "closed");
  expect(entriesOf(await world.entries(), "remediation.opened")).toHaveLength(1);
  expect(entriesOf(await world.entries(), "remediation.closed").map(({ body }) => body)).toMatchObject([
    { remediation: name, status: "fixed", by: { pull: pull.number, made: { run: `run-${story}-2` } } },
  ]);

  // Anyone with a clone derives both entries again.
  const replay = await until("the published ledger", async () => {
    const clone = `${world.dir}/clone-${Date.now()}`;
    await git(world.dir, ["clone", "--quiet", "--mirror", world.cloneUrl, clone]);
    const args = ["replay", `run-${story}-1`, clone];
    const { code, out } = await runProgram("sallyport", args, { PATH: process.env.PATH }, world.dir);
    return code === 0 && out.includes("what became of a failure") ? out : null;
  });
  expect(replay.match(/^same .* remediation .*$/gm)).toHaveLength(2);
  await expectConformance(world.watch);
}, 300_000);
