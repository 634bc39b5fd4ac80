import { type Known, known, unknown } from "../../core/known.ts";
import type { JobCheck } from "../../core/policy/job-checks.ts";
import { type Located, nodeAt, stringOf } from "../../core/yaml.ts";
import { readYaml } from "../yaml/yaml.ts";

/** Where GitHub looks for workflows: files in this folder, not in its subfolders. */
export const workflowPattern = /^\.github\/workflows\/[^/]+\.ya?ml$/;

/**
 * Parses a workflow; unknown where GitHub would not run it, or might read it differently. Everyone who may push can
 * write it.
 */
export function parseWorkflow(file: string, text: string): Known<Located> {
  const { value, further, problems } = readYaml(text, "lenient");
  const [first] = problems;
  if (first !== undefined) return unknown(`${file}:${first.line}:${first.column}: ${first.message}`);
  return value === null || further.length > 0 ? unknown(`${file} is not one document`) : known(value);
}

/**
 * The checks that the jobs of a workflow create. A name with expressions is given by its fixed pieces. Unknown when
 * there are no jobs.
 * Source: GitHub docs, "Workflow syntax" (`jobs.<id>.name`, `strategy.matrix`, `uses`).
 */
export function jobChecks(file: string, workflow: Known<Located>): Known<JobCheck[]> {
  if (!workflow.known) return workflow;
  const jobs = nodeAt(workflow.value, "jobs");
  if (jobs?.kind !== "map") return unknown(`${file} has no jobs`);
  return known(
    [...jobs.entries].flatMap(([id, { value }]) => namesOf(id, value).map((pieces): JobCheck => ({ file, pieces }))),
  );
}

function namesOf(id: string, job: Located): string[][] {
  const name = nodeAt(job, "name");
  const isNamed = name?.kind === "scalar" && typeof name.value === "string" && name.value !== "";
  const pieces = (isNamed ? name.text : id).split(/\$\{\{.*?\}\}/s);
  const last = pieces.at(-1) ?? "";
  // A matrix appends its values to a name that does not use them.
  const hasMatrix = nodeAt(job, "strategy", "matrix") !== undefined;
  const own = hasMatrix ? [pieces, [...pieces.slice(0, -1), `${last} (`, ")"]] : [pieces];
  if (stringOf(nodeAt(job, "uses")) === undefined) return own;
  // The name of a called workflow's job begins with the caller's name.
  return own.map((fixed) => [...fixed.slice(0, -1), `${fixed.at(-1) ?? ""} / `, ""]);
}
