import type { FixtureResponse } from "@copilotkit/aimock";
import { afterEach, describe, expect, test } from "@jest/globals";
import { runAnthropic } from "../../../app/agents/anthropic.ts";
import type { AgentEvent } from "../../../app/agents/run.ts";
import { createWorkspace } from "../../../app/agents/workspace.ts";
import { type Pack, StepResult } from "../../../schemas/step.ts";
import { call, memoryCalls, memoryTree, modelService, samplePack } from "../../hosts/model-service.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const service of open.splice(0)) await service.close();
});

const write = call("write", { path: "src/a/x.ts", content: "export const x = 1;\n" });
const finish = call("finish", { summary: "Done.", claims: [{ criterion: "It is done.", how: "I did it." }] });

async function run(
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
  const pack = samplePack(options.pack);
  const work = runAnthropic({
    pack,
    workspace: createWorkspace(memoryTree({ "src/a/old.ts": "old\n" }), pack),
    calls,
    service: { apiKey: "test", baseUrl: models.url, model: "claude-sonnet-5-5" },
    signal: options.signal ?? new AbortController().signal,
  });
  const events = [];
  for (;;) {
    const step = await work.next();
    if (step.done === true) return { ...step.value, events, calls, http: models.calls(), models };
    events.push(step.value);
    options.seen?.(step.value);
  }
}

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

test("T299: usage names the model that answered", async () => {
  const { usage } = await run([{ ...finish, model: "claude-of-another-name" } as FixtureResponse]);
  expect(usage.model).toBe("claude-of-another-name");
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

describe("nothing is applied", () => {
  test.each<[string, FixtureResponse[], Partial<Pack>, string]>([
    ["T288: when the answer was cut off", [{ ...write, finishReason: "length" } as FixtureResponse], {}, "cut-off"],
    ["T289: when the model refuses", [{ content: "No.", finishReason: "refusal" } as FixtureResponse], {}, "refused"],
    ["when the model stops", [write, call("stop", { reason: "The task is unclear." })], {}, "agent-stopped"],
    ["when the model asks", [write, call("ask", { questions: ["Which?"] })], {}, "agent-asked"],
    [
      "T291: when it calls tools wrongly again and again",
      [call("write", {}), call("write", {}), call("nonsense", {}), finish],
      {},
      "bad-answer",
    ],
    ["T289: when it pauses", [{ ...write, finishReason: "pause_turn" } as FixtureResponse], {}, "bad-answer"],
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
    const { result } = await run([bad, bad, bad]);
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
