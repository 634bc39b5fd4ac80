/**
 * A simulated GitHub Actions: it reports the checks that the seed names on every pull request's and merge group's head.
 */

import type { State } from "../state/memory.ts";
import type { Pull, Repository, SimulatedCheck } from "../state/model.ts";
import { actionsAppId } from "../state/state.ts";
import { background, pause } from "../state/work.ts";
import { addCheckRun, changeCheckRun } from "./check-changes.ts";

/** Starts the checks for the pull request's present head; they report by themselves. */
export function startChecks(state: State, pull: Pull): void {
  startChecksOn(state, pull.issue.repository, pull.head);
}

/** Starts the checks for one commit, such as a merge group's. */
export function startChecksOn(state: State, repository: Repository, head: Pull["head"]): void {
  for (const check of repository.ci) background(state, simulate(state, repository, head, check));
}

async function simulate(
  state: State,
  repository: Repository,
  head: Pull["head"],
  check: SimulatedCheck,
): Promise<void> {
  const app = state.apps.find(({ id }) => id === actionsAppId);
  if (app === undefined) throw new Error("the sandbox has no GitHub Actions");
  const run = await addCheckRun(state, repository, app, {
    name: check.name,
    headSha: head.sha,
    headBranch: head.ref,
  });
  await pause(check.delayMs);
  await changeCheckRun(state, repository, run, { conclusion: check.conclusion });
}
