import { type FixtureResponse, LLMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { until as waitFor } from "../../app/demo/acting.ts";
import { git } from "../../app/demo/governed.ts";
import { runProgram } from "../../app/demo/hosts.ts";
import { nextSecond } from "../../app/demo/road.ts";
import { entriesOf, type TypedEntry } from "../../core/entries.ts";
import { readEntry } from "../../core/ledger.ts";
import { readTrace } from "../../core/remediation-trace.ts";
import { typedEntry } from "../../core/typed-entry.ts";
import { expectConformance } from "../conformance/watch.ts";
import { approve, askForPlan, openStory } from "./story.ts";
import { startWorld, type World } from "./world.ts";

const models = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent" });
let world: World;
beforeAll(async () => {
  await models.start();
  world = await startWorld({ models: async () => ({ url: models.url, close: () => models.stop() }) });
}, 60_000);
afterAll(() => world.close(), 30_000);

const until = <T>(what: string, ask: () => Promise<T | null | undefined | false>) => waitFor(what, ask, 120);

const call = (name: string, input: object): FixtureResponse => ({
  toolCalls: [{ name, arguments: JSON.stringify(input) }],
});
const plan = {
  approach: "One small step.",
  risks: [],
  unknowns: [],
  risk: "high",
  acceptance: ["It is there."],
  manualTest: null,
  prompts: [
    {
      title: "Add a file",
      objective: "A file is there that says what it is.",
      role: "demo",
      paths: ["sallyport-demo/**"],
      inputs: [],
      nonGoals: ["Nothing else."],
      acceptance: ["It is there."],
      output: ["The file."],
      evidence: [],
      dependsOn: [],
    },
  ],
};

/** What the agent does from now on, whatever it is handed. */
function agentCalls(...turns: FixtureResponse[]): void {
  models.clearFixtures();
  models.addFixture({ match: { systemMessage: "You plan a story" }, response: call("propose_plan", plan) });
  for (const [turnIndex, response] of turns.entries()) models.addFixture({ match: { turnIndex }, response });
}
const done = call("finish", { summary: "Done.", claims: [{ criterion: "It is there.", how: "Written." }] });

async function entries(): Promise<TypedEntry[]> {
  const { db } = world.service().database;
  const rows = await db.selectFrom("entries").select("line").orderBy("seq").execute();
  return rows.flatMap(({ line }) => {
    const read = readEntry(line);
    const typed = read.ok ? typedEntry(read.entry) : null;
    return typed === null ? [] : [typed];
  });
}

test("B5: a failed run opens a remediation with its trace, and the merge of a later run's change closes it", async () => {
  const { lena, quinn, seen } = world;
  agentCalls(done);
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
  const opened = entriesOf(await entries(), "remediation.opened");
  expect(opened.map(({ body }) => [body.remediation, body.origin, body.signature.codes])).toEqual([
    [name, "attempt", ["nothing-changed"]],
  ]);

  agentCalls(call("write", { path: "sallyport-demo/file.txt", content: "It is there.\n" }), done);
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
  expect(entriesOf(await entries(), "remediation.opened")).toHaveLength(1);
  expect(entriesOf(await entries(), "remediation.closed").map(({ body }) => body)).toMatchObject([
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
