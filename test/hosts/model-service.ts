import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type FixtureResponse, LLMock } from "@copilotkit/aimock";
import type { CallStore } from "../../app/agents/run.ts";
import type { WholeTree } from "../../app/agents/trees.ts";
import type { Plan } from "../../schemas/plan.ts";
import { Pack } from "../../schemas/step.ts";

/** An answer that calls one tool. */
export const call = (name: string, input: unknown) => ({
  toolCalls: [{ name, arguments: JSON.stringify(input) }],
});

/** A plan with one prompt. */
export const pagePlan: Plan = {
  approach: "Change the page and nothing else.",
  risks: [],
  unknowns: [],
  risk: "low",
  acceptance: ["The page greets."],
  manualTest: null,
  prompts: [
    {
      title: "Change the page",
      objective: "The page greets whoever opens it.",
      role: "web",
      paths: ["web/page.html"],
      inputs: ["README.md"],
      nonGoals: ["Anything else."],
      acceptance: ["The page greets."],
      output: ["The page."],
      evidence: [],
      dependsOn: [],
    },
  ],
};

/** A model service over HTTP that answers turn by turn. */
export async function modelService(
  turns: FixtureResponse[],
): Promise<{ url: string; calls(): number; asked: string[]; service: LLMock; close(): Promise<void> }> {
  const service = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent" });
  for (const [turnIndex, response] of turns.entries()) service.addFixture({ match: { turnIndex }, response });
  await service.start();
  return {
    url: service.url,
    calls: () => service.getRequests().length,
    get asked() {
      return service.getRequests().map(({ body }) => JSON.stringify(body));
    },
    service,
    close: () => service.stop(),
  };
}

/** A model service whose every answer is written out byte by byte, for the ways in which a service breaks. */
export async function brokenService(
  answers: ((response: ServerResponse) => void)[],
): Promise<{ url: string; calls(): number; asked: string[]; close(): Promise<void> }> {
  let calls = 0;
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part) => {
      body += part;
    });
    request.on("end", () => asked.push(body));
    const answer = answers[calls++];
    if (answer === undefined) response.writeHead(500).end("no more answers");
    else answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    calls: () => calls,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** An answer as a stream of events, named by their `type` where they have one, or written out; the connection stays open unless it is told to end. */
export function events(list: readonly (object | string)[], last: "end" | "cut" | "hold" = "end") {
  return (response: ServerResponse) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const written = (event: object) =>
      `${"type" in event ? `event: ${event.type}\n` : ""}data: ${JSON.stringify(event)}`;
    const text = list.map((event) => `${typeof event === "string" ? event : written(event)}\n\n`).join("");
    if (last === "end") response.end(text);
    else response.write(text, () => (last === "cut" ? response.destroy() : undefined));
  };
}

/** The events of one whole answer with one tool call, its input given as the text that the service sends. */
export function toolEvents(name: string, input: string, stopReason = "tool_use"): { type: string }[] {
  const message = {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-sonnet-5-5",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 1 },
  };
  const index = 0;
  const list = [
    { type: "message_start", message },
    {
      type: "content_block_start",
      index,
      content_block: { type: "tool_use", id: "toolu_1", name, input: {} },
    },
    { type: "content_block_delta", index, delta: { type: "input_json_delta", partial_json: input } },
    { type: "content_block_stop", index },
    {
      type: "message_delta",
      delta: { stop_reason: stopReason, stop_sequence: null },
      usage: { output_tokens: 20 },
    },
    { type: "message_stop" },
  ];
  return list;
}

