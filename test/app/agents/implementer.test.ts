import type { FixtureResponse } from "@copilotkit/aimock";
import { afterEach, describe, expect, test } from "@jest/globals";
import { runImplementer } from "../../../app/agents/implementer.ts";
import type { AgentEvent, CallStore } from "../../../app/agents/run.ts";
import { createWorkspace } from "../../../app/agents/workspace.ts";
import type { ModelService } from "../../../schemas/policy-agents.ts";
import { type Pack, StepResult } from "../../../schemas/step.ts";
import {
  brokenService,
  call,
  endOf,
  events,
  functionCall,
  googleEvents,
  memoryCalls,
  memoryTree,
  modelService,
  responseEvents,
  samplePack,
  toolEvents,
} from "../../hosts/model-service.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const service of open.splice(0)) await service.close();
});

const write = call("write", { path: "src/a/x.ts", content: "export const x = 1;\n" });
const finish = call("finish", { summary: "Done.", claims: [{ criterion: "It is done.", how: "I did it." }] });

/** The services, each with a model of it and where the mock serves its protocol. */
const services = [
  { name: "anthropic", model: "claude-sonnet-5-5", path: "" },
  { name: "openai", model: "gpt-5.5", path: "/v1" },
] as const;

function workAt(
  { name, model }: { name: ModelService; model: string },
  baseUrl: string,
  calls: CallStore,
  options: { pack?: Partial<Pack>; signal?: AbortSignal; effort?: "high" | "max" } = {},
) {
  const { effort } = options;
  const pack = samplePack(options.pack);
  return runImplementer({
    pack,
    workspace: createWorkspace(memoryTree({ "src/a/old.ts": "old\n" }), pack),
    calls,
    service: { name, apiKey: "test", baseUrl, model, ...(effort === undefined ? {} : { effort }) },
    signal: options.signal ?? new AbortController().signal,
  });
}

async function runAt(
  at: (typeof services)[number],
  turns: FixtureResponse[],
  options: {
    pack?: Partial<Pack>;
    calls?: ReturnType<typeof memoryCalls>;
    signal?: AbortSignal;
    seen?: (event: AgentEvent) => void;
  } = {},
) {
  const models = await modelService(turns);
  open.push(models);
  const calls = options.calls ?? memoryCalls();
  const work = workAt(at, models.url + at.path, calls, options);
  const events = [];
  for (;;) {
    const step = await work.next();
    if (step.done === true) return { ...step.value, events, calls, http: models.calls(), models };
    events.push(step.value);
    options.seen?.(step.value);
  }
}

