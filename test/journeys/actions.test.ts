import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { nextSecond } from "../../app/demo/road.ts";
import { entriesOf } from "../../core/entries.ts";
import { agentTools, askingProgram } from "../hosts/agent-tools.ts";
import { type Journey, startJourney } from "../hosts/demo-world.ts";
import { unconfined } from "../hosts/enclosure.ts";
import { scriptAgent, write } from "../hosts/scripted-agent.ts";
import { replayOf } from "../hosts/story-steps.ts";
import { waitUntil } from "../hosts/until.ts";

(unconfined === null ? describe : describe.skip)("a program does the work in a run of the workflow", () => {
  const agent = scriptAgent();
  let journey: Journey;
  let tools: Awaited<ReturnType<typeof agentTools>>;
  beforeAll(async () => {
    tools = await agentTools({ custom: askingProgram });
    const shipped = await readFile(join(import.meta.dirname, "../../action/workflow-agent.yml"), "utf8");
    journey = await startJourney({
      models: agent.start,
      workflow: async (url) =>
        shipped
          .replace("https://sallyport.example.com", url)
          .replace(
            /mkdir -p "\$RUNNER_TEMP\/agents\/bin"/,
            (line) => `${line} && cp ${tools.folder}/bin/custom "$RUNNER_TEMP/agents/bin/"`,
          ),
    });
    agent.answer(write("It is a demo.\n"), { content: "Done." });
  }, 60_000);
  afterAll(async () => {
    await journey.close();
    await tools.close();
  }, 30_000);

  test("from a label to a merged change; the ledger says which run, and what its jobs took", async () => {
    const { lena, quinn, seen, sandbox } = journey;
    const issue = await lena.openIssue("Say what this is", "A file in `sallyport-demo/` says what it is.", []);
    await nextSecond();
    await lena.label(issue, "ai:run");
    const run = await waitUntil("the run's end", async () =>
      sandbox.state.workflowRuns.find((one) => one.status === "completed"),
    );
    const logs = run.jobs.map(({ name, conclusion, log }) => `${name} ${conclusion}: ${log}`);
    expect(logs).toEqual([
      expect.stringContaining("prepare success: sallyport: prepared"),
      expect.stringContaining("agent success: "),
      "seal success: sallyport: sealed a result of 1 files\n",
    ]);
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
      actions: { run: run.id },
    });
    // The key stays in the App, and each call is made once.
    expect(agent.service.getRequests()).toHaveLength(2);
    expect(JSON.stringify(run.inputs)).not.toContain("not-a-key");
    expect(logs.join()).not.toContain("not-a-key");
    expect(await journey.watch.problems()).toEqual([]);
  }, 200_000);

  test("anyone with a clone derives its run again", async () => {
    const [submitted] = entriesOf(await journey.entries(), "run.submitted");
    const replay = await replayOf(journey, submitted?.body.run ?? "");
    expect(replay).toMatchObject({ ok: true, differences: [] });
  }, 200_000);
});
