import type { Pack, StepResult, Usage } from "../../schemas/step.ts";
import type { Workspace } from "./workspace.ts";

/** Stored answers of model calls, by the hash of all that went into the call. */
export type CallStore = {
  get(key: string): Promise<string | null>;
  put(key: string, answer: string): Promise<void>;
};

/** The service and model of a call. */
export type Service = { apiKey: string | null; baseUrl: string | null; model: string };

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
