import type { ModelService } from "../../schemas/policy-agents.ts";
import type { Pack } from "../../schemas/step.ts";
import { runAgentProgram } from "./command.ts";
import { createWorkspace } from "./workspace.ts";

/** A task with nothing to do, within limits that a program which starts at all keeps. */
const pack: Pack = {
  kind: "step",
  version: 1,
  run: "run-1-1",
  story: 1,
  prompt: 1,
  attempt: { r: 0, s: 0 },
  repository: "sallyport/trial",
  base: "0".repeat(40),
  contract: "This is a trial: change nothing and stop.",
  role: { name: "trial", allow: ["src/**"], deny: [] },
  paths: ["src/**"],
  acceptance: ["Nothing is changed."],
  evidence: [],
  limits: { runtime: 120, silence: 60, turns: 10, tokens: 100_000 },
};

const text = "There is nothing to do. Done.";

/** The whole answer that every call of a trial gets, as it would stand in the store. */
const answers: Readonly<Record<ModelService, (model: string) => object>> = {
  anthropic: (model) => ({
    ...{ id: "msg_trial", type: "message", role: "assistant", model, stop_reason: "end_turn", stop_sequence: null },
    content: [{ type: "text", text }],
    usage: { input_tokens: 1, output_tokens: 1 },
  }),
  openai: (model) => ({
    ...{ id: "resp_trial", object: "response", model, status: "completed", incomplete_details: null },
    output: [
      {
        ...{ id: "msg_trial", type: "message", role: "assistant", status: "completed" },
        content: [{ type: "output_text", text, annotations: [] }],
      },
    ],
    usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
  }),
  google: (model) => ({
    candidates: [{ content: { role: "model", parts: [{ text }] }, finishReason: "STOP", index: 0 }],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
    modelVersion: model,
  }),
};

/**
 * Lets a program work on a canned task, with canned answers in place of a model: its version, the sandbox and the relay
 * as in a real run, and no key and no network. Null: it did. Otherwise what is amiss, with the next step.
 */
export async function tryProgram(tool: string, use: ModelService, tools: string | null): Promise<string | null> {
  const model = "trial";
  const tree = { list: async () => [], read: async () => null, readAll: async () => [] };
  const events = runAgentProgram({
    registry: null,
    ...{ pack, tool, tree, tools, workspace: createWorkspace(tree, pack), signal: new AbortController().signal },
    calls: { get: async () => JSON.stringify(answers[use](model)), put: async () => undefined },
    service: { name: use, apiKey: null, baseUrl: null, model },
  });
  let step = await events.next();
  while (step.done !== true) step = await events.next();
  const { outcome, summary } = step.value.result;
  return outcome === "failed" ? summary : null;
}
