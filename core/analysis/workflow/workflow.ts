import { itemsOf, keysOf, type Located, mapEntry, nodeAt, type Scalar, stringOf } from "../../yaml.ts";

/** Which changes an event starts a workflow for. A list that is absent leaves none out. */
export type Filter = {
  branches: string[] | null;
  branchesIgnore: string[];
  paths: string[] | null;
  pathsIgnore: string[];
  types: string[] | null;
};

/** Names with their values as they are written; lists and mappings are left out. */
export type Pairs = ReadonlyMap<string, string>;

/** A part of a job: a script (`run`) or an action (`uses`). Conditions and the like are as they are written. */
export type Step = {
  id: string | null;
  name: string | null;
  run: Scalar | null;
  uses: string | null;
  with: Pairs;
  env: Pairs;
  condition: string | null;
  continueOnError: string | null;
  shell: string | null;
  folder: string | null;
  line: number;
};

/** A job of a workflow, as far as it decides what is judged. Whoever may push wrote it. */
export type Job = {
  id: string;
  /** The name under which its check is shown; null: its id. */
  name: string | null;
  condition: string | null;
  needs: string[];
  continueOnError: string | null;
  /** A workflow that this job calls. */
  uses: string | null;
  steps: Step[];
  env: Pairs;
  /** The values of its matrix by their names, as far as they are written out. */
  matrix: ReadonlyMap<string, string[]>;
  shell: string | null;
  folder: string | null;
  line: number;
};

/** The events that start it with their filters and lines, its jobs, and its variables. */
export type Workflow = {
  name: string | null;
  events: ReadonlyMap<string, { filter: Filter; line: number }>;
  jobs: Job[];
  env: Pairs;
};

const textOf = (node: Located | undefined, key: string) => stringOf(nodeAt(node, key)) ?? null;
const list = (node: Located | undefined) => itemsOf(node).flatMap((item) => stringOf(item) ?? []);

function pairs(node: Located | undefined): Pairs {
  return new Map(
    keysOf(node).flatMap((key) => {
      const value = stringOf(nodeAt(node, key));
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
}

function filterOf(event: Located | undefined): Filter {
  const some = (key: string) => (nodeAt(event, key) === undefined ? null : list(nodeAt(event, key)));
  const isForTags = nodeAt(event, "tags") !== undefined || nodeAt(event, "tags-ignore") !== undefined;
  const ignored = some("branches-ignore");
  return {
    // A push that names tags alone is for no branch.
    branches: some("branches") ?? (isForTags && ignored === null ? [] : null),
    branchesIgnore: ignored ?? [],
    paths: some("paths"),
    pathsIgnore: some("paths-ignore") ?? [],
    types: some("types"),
  };
}

/** The steps of a job or of an action that is made of steps. */
function stepsOf(node: Located | undefined): Step[] {
  return itemsOf(node).map((step) => {
    const run = nodeAt(step, "run");
    return {
      id: textOf(step, "id"),
      name: textOf(step, "name"),
      run: run?.kind === "scalar" ? run : null,
      uses: textOf(step, "uses"),
      with: pairs(nodeAt(step, "with")),
      env: pairs(nodeAt(step, "env")),
      condition: textOf(step, "if"),
      continueOnError: textOf(step, "continue-on-error"),
      shell: textOf(step, "shell"),
      folder: textOf(step, "working-directory"),
      line: step.at.line,
    };
  });
}

function matrixOf(job: Located): ReadonlyMap<string, string[]> {
  const matrix = nodeAt(job, "strategy", "matrix");
  const values = new Map<string, string[]>();
  const add = (key: string, more: string[]) => values.set(key, [...(values.get(key) ?? []), ...more]);
  for (const key of keysOf(matrix)) if (key !== "include" && key !== "exclude") add(key, list(nodeAt(matrix, key)));
  const included = itemsOf(nodeAt(matrix, "include"));
  for (const key of new Set(included.flatMap(keysOf))) {
    // An entry that does not name it has none.
    const isEverywhere =
      values.has(key) || (values.size === 0 && included.every((one) => nodeAt(one, key) !== undefined));
    add(key, [...(isEverywhere ? [] : [""]), ...included.flatMap((one) => list(nodeAt(one, key)))]);
  }
  return values;
}

function jobOf(id: string, line: number, job: Located, root: Located): Job {
  const preset = (key: string) =>
    stringOf(nodeAt(job, "defaults", "run", key) ?? nodeAt(root, "defaults", "run", key)) ?? null;
  return {
    id,
    name: textOf(job, "name"),
    condition: textOf(job, "if"),
    needs: list(nodeAt(job, "needs")),
    continueOnError: textOf(job, "continue-on-error"),
    uses: textOf(job, "uses"),
    steps: stepsOf(nodeAt(job, "steps")),
    env: pairs(nodeAt(job, "env")),
    matrix: matrixOf(job),
    shell: preset("shell"),
    folder: preset("working-directory"),
    line,
  };
}

/**
 * Takes a parsed file for a workflow of GitHub; null when it is none: it has no `on` or no `jobs`. Whoever may push
 * wrote it. Source: GitHub docs, "Workflow syntax for GitHub Actions".
 */
export function workflowOf(root: Located): Workflow | null {
  // Some programs that write YAML take the key `on` for a truth value.
  const on = mapEntry(root, "on") ?? mapEntry(root, "true");
  const jobs = nodeAt(root, "jobs");
  if (on === undefined || jobs?.kind !== "map") return null;
  const events =
    on.value.kind === "map"
      ? [...on.value.entries].map(
          ([event, { at, value }]) => [event, { filter: filterOf(value), line: at.line }] as const,
        )
      : list(on.value).map((event) => [event, { filter: filterOf(undefined), line: on.at.line }] as const);
  return {
    name: textOf(root, "name"),
    events: new Map(events),
    jobs: [...jobs.entries].map(([id, { at, value }]) => jobOf(id, at.line, value, root)),
    env: pairs(nodeAt(root, "env")),
  };
}

/** An action that is made of steps, as the one job that it is. */
export function actionJob(path: string, root: Located): Job {
  const none = { name: null, condition: null, needs: [], continueOnError: null, uses: null, shell: null, folder: null };
  const steps = stepsOf(nodeAt(root, "runs", "steps"));
  return { ...none, id: path, steps, env: new Map(), matrix: new Map(), line: 1 };
}
