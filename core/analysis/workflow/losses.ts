import { checkLosses, type JudgingFile, type Loss, quote, quoted, sidesOf } from "./check-losses.ts";
import { type Check, counts } from "./checks.ts";
import { lostHooks } from "./hooks.ts";
import { successors, unitOf } from "./pairing.ts";
import { judges, type Place } from "./reach.ts";
import type { FileReading } from "./reading.ts";
import { tried } from "./shell-status.ts";
import { untrustedCheckout } from "./untrusted.ts";

function hookLosses({ path, before, after }: JudgingFile, { added }: Place): Loss[] {
  if (before?.hooks == null) return [];
  const { gone, narrowed } = lostHooks(before.hooks, after?.hooks ?? [], added);
  return [
    ...gone.map(({ id }): Loss => {
      const message = `The hook ${quote(id)} is taken out of this file or no longer runs by itself.`;
      return { code: "hook-bypassed", message, step: "Put the hook back.", path };
    }),
    ...narrowed.map(({ id, line, more }): Loss => {
      const message = `The hook ${quote(id)} leaves more out: ${quoted(more)}.`;
      return { code: "hook-bypassed", message, step: "Let the hook look at them again.", path, line };
    }),
  ];
}

/** What settings newly leave out. Settings may move between files, and a file may bear a new name. */
function settingLosses(files: readonly JudgingFile[], { gone, added }: Place): Loss[] {
  const old = new Set(files.flatMap(({ before }) => before?.settings.map(({ said }) => said) ?? []));
  return files.flatMap(({ path, before, after }): Loss[] => {
    const now = after?.settings ?? [];
    const lost = (before?.settings ?? []).filter(({ said }) => !now.some((one) => one.said === said));
    const isRenamed = lost.some(({ said }) =>
      gone.some((name) => said.includes(name.slice(name.lastIndexOf("/") + 1))),
    );
    // What the change itself adds was run by nothing before; neither was what stands beside new settings.
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    const isNewThere = before === null && folder !== "" && added.some((one) => one !== path && one.startsWith(folder));
    const isNew = (said: string) => {
      const named = said.replace(/^[^"'>\s]*["'>\s]+|["')\s]+$/g, "").replace(/^[*/.]+|[*/]+$|\.class$/g, "");
      return named.length > 2 && added.some((one) => one.includes(named));
    };
    const more = isNewThere ? [] : now.filter(({ said }) => !old.has(said) && !isNew(said));
    const [first] = isRenamed && more.length <= lost.length ? [] : more;
    if (first === undefined) return [];
    const told = quoted(more.map(({ said }) => said));
    const message = `The settings tell a test runner to leave something out or to let it pass: ${told}.`;
    return [{ code: "tests-left-out", message, step: "Take this out again.", path, line: first.line }];
  });
}

/** Git told to pass by the hooks, in a file that judged changes before. */
function bypasses(files: readonly JudgingFile[]): Loss[] {
  const among = (side: FileReading | null) =>
    side?.checks.filter((one) => one.key === "git bypass" && counts(one)) ?? [];
  const old = new Set(files.flatMap(({ before }) => among(before).map(({ text }) => text)));
  return files.flatMap(({ path, before, after }) =>
    (before === null ? [] : among(after))
      .filter(({ text }) => !old.has(text))
      .map(({ text, line }): Loss => {
        const message = `${quote(text)} lets commits past the hooks.`;
        return { code: "hook-bypassed", message, step: "Let the hooks run.", path, line };
      }),
  );
}

