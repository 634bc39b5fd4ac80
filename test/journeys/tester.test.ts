import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { nextSecond } from "../../app/demo/road.ts";
import { entriesOf } from "../../core/entries.ts";
import { type Journey, startJourney } from "../hosts/demo-world.ts";
import { call } from "../hosts/model-service.ts";
import { done, plan, scriptAgent, write } from "../hosts/scripted-agent.ts";
import { approve, openStory, replayOf } from "../hosts/story-steps.ts";
import { waitUntil } from "../hosts/until.ts";

const agent = scriptAgent();
let journey: Journey;
beforeAll(async () => {
  const routes = [
    "{ name: deep, role: planner, use: anthropic, model: claude-opus-5-5 }",
    "{ role: demo, use: anthropic, model: claude-sonnet-5-5 }",
    "{ role: tester, use: openai, model: gpt-5.5 }",
  ];
  journey = await startJourney({
    models: agent.start,
    workers: '  tester: { allow: ["sallyport-demo/**"], writes: tests }\n',
    root: `agents: { routes: [${routes.join(", ")}] }\n`,
    ledger: "  payload: full\n",
  });
}, 60_000);
afterAll(() => journey.close(), 30_000);

const [first] = plan.prompts;
const tests = { title: "Test the file", role: "tester", paths: ["sallyport-demo/*"], dependsOn: [1] };

test("E7, G8, C3: a story is planned, written and tested by three models, each by its route, and each hand-off is recorded", async () => {
  const { lena, quinn, seen } = journey;
  if (first === undefined) throw new Error("the plan has a prompt");
  agent.propose({ ...plan, prompts: [first, { ...first, ...tests }] });
  const check = (path: string) => call("write", { path, content: "test('it is there', () => expect(1).toBe(1));\n" });
  const talks = [
    ["# Test the file", write("mended\n"), check("sallyport-demo/file.test.js"), done],
    ["# Add a file", write("hello\n"), done],
  ] as const;
  for (const [userMessage, ...turns] of talks)
    for (const [turnIndex, response] of turns.entries())
      agent.service.addFixture({ match: { userMessage, turnIndex }, response });

  const { story } = await openStory(journey);
  await nextSecond();
  await lena.comment(story, "/plan with deep");
  const digest = await waitUntil("the digest", async () =>
    (await seen.comments(story))
      .map((comment) => /^\/approve ([0-9a-f]{64})$/m.exec(comment)?.[1])
      .find((found) => found !== undefined),
  );
  await approve(journey, story, digest);
  await lena.label(story, "ai:run");
  for (const _prompt of await seen.children(story)) {
    const pull = await waitUntil("the pull request", async () => (await seen.openPulls())[0]);
    await waitUntil("CI", async () =>
      (await seen.checks(pull.sha)).find((one) => one.name === "test" && one.status === "completed"),
    );
    await quinn.comment(pull.number, `/sign-off ${pull.sha} pass manual\nIt works.`);
    await waitUntil("the merge", async () => (await lena.merge(pull.number, pull.sha)).ok);
  }
  await waitUntil("the end", async () => (await seen.issue(story)).labels.includes("sallyport:complete"));

  const entries = await journey.entries();
  expect(entriesOf(entries, "plan.proposed").map(({ body }) => [body.route, body.usage.model])).toEqual([
    ["deep", "claude-opus-5-5"],
  ]);
  expect(entriesOf(entries, "response.recorded").map(({ body }) => [body.usage.model, body.files[0]?.path])).toEqual([
    ["claude-sonnet-5-5", "sallyport-demo/file.txt"],
    ["gpt-5.5", "sallyport-demo/file.test.js"],
  ]);
  const handed = entriesOf(entries, "handoff.made").filter(({ body }) => body.to.stage === "execute");
  expect(handed.map(({ body }) => body.to.holder)).toEqual([
    "agent:anthropic/claude-sonnet-5-5",
    "agent:openai/gpt-5.5",
  ]);
  const asked = agent.service.getRequests().map(({ body }) => JSON.stringify(body));
  const tester = asked.filter((text) => text.includes("You write tests, and nothing else"));
  expect(tester).toHaveLength(3);
  expect(tester[0]).toContain("- sallyport-demo/file.txt");
  expect(tester[1]).toContain("outside-tests");

  const replay = await replayOf(journey, `run-${story}-1`);
  expect(replay).toMatchObject({ ok: true, differences: [] });
  expect(replay.counts).toMatchObject({ unpublished: 0, differs: 0, missing: 0 });
}, 300_000);
