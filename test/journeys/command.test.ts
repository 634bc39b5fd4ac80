import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { nextSecond } from "../../app/demo/road.ts";
import { entriesOf } from "../../core/entries.ts";
import { agentTools, askingProgram } from "../hosts/agent-tools.ts";
import { type Journey, startJourney } from "../hosts/demo-world.ts";
import { unconfined } from "../hosts/enclosure.ts";
import { scriptAgent, write } from "../hosts/scripted-agent.ts";
import { replayOf } from "../hosts/story-steps.ts";
import { waitUntil } from "../hosts/until.ts";

(unconfined === null ? describe : describe.skip)("a program in the sandbox does the work", () => {
  const agent = scriptAgent();
  let journey: Journey;
  let tools: Awaited<ReturnType<typeof agentTools>>;
  beforeAll(async () => {
    tools = await agentTools({ custom: askingProgram });
    journey = await startJourney({
      models: agent.start,
      root: "agents: { routes: [{ role: demo, use: anthropic, tool: custom }] }\n",
      more: { agentTools: tools.folder },
    });
    agent.answer(write("It is a demo.\n"), { content: "Done." });
  }, 60_000);
  afterAll(async () => {
    await journey.close();
    await tools.close();
  }, 30_000);

  test("from a label to a merged change; the ledger says which program and which model", async () => {
    const { lena, quinn, seen } = journey;
    const issue = await lena.openIssue("Say what this is", "A file in `sallyport-demo/` says what it is.", []);
    await nextSecond();
    await lena.label(issue, "ai:run");
    const pull = await waitUntil("the pull request", async () => (await seen.openPulls())[0]);
    await waitUntil("CI", async () =>
      (await seen.checks(pull.sha)).find((check) => check.name === "test" && check.status === "completed"),
    );
    await quinn.comment(pull.number, `/sign-off ${pull.sha} pass manual`);
    await waitUntil("the merge", async () => (await lena.merge(pull.number, pull.sha)).ok);
    await waitUntil("the end", async () => (await seen.issue(issue)).labels.includes("sallyport:complete"));
    const [response] = entriesOf(await journey.entries(), "response.recorded");
    expect(response?.body).toMatchObject({
      outcome: "finished",
      files: [{ path: "sallyport-demo/file.txt" }],
      usage: { calls: 2, model: "claude-sonnet-5-5" },
      tool: { name: "custom", version: null },
    });
    expect(agent.service.getRequests()).toHaveLength(2);
    expect(await journey.watch.problems()).toEqual([]);
  }, 200_000);

  test("anyone with a clone derives its run again", async () => {
    const [submitted] = entriesOf(await journey.entries(), "run.submitted");
    const replay = await replayOf(journey, submitted?.body.run ?? "");
    expect(replay).toMatchObject({ ok: true, differences: [] });
  }, 200_000);
});
