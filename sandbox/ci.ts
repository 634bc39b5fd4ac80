/** A simulated GitHub Actions: it reports the checks that the seed names on every pull request's head. */
import { addCheckRun, changeCheckRun } from "./check-changes.ts";
import type { Pull, SimulatedCheck, State } from "./model.ts";
import { actionsAppId } from "./state.ts";
import { background, pause } from "./work.ts";

/** Starts the checks for the pull request's present head; they report by themselves. */
export function startChecks(state: State, pull: Pull): void {
  for (const check of pull.issue.repository.ci) background(state, simulate(state, pull, check));
}

async function simulate(state: State, pull: Pull, check: SimulatedCheck): Promise<void> {
  const { repository } = pull.issue;
  const app = state.apps.find(({ id }) => id === actionsAppId);
  if (app === undefined) throw new Error("the sandbox has no GitHub Actions");
  const run = await addCheckRun(state, repository, app, {
    name: check.name,
    headSha: pull.head.sha,
    headBranch: pull.head.ref,
  });
  await pause(check.delayMs);
  await changeCheckRun(state, repository, run, { conclusion: check.conclusion });
}
