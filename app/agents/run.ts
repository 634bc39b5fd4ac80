import type { Effort, ModelService } from "../../schemas/policy-agents.ts";
import type { Pack, Usage } from "../../schemas/step.ts";
import type { Workspace } from "./workspace.ts";

/** Stored answers of model calls, by the hash of the whole call. */
export type CallStore = { get(key: string): Promise<string | null>; put(key: string, answer: string): Promise<void> };

/** The tokens of one call that its service counted. */
export type Counted = { read: number; cached: number; cacheWrite: number; written: number };

/** Money that was set aside for a call, until it is known what that cost; left alone, all of it counts as spent. */
export type Reserved = { ok: true; settle(counted: Counted | null): Promise<void> };

/** What model calls are paid from, where no agent reaches it. */
export type Purse = {
  /**
   * Sets aside the most that a call can cost that reads and writes at most so many tokens; or says why it may not be
   * made, and from when on it may without anybody's doing.
   */
  reserve(most: { read: number; written: number }): Promise<Reserved | { ok: false; why: string; until: Date | null }>;
};

/**
 * The service and model of a call, and what pays for it; without a purse nobody counts money. What stands before the
 * service, as the App does for a run on Actions, may say how often a call is tried and for how many seconds it may be
 * silent; absent: as for the service itself.
 */
export type Service = {
  name: ModelService;
  apiKey: string | null;
  baseUrl: string | null;
  model: string;
  /** How hard it thinks; absent: as the service has it. */
  effort?: Effort;
  purse?: Purse;
  tries?: number;
  patience?: number;
};

/** An agent's visible actions, reported as they happen; `usage`: all that was used up to this answer. */
export type AgentEvent =
  | { type: "answer"; key: string; replayed: boolean; stopReason: string; usage: Usage }
  | { type: "tool"; name: string; path: string | null; ok: boolean };

/** One agent's work: its pack, its workspace, the stored answers and the service. */
export type AgentRun = { pack: Pack; workspace: Workspace; calls: CallStore; service: Service; signal: AbortSignal };
