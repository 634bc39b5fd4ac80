import { load } from "js-yaml";
import type { JobCheck } from "../core/job-checks.ts";
import { type Known, known, unknown } from "../core/known.ts";

/** Where GitHub looks for workflows: files of this folder, not of those below it. */
export const workflowPattern = /^\.github\/workflows\/[^/]+\.ya?ml$/;

/**
 * The checks that the jobs of a workflow make, from its text. Names that are only known when the job runs are told by
 * their fixed pieces. Unknown when the text is no workflow. Whoever may push wrote it.
 * Source: GitHub docs, "Workflow syntax" (`jobs.<id>.name`, `strategy.matrix`, `uses`).
 */
export function jobChecks(file: string, text: string): Known<JobCheck[]> {
  let workflow: unknown;
  try {
    workflow = load(text);
  } catch (error) {
    const [line = ""] = String(error).split("\n");
    return unknown(`${file} is not YAML: ${line}`);
  }
  const jobs = property(workflow, "jobs");
  if (jobs === null || typeof jobs !== "object") return unknown(`${file} has no jobs`);
  return known(
    Object.entries(jobs).flatMap(([id, job]) =>
      namesOf(id, job).map((pieces): JobCheck => ({ file, pieces })),
    ),
  );
}

function namesOf(id: string, job: unknown): string[][] {
  const name = property(job, "name");
  const pieces = (typeof name === "string" && name !== "" ? name : id).split(/\$\{\{.*?\}\}/s);
  const last = pieces.at(-1) ?? "";
  // A matrix adds its values behind a name that does not use them.
  const hasMatrix = property(property(job, "strategy"), "matrix") !== undefined;
  const own = hasMatrix ? [pieces, [...pieces.slice(0, -1), `${last} (`, ")"]] : [pieces];
  if (typeof property(job, "uses") !== "string") return own;
  // A called workflow's jobs carry the caller's name in front.
  return own.map((fixed) => [...fixed.slice(0, -1), `${fixed.at(-1) ?? ""} / `, ""]);
}

function property(value: unknown, name: string): unknown {
  if (value === null || typeof value !== "object") return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}
