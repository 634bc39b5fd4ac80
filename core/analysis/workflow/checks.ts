import { lineAt } from "../../yaml.ts";
import { actionOf, publishes, scriptOf } from "./actions.ts";
import { judgingOf } from "./commands.ts";
import { leftOut } from "./left-out.ts";
import { judges, letsPass, type Place, type Reach, reachOfJobs, under, whenCalled } from "./reach.ts";
import { type Kind, kindOfName } from "./runners.ts";
import { checksOfScript, plainCheck, type ScriptCheck, shellOf } from "./script-checks.ts";
import type { Job, Pairs, Step, Workflow } from "./workflow.ts";

/** Something that can fail a change: a command or an action of a step, a script, a hook. */
export type Check = Omit<ScriptCheck, "offset"> & {
  path: string;
  /** What it stands in: the id of a job, the name of a script, a target. */
  unit: string;
  /** The name under which the unit's result is shown. */
  title: string;
  step: string | null;
  line: number;
  /** What its job builds is sent somewhere: it is a product then. */
  isProduct: boolean;
  /** It stands in a file that runs only when something calls it. */
  isLocal: boolean;
  /** How many variants of its job there are. */
  width: number;
  /** Which changes the workflow, the job and the check itself run for. */
  reach: { workflow: Reach; job: Reach; own: Reach };
  lines: { event: number; job: number };
};

/** Whether a check stands for something: it runs for changes, and its failure counts. */
export function counts({ ignored, reach }: Check): boolean {
  return ignored === null && judges(reach.own);
}

/** A command whose name the matrix fills in is one check for each value, as far as they are written out. */
function filledIn(found: ScriptCheck, { matrix }: Job): ScriptCheck[] {
  const name = /\$\{\{\s*matrix\.([\w-]+)\s*\}\}/.exec(found.key)?.[1];
  const values = name === undefined ? undefined : matrix.get(name);
  if (values === undefined) return [found];
  return values.slice(0, 50).flatMap((value) => {
    if (value === "") return [];
    const words = found.text.replace(/\$\{\{\s*matrix\.[\w-]+\s*\}\}/g, value).split(/\s+/);
    return (judgingOf(words) ?? []).map((one) => ({ ...found, ...one, isOpen: one.isOpen ?? false }));
  });
}

/** How a script says by itself that something is wrong. */
const fails = /\bexit\s+["']?[1-9$]|\bprocess\.exit\(|\bsys\.exit\(|\braise\b|\bassert\b|::error|setFailed/;

/** Whether a later step of the job asks how this one ended, and can fail for it. */
function isAskedLater({ id }: Step, later: readonly Step[]): boolean {
  const asks = (text: string | null | undefined) =>
    text?.includes(`steps.${id}.`) === true && /outcome|conclusion|outputs/.test(text);
  const canFail = (one: Step) => {
    const script = one.run?.text ?? one.with.get("script");
    return script === undefined ? actionOf(one) !== null : /\[|\bfalse\b|\btest\b/.test(script) || fails.test(script);
  };
  const isAsking = (one: Step) =>
    [one.condition, one.run?.text, ...one.env.values(), ...one.with.values()].some(asks) && canFail(one);
  return id !== null && later.some(isAsking);
}

/** The checks of a step. `hint` is what the job's name says, for a job in which nothing else tells what it is for. */
function checksOfStep(step: Step, job: Job, env: Pairs, hint: Kind | null): ScriptCheck[] {
  const name = kindOfName(step.name ?? "");
  const script = step.run?.text ?? scriptOf(step);
  if (script === null) {
    const action = actionOf(step);
    if (action === null) return [];
    const kind = action.kind === "other" ? (name ?? "other") : action.kind;
    return [{ ...action, kind, leftOut: leftOut(action.key, action.text, env) }];
  }
  const folder = step.folder ?? job.folder ?? ".";
  const shell = shellOf(step.run === null ? null : (step.shell ?? job.shell));
  const checks = checksOfScript(script, shell, env).flatMap((found) => filledIn(found, job));
  // Where no command tells by its name that it is a check, the name of the step may, or of the job.
  const isTold = checks.some(({ kind }) => kind !== "other");
  const judges = fails.test(script.slice(0, 100_000));
  const named = isTold ? null : (name ?? (judges ? hint : null));
  if (checks.length === 0 && named !== null && judges) checks.push(plainCheck(named, `step ${step.name}`, script));
  return checks.map((found) => ({
    ...found,
    isVague: named !== null,
    kind: named ?? found.kind,
    text: folder === "." || folder === "./" ? found.text : `${folder}: ${found.text}`,
  }));
}

/** What a job stands in; `event`: the line of the event for changes. */
type Ground = {
  path: string;
  workflow: Workflow | null;
  reach: { workflow: Reach; job: Reach };
  event: number;
  place: Place;
};

function checksOfJob(job: Job, { path, workflow, reach, event, place }: Ground): Check[] {
  const env = new Map([...(workflow?.env ?? []), ...job.env]);
  const lets = "`continue-on-error` lets its failure pass";
  const around = { workflow, env, matrix: job.matrix, place };
  const jobLets = letsPass(job.continueOnError, reach.job, around) ? lets : null;
  const shared = {
    path,
    unit: job.id,
    title: job.name ?? job.id,
    lines: { event, job: job.line },
    isLocal: false,
    isProduct: publishes(job.steps),
    width: Math.max(1, ...[...job.matrix.values()].map((values) => values.length)),
  };
  if (job.uses !== null) {
    const called = actionOf({ uses: job.uses, with: new Map() });
    if (called === null) return [];
    const own = { step: null, line: job.line, isOpen: true, ignored: jobLets };
    return [{ ...shared, ...called, ...own, reach: { ...reach, own: reach.job } }];
  }
  const envs = job.steps.map((step) => new Map([...env, ...step.env]));
  const read = (hint: Kind | null) => job.steps.map((step, at) => checksOfStep(step, job, envs[at] ?? env, hint));
  const plain = read(null);
  const isTold = plain.some((found) => found.some(({ kind }) => kind === "test" || kind === "static"));
  const checks = isTold ? plain : read(kindOfName(shared.title));
  return job.steps.flatMap((step, at) => {
    const within = { ...around, env: envs[at] ?? env };
    const own = under(reach.job, step.condition, within);
    const lost = letsPass(step.continueOnError, own, within) && !isAskedLater(step, job.steps.slice(at + 1));
    return (checks[at] ?? []).map(
      ({ offset, ...found }): Check => ({
        ...shared,
        ...found,
        step: step.name,
        line: step.run === null ? step.line : lineAt(step.run, offset),
        ignored: found.ignored ?? (lost ? lets : jobLets),
        reach: { ...reach, own },
      }),
    );
  });
}

/** All checks of a workflow, also those that never run or whose failure does not count: which, is told of each. */
export function checksOfWorkflow(path: string, workflow: Workflow, place: Place): Check[] {
  const { events, jobs } = workflow;
  const { whole, reachOf } = reachOfJobs(workflow, place);
  const event = events.get("pull_request") ?? events.get("pull_request_target") ?? [...events.values()][0];
  return jobs.flatMap((job) =>
    checksOfJob(job, { path, workflow, reach: { workflow: whole, job: reachOf(job) }, event: event?.line ?? 1, place }),
  );
}

/** The checks of an action that is made of steps; they run wherever it is used. */
export function checksOfAction(path: string, job: Job, place: Place): Check[] {
  return checksOfJob(job, { path, workflow: null, reach: { workflow: whenCalled, job: whenCalled }, event: 1, place });
}
