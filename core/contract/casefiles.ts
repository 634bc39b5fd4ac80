import type { Policy } from "../../schemas/policy.ts";
import type { Casefile } from "../../schemas/step.ts";
import type { EntryOf, TypedEntry } from "../entries.ts";
import { foldConfusables } from "../file-names.ts";
import { matcher } from "../paths/patterns.ts";
import { logFile } from "./casefile-log.ts";
import { planFile } from "./casefile-plan.ts";

/** A file that the casefile gate requires: the policy's key, the path template, and whether Sallyport writes it. */
export type RequiredCasefile = { key: string; template: string; ours: boolean };

/** The files required where the policy names none; the author of the change writes them. */
const standard = ["tasks/{story}/PLAN.md", "tasks/{story}/EXEC_LOG.md"];

/** The casefiles that a policy requires, Sallyport's first; none without the gate. */
export function requiredCasefiles({ gates }: Pick<Policy, "gates">): RequiredCasefile[] {
  const { casefile } = gates;
  if (casefile === undefined) return [];
  const ours = (["plan", "log"] as const).flatMap((name) => {
    const template = casefile[name];
    return template === undefined ? [] : [{ key: `gates.casefile.${name}`, template, ours: true }];
  });
  const files = casefile.files ?? (ours.length === 0 ? standard : []);
  const others = files.map((template, index) => ({
    key: `gates.casefile.files.${index}`,
    template,
    ours: false,
  }));
  return [...ours, ...others];
}

/** The casefiles that Sallyport writes for a story, as an attempt's pack names them. */
export function casefilesOf({ gates }: Pick<Policy, "gates">, story: number): Casefile[] {
  return (["plan", "log"] as const).flatMap((name) => {
    const path = gates.casefile?.[name]?.replaceAll("{story}", String(story));
    return path === undefined ? [] : [{ name, path }];
  });
}

/**
 * Returns a test for the paths that an agent must not write because of a casefile: its own path and any that could be
 * confused with it, paths below it, and paths that would replace one of its folders.
 */
export function casefileGuard(casefiles: readonly Pick<Casefile, "path">[]): (path: string) => boolean {
  const taken = matcher(
    casefiles.map(({ path }) => path),
    "deny",
  );
  return (path) =>
    taken.matches(path) !== null ||
    casefiles.some((casefile) => foldConfusables(casefile.path).startsWith(`${foldConfusables(path)}/`));
}

/** The line that ends Sallyport's part of a casefile; escaped text cannot contain it. */
export const peoplesPart = "<!-- Sallyport writes what stands above this line; what stands below is kept -->";

/**
 * Sallyport's part of a casefile for one commit, derived from the entries up to the evidence of the commit's attempt.
 * The evidence branch shows all of them, so the file reveals nothing that the branch withholds. Anyone with the ledger
 * derives the same bytes.
 */
export function casefileText(
  name: Casefile["name"],
  entries: readonly TypedEntry[],
  captured: EntryOf<"evidence.captured">,
): string {
  const { run, story } = captured.body;
  const before = entries.filter(({ seq }) => seq <= captured.seq);
  return name === "plan" ? planFile(before, story, run) : logFile(before, story);
}

/**
 * The whole file: Sallyport's part, followed by people's part, byte for byte as in the commit's parent (null: no file).
 * If no line shows where our part ended, the whole old file counts as people's.
 */
export function wholeCasefile(text: string, before: string | null): string {
  const ours = `${text}\n${peoplesPart}\n`;
  if (before === null) return ours;
  const line = before.search(new RegExp(`^${peoplesPart}\\r?$`, "m"));
  if (line === -1) return `${ours}\n${before}`;
  const end = before.indexOf("\n", line);
  return end === -1 ? ours : `${ours}${before.slice(end + 1)}`;
}
