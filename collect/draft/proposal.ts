import { block, code, plain } from "../../core/escape.ts";
import { list } from "../../core/markdown.ts";
import type { BacktestRow } from "../../core/verdict/backtest.ts";
import { policyPath } from "../../schemas/limits.ts";
import type { Drafted } from "./draft.ts";
import { gateNameOf } from "./trial.ts";

/** The most changes that are shown of many, and the most characters of a subject or a reason. */
const most = { rows: 5, characters: 200 } as const;

/** The text of the pull request that proposes a first policy to a repository. */
export function proposalBody(drafted: Drafted, { branch, check }: { branch: string; check: string }): string {
  return [
    "Sallyport is installed here, and this is a first policy for it. **Nothing changes before you merge this:** until then its check is neutral and blocks nothing.",
    "",
    "**Before you merge**, edit the file on this branch:",
    "",
    ...list([
      "Name people under `people`: without them nobody can ask for a plan, approve it, or sign off.",
      "Look at `roles`: they say what an agent may touch.",
    ]),
    "### After the merge",
    "",
    ...list([
      `The check ${code(check)} judges every pull request by the policy. It shows and does not block, until somebody requires it on ${code(branch)} with this App as its expected source.`,
      "A planner puts `ai:plan` on a story, somebody else approves the plan, an executor puts `ai:run` on it: an agent opens the pull request, and a person merges it.",
      "What was asked, approved and judged is recorded on the branch `sallyport/evidence`.",
    ]),
    "### Tried on the past",
    "",
    ...trialLines(drafted),
    "### Undo it",
    "",
    ...list([
      "Close this pull request: it is not opened again, and the check stays neutral. `npx sallyport init` drafts the same policy later.",
      `After the merge: no longer require the check ${code(check)} on ${code(branch)}, then uninstall the App. Labels, the file ${code(policyPath)}, issue forms and the branch \`sallyport/evidence\` stay; none of them blocks anything, and you can delete them.`,
    ]),
    "<details><summary>The draft</summary>",
    "",
    block(drafted.text.trimEnd()),
    "",
    "</details>",
    "",
  ].join("\n");
}

function trialLines({ past, trial }: Drafted): string[] {
  if (!past.known) return [`The draft was not tried: ${plain(past.why)}`, ""];
  const { from, changes } = past.value;
  if (trial === null || changes.length === 0)
    return [`Nothing was merged into ${code(from)} that it could be tried on.`, ""];
  const out = trial.rules.filter(({ isKept }) => !isKept);
  const blocked = trial.rules.filter(({ isKept }) => isKept).flatMap((rule) => rule.blocked);
  return [
    `Of the last ${changes.length} merged changes of ${code(from)} its gates would have blocked ${blocked.length}, and the built-in rules ${trial.builtIn.length}, had they come from an agent.`,
    "",
    ...list([...blocked, ...trial.builtIn].slice(0, most.rows).map(rowLine)),
    ...list(
      out.map(
        (rule) => `${code(gateNameOf(rule))} is left out, as a comment: ${rule.blocked.length} of them broke it.`,
      ),
    ),
  ];
}

function rowLine({ sha, pull, subject, because }: BacktestRow): string {
  const change = `${pull === null ? code(sha.slice(0, 12)) : `#${pull}`} ${plain(short(subject))}`;
  if (because === null) return change;
  const path = because.path === null ? "" : `${code(short(because.path))}: `;
  return `${change} — ${because.gate}: ${path}${plain(short(because.message))}`;
}

function short(text: string): string {
  return text.length <= most.characters ? text : `${text.slice(0, most.characters)}…`.toWellFormed();
}
