import { createHash } from "node:crypto";
import type { FixtureResponse } from "@copilotkit/aimock";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { PerformContext } from "../../../app/perform/context.ts";
import { whileOpen } from "../../../app/perform/model.ts";
import { perform } from "../../../app/perform/perform.ts";
import { openDatabase } from "../../../app/store/database.ts";
import { readSteps, stepLog } from "../../../app/store/steps.ts";
import { issueDigest } from "../../../core/contract/contract.ts";
import { digestOf } from "../../../core/digest.ts";
import type { Effect } from "../../../core/effects.ts";
import type { AdvicePack } from "../../../schemas/advice.ts";
import { change, pack, tip } from "../../builders/effect-scenes.ts";
import { call, memoryCalls, modelService, pagePlan as plan } from "../../hosts/model-service.ts";
import { type Acme, startAcme } from "../../hosts/store-and-github.ts";

let acme: Acme;
beforeAll(async () => {
  acme = await startAcme();
});
afterAll(() => acme.close());

const turns = [
  call("write", { path: "README.md", content: "outside\n" }),
  call("write", { path: "web/page.html", content: "<p>good morning</p>\n" }),
  call("finish", {
    summary: "Done.",
    claims: [{ criterion: "The page greets.", how: "It says good morning." }],
  }),
];

async function withModels<T>(
  answers: FixtureResponse[],
  play: (context: PerformContext, models: { calls(): number; asked(): string }, progress: string[]) => Promise<T>,
  more: Partial<PerformContext> = {},
): Promise<T> {
  const models = await modelService(answers);
  const progress: string[] = [];
  const anthropic = { apiKey: "test", baseUrl: models.url };
  const asked = () => JSON.stringify(models.service.getRequests().map((one) => one.body));
  try {
    const world = {
      ...acme.world,
      anthropic,
      calls: memoryCalls(),
      progress: (line: string) => void progress.push(line),
      ...more,
    };
    return await play(world, { calls: models.calls, asked }, progress);
  } finally {
    await models.close();
  }
}

async function runAgent(more: Partial<Extract<Effect, { type: "run-agent" }>> = {}): Promise<Effect> {
  const packSha256 = await acme.store(pack(await tip(acme)));
  return {
    type: "run-agent",
    key: "agent/1",
    run: "run-1-1",
    packSha256,
    backend: "anthropic",
    model: null,
    ...more,
  };
}

async function stored(sha256: string): Promise<unknown> {
  const bytes = await acme.world.bodies.get(sha256);
  return bytes === null ? null : JSON.parse(Buffer.from(bytes).toString("utf8"));
}