describe.each(services)("$name", (at) => {
  const run = (turns: FixtureResponse[], options: Parameters<typeof runAt>[2] = {}) => runAt(at, turns, options);

  test("reads, writes, finishes: the files are handed back whole, with the claims as claims", async () => {
    const { result, usage, http, calls } = await run([call("read", { path: "src/a/old.ts" }), write, finish]);
    expect(result).toMatchObject({
      outcome: "finished",
      files: [{ path: "src/a/x.ts", content: "export const x = 1;\n" }],
      claims: [{ criterion: "It is done.", how: "I did it." }],
    });
    expect(usage.calls).toBe(3);
    expect(http).toBe(3);
    expect(calls.size()).toBe(3);
  });

  test("T294: a run that is taken up again makes no call that was answered before", async () => {
    const first = await run([write, finish]);
    const again = await run([call("stop", { reason: "this must never be asked for" })], { calls: first.calls });
    expect(again.http).toBe(0);
    expect(again.result).toEqual(first.result);
    expect(again.events.every((event) => event.type !== "answer" || event.replayed)).toBe(true);
  });

  test("T297: a stored answer is not used for another pack", async () => {
    const first = await run([write, finish]);
    const other = await run([call("stop", { reason: "asked anew" })], {
      calls: first.calls,
      pack: { base: "b".repeat(40) },
    });
    expect(other.http).toBe(1);
    expect(other.result.outcome).toBe("stopped");
  });

  test("a refused write is told to the model, which goes on; nothing of it is handed back", async () => {
    const { result, events } = await run([
      call("write", { path: ".github/workflows/x.yml", content: "on: push\n" }),
      write,
      finish,
    ]);
    expect(events).toContainEqual({ type: "tool", name: "write", path: ".github/workflows/x.yml", ok: false });
    expect(result.files.map((file) => file.path)).toEqual(["src/a/x.ts"]);
  });

  test("T296: a run that broke off goes on with what was answered, and pays only for the rest", async () => {
    const first = await run([write, finish]);
    const stored = memoryCalls();
    const [opening] = first.events;
    if (opening?.type !== "answer") throw new Error("the first event is no answer");
    await stored.put(opening.key, (await first.calls.get(opening.key)) ?? "");
    const again = await run([write, finish], { calls: stored });
    expect(again.http).toBe(1);
    expect(again.result).toEqual(first.result);
  });

  test("a model that finishes in the same breath as a refused call is shown the refusal first", async () => {
    const outside = call("write", { path: "README.md", content: "outside" });
    const both = { toolCalls: [...outside.toolCalls, ...finish.toolCalls] };
    const { result, usage } = await run([both, call("stop", { reason: "README.md cannot be written." })]);
    expect(result).toMatchObject({ outcome: "stopped", files: [] });
    expect(usage.calls).toBe(2);
  });

  describe("nothing is applied", () => {
    test.each<[string, FixtureResponse[], Partial<Pack>, string]>([
      ["when the model stops", [write, call("stop", { reason: "The task is unclear." })], {}, "agent-stopped"],
      ["when the model asks", [write, call("ask", { questions: ["Which?"] })], {}, "agent-asked"],
      [
        "T291: when it calls tools wrongly again and again",
        [call("write", {}), call("write", {}), call("nonsense", {}), finish],
        {},
        "bad-answer",
      ],
      [
        "T291: when it does the same again and again",
        Array.from({ length: 10 }, () => call("read", { path: "src/a/old.ts" })),
        {},
        "turns-exceeded",
      ],
      ["when it ends without saying how", [{ content: "I am done." }, { content: "Really." }], {}, "bad-answer"],
      [
        "when its turns are used up",
        [write, write, finish],
        { limits: { runtime: 60, silence: 5, turns: 2, tokens: 100_000 } },
        "turns-exceeded",
      ],
      [
        "T298: when its tokens are used up",
        [{ ...write, usage: { input_tokens: 1, output_tokens: 1 } } as FixtureResponse, finish],
        { limits: { runtime: 60, silence: 5, turns: 6, tokens: 1 } },
        "tokens-exceeded",
      ],
    ])("%s", async (_, turns, pack, code) => {
      const { result } = await run(turns, { pack });
      expect(StepResult.parse(result).code).toBe(code);
      expect(result.files).toEqual([]);
      expect(result.outcome).not.toBe("finished");
    });

    test.each([
      ["a whitespace question", call("ask", { questions: ["  "] })],
      ["a key of a megabyte", call("list", { ["k".repeat(1_000_000)]: 1 })],
      ["a tool with a name of a megabyte", call("t".repeat(1_000_000), {})],
    ])("T291: when it gives %s; the result still has its form", async (_, bad) => {
      const limits = { runtime: 60, silence: 30, turns: 6, tokens: 100_000 };
      const { result } = await run([bad, bad, bad], { pack: { limits } });
      expect(StepResult.parse(result).code).toBe("bad-answer");
    });

    test("when the run is stopped between two of the many calls in one answer", async () => {
      const stopped = new AbortController();
      const many = Array.from({ length: 300 }, () => call("search", { text: "old" }).toolCalls).flat();
      const { result, events } = await run([{ toolCalls: [...many, ...finish.toolCalls] }], {
        signal: stopped.signal,
        seen: ({ type }) => type === "tool" && stopped.abort(new Error("stopped by a person")),
      });
      expect(result.code).toBe("cancelled");
      expect(events.filter(({ type }) => type === "tool")).toHaveLength(1);
    });

    test("T262: when the run is cancelled", async () => {
      const stopped = new AbortController();
      stopped.abort(new Error("stopped by a person"));
      const { result, http } = await run([write, finish], { signal: stopped.signal });
      expect(result.code).toBe("cancelled");
      expect(http).toBe(0);
    });
  });
});

const run = (turns: FixtureResponse[]) => runAt(services[0], turns);

