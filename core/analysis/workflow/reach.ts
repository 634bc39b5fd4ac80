import { covers } from "../../paths/cover.ts";
import { matcher, problems } from "../../paths/patterns.ts";
import { holds, type Names, type Value } from "./expression.ts";
import type { Filter, Job, Pairs, Workflow } from "./workflow.ts";

/**
 * Which changes something runs for: those of pull requests, those in a merge queue, pushes to branches; null or false:
 * none. `called`: what another workflow or action makes of it, which is not known here.
 */
export type Reach = { pull: Filter | null; queue: boolean; push: Filter | null; called: boolean };

/** What is known of the repository: its default branch, and the files that the change takes away and adds. */
export type Place = { branch: string; gone: readonly string[]; added: readonly string[] };

/** What a condition stands in: the workflow, and what variables and matrix say. */
export type Around = { workflow: Workflow | null; env: Pairs; matrix: Job["matrix"]; place: Place };

const everything: Filter = { branches: null, branchesIgnore: [], paths: null, pathsIgnore: [], types: null };
/** The reach of what runs for every change. */
export const always: Reach = { pull: everything, queue: false, push: everything, called: true };
/** What is called by something else runs whenever that does. */
export const whenCalled: Reach = { pull: null, queue: false, push: null, called: true };
/** The reach of what runs for none. */
export const nothing: Reach = { pull: null, queue: false, push: null, called: false };

/** Whether something runs for any change at all, or may where another workflow calls it. */
export function judges({ pull, queue, push, called }: Reach): boolean {
  return pull !== null || queue || push !== null || called;
}

const pullEvent = ({ events }: Workflow) => events.get("pull_request") ?? events.get("pull_request_target");
const onPush = ["opened", "synchronize"];

/** Which changes a workflow's events start it for. The clock, tags, releases and people's hands judge no change. */
function reachOfWorkflow(workflow: Workflow): Reach {
  const pull = pullEvent(workflow)?.filter;
  const push = workflow.events.get("push")?.filter;
  // What waits for a label or a close judges nothing by itself.
  const starts = pull?.types?.some((type) => onPush.includes(type)) ?? true;
  return {
    pull: pull !== undefined && starts ? pull : null,
    queue: workflow.events.has("merge_group"),
    push: push !== undefined && push.branches?.length !== 0 ? push : null,
    called: workflow.events.has("workflow_call"),
  };
}

/** Stands for what an author is free to choose, which no text in a condition is equal to. */
const chosen = "\0";
const ofAuthor =
  /^github\.(?:actor|triggering_actor|head_ref|event\.pull_request\.(?:user\.login|title|body|head\.ref|labels\..*)|event\.head_commit\.message|event\.comment\..*)$/;
/** What is only there where people or the clock start a workflow. */
const absent = /^(?:inputs|github\.event\.inputs|github\.event\.schedule)(?:\.|$)/;

/** What GitHub will say in a run, for each kind of event; several answers where the branch decides. */
function surroundings(kind: keyof Reach, workflow: Workflow | null, branch: string): Record<string, Value>[] {
  const event = (name: string, ref: string, more = {}) => {
    return { "github.event_name": name, "github.ref": ref, "github.ref_type": "branch", ...more };
  };
  if (kind === "called") return [];
  if (kind === "queue") return [event("merge_group", `refs/heads/gh-readonly-queue/${branch}/pr-1`)];
  if (kind === "push")
    return [branch, "-"].map((one) =>
      event("push", `refs/heads/${one}`, { "github.ref_name": one, "github.event.pull_request": null }),
    );
  const types = workflow === null ? null : pullEvent(workflow)?.filter.types;
  const open = {
    "github.base_ref": branch,
    "github.event.pull_request.base.ref": branch,
    "github.event.pull_request": "{}",
    "github.event.pull_request.merged": false,
    "github.event.pull_request.draft": false,
    ...(types === null || types === undefined ? { "github.event.action": "synchronize" } : {}),
  };
  return workflow?.events.has("pull_request") === false
    ? [{ "github.event_name": "pull_request_target", ...open }]
    : [event("pull_request", "refs/pull/1/merge", { "github.ref_name": "1/merge", ...open })];
}

