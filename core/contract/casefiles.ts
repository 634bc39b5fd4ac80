import type { Policy } from "../../schemas/policy.ts";
import type { Casefile } from "../../schemas/step.ts";
import type { EntryOf, TypedEntry } from "../entries.ts";
import { foldConfusables } from "../file-names.ts";
import { matcher } from "../paths/patterns.ts";
import { logFile } from "./casefile-log.ts";
import { planFile } from "./casefile-plan.ts";

/** A file that the casefile gate asks for: the policy's key, the name as it stands there, and whether Sallyport writes it. */
export type RequiredCasefile = { key: string; template: string; ours: boolean };

/** What is asked for where the policy names no file at all: written by whoever makes the change. */
const standard = ["tasks/{story}/PLAN.md", "tasks/{story}/EXEC_LOG.md"];

/** The casefiles that a policy asks for, those that Sallyport writes first; none without the gate. */
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

/** The casefiles of a story that Sallyport writes, as the pack of an attempt names them. */
export function casefilesOf({ gates }: Pick<Policy, "gates">, story: number): Casefile[] {
  return (["plan", "log"] as const).flatMap((name) => {
    const path = gates.casefile?.[name]?.replaceAll("{story}", String(story));
    return path === undefined ? [] : [{ name, path }];
  });
}

/**
 * Tells which paths an agent must leave free because a casefile stands there: its own name and all that could be taken
 * for it, what would lie below it, and what would stand in the place of a folder that it lies in.
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

/** The line that ends what Sallyport writes of a casefile; escaped text cannot hold it. */
export const peoplesPart = "<!-- Sallyport writes what stands above this line; what stands below is kept -->";

/**
 * What Sallyport writes of a casefile for one commit: made from the entries up to the evidence of the attempt that
 * becomes the commit, all of which the evidence branch shows, so that it gives away nothing that the branch withholds.
 * Anyone with the ledger derives the same bytes again.
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
 * The whole file: what Sallyport writes, and below it what people wrote, byte for byte as it stood at the commit's parent
 * (null: no file). Where nothing shows which part was ours, all of it is taken for theirs.
 */
export function wholeCasefile(text: string, before: string | null): string {
  const ours = `${text}\n${peoplesPart}\n`;
  if (before === null) return ours;
  const line = before.search(new RegExp(`^${peoplesPart}\\r?$`, "m"));
  if (line === -1) return `${ours}\n${before}`;
  const end = before.indexOf("\n", line);
  return end === -1 ? ours : `${ours}${before.slice(end + 1)}`;
}
