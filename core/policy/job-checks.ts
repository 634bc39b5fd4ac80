import type { Policy } from "../../schemas/policy.ts";
import type { LintDraft } from "./warning.ts";

/**
 * The checks that one job of a workflow makes. `pieces` are the fixed parts of their names, in order: between two of
 * them is a part only known when the job runs, such as a matrix value. Whoever may push wrote the workflow.
 */
export type JobCheck = { file: string; pieces: readonly string[] };

/** The app whose checks the workflows of a repository make. */
const actions = "@github-actions/";

function makes({ pieces }: JobCheck, name: string): boolean {
  const [first = "", ...rest] = pieces;
  const last = rest.at(-1);
  if (last === undefined) return name === first;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let at = first.length;
  for (const piece of rest.slice(0, -1)) {
    const found = name.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return at + last.length <= name.length;
}

/**
 * The checks that the gate `ci` waits for and no workflow makes: it would wait for ever. Checks of other apps are
 * skipped, because they cannot be known here.
 */
export function missingChecks({ gates }: Policy, checks: readonly JobCheck[]): LintDraft[] {
  return (gates.ci?.checks ?? []).flatMap((check, index): LintDraft[] => {
    if (!check.startsWith(actions)) return [];
    const name = check.slice(actions.length);
    if (checks.some((one) => makes(one, name))) return [];
    const names = [...new Set(checks.map(({ pieces }) => `\`${pieces.join("…")}\``))].slice(0, 10);
    const existing = names.length === 0 ? "there are no jobs in .github/workflows" : `the jobs are ${names.join(", ")}`;
    return [
      {
        code: "no-such-check",
        key: `gates.ci.checks.${index}`,
        message: `No workflow makes the check \`${name}\`, so the gate \`ci\` would wait for ever; ${existing}.`,
        next: "Write the job's name as it stands in its workflow, or add the job.",
      },
    ];
  });
}