/** Whether a condition holds for a kind of event, once for each of the surroundings that there are. */
function answers(condition: string, kind: keyof Reach, around: Around): (boolean | undefined)[] {
  const name = /\bmatrix\.([\w-]+)/.exec(condition)?.[1];
  const values = name === undefined ? undefined : around.matrix.get(name);
  const env = new Map([...around.env].map(([key, value]) => [`env.${key.toLowerCase()}`, value]));
  const given = kind === "called" ? [{}] : surroundings(kind, around.workflow, around.place.branch);
  return given.flatMap((known: Record<string, Value>) =>
    (values === undefined || values.length === 0 ? [undefined] : values.slice(0, 50)).map((value) => {
      const names: Names = (asked) => {
        if (Object.hasOwn(known, asked)) return known[asked];
        const written = asked === `matrix.${name?.toLowerCase()}` ? value : env.get(asked);
        if (written !== undefined) return written.includes("${{") ? undefined : written;
        return kind === "called" ? undefined : absent.test(asked) ? null : ofAuthor.test(asked) ? chosen : undefined;
      };
      return holds(condition, names);
    }),
  );
}

/** What is left of a reach under a condition: the events for which it does not surely fail. */
export function under(reach: Reach, condition: string | null, around: Around): Reach {
  if (condition === null) return reach;
  const mayRun = (kind: keyof Reach) => answers(condition, kind, around).some((answer) => answer !== false);
  return {
    pull: reach.pull !== null && mayRun("pull") ? reach.pull : null,
    queue: reach.queue && mayRun("queue"),
    push: reach.push !== null && mayRun("push") ? reach.push : null,
    called: reach.called && mayRun("called"),
  };
}

