import { type RunBranch, readRunBranch } from "../../collect/github/run-branch.ts";
import type { EffectResult } from "../../core/effects.ts";
import { SallyportError } from "../../core/errors.ts";
import { listAllOrThrow, orNull, readOrThrow } from "../github/requests.ts";
import type { EffectOf, PerformContext } from "./context.ts";
import { sanitize, title, truncated } from "./text.ts";

/** Opens a branch's pull request, or finds it; one that a person closed unmerged stays closed. */
export async function openPull(effect: EffectOf<"open-pull">, context: PerformContext): Promise<EffectResult> {
  const { request } = context;
  const { tip, pulls } = await branchOf(effect.branch, effect.head, context);
  const before = findPull(effect, pulls);
  if (before !== null) return before;
  if (tip === null) throw new SallyportError("not-found", `the branch ${effect.branch} is not there any more`);
  if (tip !== effect.head)
    throw new SallyportError(
      "foreign-commit",
      `the branch ${effect.branch} stands at ${tip}, which this run did not write`,
    );
  try {
    const { data } = await request("POST /repos/{owner}/{repo}/pulls", {
      head: effect.branch,
      base: effect.base,
      title: title(effect.title),
      // The agent whose work it is wrote most of the text: however long, it pushes nothing folded off the end.
      body: truncated(sanitize(effect.body), (effect.folds ?? []).map((fold) => `\n\n${folded(fold)}`).join("")),
    });
    return { type: "pull", number: data.number };
  } catch (error) {
    // The refusal may mean that the pull request exists by now.
    const after = findPull(effect, (await branchOf(effect.branch, effect.head, context)).pulls);
    if (after !== null) return after;
    throw error;
  }
}

/** The most characters of one fold: all of them leave room for what stands before them. */
const maxFold = 20_000;

/** A part of a text that opens when it is clicked; what models wrote in it opens and closes nothing. */
function folded({ title: summary, text }: { title: string; text: string }): string {
  const whole = sanitize(text);
  const rest = "\n\n… The rest is too long for GitHub; the ledger names the whole by its digest.";
  const shown = whole.length <= maxFold ? whole : `${whole.slice(0, maxFold).toWellFormed()}${rest}`;
  return `<details>\n<summary>${sanitize(summary)}</summary>\n\n${shown}\n\n</details>`;
}

function findPull({ branch, base }: EffectOf<"open-pull">, all: BranchState["pulls"]): EffectResult | null {
  const pulls = all.filter((pull) => pull.base === base);
  // Merged before we recorded that it is open: it is still the one we opened.
  const found = pulls.find(({ state }) => state === "OPEN") ?? pulls.find(({ state }) => state === "MERGED");
  if (found !== undefined) return { type: "pull", number: found.number };
  const closed = pulls[0];
  if (closed === undefined) return null;
  throw new SallyportError(
    "pull-closed",
    `#${closed.number} of the branch ${branch} was closed by a person; it is not opened again`,
  );
}

/** Where a branch stands, with all its pull requests. */
export type BranchState = RunBranch & { pulls: NonNullable<RunBranch["pulls"]> };

/** Reads where a branch of ours stands, its pull requests, and the tree of a commit. */
export async function branchOf(branch: string, commit: string, context: PerformContext): Promise<BranchState> {
  const read = await readOrThrow(context.reader, (reader) => readRunBranch(reader, branch, commit));
  if (read.pulls !== null) return { ...read, pulls: read.pulls };
  const listed = await pullsOf(branch, context);
  const stateOf = ({ state, merged_at }: (typeof listed)[number]) => {
    if (state === "open") return "OPEN";
    return merged_at === null ? "CLOSED" : "MERGED";
  };
  return { ...read, pulls: listed.map((pull) => ({ number: pull.number, state: stateOf(pull), base: pull.base.ref })) };
}

/** The pull requests from a branch of this repository, open or not, the newest first. */
export function pullsOf(branch: string, { request, github }: PerformContext) {
  return listAllOrThrow(`the pull requests of ${branch}`, (page) =>
    request("GET /repos/{owner}/{repo}/pulls", { head: `${github.owner}:${branch}`, state: "all", ...page }),
  );
}

/** The commit at a branch's tip; null if there is no such branch. */
export async function branchTip(branch: string, { request }: PerformContext): Promise<string | null> {
  const ref = await orNull(request("GET /repos/{owner}/{repo}/git/ref/{ref}", { ref: `heads/${branch}` }));
  return ref?.data.object.sha ?? null;
}