test.each([
  ["claude-of-another-name", "bad-answer"],
  ["claude-sonnet-5-5-mini", "bad-answer"],
  ["claude-sonnet-5-5-20260401", "finished"],
  ["claude-sonnet-5-5-2026-04-01", "finished"],
])("T299: an answer of %s is known by its name: %s", async (model, code) => {
  const { result, usage } = await run([
    { ...write, model } as FixtureResponse,
    { ...finish, model } as FixtureResponse,
  ]);
  expect([result.code, usage.model, result.files.length]).toEqual([code, model, code === "finished" ? 1 : 0]);
  if (code === "bad-answer") expect(result.summary).toContain(`"${model}" and was asked for claude-sonnet-5-5`);
});

test("what the model is shown again is marked for Anthropic's cache, and what was read from it is told", async () => {
  const usage = { input_tokens: 10, cache_read_input_tokens: 90, cache_creation_input_tokens: 5, output_tokens: 1 };
  const turn = (name: string, input: string) =>
    toolEvents(name, input).map((event) =>
      "message" in event ? { ...event, message: { ...Object(event.message), usage } } : event,
    );
  const models = await brokenService([
    events(turn("read", '{"path":"src/a/old.ts"}')),
    events(turn("stop", '{"reason":"Enough."}')),
  ]);
  open.push(models);
  const { usage: told } = await endOf(workAt(services[0], models.url, memoryCalls()));
  expect(told).toMatchObject({ calls: 2, inputTokens: 210, cachedTokens: 180 });
  const mark = { cache_control: { type: "ephemeral" } };
  const [first, second] = models.asked.map((body) => JSON.parse(body));
  expect([first.system, first.messages[0].content]).toMatchObject([[mark], [mark]]);
  // The first words are as they were, or the cache would not know them again but for the mark.
  expect(second.messages[0].content).toBe(first.messages[0].content[0].text);
  expect(second.messages[2].content).toMatchObject([{ type: "tool_result", ...mark }]);
});

test.each([
  ["anthropic", { output_config: { effort: "high" }, thinking: { type: "adaptive" } }],
  ["openai", { reasoning: { effort: "high" } }],
] as const)(
  "how hard a model thinks is %s's own word, where the policy says it, and nothing where it does not",
  async (name, asked) => {
    const at = services.find((one) => one.name === name) ?? services[0];
    const stop =
      name === "anthropic"
        ? toolEvents("stop", '{"reason":"Enough."}')
        : responseEvents([functionCall("stop", '{"reason":"Enough."}')]);
    const models = await brokenService([events(stop), events(stop)]);
    open.push(models);
    await endOf(workAt(at, models.url, memoryCalls(), { effort: "high" }));
    await endOf(workAt(at, models.url, memoryCalls()));
    const [hard, usual] = models.asked.map((body) => JSON.parse(body));
    expect(hard).toMatchObject(asked);
    for (const field of Object.keys(asked)) expect(usual).not.toHaveProperty(field);
  },
);

test("OpenAI's thoughts and calls go back as they came, in their order, with our replies", async () => {
  const thought = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAAAAB=" };
  const words = {
    ...{ type: "message", id: "msg_1", role: "assistant", status: "completed", phase: "commentary" },
    content: [{ type: "output_text", text: "I look.", annotations: [] }],
  };
  const bare = { type: "reasoning", id: "rs_2", summary: [] };
  const read = functionCall("read", '{"path":"src/a/old.ts"}');
  const broken = { ...functionCall("read", '{"path":'), call_id: "call_2" };
  const models = await brokenService([
    events(responseEvents([thought, words, read, broken])),
    events(responseEvents([bare, functionCall("stop", '{"reason":"Enough."}')])),
  ]);
  open.push(models);
  const calls = memoryCalls();
  const { result } = await endOf(workAt(services[1], models.url, calls));
  expect(result).toMatchObject({ code: "agent-stopped", summary: "Enough." });
  const [first, second] = models.asked.map((body) => JSON.parse(body));
  expect(second.input).toEqual([
    first.input[0],
    ...[thought, words, read, broken],
    { type: "function_call_output", call_id: "call_1", output: "old\n" },
    { type: "function_call_output", call_id: "call_2", output: expect.stringMatching(/^bad-input: /) },
  ]);
  const again = await endOf(workAt(services[1], "http://127.0.0.1:1", calls));
  expect(again.result).toEqual(result);
});