/** Which changes a workflow runs for, and each job of it: by its events, its condition, and the jobs that it needs. */
export function reachOfJobs(workflow: Workflow, place: Place): { whole: Reach; reachOf: (job: Job) => Reach } {
  const whole = reachOfWorkflow(workflow);
  const byId = new Map(workflow.jobs.map((job) => [job.id, job]));
  const found = new Map<string, Reach>();
  const reachOf = (job: Job): Reach => {
    const before = found.get(job.id);
    if (before !== undefined) return before;
    found.set(job.id, whole);
    let reach = under(whole, job.condition, { workflow, env: workflow.env, matrix: new Map(), place });
    // A job that needs a skipped one is skipped too, unless its condition asks how that ended.
    const asks = /\b(?:always|failure|cancelled|success)\s*\(/i.test(job.condition ?? "");
    for (const need of asks ? [] : job.needs) {
      const needed = byId.get(need);
      const { pull, queue, push, called } = needed === undefined ? whole : reachOf(needed);
      reach = {
        pull: pull === null ? null : reach.pull,
        queue: reach.queue && queue,
        push: push === null ? null : reach.push,
        called: reach.called && called,
      };
    }
    found.set(job.id, reach);
    return reach;
  };
  return { whole, reachOf };
}

/** Whether a failure is let pass for an event that something runs for; a matrix may say so of some of its entries. */
export function letsPass(continueOnError: string | null, reach: Reach, around: Around): boolean {
  if (continueOnError === null || continueOnError.trim() === "") return false;
  const kinds = (["pull", "queue", "push", "called"] as const).filter((kind) => reach[kind]);
  const isOfMatrix = /\bmatrix\s*[.[]/.test(continueOnError);
  const all = kinds.map((kind) => answers(continueOnError, kind, around));
  return all.some((one) =>
    isOfMatrix ? one.every((answer) => answer === true) : one.some((answer) => answer !== false),
  );
}

const plain = (pattern: string) => pattern.replace(/^!/, "").replace(/\*\*(?=[^/*])/g, "**/*");
const isWell = (...patterns: string[]) => problems(patterns).length === 0;

function isCovered(pattern: string, by: readonly string[]): boolean {
  const one = plain(pattern);
  return by.map(plain).some((wide) => {
    if (wide === one || /^(?:\*\*|\*\*\/\*|\*)$/.test(wide)) return true;
    if (!isWell(wide, one)) return false;
    // A name without wildcards is that of one file.
    return covers(wide, one) || (!/[*?[\]{}]/.test(one) && matcher([wide], "allow").matches(one) !== null);
  });
}

/** Whether a filter lets a branch through; of several patterns the last one that names it decides. */
function takesBranch({ branches, branchesIgnore }: Filter, branch: string): boolean {
  const names = (pattern: string) => {
    const one = plain(pattern);
    return one === branch || (isWell(one) && matcher([one], "allow").matches(branch) !== null);
  };
  const last = branches?.findLast(names);
  if (branches !== null && (last === undefined || last.startsWith("!"))) return false;
  return !branchesIgnore.some(names);
}

const positive = (patterns: readonly string[]) => patterns.filter((pattern) => !pattern.startsWith("!"));
const negative = (patterns: readonly string[]) => patterns.filter((pattern) => pattern.startsWith("!"));

/** Whether a path pattern speaks of what the change takes away. */
function isGone(pattern: string, gone: readonly string[]): boolean {
  const one = plain(pattern);
  const fixed = /^[^*?[{]*/.exec(one)?.[0] ?? "";
  if (fixed === "") return false;
  const named = isWell(one) ? matcher([one], "allow") : null;
  return gone.some(
    (path) =>
      path === pattern || (fixed.includes("/") && path.startsWith(fixed)) || (named?.matches(path) ?? null) !== null,
  );
}

const some = (patterns: readonly string[]) => {
  const shown = patterns.slice(0, 3).map((one) => `\`${one.slice(0, 60).replaceAll("`", "'")}\``);
  return `${shown.join(", ")}${patterns.length > 3 ? ", …" : ""}`;
};

/** For which changes the later of two filters leaves out what the earlier one took; null: none. */
function lostByFilter(before: Filter, after: Filter, { branch, gone }: Place): string | null {
  const takes = ({ types }: Filter, type: string) => types?.includes(type) ?? true;
  const types = onPush.filter((type) => takes(before, type) && !takes(after, type));
  if (types.length > 0) return `pull requests that are ${types.join(" or ").replace("synchronize", "pushed to")}`;
  if (takesBranch(before, branch) && !takesBranch(after, branch)) return `changes of the branch \`${branch}\``;
  const [was, is] = [before.paths ?? ["**"], after.paths ?? ["**"]];
  const lost = positive(was).filter((pattern) => !isCovered(pattern, positive(is)) && !isGone(pattern, gone));
  if (lost.length > 0)
    return before.paths === null ? `changes outside ${some(positive(is))}` : `changes of ${some(lost)}`;
  const old = [...before.pathsIgnore, ...negative(was)];
  const ignored = [...after.pathsIgnore, ...negative(is)].filter((pattern) => !isCovered(pattern, old));
  return ignored.length > 0 ? `changes of ${some(ignored)} alone` : null;
}

const takesAllBranches = ({ branches }: Filter) => branches === null || isCovered("**", positive(branches));

/** For which changes something no longer runs, in words that follow "no longer runs for"; null: none. */
export function lostReach(before: Reach, after: Reach, place: Place): string | null {
  if (before.pull !== null) {
    if (after.pull === null) return after.called && !before.called ? null : "pull requests";
    const lost = lostByFilter(before.pull, after.pull, place);
    if (lost !== null) return lost;
  } else if (before.push !== null && after.pull === null) {
    if (after.push === null) return after.called ? null : "pushes";
    if (takesAllBranches(before.push) && !takesAllBranches(after.push))
      return `pushes to other branches than ${some(after.push.branches ?? [])}`;
    const lost = lostByFilter(before.push, after.push, place);
    if (lost !== null) return lost;
  }
  if (before.queue && !after.queue && !after.called) return "merge queues";
  if (before.called && !after.called && before.pull === null && before.push === null && after.pull === null)
    return after.push === null ? "the workflows that call it" : null;
  return null;
}
