import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, test } from "@jest/globals";
import { callModel } from "../../../app/agents/conversation.ts";
import { dialects } from "../../../app/agents/dialects.ts";
import type { Purse } from "../../../app/agents/run.ts";
import type { SallyportError } from "../../../core/errors.ts";
import {
  brokenService,
  events,
  functionCall,
  googleEvents,
  memoryCalls,
  responseEvents,
  toolEvents,
} from "../../hosts/model-service.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const service of open.splice(0)) await service.close();
});

const status =
  (
    code: number,
    headers: Record<string, string> = {},
    error: object = { type: "some_error", message: "No,\nnot now." },
  ) =>
  (response: ServerResponse) => {
    response.writeHead(code, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify({ type: "error", error }));
  };

type Event = { type: string; message?: object; usage?: object };

function changed(list: Event[], change: (event: Event) => void): Event[] {
  for (const event of list) change(event);
  return list;
}

/** All services: a whole answer of six events, an error as an event, and an answer whose call has a certain input. */
const services = [
  {
    name: "anthropic",
    model: "claude-sonnet-5-5",
    setting: "ANTHROPIC_API_KEY",
    good: toolEvents("finish", '{"summary":"Done."}'),
    broken: { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
    withInput: (input: string) => toolEvents("finish", input),
    withCounts: (count: unknown) =>
      changed(toolEvents("finish", "{}"), (event) => {
        if (event.type === "message_start")
          event.message = Object.assign({}, event.message, { usage: { input_tokens: count, output_tokens: count } });
        if (event.type === "message_delta") event.usage = { output_tokens: count, cache_read_input_tokens: count };
      }),
    misshapen: [
      ["a model without a name", { model: 5 }],
      ["a model whose name is a text", { model: "m".repeat(10_000) }],
      ["an end that is a text", { stop_reason: "e".repeat(20_000) }],
      ["a call without a name", { content: [{ type: "tool_use", id: "toolu_1", input: {} }] }],
      ["a call without an id", { content: [{ type: "tool_use", name: "finish", input: {} }] }],
      ["a part of no kind", { content: [{}] }],
    ],
    withShape: (more: object) =>
      changed(toolEvents("finish", "{}").slice(0, 1).concat({ type: "message_stop" }), (event) => {
        if (event.type === "message_start") event.message = Object.assign({}, event.message, more);
      }),
  },
  {
    name: "openai",
    model: "gpt-5.5",
    setting: "OPENAI_API_KEY",
    good: responseEvents([functionCall("finish", '{"summary":"Done."}')]),
    broken: { type: "error", code: "server_error", message: "Sorry", param: null, sequence_number: 9 },
    withInput: (input: string) => responseEvents([functionCall("finish", input)]),
    withCounts: (count: unknown) =>
      responseEvents([functionCall("finish", "{}")], {
        usage: { input_tokens: count, output_tokens: count, input_tokens_details: { cached_tokens: count } },
      }),
    misshapen: [
      ["a model without a name", { model: 5 }],
      ["a model whose name is a text", { model: "m".repeat(10_000) }],
      ["an end that is a text", { status: "incomplete", incomplete_details: { reason: "e".repeat(20_000) } }],
      ["a call without a name", { output: [{ type: "function_call", call_id: "call_1", arguments: "{}" }] }],
      ["a call without an id", { output: [{ type: "function_call", name: "finish", arguments: "{}" }] }],
      ["a message of nothing", { output: [{ type: "message", id: "msg_1", role: "assistant", content: null }] }],
      ["a part that is nothing", { output: [{ type: "message", id: "msg_1", role: "assistant", content: [null] }] }],
    ],
    withShape: (more: object) => responseEvents([functionCall("finish", "{}")], more),
  },
  {
    name: "google",
    model: "gemini-3-pro",
    setting: "GOOGLE_API_KEY",
    good: googleEvents([
      ...["I", " ", "am", " ", "done"].map((text) => ({ text })),
      { functionCall: { name: "finish", args: { summary: "Done." } } },
    ]),
    broken: { error: { code: 503, message: "Overloaded", status: "UNAVAILABLE" } },
    withInput: (input: string) =>
      googleEvents([{ functionCall: { name: "finish", args: "INPUT" } }]).map(
        (event) => `data: ${JSON.stringify(event).replace('"INPUT"', () => input)}`,
      ),
    withCounts: (count: unknown) =>
      googleEvents([{ functionCall: { name: "finish" } }], {
        usageMetadata: {
          ...{ promptTokenCount: count, candidatesTokenCount: count, thoughtsTokenCount: count },
          ...{ cachedContentTokenCount: count, toolUsePromptTokenCount: count, totalTokenCount: count },
        },
      }),
    misshapen: [
      ["a model without a name", { modelVersion: 5 }],
      ["no model", { modelVersion: undefined }],
      ["a model whose name is a text", { modelVersion: "m".repeat(10_000) }],
      ["an end that is a text", { candidates: [{ finishReason: "e".repeat(20_000) }] }],
      ["a call without a name", { candidates: [{ content: { parts: [{ functionCall: {} }] }, finishReason: "STOP" }] }],
      ["a part that is nothing", { candidates: [{ content: { parts: [null] }, finishReason: "STOP" }] }],
      ["two answers", { candidates: [{ finishReason: "STOP" }, { finishReason: "STOP" }] }],
    ],
    withShape: (more: object) => googleEvents([{ functionCall: { name: "finish", args: {} } }], more),
  },
] as const;
type At = (typeof services)[number];

const opening = { system: "You test.", first: "Go.", tools: [], answerTokens: 100 };

async function askAt(
  { name, model }: Pick<At, "name" | "model">,
  answers: ((response: ServerResponse) => void)[],
  more: {
    calls?: ReturnType<typeof memoryCalls>;
    signal?: AbortSignal;
    about?: string;
    model?: string;
    silence?: number;
    purse?: Purse;
    first?: string;
  } = {},
) {
  const service = await brokenService(answers);
  open.push(service);
  const calls = more.calls ?? memoryCalls();
  const paid = more.purse === undefined ? {} : { purse: more.purse };
  const answer = await callModel(dialects[name].open({ ...opening, first: more.first ?? opening.first }), undefined, {
    service: { name, apiKey: "a-secret-key", baseUrl: service.url, model: more.model ?? model, ...paid },
    calls,
    about: more.about ?? "this test",
    signal: more.signal ?? new AbortController().signal,
    silenceSeconds: more.silence ?? 5,
  });
  return { answer, calls, http: service.calls(), asked: service.asked };
}

describe.each(services)("$name", (at) => {
  const { good } = at;
  const ask = (...[answers, more]: [Parameters<typeof askAt>[1], Parameters<typeof askAt>[2]?]) =>
    askAt(at, answers, more);

  describe("an answer that is not whole is never used nor stored, and asked for again", () => {
    test.each<[string, (response: ServerResponse) => void]>([
      ["T286: an error as the first event of a stream", events([at.broken])],
      ["T286: an error late in a stream", events([...good.slice(0, 4), at.broken])],
      ["T287: a connection cut within a tool call", events(good.slice(0, 3), "cut")],
      ["T287: a stream that ends politely within a tool call", events(good.slice(0, 3))],
      ["T287: a stream that ends before it says that it is whole", events(good.slice(0, 5))],
      ["T287: an empty stream", events([])],
      ["T284: a busy service that names seconds to wait", status(429, { "retry-after": "0" })],
      [
        "T284: a busy service that names a date to wait for",
        status(429, { "retry-after": "Fri, 20 Nov 2026 00:00:00 GMT" }),
      ],
      [
        "T284: a busy service that names milliseconds to wait",
        status(429, { "retry-after-ms": "1", "retry-after": "60" }),
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

  test("what a service says of its failure is one line without a character that acts or cannot be stored", async () => {
    const said = status(400, {}, { type: "some_error", message: "No\0,\n\u001b[31mnot\u202e now." });
    const { answer } = await ask([said]);
    expect(answer.ok ? "" : answer.message).toContain(" now.");
    expect(answer.ok ? "" : answer.message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  test.each([302, 307, 308])(
    "T172: neither our key nor a prompt follows a redirect (%i), and it is told once",
    async (code) => {
      const other = await brokenService([events(good)]);
      open.push(other);
      const away = (response: ServerResponse) => void response.writeHead(code, { location: other.url }).end();
      const { answer, http } = await ask([away, events(good)]);
      expect(answer).toMatchObject({ ok: false, code: "service", lost: 0, unknown: 0 });
      expect(answer.ok ? "" : answer.message).toContain(`(${code})`);
      expect([http, other.calls()]).toEqual([1, 0]);
    },
  );

  test("T298: a stream that broke off before it told its usage is counted by a guess; a refusal up front costs nothing", async () => {
    const cut = await ask([events(good.slice(0, 3), "cut"), events(good)]);
    const busy = await ask([status(429, { "retry-after": "0" }), events(good)]);
    // S12: rather too many than too few: what was sent and what had come.
    expect(cut.answer.ok && cut.answer.lost).toBeGreaterThan("You test. Go.".length / 3);
    expect(busy.answer.ok && busy.answer.lost).toBe(0);
  });

  describe("money", () => {
    /** A purse that has so much, and what was set aside and settled in it. */
    const purseOf = (calls: number, until: Date | null = null) => {
      const book: unknown[] = [];
      const purse: Purse = {
        async reserve(most) {
          if (book.filter((line) => JSON.stringify(line).includes("most")).length >= calls)
            return { ok: false, why: "the budget is used up", until };
          book.push({ most });
          return { ok: true, settle: async (counted) => void book.push({ counted }) };
        },
      };
      return { purse, book };
    };
    const read = expect.any(Number);

    test("the worst of a call is set aside before it, and what it cost is told after it", async () => {
      const { purse, book } = purseOf(1);
      const { answer } = await ask([events(good)], { purse });
      expect(book).toEqual([
        { most: { read, written: 100 } },
        { counted: { read, cached: read, cacheWrite: 0, written: read } },
      ]);
      expect(answer.unknown).toBe(0);
    });

    test("what is set aside is not too little for a text of which each sign is a token", async () => {
      const { purse, book } = purseOf(1);
      await ask([events(good)], { purse, first: "\u8bf4".repeat(3_000) });
      const [{ most }] = book as [{ most: { read: number } }];
      expect(most.read).toBeGreaterThan(3_000);
    });

    test("no call is made that it does not pay for, and a stored answer costs nothing", async () => {
      const { purse, book } = purseOf(0);
      const refused = await ask([events(good)], { purse });
      expect(refused.answer).toMatchObject({ ok: false, code: "money-exceeded", message: "the budget is used up" });
      expect(refused.http).toBe(0);
      const { calls } = await ask([events(good)]);
      expect((await ask([], { purse, calls })).answer).toMatchObject({ ok: true, replayed: true });
      expect(book).toEqual([]);
    });

    test("where it has money again later, the work is parked until then", async () => {
      const until = new Date("2030-01-02T00:00:00.000Z");
      const parked = ask([events(good)], { purse: purseOf(0, until).purse });
      await expect(parked).rejects.toMatchObject({ code: "rate-limit", retry: true, notBefore: until });
    });

    test.each<[string, (response: ServerResponse) => void, boolean]>([
      ["a cut stream", events(good.slice(0, 3), "cut"), true],
      ["an error in a stream", events([good[0] ?? at.broken, at.broken]), true],
      ["a connection that is closed without a word", (response) => response.destroy(), true],
      ["a busy service", status(429, { "retry-after": "0" }), false],
      ["a service that fails before it answers", status(500), false],
    ])(
      "tokens that nobody tells count as the worst, and what was refused costs nothing: %s",
      async (_, broken, isPaid) => {
        const { purse, book } = purseOf(2);
        const { answer } = await ask([broken, events(good)], { purse });
        const most = { most: { read, written: 100 } };
        expect(book.slice(0, -1)).toEqual(isPaid ? [most, most] : [most, { counted: null }, most]);
        expect(answer.unknown).toBe(isPaid ? 100 : 0);
      },
    );

    test("a service that says nothing is paid for all the same", async () => {
      const { purse, book } = purseOf(1);
      const { answer } = await ask([events([], "hold")], { purse, silence: 0.1 });
      expect(answer).toMatchObject({ ok: false, code: "silence", unknown: 100 });
      expect(book).toHaveLength(1);
    });
  });

  test.each([-5, 1.5, "7", null, Number.MAX_SAFE_INTEGER, {}])(
    "T298: a count of tokens that is none is guessed, and never takes from what was used: %j",
    async (count) => {
      const { answer } = await ask([events(at.withCounts(count))]);
      const used = answer.ok ? answer.answer.usage : { read: null, written: null, cached: null };
      for (const tokens of Object.values(used)) expect([tokens, Number.isSafeInteger(tokens)]).toEqual([tokens, true]);
      expect(used.read).toBeGreaterThan(0);
      expect(used.written).toBeGreaterThan(0);
      expect(used.read).toBeLessThan(1_000_000);
      expect(used.cached).toBeLessThanOrEqual(used.read ?? 0);
    },
  );

  test.each(at.misshapen.map(([name, more]) => [name, more] as const))(
    "an answer of another shape is a bad answer that is not stored, and no crash: %s",
    async (_, more) => {
      const { answer, calls, http } = await ask([events(at.withShape(more))]);
      expect(answer).toMatchObject({ ok: false, code: "bad-answer" });
      expect([calls.size(), http]).toEqual([0, 1]);
      // It was paid for all the same.
      expect(answer.ok ? 0 : answer.lost).toBeGreaterThan("You test. Go.".length / 3);
    },
  );

  test("what we cut out of an answer is our word: a service cannot say it", async () => {
    const { answer } = await ask([events(at.withShape({ redacted: [{ rule: "x", where: "file", count: 1 }] }))]);
    expect(answer).toMatchObject({ ok: true, redacted: [] });
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
    if (code < 404 && code > 400) expect(message).toContain(at.setting);
    expect(message).not.toContain("\n");
    expect(message).not.toContain("a-secret-key");
  });

  test.each([
    ["before it begins", events([], "hold")],
    ["within a stream", events(good.slice(0, 3), "hold")],
  ])("a service that falls silent %s is left", async (_, silent) => {
    const { answer, http, calls } = await ask([silent, events(good)], { silence: 0.4 });
    expect(answer).toMatchObject({ ok: false, code: "silence" });
    expect(http).toBe(1);
    expect(calls.size()).toBe(0);
  });

  test("T284: a wait that the service asks for is kept, longer than our own, and ends when the run does", async () => {
    const stopping = new AbortController();
    const busy = (response: ServerResponse) => {
      status(429, { "retry-after": "20" })(response);
      // Our own wait before the second time would be over by then.
      setTimeout(() => stopping.abort(), 900);
    };
    const { answer, http } = await ask([busy, events(good)], { signal: stopping.signal });
    expect(answer).toMatchObject({ ok: false, code: "cancelled" });
    expect(http).toBe(1);
  });

  test.each<[string, Record<string, string>]>([
    ["seconds", { "retry-after": "3600" }],
    ["a date", { "retry-after": new Date(Date.now() + 3_600_000).toUTCString() }],
  ])(
    "S12: for a limit that ends long after, in %s, the work is parked until then, and none waits",
    async (_, headers) => {
      const parked = ask([status(429, headers), events(good)]).catch((error: unknown) => error);
      await expect(parked).resolves.toMatchObject({ code: "rate-limit", retry: true, notBefore: expect.any(Date) });
      const { notBefore } = (await parked) as SallyportError;
      expect(Math.abs(Number(notBefore) - Date.now() - 3_600_000)).toBeLessThan(60_000);
    },
  );

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
      expect(JSON.stringify(again.answer.ok && again.answer.answer)).toBe(
        JSON.stringify(first.answer.ok && first.answer.answer),
      );
    });

    test.each([
      ["another pack", { about: "another" }],
      ["another model", { model: "another" }],
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
      const { answer, calls } = await ask([events(at.withInput(text))]);
      expect(answer).toMatchObject({ ok: false, code: "bad-answer" });
      expect(calls.size()).toBe(0);
    });
  });
});

describe("anthropic alone", () => {
  const thought = { type: "thinking", thinking: "Hm.", signature: "s" };
  const use = { type: "tool_use", id: "toolu_1", name: "read", input: {} };
  test.each([
    ["nothing", [], []],
    ["a text of nothing", [{ type: "text", text: "" }], []],
    ["a thought alone", [thought, { type: "text", text: "\n" }], []],
    ["a call after a text of nothing", [thought, { type: "text", text: "" }, use], [thought, use]],
    ["a text", [{ type: "text", text: "Done." }], [{ type: "text", text: "Done." }]],
  ])("T289: %s is sent back as the service takes it", (_what, content, back) => {
    const exchange = dialects.anthropic.open(opening);
    const stored = { type: "message", model: "claude-sonnet-5-5", stop_reason: "end_turn", content, usage: {} };
    expect(exchange.read(JSON.stringify(stored))).not.toBeNull();
    exchange.reply("Use `finish` to end.");
    const said = back.length === 0 ? [] : [{ role: "assistant", content: back }];
    expect(exchange.input(undefined)).toMatchObject({
      messages: [{ role: "user", content: "Go." }, ...said, { role: "user", content: "Use `finish` to end." }],
    });
  });
});

describe("openai alone", () => {
  const [, at] = services;
  const ask = (...[answers, more]: [Parameters<typeof askAt>[1], Parameters<typeof askAt>[2]?]) =>
    askAt(at, answers, more);
  const answered = async (output: object[], more: object = {}) => {
    const { answer } = await ask([events(responseEvents(output, more))]);
    if (!answer.ok) throw new Error(answer.message);
    return answer.answer;
  };
  const said = (part: object) => ({
    type: "message",
    id: "msg_1",
    role: "assistant",
    status: "completed",
    content: [part],
  });

  test("asks for one stateless answer with its thoughts, and the key is in no stored byte", async () => {
    const { asked, calls, answer } = await ask([events(at.good)]);
    expect(JSON.parse(asked[0] ?? "")).toEqual({
      model: "gpt-5.5",
      instructions: "You test.",
      input: [{ role: "user", content: "Go." }],
      tools: [],
      max_output_tokens: 100,
      stream: true,
      store: false,
      include: ["reasoning.encrypted_content"],
    });
    expect(await calls.get(answer.ok ? answer.key : "")).not.toContain("a-secret-key");
  });

  test("tokens are told as the service counts them, the cached ones too; without a count they are guessed", async () => {
    const call = functionCall("finish", "{}");
    expect((await answered([call])).usage).toEqual({ read: 100, cached: 60, cacheWrite: 0, written: 20 });
    const guessed = await answered([call], { usage: null });
    expect(guessed.usage.written).toBeGreaterThan(JSON.stringify(call).length / 4);
    expect(guessed.usage.read).toBeGreaterThan(5);
  });

  test.each<[string, object[], object, string, string]>([
    ["calls", [functionCall("finish", "{}")], {}, "tools", "completed"],
    ["text", [said({ type: "output_text", text: "I think.", annotations: [] })], {}, "text", "completed"],
    ["a refusal", [said({ type: "refusal", refusal: "No." })], {}, "refused", "refusal"],
    [
      "a refusal beside a call",
      [said({ type: "refusal", refusal: "No." }), functionCall("finish", "{}")],
      {},
      "refused",
      "refusal",
    ],
    [
      "the limit of its tokens, with a call that looks whole",
      [functionCall("finish", "{}")],
      { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
      "cut-off",
      "max_output_tokens",
    ],
    [
      "its content filter",
      [],
      { status: "incomplete", incomplete_details: { reason: "content_filter" } },
      "refused",
      "content_filter",
    ],
    [
      "a limit of messages",
      [],
      { status: "incomplete", incomplete_details: { reason: "max_messages" } },
      "unknown",
      "max_messages",
    ],
    [
      "somebody's steering",
      [],
      { status: "incomplete", incomplete_details: { reason: "steered" } },
      "unknown",
      "steered",
    ],
    ["no reason", [], { status: "incomplete", incomplete_details: null }, "unknown", "incomplete"],
    ["being cancelled", [functionCall("finish", "{}")], { status: "cancelled" }, "unknown", "cancelled"],
    ["a place in a queue", [], { status: "queued" }, "unknown", "queued"],
  ])("T289: an answer that ends with %s is known as what it is", async (_, output, more, end, reason) => {
    expect(await answered(output, more)).toMatchObject({ end, reason });
  });

  test.each([
    ["server_error", 2],
    ["rate_limit_exceeded", 2],
    ["invalid_prompt", 1],
    ["insufficient_quota", 1],
  ])("a response that failed with %s is asked for %i times", async (code, times) => {
    const failed = responseEvents([], { status: "failed", error: { code, message: "It failed." } });
    const { answer, http } = await ask([events(failed), events(at.good)]);
    expect(http).toBe(times);
    expect(answer.ok).toBe(times === 2);
    if (!answer.ok) expect(answer).toMatchObject({ code: "service", message: expect.stringContaining(code) });
  });

  test("T289: a thought that nothing follows is not sent back: the service refuses it", () => {
    const exchange = dialects.openai.open(opening);
    const thought = (id: string) => ({ type: "reasoning", id, summary: [], encrypted_content: "e" });
    const said = { ...functionCall("read", "{}"), arguments: {} };
    const answer = (...output: object[]) =>
      JSON.stringify({ object: "response", model: "gpt-5.5", status: "completed", output, usage: null });
    expect(exchange.read(answer(thought("rs_1")))).toMatchObject({ end: "text" });
    exchange.reply("Use `finish` to end.");
    const read = exchange.read(answer(thought("rs_2"), said, thought("rs_3")));
    exchange.reply((read?.calls ?? []).map((one) => ({ call: one, ok: true, text: "x" })));
    expect(exchange.input(undefined)).toMatchObject({
      input: [
        { role: "user", content: "Go." },
        { role: "user", content: "Use `finish` to end." },
        { type: "reasoning", id: "rs_2" },
        { type: "function_call" },
        { type: "function_call_output", output: "x" },
      ],
    });
  });

  test("no more money is no busy service, although its status is the same", async () => {
    const { answer, http } = await ask([
      status(429, {}, { code: "insufficient_quota", message: "Pay." }),
      events(at.good),
    ]);
    expect([http, answer.ok ? "" : answer.message]).toEqual([
      1,
      expect.stringContaining("OPENAI_API_KEY and the account"),
    ]);
  });

  test("a model without thoughts is asked again without them, once, under the same key", async () => {
    const none = status(400, {}, { message: "Encrypted content is not supported with this model.", param: "include" });
    const { answer, asked, calls } = await ask([none, events(at.good)]);
    expect(asked.map((body) => "include" in JSON.parse(body))).toEqual([true, false]);
    const again = await ask([], { calls });
    expect(again.answer).toMatchObject({ ok: true, replayed: true, key: answer.ok ? answer.key : "" });
    expect((await ask([none, none, events(at.good)])).answer).toMatchObject({ ok: false, code: "service" });
  });

  test("a call whose input is no JSON object comes back as the text that it was", async () => {
    for (const text of ['{"summary":', "[]", '"x"', "null"])
      expect((await answered([functionCall("finish", text)])).calls).toMatchObject([{ name: "finish", input: text }]);
  });
});

describe("google alone", () => {
  const [, , at] = services;
  const ask = (...[answers, more]: [Parameters<typeof askAt>[1], Parameters<typeof askAt>[2]?]) =>
    askAt(at, answers, more);
  const answered = async (parts: object[], more: object = {}) => {
    const { answer } = await ask([events(googleEvents(parts, more))]);
    if (!answer.ok) throw new Error(answer.message);
    return answer.answer;
  };
  const call = { functionCall: { name: "finish", args: {} } };

  test("the key is in no stored byte, and what is asked is the whole talk", async () => {
    const { asked, calls, answer } = await ask([events(at.good)]);
    expect(JSON.parse(asked[0] ?? "")).toEqual({
      systemInstruction: { parts: [{ text: "You test." }] },
      contents: [{ role: "user", parts: [{ text: "Go." }] }],
      tools: [{ functionDeclarations: [] }],
      generationConfig: { maxOutputTokens: 100 },
    });
    const stored = (await calls.get(answer.ok ? answer.key : "")) ?? "";
    expect(stored).not.toContain("a-secret-key");
    // In one piece, so that a secret which came in two is found.
    expect(JSON.parse(stored).candidates[0].content.parts).toEqual([
      { text: "I am done" },
      { functionCall: { name: "finish", args: { summary: "Done." } } },
    ]);
  });

  test("a text with a signature keeps it, and a thought is no text of the answer's", async () => {
    const parts = [{ text: "a", thought: true }, { text: "b" }, { text: "c", thoughtSignature: "c2ln" }, { text: "d" }];
    const { answer, calls } = await ask([events(googleEvents(parts))]);
    const stored = JSON.parse((await calls.get(answer.ok ? answer.key : "")) ?? "");
    expect(stored.candidates[0].content.parts).toEqual(parts);
  });

  test("tokens are told as the service counts them, thoughts and cached ones too; a part that it does not name is counted", async () => {
    expect((await answered([call])).usage).toEqual({ read: 100, cached: 60, cacheWrite: 0, written: 20 });
    const usageMetadata = { promptTokenCount: 100, candidatesTokenCount: 15, totalTokenCount: 500 };
    expect((await answered([call], { usageMetadata })).usage).toMatchObject({ read: 100, written: 400 });
    const guessed = await answered([call], { usageMetadata: undefined });
    expect(guessed.usage.written).toBeGreaterThan(JSON.stringify(call).length / 4);
    expect(guessed.usage.read).toBeGreaterThan(5);
  });

  test.each<[string, object[], object, string, string]>([
    ["calls", [call], {}, "tools", "STOP"],
    ["text", [{ text: "I think." }], {}, "text", "STOP"],
    ["the limit of its tokens", [call], { candidates: [{ finishReason: "MAX_TOKENS" }] }, "cut-off", "MAX_TOKENS"],
    ["its filter", [call], { candidates: [{ finishReason: "SAFETY" }] }, "refused", "SAFETY"],
    [
      "the asked text's filter",
      [call],
      { candidates: [], promptFeedback: { blockReason: "OTHER" } },
      "refused",
      "OTHER",
    ],
    [
      "a call that it could not write",
      [call],
      { candidates: [{ finishReason: "MALFORMED_FUNCTION_CALL" }] },
      "unknown",
      "MALFORMED_FUNCTION_CALL",
    ],
    ["a word of every object", [call], { candidates: [{ finishReason: "constructor" }] }, "unknown", "constructor"],
  ])("T289: an answer that ends with %s is known as what it is", async (_, parts, more, end, reason) => {
    expect(await answered(parts, more)).toMatchObject({ end, reason });
  });

  const details = (detail: object) => ({ message: "No.", status: "SOME", details: [detail] });

  test("T289: a part of nothing is not sent back, but with its signature", () => {
    const exchange = dialects.google.open(opening);
    const answer = (...parts: object[]) =>
      JSON.stringify({ modelVersion: "gemini-3-pro", candidates: [{ content: { parts }, finishReason: "STOP" }] });
    for (const parts of [
      [{ text: "" }, {}],
      [{ text: "", thoughtSignature: "s" }, { text: "" }],
    ]) {
      expect(exchange.read(answer(...parts))).toMatchObject({ end: "text" });
      exchange.reply("Use `finish` to end.");
    }
    const ours = { role: "user", parts: [{ text: "Use `finish` to end." }] };
    expect(exchange.input(undefined)).toMatchObject({
      contents: [
        { role: "user", parts: [{ text: "Go." }] },
        ours,
        { role: "model", parts: [{ text: "", thoughtSignature: "s" }] },
        ours,
      ],
    });
  });

  test("T293: a key that is not good, which it answers with 400, is told as that, once", async () => {
    const { answer, http } = await ask([status(400, {}, details({ reason: "API_KEY_INVALID" })), events(at.good)]);
    expect([http, answer.ok ? "" : answer.message]).toEqual([1, expect.stringContaining("check GOOGLE_API_KEY")]);
  });

  test("T284: the wait that it asks for in the body of its answer is kept", async () => {
    const parked = ask([status(429, {}, details({ retryDelay: "3600s" }))]);
    await expect(parked).rejects.toMatchObject({ code: "rate-limit", notBefore: expect.any(Date) });
    const short = await ask([status(429, {}, details({ retryDelay: "0.001s" })), events(at.good)]);
    expect([short.http, short.answer.ok]).toEqual([2, true]);
  });
});
