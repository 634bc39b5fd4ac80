/** What runs of workflows upload. */
import { createHash } from "node:crypto";
import type { State } from "../state/memory.ts";
import type { Artifact } from "../state/model.ts";
import { identify, now } from "../state/state.ts";
import type { WorkflowRun } from "../state/workflow-run.ts";

/** Adds what a run uploaded. */
export function upload(state: State, run: WorkflowRun, name: string, zip: Buffer): Artifact {
  const artifact: Artifact = {
    ...identify(state, "MDg6"),
    ...{ name, workflow: run.path, headSha: run.headSha, expired: false, run: run.id, createdAt: now(state) },
    zip: zip.toString("base64"),
    digest: `sha256:${createHash("sha256").update(zip).digest("hex")}`,
  };
  run.repository.artifacts.push(artifact);
  return artifact;
}
