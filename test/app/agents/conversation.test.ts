import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, test } from "@jest/globals";
import { callModel } from "../../../app/agents/conversation.ts";
import { brokenService, events, memoryCalls, toolEvents } from "../../hosts/model-service.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const service of open.splice(0)) await service.close();
});

const good = toolEvents("finish", '{"summary":"Done."}');
const overloaded = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) => {
    response.writeHead(code, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify({ type: "error", error: { type: "some_error", message: "No,\nnot now." } }));
  };
const input = { system: "You test.", messages: [{ role: "user" as const, content: "Go." }], max_tokens: 100 };

async function ask(
  answers: ((response: ServerResponse) => void)[],
  more: { calls?: ReturnType<typeof memoryCalls>; signal?: AbortSignal; about?: string; model?: string } = {},
) {
  const service = await brokenService(answers);
  open.push(service);
  const calls = more.calls ?? memoryCalls();
  const answer = await callModel(input, {
    service: { apiKey: "a-secret-key", baseUrl: service.url, model: more.model ?? "claude-sonnet-5-5" },
    calls,
    about: more.about ?? "this test",
    signal: more.signal ?? new AbortController().signal,
    silenceSeconds: 0.4,
  });
  return { answer, calls, http: service.calls() };
}

describe("an answer that is not whole is never used nor stored, and asked for again", () => {
  test.each<[string, (response: ServerResponse) => void]>([
    ["T286: an error as the first event of a stream", events([overloaded])],
    ["T286: an error late in a stream", events([...good.slice(0, 4), overloaded])],
    ["T287: a connection cut within a tool call", events(good.slice(0, 3), "cut")],
    ["T287: a stream that ends politely within a tool call", events(good.slice(0, 3))],
    ["T287: a stream that ends before it says that it is whole", events(good.slice(0, 5))],
    ["T287: an empty stream", events([])],
    ["T284: a busy service that names seconds to wait", status(429, { "retry-after": "0" })],
    [
      "T284: a busy service that names a date to wait for",
      status(429, { "retry-after": "Fri, 20 Nov 2026 00:00:00 GMT" }),
    ],
    ["an overloaded service", status(529, { "retry-after": "0" })],
  ])("%s", async (_, broken) => {
    const once = await ask([broken, events(good)]);
    expect(once.answer).toMatchObject({ ok: true, replayed: false });
    expect(once.http).toBe(2);
    expect(once.calls.size()).toBe(1);
  });

  test.each([
    ["cut", events(good.slice(0, 3), "cut")],
    ["429", status(429, { "retry-after": "0" })],
  ])("S12: but three times at most, then the work is parked and not ended: %s", async (_, broken) => {
    const calls = memoryCalls();
    const parked = ask([broken, broken, broken, broken, events(good)], { calls });
    await expect(parked).rejects.toMatchObject({ code: "model", retry: true });
    expect(calls.size()).toBe(0);
  });
});

test("T298: a stream that broke off before it told its usage is counted by a guess; a refusal up front costs nothing", async () => {
  const cut = await ask([events(good.slice(0, 3), "cut"), events(good)]);
  const busy = await ask([status(429, { "retry-after": "0" }), events(good)]);
  // S12: rather too many than too few: what was sent and what had come.
  expect(cut.answer.ok && cut.answer.lost).toBeGreaterThan(JSON.stringify(input).length / 3);
  expect(busy.answer.ok && busy.answer.lost).toBe(0);
});

test.each([
  ["T293", 401],
  ["T293", 402],
  ["T293", 403],
  ["T292", 400],
  ["T292", 413],
  ["T299", 404],
])("%s: %i is asked once, and told in one line without our key", async (_, code) => {
  const { answer, http } = await ask([status(code), events(good)]);
  expect(answer).toMatchObject({ ok: false, code: "service" });
  expect(http).toBe(1);
  const message = answer.ok ? "" : answer.message;
  expect(message).toContain(String(code));
  expect(message).not.toContain("\n");
  expect(message).not.toContain("a-secret-key");
});

test.each([
  ["before it begins", events([], "hold")],
  ["within a stream", events(good.slice(0, 3), "hold")],
])("a service that falls silent %s is left", async (_, silent) => {
  const { answer, http, calls } = await ask([silent, events(good)]);
  expect(answer).toMatchObject({ ok: false, code: "silence" });
  expect(http).toBe(1);
  expect(calls.size()).toBe(0);
});

test("T284: a wait that the service asks for is kept, longer than our own, and ends when the run does", async () => {
  const stopping = new AbortController();
  const busy = (response: ServerResponse) => {
    status(429, { "retry-after": "3600" })(response);
    // Our own wait before the second time would be over by then.
    setTimeout(() => stopping.abort(), 900);
  };
  const { answer, http } = await ask([busy, events(good)], { signal: stopping.signal });
  expect(answer).toMatchObject({ ok: false, code: "cancelled" });
  expect(http).toBe(1);
});

test("T263: a time limit is told from a person's stop", async () => {
  const held = events([], "hold");
  expect((await ask([held], { signal: AbortSignal.timeout(50) })).answer).toMatchObject({
    code: "time-exceeded",
  });
  expect((await ask([held], { signal: AbortSignal.abort() })).answer).toMatchObject({ code: "cancelled" });
});

describe("the store", () => {
  test("T294: what was stored is answered without a call, and is the same to the last byte", async () => {
    const first = await ask([events(good)]);
    const again = await ask([], { calls: first.calls });
    expect(again.http).toBe(0);
    expect(again.answer).toEqual({ ...first.answer, replayed: true });
    expect(JSON.stringify(again.answer.ok && again.answer.message)).toBe(
      JSON.stringify(first.answer.ok && first.answer.message),
    );
  });

  test.each([
    ["another pack", { about: "another" }],
    ["another model", { model: "claude-opus-5-5" }],
  ])("T297: what was stored is not used for %s", async (_, other) => {
    const { calls } = await ask([events(good)]);
    expect((await ask([events(good)], { calls, ...other })).http).toBe(1);
  });

  test("T294: a store that fails stops the run before the answer is used", async () => {
    const calls = { ...memoryCalls(), put: () => Promise.reject(new Error("the disk is full")) };
    await expect(ask([events(good)], { calls })).rejects.toThrow("the disk is full");
  });

  test("a stored answer that is no message breaks the run, and is never paid for again in silence", async () => {
    const { answer } = await ask([events(good)]);
    const calls = memoryCalls();
    await calls.put(answer.ok ? answer.key : "", "{}");
    await expect(ask([events(good)], { calls })).rejects.toMatchObject({ code: "internal" });
  });

  test.each([
    ["half a surrogate pair", '{"summary":"\\ud83d"}'],
    ["a number too large to be exact", '{"summary":123456789012345678901}'],
    ["a key that readers take for a prototype", '{"__proto__":{"summary":"x"}}'],
    ["endless nesting", `{"summary":${"[".repeat(20_000)}${"]".repeat(20_000)}}`],
  ])("an answer that cannot be hashed is a bad answer and no crash: %s", async (_, text) => {
    const { answer, calls } = await ask([events(toolEvents("finish", text))]);
    expect(answer).toMatchObject({ ok: false, code: "bad-answer" });
    expect(calls.size()).toBe(0);
  });
});
