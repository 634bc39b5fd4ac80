import type { Reason } from "../../schemas/verdict.ts";
import { matcher } from "../paths/patterns.ts";
import type { HarnessKind } from "./harness-lines.ts";
import { lostEvents, type Workflow } from "./workflow.ts";
import { readWorkflowLines } from "./workflow-lines.ts";

const hooks = matcher(["**/.husky/*", "**/.githooks/*", "**/.pre-commit-config.yaml"], "deny");

/** What stands against a file, and what would mend it. */
export type Problem = Pick<Reason, "code" | "message" | "path" | "line"> & { step: string };

/** A file that judges changes, at both ends, line by line without comments; null where it is not there. */
export type HarnessFile = {
  path: string;
  kind: HarnessKind;
  before: string[] | null;
  after: string[] | null;
  shas: { before: string | undefined; after: string | undefined };
};

const nothing: Workflow = { jobs: [], events: [], untrusted: null };

type WorkflowChange = { path: string; before: Workflow; after: Workflow; gone: boolean; moved: boolean };

/** The workflows of a change; whatever stands at a workflow's path and is no file is one that is gone. */
function workflowsOf(files: readonly HarnessFile[]): WorkflowChange[] {
  const workflows = files.filter(({ kind }) => kind === "workflow");
  const added = new Set(workflows.flatMap(({ before, shas }) => (before === null ? [shas.after] : [])));
  return workflows.map(({ path, before, after, shas }) => ({
    path,
    before: before === null ? nothing : readWorkflowLines(before),
    after: after === null ? nothing : readWorkflowLines(after),
    gone: before !== null && after === null,
    moved: after === null && added.has(shas.before),
  }));
}

function missingFrom(some: readonly string[], others: readonly string[]): string[] {
  const known = new Set(some);
  return others.filter((one) => !known.has(one));
}

/** What the workflows of a change lose: whole workflows, jobs, events; and where one newly fetches a stranger's code. */
export function workflowProblems(files: readonly HarnessFile[]): Problem[] {
  const workflows = workflowsOf(files);
  // Jobs that a workflow of the change gains, so that moving a job or splitting a workflow is free.
  const gained = new Set(workflows.flatMap(({ before, after }) => missingFrom(before.jobs, after.jobs)));
  return workflows.flatMap(({ path, before, after, gone, moved }): Problem[] => {
    const lost = missingFrom(after.jobs, before.jobs).filter((job) => !gained.has(job));
    if (gone) {
      if (moved || (before.jobs.length > 0 && lost.length === 0)) return [];
      const message = "This workflow is deleted or renamed to where it does not run.";
      return [{ code: "workflow-removed", message, path, step: "Bring the workflow back." }];
    }
    const problems: Problem[] = lost.map((job) => ({
      code: "job-removed",
      message: `The job \`${job}\` of this workflow is gone, and no other workflow of the change gains it.`,
      path,
      step: "Bring the job back, under the same id.",
    }));
    for (const event of lostEvents(before.events, after.events)) {
      const message = `This workflow no longer runs on \`${event}\`.`;
      problems.push({ code: "job-skipped", message, path, step: `Put \`${event}\` back under \`on\`.` });
    }
    if (after.untrusted !== null && before.untrusted === null) {
      const message =
        "This workflow holds the repository's secrets and fetches the code of a pull request, which could then run with them.";
      const step = "Run on `pull_request` instead, or do not fetch the pull request's head.";
      problems.push({ code: "untrusted-checkout", message, path, line: after.untrusted, step });
    }
    return problems;
  });
}

/** Hooks that are gone: whole files, and the entries of a list of hooks. */
export function lostHooks(files: readonly HarnessFile[]): Problem[] {
  const added = new Set(files.flatMap(({ before, shas }) => (before === null ? [shas.after] : [])));
  const ids = (lines: readonly string[]) =>
    lines.flatMap((line) => /^\s{0,200}-?\s{0,9}id:\s{0,9}["']?([\w.-]{1,100})/.exec(line)?.[1] ?? []);
  return files.flatMap(({ path, before, after, shas }): Problem[] => {
    if (before === null || hooks.matches(path) === null) return [];
    if (after === null) {
      if (added.has(shas.before)) return [];
      return [{ code: "hook-bypassed", message: "This hook is deleted.", path, step: "Bring the hook back." }];
    }
    const kept = new Set(ids(after));
    return [...new Set(ids(before))]
      .filter((id) => !kept.has(id))
      .map((id) => ({
        code: "hook-bypassed",
        message: `The hook \`${id}\` is taken out of this file.`,
        path,
        step: "Put the hook back.",
      }));
  });
}
