import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { nextSecond } from "../../app/demo/road.ts";
import { entriesOf } from "../../core/entries.ts";
import { toolIn } from "../../schemas/policy-agents.ts";
import { agentTools, askingProgram } from "../hosts/agent-tools.ts";
import { type Journey, startJourney } from "../hosts/demo-world.ts";
import { unconfined } from "../hosts/enclosure.ts";
import { call } from "../hosts/model-service.ts";
import { scriptAgent, write } from "../hosts/scripted-agent.ts";
import { replayOf } from "../hosts/story-steps.ts";
import { waitUntil } from "../hosts/until.ts";

/** Where the real programs are; CI installs them. */
const installed = process.env.AGENT_TOOLS ?? "";

/** What a real program runs in its shell at the model's word. */
const script = `mkdir -p sallyport-demo .sallyport; echo 'It is a demo.' > sallyport-demo/file.txt; cat > .sallyport/report.json <<'END'
{"outcome":"finished","summary":"Done.","questions":[],"claims":[{"criterion":"The change does what the issue asks for.","how":"Written."}]}
END`;

const programs = [
  { tool: "custom", use: "anthropic", model: "claude-sonnet-5-5", turn: write("It is a demo.\n") },
  { tool: "claude@2.1.332", use: "anthropic", model: "claude-sonnet-5-5", turn: call("Bash", { command: script }) },
  { tool: "codex@0.171.0", use: "openai", model: "gpt-5.5", turn: call("exec_command", { cmd: script }) },
].map((one) => ({ ...one, ...toolIn(one.tool) }));

const isThere = (name: string) => name === "custom" || existsSync(join(installed, "node_modules/.bin", name));
const possible = unconfined === null ? programs.filter(({ name }) => isThere(name)) : [];
if (possible.length < programs.length)
  console.warn(`journeys of ${programs.length - possible.length} agents' programs are skipped: AGENT_TOOLS lacks them`);
// Jest wants a test in each file.
if (possible.length === 0) test.skip("no agent's program can run here", () => undefined);

describe.each(possible)("$tool does the work in the sandbox", ({ tool, name, version, use, model, turn }) => {
  const agent = scriptAgent();
  let journey: Journey;
  let tools: Awaited<ReturnType<typeof agentTools>>;
  beforeAll(async () => {
    tools = await agentTools({ custom: askingProgram });
    journey = await startJourney({
      models: agent.start,
      root: `agents: { routes: [{ role: demo, use: ${use}, model: ${model}, tool: ${tool} }] }\n`,
      more: { agentTools: name === "custom" ? tools.folder : installed },
    });
    agent.answer(turn, { content: "Done." });
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
      usage: { calls: 2, model },
      tool: { name, version },
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