/** New workflows that show a green check for tests that fail: the script itself swallows the failure of each. */
function powerless({ path, before, after }: JudgingFile, old: ReadonlySet<string>): Loss[] {
  if (before !== null || !/^\.github\/workflows\/[^/]+\.ya?ml$/.test(path)) return [];
  const tests = after?.checks.filter(({ kind, reach }) => kind === "test" && judges(reach.own)) ?? [];
  const isSwallowed = ({ ignored }: Check) =>
    ![null, tried].includes(ignored) && !ignored?.includes("continue-on-error");
  const [first] = tests.every(isSwallowed) ? tests : [];
  if (first === undefined || old.has(first.text)) return [];
  const message = `A failure of ${quote(first.text)} does not fail this new workflow: ${first.ignored}.`;
  return [{ code: "failure-ignored", message, step: "Let its failure fail the job.", path, line: first.line }];
}

/** Workflows that newly hand the repository's secrets to the code of a stranger. */
function untrusted(files: readonly JudgingFile[]): Loss[] {
  const lineOf = (side: FileReading | null) => (side?.workflow == null ? null : untrustedCheckout(side.workflow));
  const were = files.filter(({ before }) => lineOf(before) !== null);
  const old = new Set(were.flatMap(({ path, before }) => [path, before?.workflow?.name ?? path]));
  return files.flatMap(({ path, after }): Loss[] => {
    const line = lineOf(after);
    if (line === null || old.has(path) || old.has(after?.workflow?.name ?? path)) return [];
    const message =
      "This workflow holds the repository's secrets and fetches the code of a pull request, which could then run with them.";
    const step = "Run on `pull_request` instead, or do not fetch the pull request's head.";
    return [{ code: "untrusted-checkout", message, step, path, line }];
  });
}

/** Files that were read before and no longer are for certain, so that what they still run is unknown. */
function unreadable(files: readonly JudgingFile[]): Loss[] {
  return files.flatMap(({ path, before, after }): Loss[] => {
    if (before === null || before.problem !== null || after?.problem == null) return [];
    if (before.checks.length + before.settings.length + (before.hooks?.length ?? 0) === 0) return [];
    const message = `This file can no longer be read, so what it still runs is unknown: ${after.problem.message}.`;
    return [{ code: "harness-unreadable", message, step: "Mend the file.", path, line: after.problem.line }];
  });
}

/** All that a change takes from the judging of changes. */
export function lossesOf(files: readonly JudgingFile[], place: Place): Loss[] {
  // What is unknown on one side is left out of the comparison, and told by itself.
  const isRead = ({ before, after }: JudgingFile) => before?.isBlank !== true && after?.isBlank !== true;
  const read = files.filter(isRead);
  const old = new Set(read.flatMap(({ before }) => before?.checks.map(({ text }) => text) ?? []));
  const losses = [
    ...checkLosses(sidesOf(read), place),
    ...read.flatMap((file) => hookLosses(file, place)),
    ...settingLosses(read, place),
    ...bypasses(read),
    ...untrusted(read),
    ...read.flatMap((file) => powerless(file, old)),
  ];
  const told = new Set(losses.map(({ path }) => path));
  return [...losses, ...unreadable(files).filter(({ path }) => !told.has(path))];
}

/** A job whose checks stand under another name or in another file: what asks for it by its name has to follow. */
export type Renaming = { path: string; line: number; message: string };

/** Jobs of workflows that the change renames or moves as they are. */
export function renamingsOf(files: readonly JudgingFile[]): Renaming[] {
  const sides = sidesOf(files);
  const young = new Map(sides.after.map((check) => [unitOf(check), check]));
  const old = new Map(sides.before.map((check) => [unitOf(check), check]));
  return [...successors(sides)].flatMap(([from, to]): Renaming[] => {
    const [was, is] = [old.get(from), young.get(to)];
    if (was === undefined || is === undefined || !was.path.startsWith(".github/workflows/")) return [];
    if (was.title === is.title && was.path === is.path) return [];
    const where = `What the job ${quote(was.title)}`;
    const message =
      was.title === is.title
        ? `${where} of ${quote(was.path)} ran now stands in this file.`
        : `${where} ran now stands in ${quote(is.title)}: a required check of the old name has to follow.`;
    return [{ path: is.path, line: is.lines.job, message }];
  });
}