/** The events of one whole answer of OpenAI's with the given output, which may be a call as the service sends it. */
export function responseEvents(output: object[], more: object = {}): { type: string }[] {
  const base = { id: "resp_1", object: "response", created_at: 0, model: "gpt-5.5", output: [], error: null };
  const response = { ...base, status: "in_progress", incomplete_details: null };
  const [item = {}] = output;
  const usage = {
    ...{ input_tokens: 100, output_tokens: 20, total_tokens: 120 },
    ...{ input_tokens_details: { cached_tokens: 60 }, output_tokens_details: { reasoning_tokens: 5 } },
  };
  const list = [
    { type: "response.created", response },
    { type: "response.in_progress", response },
    { type: "response.output_item.added", output_index: 0, item },
    { type: "response.function_call_arguments.delta", item_id: "fc_1", output_index: 0, delta: "{" },
    { type: "response.output_item.done", output_index: 0, item },
    { type: "response.completed", response: { ...response, status: "completed", output, usage, ...more } },
  ];
  return list.map((event, sequence_number) => ({ ...event, sequence_number }));
}

/** A call in an answer of OpenAI's, its input given as the text that the service sends. */
export const functionCall = (name: string, input: string) => ({
  ...{ type: "function_call", id: "fc_1", call_id: "call_1", name, arguments: input, status: "completed" },
});

/** The events of one whole answer of Google's, one for each of its parts; the last says how it ended. */
export function googleEvents(parts: object[], more: object = {}): object[] {
  const usageMetadata = {
    ...{ promptTokenCount: 100, candidatesTokenCount: 15, thoughtsTokenCount: 5, totalTokenCount: 120 },
    ...{ cachedContentTokenCount: 60 },
  };
  return parts.map((part, index) => {
    const end = index < parts.length - 1 ? {} : { finishReason: "STOP" };
    const content = { role: "model", parts: [part] };
    const last = index < parts.length - 1 ? {} : more;
    return { candidates: [{ content, index: 0, ...end }], usageMetadata, modelVersion: "gemini-3-pro", ...last };
  });
}

/** Stored answers in memory. */
export function memoryCalls(): CallStore & { size(): number } {
  const stored = new Map<string, string>();
  return {
    get: (key) => Promise.resolve(stored.get(key) ?? null),
    put: (key, answer) => {
      stored.set(key, answer);
      return Promise.resolve();
    },
    size: () => stored.size,
  };
}

/** A tree in memory: text files, and links by `link:` before their target. */
export function memoryTree(files: Record<string, string>): WholeTree {
  const all = Object.entries(files).map(([path, text]) => ({
    path,
    mode: text.startsWith("link:") ? "120000" : "100644",
    content: Buffer.from(text.replace(/^link:/, "")),
  }));
  return {
    list: () => Promise.resolve(all.map(({ path, mode }) => ({ path, mode }))),
    read: (path) => Promise.resolve(all.find((one) => one.path === path)?.content ?? null),
    readAll: () => Promise.resolve(all),
  };
}

/** A pack whose role may touch `src/**`, of which `src/a/**` is declared, with overrides. */
export function samplePack(overrides: Partial<Pack> = {}): Pack {
  return Pack.parse({
    kind: "step",
    version: 1,
    run: "run-1-1",
    story: 1,
    prompt: 2,
    attempt: { r: 0, s: 0 },
    repository: "acme/web",
    base: "a".repeat(40),
    contract: "# Do it\n\nDo it well.",
    role: { name: "web", allow: ["src/**"], deny: ["src/a/secret/**", ".github/**"] },
    paths: ["src/a/**", "docs/**"],
    acceptance: ["It is done."],
    evidence: [],
    limits: { runtime: 60, silence: 5, turns: 6, tokens: 100_000 },
    ...overrides,
  });
}

/** The end of a model's work, whatever it did before. */
export async function endOf<T>(events: AsyncGenerator<unknown, T>): Promise<T> {
  let step = await events.next();
  while (step.done !== true) step = await events.next();
  return step.value;
}

/** What a planner works with, over an empty repository and under a policy that has nothing against any plan. */
export const anyPlan = {
  tree: memoryTree({}),
  problems: () => [],
  redact: (text: string) => Promise.resolve(text),
};
