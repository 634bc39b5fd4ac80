import type { Policy } from "../../schemas/policy.ts";
import type { EarlierChange } from "../../schemas/step.ts";
import { branchChange } from "../record/checkpoints.ts";
import type { PromptRecord } from "../record/story.ts";

/** The most paths of an earlier change that an agent is told. */
const maxFiles = 100;

/** What the policy takes for tests beside their names and folders, for a role that writes nothing else; undefined: it may. */
export function testsOnly(
  { writes }: Pick<Policy["roles"][string], "writes">,
  { tests = [], evidence }: Policy["gates"],
): { patterns: string[] } | undefined {
  if (writes === undefined) return undefined;
  return { patterns: [...tests.flatMap(({ need }) => need), ...(evidence?.files ?? [])] };
}

/** What a story's runs have merged so far. Models chose the paths, and people let them in. */
export function earlierChanges(prompts: readonly PromptRecord[]): EarlierChange[] {
  return prompts.flatMap(({ contract, issue, completed, merge, branchState, attempts }) => {
    const paths = [...(branchChange(branchState, attempts)?.files.keys() ?? [])].sort();
    if (issue === null || !completed || merge === null || paths.length === 0) return [];
    const files = paths.slice(0, maxFiles);
    return [{ prompt: issue, title: contract.title, merged: merge.merged, files, of: paths.length }];
  });
}