test("Google's parts go back as they came, with their signatures and our replies by name; a thinking level is its own word", async () => {
  const thought = { text: "I look.", thought: true, thoughtSignature: "c2lnbmF0dXJl" };
  const read = { functionCall: { id: "c1", name: "read", args: { path: "src/a/old.ts" } }, thoughtSignature: "c2ln" };
  const broken = { functionCall: { name: "read", args: { path: 5 } } };
  const stop = { functionCall: { name: "stop", args: { reason: "Enough." } } };
  const models = await brokenService([
    events(googleEvents([thought, read, broken])),
    events(googleEvents([{ text: "I think." }])),
    events(googleEvents([stop])),
  ]);
  open.push(models);
  const calls = memoryCalls();
  const at = { name: "google", model: "gemini-3-pro", path: "" } as const;
  const { result, usage } = await endOf(workAt(at, models.url, calls, { effort: "max" }));
  expect(result).toMatchObject({ code: "agent-stopped", summary: "Enough." });
  expect(usage).toMatchObject({
    model: "gemini-3-pro",
    calls: 3,
    inputTokens: 300,
    outputTokens: 60,
    cachedTokens: 180,
  });
  const [first, , third] = models.asked.map((body) => JSON.parse(body));
  expect(first.generationConfig).toEqual({ thinkingConfig: { thinkingLevel: "high" }, maxOutputTokens: 16_000 });
  expect(third.contents).toEqual([
    first.contents[0],
    { role: "model", parts: [thought, read, broken] },
    {
      role: "user",
      parts: [
        { functionResponse: { id: "c1", name: "read", response: { output: "old\n" } } },
        { functionResponse: { name: "read", response: { error: expect.stringMatching(/^bad-input: /) } } },
      ],
    },
    { role: "model", parts: [{ text: "I think." }] },
    { role: "user", parts: [{ text: expect.stringContaining("to end") }] },
  ]);
  const again = await endOf(workAt(at, "http://127.0.0.1:1", calls, { effort: "max" }));
  expect(again.result).toEqual(result);
});

test("T172 T173 T176 T188: what a run may use is the nine tools; none reaches a shell, a network or git", async () => {
  const { models } = await run([finish]);
  const asked = JSON.parse(JSON.stringify(models.service.getRequests()[0]?.body));
  expect(asked.tools.map((tool: { function: { name: string } }) => tool.function.name).sort()).toEqual([
    "ask",
    "delete",
    "edit",
    "finish",
    "list",
    "read",
    "search",
    "stop",
    "write",
  ]);
});

test("T294: a call has the key that it always had, so old stored answers serve", async () => {
  const turns = [
    { toolCalls: [{ id: "toolu_1", name: "read", arguments: '{"path":"src/a/old.ts"}' }] },
    { content: "I think." },
    { toolCalls: [{ id: "toolu_2", name: "write", arguments: '{"path":"README.md","content":"x"}' }] },
    finish,
  ];
  const { events } = await run(turns);
  expect(events.flatMap((event) => (event.type === "answer" ? [event.key] : []))).toEqual([
    "d64b21b26fc860707ee087bdc8ec28787af7a217e58243a477d7a0dde462f095",
    "4d47592c391e06d231bf734ae2f23157d41c5c1bf3f5e9a9f692838305dc0413",
    "ec4d61f923974a05c89d093a13886e65d2d1f89b3a1ea6d4aa0fa54f2d6a0ced",
    "ebe05e18d0935cea1d6e7576b0e8429ba3f139de145c3cd12181dd121b3ce9b0",
  ]);
});

test.each([
  ["T288: when the answer was cut off", [{ ...write, finishReason: "length" } as FixtureResponse], "cut-off"],
  ["T289: when the model refuses", [{ content: "No.", finishReason: "refusal" } as FixtureResponse], "refused"],
  ["T289: when it pauses", [{ ...write, finishReason: "pause_turn" } as FixtureResponse], "bad-answer"],
])("nothing is applied %s", async (_, turns, code) => {
  expect((await run(turns)).result).toMatchObject({ code, files: [] });
});
