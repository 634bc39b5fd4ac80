import type { JobCheck } from "../../core/policy/job-checks.ts";
import { itemsOf, keysOf, type Located, nodeAt, stringOf } from "../../core/yaml.ts";
import { jobChecks, parseWorkflow, workflowPattern } from "../repository/workflows.ts";
import type { DraftSource } from "./source.ts";

/** What a repository's workflows say for a first set-up; a workflow that cannot be read says nothing. */
export type Workflows = {
  checks: JobCheck[];
  /** The names of those that run for pull requests: a workflow that names none goes by its path. */
  onPulls: string[];
};

const runsOnPulls = (event: string) => event === "pull_request" || event === "pull_request_target";

function eventsOf(workflow: Located): string[] {
  const on = nodeAt(workflow, "on");
  return [stringOf(on), ...itemsOf(on).map(stringOf), ...keysOf(on)].filter((event) => event !== undefined);
}

/** Reads all workflows but ours. Whoever may push wrote them. */
export async function readWorkflows({ files, read: readFile }: DraftSource): Promise<Workflows> {
  const paths = files.filter((path) => workflowPattern.test(path) && !/\/sallyport(?:-review)?\.ya?ml$/.test(path));
  const read = await Promise.all(
    paths.map(async (path) => {
      const content = await readFile(path);
      const workflow = parseWorkflow(path, content?.toString("utf8") ?? "");
      const checks = jobChecks(path, workflow);
      const isOnPulls = workflow.known && eventsOf(workflow.value).some(runsOnPulls);
      const name = workflow.known ? stringOf(nodeAt(workflow.value, "name")) : undefined;
      return { checks: checks.known ? checks.value : [], names: isOnPulls ? [name ?? path] : [] };
    }),
  );
  return { checks: read.flatMap(({ checks }) => checks), onPulls: read.flatMap(({ names }) => names) };
}
