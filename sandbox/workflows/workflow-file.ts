/** Reads the part of a workflow's file that the sandbox can run. Source: GitHub docs, "Workflow syntax". */
import { load } from "js-yaml";
import { z } from "zod";

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const texts = z.record(z.string(), text).default({});

const step = z.object({ uses: z.string().optional(), run: z.string().optional(), with: texts, env: texts });
const permissions = z.record(z.string(), z.string()).default({});
const job = z.object({
  needs: z.union([z.string().transform((name) => [name]), z.array(z.string())]).default([]),
  permissions: permissions.optional(),
  "timeout-minutes": text.default("360"),
  steps: z.array(step),
});
const input = z.object({ required: z.boolean().default(false) }).nullable();
const workflow = z.object({
  name: z.string().optional(),
  "run-name": z.string().optional(),
  on: z.object({ workflow_dispatch: z.object({ inputs: z.record(z.string(), input).default({}) }).nullable() }),
  permissions,
  env: texts,
  jobs: z.record(z.string(), job),
});

export type Workflow = z.output<typeof workflow>;
export type Job = z.output<typeof job>;
export type Step = z.output<typeof step>;

/** The workflow in a file; null when it cannot be dispatched here. */
export function readWorkflow(file: string): Workflow | null {
  try {
    return workflow.safeParse(load(file)).data ?? null;
  } catch {
    return null;
  }
}

/** Puts values in the place of `${{ inputs.x }}` and of the few other expressions that are known. */
export function fill(template: string, values: Record<string, string>): string {
  return template.replace(/\$\{\{\s*(?:fromJSON\()?([\w.]+)\)?\s*\}\}/g, (_, name: string) => values[name] ?? "");
}
