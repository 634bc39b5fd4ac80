import type { ModelService } from "../../schemas/policy-agents.ts";
import type { Pack, Usage } from "../../schemas/step.ts";
import type { Workspace } from "./workspace.ts";

/** Stored answers of model calls, by the hash of the whole call. */
export type CallStore = { get(key: string): Promise<string | null>; put(key: string, answer: string): Promise<void> };

/** The service and model of a call. */
export type Service = { name: ModelService; apiKey: string | null; baseUrl: string | null; model: string };

/** An agent's visible actions, reported as they happen; `usage`: all that was used up to this answer. */
export type AgentEvent =
  | { type: "answer"; key: string; replayed: boolean; stopReason: string; usage: Usage }
  | { type: "tool"; name: string; path: string | null; ok: boolean };

/** One agent's work: its pack, its workspace, the stored answers and the service. */
export type AgentRun = { pack: Pack; workspace: Workspace; calls: CallStore; service: Service; signal: AbortSignal };
