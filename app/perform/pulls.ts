import type { EffectResult } from "../../core/effects.ts";
import { SallyportError } from "../../core/errors.ts";
import { listAllOrThrow, orNull } from "../github/requests.ts";
import type { EffectOf, PerformContext } from "./context.ts";
import { sanitize, title, truncated } from "./text.ts";

/** Opens a branch's pull request, or finds it; one that a person closed unmerged stays closed. */
export async function openPull(effect: EffectOf<"open-pull">, context: PerformContext): Promise<EffectResult> {
  const { request } = context;
  const before = await findPull(effect, context);
  if (before !== null) return before;
  const { data: ref } = await request("GET /repos/{owner}/{repo}/git/ref/{ref}", { ref: `heads/${effect.branch}` });
  if (ref.object.sha !== effect.head) {
    throw new SallyportError(
      "foreign-commit",
      `the branch ${effect.branch} stands at ${ref.object.sha}, which this run did not write`,
    );
  }
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
    const after = await findPull(effect, context);
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

async function findPull(
  { branch, base }: EffectOf<"open-pull">,
  context: PerformContext,
): Promise<EffectResult | null> {
  const pulls = await pullsOf(branch, context, { state: "all", base });
  // Merged before we recorded that it is open: it is still the one we opened.
  const found = pulls.find((pull) => pull.state === "open") ?? pulls.find((pull) => pull.merged_at !== null);
  if (found !== undefined) return { type: "pull", number: found.number };
  const closed = pulls[0];
  if (closed === undefined) return null;
  throw new SallyportError(
    "pull-closed",
    `#${closed.number} of the branch ${branch} was closed by a person; it is not opened again`,
  );
}

/** The pull requests from a branch of this repository. */
export function pullsOf(
  branch: string,
  { request, github }: PerformContext,
  asked: { state: "all" | "closed"; base?: string },
) {
  return listAllOrThrow(`the pull requests of ${branch}`, (page) =>
    request("GET /repos/{owner}/{repo}/pulls", { head: `${github.owner}:${branch}`, ...asked, ...page }),
  );
}

/** The commit at a branch's tip; null if there is no such branch. */
export async function branchTip(branch: string, { request }: PerformContext): Promise<string | null> {
  const ref = await orNull(request("GET /repos/{owner}/{repo}/git/ref/{ref}", { ref: `heads/${branch}` }));
  return ref?.data.object.sha ?? null;
}
