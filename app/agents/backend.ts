import type { Pack, StepResult, Usage } from "../../schemas/step.ts";
import type { CallStore } from "../perform/world.ts";
import { runAnthropic } from "./anthropic.ts";
import type { Service } from "./conversation.ts";
import type { Workspace } from "./workspace.ts";

/** What an agent is seen to do; told as it happens. */
export type AgentEvent =
  | { type: "answer"; key: string; replayed: boolean; stopReason: string }
  | { type: "tool"; name: string; path: string | null; ok: boolean };

/** One piece of work for an agent: what it is handed, where it works, what it may use. */
export type AgentRun = {
  pack: Pack;
  workspace: Workspace;
  calls: CallStore;
  service: Service;
  signal: AbortSignal;
};

/** A backend is one function: it tells what it does and ends in a step result. */
export type Backend = (run: AgentRun) => AsyncGenerator<AgentEvent, { result: StepResult; usage: Usage }>;

/** Every backend by the name that policies use. */
export const backends: Readonly<Record<string, Backend>> = { anthropic: runAnthropic };
