import type { EvidenceBundle } from "../../schemas/evidence.ts";
import { engine } from "../verdict/engine.ts";

/** Lines of a file in a commit, from 1, both ends included. */
export type LineRange = { start_line: number; end_line: number };

/**
 * The lines that a run's commit added, as an agent-trace record: by the trees of both commits and the recorded answer,
 * not by what the agent says. `service`: whose model it was; null: the ledger does not tell.
 * Source: github.com/cursor/agent-trace, version 0.1, `schemas/trace-record.json`.
 */
export function agentTrace(
  { bundle, at, commit, pullUrl, usage, run, prompt, responseSha256, merge }: EvidenceBundle,
  service: string | null,
  files: readonly { path: string; ranges: readonly LineRange[] }[],
) {
  const contributor = { type: "ai", model_id: service === null ? usage.model : `${service}/${usage.model}` };
  return {
    version: "0.1",
    id: uuidOf(bundle),
    timestamp: at,
    vcs: { type: "git", revision: commit },
    tool: { name: "sallyport", version: engine },
    files: files.map(({ path, ranges }) => ({ path, conversations: [{ url: pullUrl, contributor, ranges }] })),
    metadata: {
      sallyport: { run, prompt, answer: responseSha256, entry: bundle, merged: merge?.commit ?? null },
    },
  };
}

/** A UUID of version 8 that a hash determines. */
function uuidOf(hash: string): string {
  const part = (start: number, end: number) => hash.slice(start, end);
  return `${part(0, 8)}-${part(8, 12)}-8${part(13, 16)}-8${part(17, 20)}-${part(20, 32)}`;
}
