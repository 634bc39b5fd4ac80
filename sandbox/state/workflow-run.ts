/** What is remembered of runs of workflows that somebody asked for. */
import type { Account, Identified, Repository } from "./model.ts";

/** One job of a run; `secret` is what it asks for proofs of who it is with. */
export type WorkflowJob = Identified &
  Record<"name" | "status" | "startedAt" | "log" | "secret", string> & {
    conclusion: string | null;
    completedAt: string | null;
    permissions: Record<string, string>;
  };

type Signature = Record<"name" | "email" | "date", string>;

/** A run of a workflow that somebody asked for; `stop` ends what works on it. */
export type WorkflowRun = Identified &
  Record<
    "path" | "name" | "title" | "event" | "headSha" | "headBranch" | "status" | "createdAt" | "updatedAt",
    string
  > & {
    repository: Repository;
    actor: Account;
    inputs: Record<string, string>;
    commit: { sha: string; tree: string; message: string; parents: string[]; author: Signature; committer: Signature };
    attempt: number;
    conclusion: string | null;
    jobs: WorkflowJob[];
    stop: AbortController;
  };