describe("an agent's run", () => {
  test("ends in a stored result that holds only what its scope allows, and says what it does", async () => {
    await withModels(turns, async (context, models, progress) => {
      const result = await perform(await runAgent(), context, async () => "");
      if (result.type !== "answer") throw new Error("no answer");
      expect(await stored(result.resultSha256)).toMatchObject({
        outcome: "finished",
        files: [{ path: "web/page.html", content: "<p>good morning</p>\n" }],
      });
      const bytes = (await acme.world.bodies.get(result.resultSha256)) ?? new Uint8Array();
      expect(createHash("sha256").update(bytes).digest("hex")).toBe(result.resultSha256);
      expect(result.bytes).toBe(bytes.byteLength);
      expect(result.usage.calls).toBe(models.calls());
      expect(progress).toContain('run-1-1 #2 R0/S0: write "README.md": refused');
      expect(progress).toContain('run-1-1 #2 R0/S0: write "web/page.html"');
    });
  });

  test("is OpenAI's where the policy says so, and by the model that it names", async () => {
    await withModels(turns, async (context, models) => {
      const openai = { apiKey: "test", baseUrl: `${context.anthropic.baseUrl}/v1` };
      const asked = { ...context, anthropic: { apiKey: null, baseUrl: null }, openai };
      const result = await perform(await runAgent({ backend: "openai", model: "gpt-5.5" }), asked, async () => "");
      expect(result).toMatchObject({ type: "answer", usage: { model: "gpt-5.5", calls: models.calls() } });
    });
  });

  test.each([
    ["another", null, "this version has: anthropic, openai"],
    ["openai", null, "it needs `agents.model`"],
  ])("by %s and the model %s is refused, and nobody is asked", async (backend, model, why) => {
    await withModels(turns, async (context, models) => {
      const refused = perform(await runAgent({ backend, model }), context, async () => "");
      await expect(refused).rejects.toMatchObject({ code: "bad-input", message: expect.stringContaining(why) });
      expect(models.calls()).toBe(0);
    });
  });

  test("is a program's where the policy says so; without a folder of programs it ends with the next step", async () => {
    await withModels(turns, async (context, models) => {
      const result = await perform(await runAgent({ tool: "claude@2.1.332" }), context, async () => "");
      if (result.type !== "answer") throw new Error("no answer");
      expect(result.tool).toEqual({ name: "claude", version: "2.1.332" });
      const told = { outcome: "failed", code: "service", summary: expect.stringContaining("set AGENT_TOOLS") };
      expect(await stored(result.resultSha256)).toMatchObject(told);
      expect(models.calls()).toBe(0);
    });
  });

  test("T253, T294 done twice pays once and gives the same answer", async () => {
    const effect = await runAgent();
    await withModels(turns, async (context, models) => {
      const first = await perform(effect, context, async () => "");
      const paid = models.calls();
      expect(await perform(effect, context, async () => "")).toEqual(first);
      expect(models.calls()).toBe(paid);
    });
  });

  test("writes nothing to GitHub", async () => {
    acme.written();
    await withModels(turns, async (context) => perform(await runAgent(), context, async () => ""));
    expect(acme.written()).toEqual([]);
  });

  test("T3: a run that is stopped makes no further call, and records no answer", async () => {
    const effect = await runAgent();
    await withModels(turns, async (context, models) => {
      const stopped = { ...context, isOpen: async () => false };
      await expect(perform(effect, stopped, async () => "")).rejects.toMatchObject({ code: "cancelled" });
      expect(models.calls()).toBe(1);
    });
  });

  test("T3: a stop breaks off the call in flight within seconds; a check that fails breaks off nothing", async () => {
    let checks = 0;
    const isOpen = async () => {
      checks += 1;
      if (checks === 1) throw new Error("the database is away");
      return false;
    };
    const call = whileOpen(
      "agent/7/run-1-1/2/R0/S0",
      { ...acme.world, isOpen },
      ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    await expect(call).rejects.toMatchObject({ code: "cancelled" });
    expect(checks).toBe(2);
  });

  test("T262 a service that stops in the middle records no answer, and the next start goes on from what was paid", async () => {
    const effect = await runAgent();
    const stopping = new AbortController();
    const calls = memoryCalls();
    await withModels(
      turns,
      async (context, models) => {
        const stop = {
          ...context,
          signal: stopping.signal,
          progress: () => stopping.abort(new Error("stopping")),
        };
        await expect(perform(effect, stop, async () => "")).rejects.toMatchObject({ retry: true });
        const paid = models.calls();
        expect(await perform(effect, context, async () => "")).toMatchObject({ type: "answer" });
        expect(paid).toBeGreaterThan(0);
        expect(models.calls()).toBe(turns.length);
      },
      { calls },
    );
  });

  test("a NUL in a file is refused and one in a tool's name is shown, and what the agent does is still told", async () => {
    const store = await openDatabase({ folder: null });
    const steps = (effect: string) =>
      stepLog(store.db, { repository: acme.repository, effect, mayNote: async () => undefined });
    const [, write, finish] = turns;
    if (write === undefined || finish === undefined) throw new Error("no turns");
    const none = call("write", { path: "web/page.html", content: "<p>\0</p>\n" });
    const unknown = call("re\0ad\u001b[31m", {});
    const answer = await withModels(
      [none, unknown, write, finish],
      async (context) => perform(await runAgent(), context, async () => ""),
      { steps },
    );
    expect(answer).toMatchObject({ type: "answer" });
    const lines = (await readSteps(store.db, "agent/1")).map(({ line }) => line);
    await store.close();
    expect(lines).toContain('write "web/page.html": refused');
    expect(lines).toContain("re[U+0000]ad[U+001B][31m: refused");
  });

  test.each(["nobody", "constructor", "__proto__"])("an unknown backend is refused: %s", async (backend) => {
    const effect = await runAgent({ backend });
    await expect(acme.perform(effect)).rejects.toMatchObject({ code: "bad-input", retry: false });
  });
});

describe("the planner", () => {
  const story = { title: "Greet", body: "The page should greet." };
  const ask = async (more: Partial<Extract<Effect, { type: "ask-planner" }>> = {}): Promise<Effect> => ({
    type: "ask-planner",
    key: "plan/1",
    story: 1,
    base: await tip(acme),
    ...story,
    refinement: "",
    previousPlan: null,
    roles: [{ name: "web", allow: ["web/**"], deny: [] }],
    decisions: [],
    backend: "anthropic",
    model: null,
    ...more,
  });

  test("sees the repository's files, and its plan is stored under its digest", async () => {
    await withModels([call("propose_plan", plan)], async (context, models) => {
      const result = await perform(await ask(), context, async () => "");
      expect(result).toMatchObject({
        type: "plan",
        planSha256: digestOf(plan),
        issueSha256: issueDigest(story),
      });
      expect(await stored(digestOf(plan))).toEqual(plan);
      expect(models.asked()).toContain("web/deep/er/leaf.txt");
    });
  });

  test("is shown the plan that is to be refined", async () => {
    const previousPlan = await acme.store({ ...plan, approach: "An approach that was not liked." });
    await withModels([call("propose_plan", plan)], async (context, models) => {
      await perform(await ask({ previousPlan, refinement: "Use fewer files." }), context, async () => "");
      expect(models.asked()).toContain("An approach that was not liked.");
      expect(models.asked()).toContain("Use fewer files.");
    });
  });

  test("that proposes nothing usable fails with a reason, and nothing is stored as a plan", async () => {
    const usage = { input_tokens: 4, output_tokens: 1 };
    const turns = [{}, { approach: "x" }].map((input) => ({ ...call("propose_plan", input), usage }));
    await withModels(turns, async (context) => {
      expect(await perform(await ask(), context, async () => "")).toMatchObject({
        type: "plan-failed",
        code: "bad-answer",
        usage: { calls: 2, inputTokens: 8, outputTokens: 2 },
      });
    });
  });
});

describe("the reviewer", () => {
  // One of the service's own.
  const secret = "sk-ant-0123456789abcdefghij";
  const advise = call("give_advice", { summary: "I read it.", findings: [] });
  const ask = async (text: string, more: Partial<AdvicePack> = {}): Promise<Effect> => {
    const written = await change(acme, [{ path: "web/page.html", content: text }]);
    const result = await acme.perform(written);
    if (result.type !== "commit") throw new Error("no commit was written");
    const { base, contract, acceptance, limits, ...step } = pack(written.parent);
    const { run, story, prompt, attempt, repository } = step;
    const about = { base, head: result.commit, files: ["web/page.html"], contract, acceptance, limits };
    const asked = { version: 1, kind: "advice", ...{ run, story, prompt, attempt, repository }, ...about, ...more };
    const packSha256 = await acme.store(asked);
    return { type: "ask-reviewer", key: "agent/1/advice", run, packSha256, backend: "anthropic", model: null };
  };

  test("E9: is shown the change as a diff, what it says is stored, and nothing is written to GitHub", async () => {
    const effect = await ask("<p>good day</p>\n");
    acme.written();
    await withModels([advise], async (context, models, progress) => {
      const result = await perform(effect, context, async () => "");
      if (result.type !== "advice") throw new Error("no advice");
      expect(await stored(result.advice.sha256)).toMatchObject({ outcome: "given", summary: "I read it." });
      expect(models.asked()).toMatch(/-<p>hello<\/p>\\n\+<p>good day<\/p>/);
      expect(progress).toContain("run-1-1 #2 R0/S0 reviewer: the model answered (tool_use)");
      expect(await perform(effect, context, async () => "")).toEqual({ ...result, seconds: expect.any(Number) });
      expect(models.calls()).toBe(1);
    });
    expect(acme.written()).toEqual([]);
  });

  test("T171, T218: is shown no secret that stands in the change, and no more of it than fits", async () => {
    const effect = await ask(`<p>${secret}</p>\n${"<p>long</p>\n".repeat(15_000)}`);
    const small = await ask(`<p>${secret}</p>\n`);
    await withModels([advise], async (context, models) => {
      await perform(effect, context, async () => "");
      expect(models.asked()).toContain("Not shown here: web/page.html");
      await perform(small, context, async () => "");
      expect(models.asked()).toContain("[secret cut]");
      expect(models.asked()).not.toContain(secret);
    });
  });

  test("T218: is not asked where the contract holds a secret", async () => {
    const effect = await ask("<p>hi</p>\n", { contract: `# Use ${secret}` });
    await withModels([advise], async (context, models) => {
      await expect(perform(effect, context, async () => "")).rejects.toMatchObject({ code: "secret-in-prompt" });
      expect(models.calls()).toBe(0);
    });
  });
});
