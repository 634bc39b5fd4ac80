import { mkdtemp, rm } from "node:fs/promises";
import { request, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { passages } from "../../../app/agents/passages.ts";
import { type Passing, startRelay } from "../../../app/agents/relay.ts";
import {
  brokenService,
  call,
  events,
  functionCall,
  googleEvents,
  memoryCalls,
  modelService,
  responseEvents,
  toolEvents,
} from "../../hosts/model-service.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const anthropic = {
  name: "anthropic",
  apiKey: "sk-real",
  baseUrl: "http://127.0.0.1:1",
  model: "claude-sonnet-5-5",
} as const;
const openai = { name: "openai", apiKey: "sk-real", baseUrl: "http://127.0.0.1:1", model: "gpt-5.5" } as const;

const google = { name: "google", apiKey: "real", baseUrl: "http://127.0.0.1:1", model: "gemini-3-pro" } as const;
const googlePath = "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse";

async function relayTo(more: Partial<Passing> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "relay-"));
  const socketPath = join(folder, "s");
  const ended: string[] = [];
  const calls = memoryCalls();
  const relay = await startRelay(socketPath, {
    ...{ service: anthropic, calls, about: "a run", signal: new AbortController().signal },
    limits: { silence: 5, turns: 10, tokens: 1_000 },
    onAnswer: () => undefined,
    onEnd: (failure) => ended.push(failure.code),
    ...more,
  });
  open.push({
    close: async () => {
      await relay.close();
      await rm(folder, { recursive: true });
    },
  });
  const ask = (body: unknown, path = "/v1/messages", method = "POST", headers = {}) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const sent = request({ socketPath, path, method, headers }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part) => {
          text += part;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      });
      sent.on("error", reject).end(typeof body === "string" ? body : JSON.stringify(body));
    });
  return { relay, ask, ended, calls };
}

const question = { model: anthropic.model, max_tokens: 100, messages: [{ role: "user", content: "Go on." }] };
const asking = { model: openai.model, input: "Go on." };

const saying = (block: object) => ({ ...question, messages: [{ role: "user", content: [block] }] });
const addition = (definition: object) => ({ type: "tool_addition", tool: { type: "tool_definition", definition } });
const adding = (definition: object) => saying(addition(definition));
const heard = (block: object) => ({ input: [{ type: "message", role: "user", content: [block] }] });
const picture = { type: "image", source: { type: "url", url: "https://a.example/?secret" } };
const openaiPicture = { type: "input_image", image_url: "https://a.example/?secret" };

