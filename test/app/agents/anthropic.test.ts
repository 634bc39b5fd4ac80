import type { FixtureResponse } from "@copilotkit/aimock";
import { afterEach, describe, expect, test } from "@jest/globals";
import { runAnthropic } from "../../../app/agents/anthropic.ts";
import { createWorkspace } from "../../../app/agents/workspace.ts";
import type { Pack } from "../../../schemas/step.ts";
import { memoryCalls, memoryTree, modelService, samplePack } from "../../models.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const service of open.splice(0)) await service.close();
});

const call = (name: string, input: object): FixtureResponse => ({
  toolCalls: [{ name, arguments: JSON.stringify(input) }],
});
const write = call("write", { path: "src/a/x.ts", content: "export const x = 1;\n" });
const finish = call("finish", { summary: "Done.", claims: [{ criterion: "It is done.", how: "I did it." }] });

async function run(
  turns: FixtureResponse[],
  options: { pack?: Partial<Pack>; calls?: ReturnType<typeof memoryCalls>; signal?: AbortSignal } = {},
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

describe("nothing is applied", () => {
  test.each<[string, FixtureResponse[], Partial<Pack>, string]>([
    [
      "T288: when the answer was cut off",
      [{ ...write, finishReason: "length" } as FixtureResponse],
      {},
      "cut-off",
    ],
    [
      "T289: when the model refuses",
      [{ content: "No.", finishReason: "refusal" } as FixtureResponse],
      {},
      "refused",
    ],
    ["when the model stops", [write, call("stop", { reason: "The task is unclear." })], {}, "agent-stopped"],
    ["when the model asks", [write, call("ask", { questions: ["Which?"] })], {}, "agent-asked"],
    [
      "T291: when it calls tools wrongly again and again",
      [call("write", {}), call("write", {}), call("nonsense", {}), finish],
      {},
      "bad-answer",
    ],
    [
      "when it ends without saying how",
      [{ content: "I am done." }, { content: "Really." }],
      {},
      "bad-answer",
    ],
    [
      "when its turns are used up",
      [write, write, finish],
      { limits: { runtime: 60, silence: 5, turns: 2, tokens: 100_000 } },
      "turns-exceeded",
    ],
    [
      "T298: when its tokens are used up",
      [write, write, finish],
      { limits: { runtime: 60, silence: 5, turns: 6, tokens: 1 } },
      "tokens-exceeded",
    ],
    [
      "when the service refuses our key",
      [{ error: { message: "bad key", type: "authentication_error" }, status: 401 }],
      {},
      "service",
    ],
  ])("%s", async (_, turns, pack, code) => {
    const { result } = await run(turns, { pack });
    expect(result.code).toBe(code);
    expect(result.files).toEqual([]);
    expect(result.outcome).not.toBe("finished");
  });

  test("T262: when the run is cancelled", async () => {
    const stopped = new AbortController();
    stopped.abort(new Error("stopped by a person"));
    const { result, http } = await run([write, finish], { signal: stopped.signal });
    expect(result.code).toBe("cancelled");
    expect(http).toBe(0);
  });
});
