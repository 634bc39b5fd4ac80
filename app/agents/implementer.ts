import { digestOf } from "../../core/digest.ts";
import type { StepResult, Usage } from "../../schemas/step.ts";
import { converse, type Reply } from "./driver.ts";
import { stepPrompt } from "./prompt.ts";
import type { AgentEvent, AgentRun } from "./run.ts";
import { callTool, type ToolOutcome, toolDefinitions } from "./tools.ts";

type Ended = Extract<ToolOutcome, { type: "end" }>;

/** Works on one pack with a model in its workspace. Only a finished run returns files. */
export async function* runImplementer(run: AgentRun): AsyncGenerator<AgentEvent, { result: StepResult; usage: Usage }> {
  const { pack, workspace, calls, service, signal } = run;
  const { end, usage, redacted } = yield* converse<Ended>({
    ...stepPrompt(pack),
    tools: toolDefinitions(),
    async call(name, input): Promise<Reply<Ended>> {
      const outcome = await callTool(name, input, workspace);
      return outcome.type === "text" ? outcome : { type: "end", value: outcome, seen: outcome.outcome === "finished" };
    },
    ends: "`finish`, `ask` or `stop`",
    about: digestOf(pack),
    limits: pack.limits,
    service,
    calls,
    signal,
  });
  const nothing = { version: 1 as const, questions: [], files: [], claims: [] };
  const cut = redacted.length === 0 ? {} : { redacted };
  if (!end.ok)
    return { result: { ...nothing, outcome: "failed", code: end.code, summary: end.message, ...cut }, usage };
  const { outcome, summary, questions, claims } = end.value;
  const told = { ...nothing, summary, ...cut };
  if (outcome === "finished") {
    const files = await workspace.changes();
    return { result: { ...told, outcome, code: "finished", files, claims }, usage };
  }
  const code = outcome === "asked" ? "agent-asked" : "agent-stopped";
  return { result: { ...told, outcome, code, questions }, usage };
}