describe("the relay", () => {
  test.each([
    ["another path", question, "/v1/files", "POST", 404],
    ["the list of models", "", "/v1/models", "GET", 404],
    ["a path that is no path", question, "//", "POST", 404],
    ["another model", { ...question, model: "claude-opus-5" }, "/v1/messages", "POST", 400],
    [
      "the service's search",
      { ...question, tools: [{ type: "web_search_20250305", name: "s" }] },
      "/v1/messages",
      "POST",
      400,
    ],
    [
      "the service's shell",
      { ...question, tools: [{ type: "code_execution_20250522", name: "s" }] },
      "/v1/messages",
      "POST",
      400,
    ],
    [
      "the service's search that a message adds",
      adding({ type: "web_search_20250305", name: "s" }),
      "/v1/messages",
      "POST",
      400,
    ],
    [
      "servers of others that a summary adds",
      saying({
        type: "compaction",
        content: "",
        tool_changes: [addition({ type: "mcp_toolset", mcp_server_name: "s" })],
      }),
      "/v1/messages",
      "POST",
      400,
    ],
    ["servers of others", { ...question, mcp_servers: [{ url: "https://a.example" }] }, "/v1/messages", "POST", 400],
    ["an address that the service would open", saying(picture), "/v1/messages", "POST", 400],
    [
      "such an address in a tool's result",
      saying({ type: "tool_result", tool_use_id: "t", content: [picture] }),
      "/v1/messages",
      "POST",
      400,
    ],
    [
      "such an address in a document",
      saying({ type: "document", source: { type: "content", content: [picture] } }),
      "/v1/messages",
      "POST",
      400,
    ],
    [
      "a file that the service keeps",
      saying({ type: "document", source: { type: "file", file_id: "file_1" } }),
      "/v1/messages",
      "POST",
      400,
    ],
    ["the service's container", saying({ type: "container_upload", file_id: "file_1" }), "/v1/messages", "POST", 400],
    ["a limit below nothing, as of money", { ...question, max_tokens: -1e12 }, "/v1/messages", "POST", 400],
    ["a limit of half a token", { ...question, max_tokens: 0.5 }, "/v1/messages", "POST", 400],
    ["another model behind the one", { ...question, fallbacks: [{ model: "m" }] }, "/v1/messages", "POST", 400],
    ["another model's credit", { ...question, fallback_credit_token: "t" }, "/v1/messages", "POST", 400],
    ["what costs more for its speed", { ...question, speed: "fast" }, "/v1/messages", "POST", 400],
    ["what costs more for its place", { ...question, inference_geo: "us" }, "/v1/messages", "POST", 400],
    [
      "what is counted apart",
      { ...question, context_management: { edits: [{ type: "compact_20260112" }] } },
      "/v1/messages",
      "POST",
      400,
    ],
    [
      "a talk that the service keeps",
      { ...question, thread: { type: "continue", previous_message_id: "msg_1" } },
      "/v1/messages",
      "POST",
      400,
    ],
    ["a summary, counted apart", { ...question, compaction: { type: "summarize" } }, "/v1/messages", "POST", 400],
    [
      "another payer",
      { ...question, billing_policy: { type: "billing_policy", bill_to: "user_profile" } },
      "/v1/messages",
      "POST",
      400,
    ],
    ["another payer's profile", { ...question, user_profile_id: "uprof_1" }, "/v1/messages", "POST", 400],
    ["another workspace of ours", { ...question, workspace_id: "wrkspc_1" }, "/v1/messages", "POST", 400],
    ["no JSON", "{", "/v1/messages", "POST", 400],
    ["no call", {}, "/v1/messages", "POST", 400],
  ])("T172: passes on nothing of %s", async (_what, body, path, method, status) => {
    const service = await brokenService([]);
    open.push(service);
    const { ask, ended } = await relayTo({ service: { ...anthropic, baseUrl: service.url } });
    expect((await ask(body, path, method)).status).toBe(status);
    expect([service.calls(), ended]).toEqual([0, []]);
  });

  test.each([
    ["search", { tools: [{ type: "web_search" }] }],
    ["search in a namespace", { tools: [{ type: "namespace", name: "n", tools: [{ type: "web_search" }] }] }],
    ["servers of others", { tools: [{ type: "mcp", server_url: "https://a.example" }] }],
    ["search that a message adds", { input: [{ type: "additional_tools", tools: [{ type: "web_search" }] }] }],
    [
      "servers of others that a search for tools found",
      { input: [{ type: "tool_search_output", tools: [{ type: "mcp", server_url: "https://a.example" }] }] },
    ],
    ["what the service stored", { previous_response_id: "resp_1" }],
    ["work that goes on there", { background: true }],
    ["opening of an address", heard({ type: "input_image", image_url: "https://a.example/secret" })],
    ["opening of a file's address", heard({ type: "input_file", file_url: "https://a.example/secret" })],
    ["files that it keeps", heard({ type: "input_file", file_id: "file_1" })],
    ["opening of a tool's address", { input: [{ type: "function_call_output", output: [openaiPicture] }] }],
    ["limit below nothing, as of money", { max_output_tokens: -1e12 }],
    ["limit of half a token", { max_output_tokens: 0.5 }],
    ["speed that costs more", { service_tier: "priority" }],
    ["other speed that costs more", { service_tier: "fast" }],
    ["items that it keeps", { input: [{ type: "item_reference", id: "msg_1" }] }],
  ])("T172: passes on no call with OpenAI's %s", async (_what, more) => {
    const service = await brokenService([]);
    open.push(service);
    const { ask } = await relayTo({ service: { ...openai, baseUrl: service.url } });
    expect((await ask({ ...asking, ...more }, "/v1/responses")).status).toBe(400);
    expect(service.calls()).toBe(0);
  });

  const part = (one: object) => ({ contents: [{ role: "user", parts: [one] }] });
  const result = (more: object) => part({ functionResponse: { name: "f", response: {}, ...more } });
  const file = { fileData: { fileUri: "https://a.example/?secret" } };
  test.each<[string, object, string?]>([
    ["another model", {}, "/v1beta/models/gemini-3-flash:generateContent"],
    ["another model behind ours", {}, "/v1beta/models/gemini-3-pro%2F..%2Fgemini-3-flash:generateContent"],
    ["another kind of call", {}, "/v1beta/models/gemini-3-pro:batchGenerateContent"],
    ["files", {}, "/v1beta/files"],
    ["a stream of another form", {}, "/v1beta/models/gemini-3-pro:streamGenerateContent"],
    ["search", { tools: [{ googleSearch: {} }] }],
    ["search beside a program's tools", { tools: [{ functionDeclarations: [], googleSearch: {} }] }],
    ["search in its other spelling", { tools: [{ google_search: {} }] }],
    ["search of old", { tools: [{ googleSearchRetrieval: {} }] }],
    ["running of code", { tools: [{ codeExecution: {} }] }],
    ["opening of addresses", { tools: [{ urlContext: {} }] }],
    ["maps", { tools: [{ googleMaps: {} }] }],
    ["file search", { tools: [{ fileSearch: { fileSearchStoreNames: ["a"] } }] }],
    ["computer", { tools: [{ computerUse: {} }] }],
    ["servers of others", { tools: [{ mcpServers: [{ url: "https://a.example" }] }] }],
    ["cache", { cachedContent: "cachedContents/1" }],
    ["cache in its other spelling", { cached_content: "cachedContents/1" }],
    ["files in a message", part(file)],
    ["files in a message, in its other spelling", part({ file_data: { file_uri: "https://a.example" } })],
    ["files in the system's words", { systemInstruction: { parts: [file] } }],
    ["files in a tool's result", result({ parts: [file] })],
    ["several answers to one call", { generationConfig: { candidateCount: 8 } }],
    ["several answers in its other spelling", { generationConfig: { candidate_count: 8 } }],
    ["more than a number of tokens", { generationConfig: { maxOutputTokens: -1 } }],
    ["answer in pictures, which costs more than text", { generationConfig: { responseModalities: ["TEXT", "IMAGE"] } }],
    ["storage", { store: true }],
    ["no content", { contents: undefined }],
  ])("T172: passes on no call with Google's %s", async (_what, more, path = googlePath) => {
    const service = await brokenService([]);
    open.push(service);
    const { ask, ended } = await relayTo({ service: { ...google, baseUrl: service.url } });
    const { status, text } = await ask({ ...part({ text: "Go on." }), ...more }, path);
    expect([400, 404]).toContain(status);
    expect(JSON.parse(text)).toMatchObject({ error: { code: 400, status: "INVALID_ARGUMENT" } });
    expect([service.calls(), ended]).toEqual([0, []]);
  });

  test("Google's stream comes once it is stored, in one event without a name; the same call in another run asks no more", async () => {
    const parts = [
      { text: "I " },
      { text: "look." },
      { functionCall: { name: "ls", args: {} }, thoughtSignature: "c2ln" },
    ];
    const service = await brokenService([events(googleEvents(parts))]);
    open.push(service);
    const { ask, relay, calls } = await relayTo({ service: { ...google, baseUrl: service.url } });
    const call = (date: string, id: string, pid: number) => ({
      contents: [
        {
          role: "user",
          parts: [{ text: `Today is ${date}.` }, { inlineData: { mimeType: "image/png", data: "AA==" } }],
        },
        { role: "model", parts: [{ functionCall: { id, name: "ls", args: {} }, thoughtSignature: "c2ln" }] },
        { role: "user", parts: [{ functionResponse: { id, name: "ls", response: { output: `PGID: ${pid}` } } }] },
      ],
      systemInstruction: { role: "user", parts: [{ text: "You test." }] },
      tools: [{ functionDeclarations: [{ name: "ls", parametersJsonSchema: { type: "object" } }] }],
      toolConfig: { functionCallingConfig: { mode: "AUTO" } },
      generationConfig: { temperature: 1, maxOutputTokens: 100, thinkingConfig: { includeThoughts: true } },
      safetySettings: [],
    });
    const first = call("Monday, November 30, 2026", "ls_1796052417814_0", 17);
    const { text } = await ask({ ...first }, googlePath);
    expect(text).toMatch(/^data: \{.*\}\n\n$/);
    const answer = JSON.parse(text.slice(6));
    expect(answer).toMatchObject({ modelVersion: "gemini-3-pro", candidates: [{ finishReason: "STOP" }] });
    expect(answer.candidates[0].content.parts).toEqual([{ text: "I look." }, parts[2]]);
    expect(JSON.parse(service.asked[0] ?? "")).toEqual(first);
    const again = call("Tuesday, December 1, 2026", "ls_1796952417999_0", 23);
    const other = await relayTo({ service: { ...google, baseUrl: service.url }, calls });
    expect((await other.ask(again, googlePath)).text).toBe(text);
    const whole = await other.ask(again, "/v1beta/models/gemini-3-pro:generateContent");
    expect(JSON.parse(whole.text)).toEqual(answer);
    expect(service.calls()).toBe(1);
    expect(relay.usage).toMatchObject({ calls: 1, inputTokens: 100, outputTokens: 20, cachedTokens: 60 });
    expect(other.relay.usage).toMatchObject({ calls: 2, inputTokens: 200, outputTokens: 40, cachedTokens: 120 });
  });

  test("T294: two calls of one run that differ in a day, a process or an id alone are two, in each other run too", async () => {
    const days = ["2026-01-01", "2026-01-02"];
    const calls = memoryCalls();
    const service = await brokenService([
      ...days.map((day) => events(googleEvents([{ text: `about ${day}` }]))),
      ...days.map((day) => events(toolEvents("Bash", `{"command":"cat ${day}.sql"}`))),
      ...days.map((day) => events(responseEvents([functionCall("exec", `{"cmd":"cat ${day}.sql"}`)]))),
    ]);
    open.push(service);
    const rows = [
      [google, googlePath, (day: string) => part({ text: `Review ${day}.sql.` })],
      [anthropic, "/v1/messages", (day: string) => saying({ type: "text", text: `Review ${day}.sql.` })],
      [openai, "/v1/responses", (day: string) => ({ ...asking, input: `Review ${day}.sql.` })],
    ] as const;
    for (const [at, path, say] of rows)
      for (const _run of ["one", "another"]) {
        const limits = { silence: 5, turns: 10, tokens: 10_000 };
        const { ask } = await relayTo({ service: { ...at, baseUrl: service.url }, calls, limits });
        for (const day of [...days, ...days]) expect((await ask(say(day), path)).text).toContain(day);
      }
    expect(service.calls()).toBe(6);
  });

  const pdf = { mimeType: "application/pdf", data: "JVBERi0=" };
  const png = { mimeType: "image/png", data: "AA==" };
  test.each<[string, Passing["service"], string, object, number]>([
    ["a picture", google, googlePath, part({ inlineData: png }), 10_000],
    ["a document", google, googlePath, part({ inlineData: pdf }), 1_000_000],
    [
      "a film in a tool's result",
      google,
      googlePath,
      result({ parts: [{ inlineData: { ...pdf, mimeType: "video/mp4" } }] }),
      1_000_000,
    ],
    [
      "two pictures",
      anthropic,
      "/v1/messages",
      saying({
        type: "tool_result",
        tool_use_id: "t",
        content: Array(2).fill({ type: "image", source: { type: "base64", media_type: "image/png", data: "AA==" } }),
      }),
      20_000,
    ],
    [
      "a document",
      anthropic,
      "/v1/messages",
      saying({ type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" } }),
      1_000_000,
    ],
    [
      "a picture",
      openai,
      "/v1/responses",
      { ...asking, ...heard({ type: "input_image", image_url: "data:image/png;base64,AA==" }) },
      10_000,
    ],
    [
      "a document",
      openai,
      "/v1/responses",
      { ...asking, ...heard({ type: "input_file", file_data: "data:application/pdf;base64,AA==" }) },
      1_000_000,
    ],
    ["text alone", openai, "/v1/responses", asking, 0],
  ])("a few bytes of %s can be many tokens: as much is set aside (%#)", async (_, at, path, body, least) => {
    const most: number[] = [];
    const reserve = async ({ read }: { read: number }) => {
      most.push(read);
      return { ok: false, why: "it is used up", until: null } as const;
    };
    const { ask, ended } = await relayTo({ service: { ...at, purse: { reserve } } });
    await ask(body, path);
    expect(ended).toEqual(["money-exceeded"]);
    expect(most[0]).toBeGreaterThanOrEqual(least);
    expect(most[0]).toBeLessThan(least + 1_000);
  });

  test("says nothing but white space while it waits for Google: its client takes a comment for half an event", () => {
    expect(passages.google.pause).toMatch(/^\s+$/);
  });

  test("an answer of another model of Google's is not passed on, nor one past the limit", async () => {
    const other = events(googleEvents([{ text: "Hi." }], { modelVersion: "gemini-3-flash" }));
    const service = await brokenService([other, events(googleEvents([{ text: "Hi." }]))]);
    open.push(service);
    const at = { ...google, baseUrl: service.url };
    const one = await relayTo({ service: at });
    expect((await one.ask(part({ text: "Go." }), googlePath)).text).toContain("was asked for gemini-3-pro");
    const two = await relayTo({ service: at, limits: { silence: 5, turns: 10, tokens: 100 } });
    expect((await two.ask(part({ text: "Go." }), googlePath)).status).toBe(200);
    expect((await two.ask(part({ text: "On." }), googlePath)).status).toBe(400);
    expect([service.calls(), one.ended, two.ended]).toEqual([2, ["bad-answer"], ["tokens-exceeded"]]);
  });

  test.each([
    ["content", anthropic, "/v1/messages", { max_tokens: 100, messages: [{ role: "user", content: ["nest"] }] }],
    ["content", openai, "/v1/responses", { input: [{ type: "message", content: ["nest"] }] }],
    ["tools", openai, "/v1/responses", { input: "Go on.", tools: ["nest"] }],
  ])(
    "T182: parts nested without end in %s end in a refusal, and the next call passes on",
    async (name, by, path, body) => {
      const service = await brokenService([]);
      open.push(service);
      const { ask } = await relayTo({ service: { ...by, baseUrl: service.url } });
      const nest = `${`{"type":"namespace","${name}":[`.repeat(100_000)}${"]}".repeat(100_000)}`;
      const text = JSON.stringify({ model: by.model, ...body }).replace('"nest"', nest);
      expect(await ask(text, path)).toMatchObject({ status: 400, text: expect.stringContaining("nested") });
      expect((await ask({ model: by.model }, path)).status).toBe(400);
      expect(service.calls()).toBe(0);
    },
  );

  test.each([
    [
      anthropic,
      "/v1/messages",
      { max_tokens: 0, speed: null, context_management: { edits: [{ type: "clear_thinking" }] } },
    ],
    [openai, "/v1/responses", { max_output_tokens: null, service_tier: "flex" }],
    // Tools that a message adds, and that run where the program is.
    [anthropic, "/v1/messages", adding({ name: "s", input_schema: {} })],
    [
      openai,
      "/v1/responses",
      {
        input: [
          {
            type: "tool_search_output",
            tools: [{ type: "namespace", name: "n", tools: [{ type: "function", name: "f" }] }],
          },
        ],
      },
    ],
  ])("passes on what costs no more than the model's price: $name", async (by, path, more) => {
    const answer = by.name === "anthropic" ? toolEvents("Bash", "{}") : responseEvents([functionCall("exec", "{}")]);
    const service = await brokenService([events(answer)]);
    open.push(service);
    const { ask } = await relayTo({ service: { ...by, baseUrl: service.url } });
    expect((await ask({ ...(by.name === "anthropic" ? question : asking), ...more }, path)).status).toBe(200);
  });

  test("T182: holds a few calls at once, however many a program makes", async () => {
    const answer = events(toolEvents("Bash", "{}"));
    const service = await brokenService([(response) => void setTimeout(() => answer(response), 300)]);
    open.push(service);
    const { ask, ended } = await relayTo({ service: { ...anthropic, baseUrl: service.url } });
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask(question)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(8).fill(200), ...Array(4).fill(429)]);
    expect([(await ask(question)).status, service.calls(), ended]).toEqual([200, 1, []]);
  });

  test("T294: gives an answer as a stream or whole, once it is stored, and asks once", async () => {
    const service = await brokenService([events(toolEvents("Bash", '{"command":"ls"}'))]);
    open.push(service);
    const { ask, calls, relay } = await relayTo({ service: { ...anthropic, baseUrl: service.url } });
    const streamed = await ask({ ...question, stream: true, metadata: { user_id: "one" } });
    const types = [...streamed.text.matchAll(/^event: (\w+)$/gm)].map(([, type]) => type);
    expect(types).toEqual([
      ...["message_start", "content_block_start", "content_block_delta", "content_block_stop"],
      ...["message_delta", "message_stop"],
    ]);
    expect(streamed.text).toContain('"partial_json":"{\\"command\\":\\"ls\\"}"');
    expect(calls.size()).toBe(1);
    const whole = await ask({ ...question, metadata: { user_id: "another" } });
    expect(JSON.parse(whole.text)).toMatchObject({
      content: [{ type: "tool_use", name: "Bash", input: { command: "ls" } }],
      usage: { input_tokens: 10, output_tokens: 20 },
    });
    expect(service.calls()).toBe(1);
    expect(relay.usage).toMatchObject({ calls: 2, inputTokens: 20, outputTokens: 40 });
  });

  test("gives OpenAI's stream with the call as text, and stores it without the service's storage", async () => {
    const service = await brokenService([events(responseEvents([functionCall("exec", '{"cmd":"ls"}')]))]);
    open.push(service);
    const { ask } = await relayTo({ service: { ...openai, baseUrl: service.url } });
    const { text } = await ask({ ...asking, stream: true, store: true }, "/v1/responses");
    expect(text).toContain('"arguments":"{\\"cmd\\":\\"ls\\"}"');
    expect(text).toMatch(/event: response\.completed\ndata: .*"status":"completed"/);
    expect(JSON.parse(service.asked[0] ?? "")).toMatchObject({ store: false, stream: true, model: "gpt-5.5" });
  });

  test.each([
    ["tokens", { tokens: 10 }, 1, "tokens-exceeded"],
    ["calls", { turns: 2 }, 2, "turns-exceeded"],
  ])("T298: past its %s it is closed, and says so as the service would", async (_what, limits, passed, code) => {
    const answer = events(toolEvents("Bash", "{}"));
    const service = await brokenService([answer, answer, answer, answer]);
    open.push(service);
    const all = { silence: 5, turns: 10, tokens: 1_000, ...limits };
    const { ask, ended } = await relayTo({ service: { ...anthropic, baseUrl: service.url }, limits: all });
    const say = (text: string) => ask({ ...question, messages: [{ role: "user", content: text }] });
    const statuses = (await Promise.all(["a", "b", "c", "d"].map(say))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(passed);
    expect(statuses.filter((status) => status === 400)).toHaveLength(4 - passed);
    expect([service.calls(), ended]).toEqual([passed, [code]]);
  });

  test("an answer of another model is not passed on", async () => {
    const service = await brokenService([events(toolEvents("Bash", "{}"))]);
    open.push(service);
    const asked = { ...anthropic, model: "claude-opus-5", baseUrl: service.url };
    const { ask, ended } = await relayTo({ service: asked });
    const { status, text } = await ask({ ...question, model: "claude-opus-5" });
    expect([status, ended]).toEqual([400, ["bad-answer"]]);
    expect(text).toContain("was asked for claude-opus-5");
  });

  test("T284: it waits out what passes, and a key that is refused ends the run with the next step", async () => {
    const busy = (response: ServerResponse) => void response.writeHead(429, { "retry-after-ms": "5" }).end("{}");
    const service = await brokenService([busy, busy, events(toolEvents("Bash", "{}"))]);
    open.push(service);
    const { ask, ended } = await relayTo({ service: { ...anthropic, baseUrl: service.url } });
    expect((await ask(question)).status).toBe(200);
    expect([service.calls(), ended]).toEqual([3, []]);
    const none = await relayTo({ service: { ...anthropic, apiKey: null } });
    expect((await none.ask(question)).text).toContain("ANTHROPIC_API_KEY");
    expect(none.ended).toEqual(["service"]);
  });

  test("a service that is down ends the run, to be tried again later", async () => {
    const { ask, ended } = await relayTo();
    expect((await ask(question)).status).toBe(400);
    expect(ended).toEqual(["model"]);
  });

  test("T294: a store that fails ends the run before the program sees an answer, to be tried again later", async () => {
    const service = await brokenService([events(toolEvents("Bash", '{"command":"ls"}'))]);
    open.push(service);
    const told: object[] = [];
    const calls = { ...memoryCalls(), put: () => Promise.reject(new Error("the connection was lost")) };
    const { ask } = await relayTo({
      ...{ service: { ...anthropic, baseUrl: service.url }, calls },
      onEnd: (failure) => told.push(failure),
    });
    expect(await ask(question)).toMatchObject({ status: 400, text: expect.not.stringContaining("ls") });
    expect(told).toEqual([expect.objectContaining({ code: "internal", retry: true })]);
  });

  test("a call that breaks off, and one that is too large, hold up nothing", async () => {
    const models = await modelService([call("Bash", {})]);
    open.push(models);
    const { ask } = await relayTo({ service: { ...anthropic, baseUrl: models.url } });
    const late = ask("{", "/v1/messages", "POST", { "content-length": "1000" }).catch(() => ({ status: 0 }));
    expect((await ask("x".repeat(33_000_000))).status).toBe(400);
    expect((await ask(question)).status).toBe(200);
    void late;
  });
});
