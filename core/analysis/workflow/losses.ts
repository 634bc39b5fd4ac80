import { type Check, counts } from "./checks.ts";
import { lostHooks } from "./hooks.ts";
import { choosing, someTests } from "./left-out.ts";
import { hookFolders, isCalled, type Pair, pairUp, programOf, type Sides, successors, unitOf } from "./pairing.ts";
import { judges, lostReach, nothing, type Place } from "./reach.ts";
import type { FileReading } from "./reading.ts";
import { tried } from "./shell-status.ts";
import { untrustedCheckout } from "./untrusted.ts";

/** What a change takes away from what judged changes before it. `step`: what would mend it. */
export type Loss = {
  code:
    | "failure-ignored"
    | "harness-unreadable"
    | "hook-bypassed"
    | "job-removed"
    | "job-skipped"
    | "step-removed"
    | "tests-left-out"
    | "untrusted-checkout"
    | "workflow-removed";
  message: string;
  step: string;
  path: string;
  line?: number;
};

/** A file that judges changes, on both sides; null where it is not there. One that stays as it is has equal sides. */
export type JudgingFile = { path: string; before: FileReading | null; after: FileReading | null };

const quote = (text: string) => `\`${text.replace(/\s+/g, " ").slice(0, 80).replaceAll("`", "'")}\``;
const quoted = (texts: readonly string[]) => texts.slice(0, 3).map(quote).join(", ");

/** A script of the project's own may be a check whatever it is called. */
function isOwnScript({ text }: Check): boolean {
  return /^(?:[^:]{1,200}: )?[\w.@-]{0,100}\/\S|^\S{1,200}\.(?:sh|py|js|mjs|cjs|ts|rb|pl|php)(?:\s|$)/.test(text);
}

function reachLoss({ old, young }: Pair, place: Place): Loss | null {
  if (lostReach(old.reach.own, young.reach.own, place) === null) return null;
  const levels = [
    ["workflow", "This workflow", young.lines.event],
    ["job", `The job \`${young.title}\``, young.lines.job],
    ["own", quote(young.text), young.line],
  ] as const;
  // What another file runs for is no word on what this one ran for.
  for (const [level, subject, line] of old.path === young.path ? levels : levels.slice(1)) {
    const lost = lostReach(old.reach[level], young.reach[level], place);
    if (lost === null) continue;
    const message = `${subject} no longer runs for ${lost}.`;
    return { code: "job-skipped", message, step: "Let it run for them again.", path: young.path, line };
  }
  return null;
}

/** What is newly left out. What the change itself adds was run by nothing before; what bears a new name is the same. */
function moreLeftOut(old: Check, young: Check, { gone, added }: Place): string[] {
  const flagOf = (said: string) => said.split(" ")[0];
  const wasChosen = old.leftOut.some((said) => said === someTests || choosing.test(said));
  const renamed = old.leftOut.filter((one) => !young.leftOut.includes(one) && gone.some((path) => one.includes(path)));
  return young.leftOut.filter((one) => {
    const named = /^-\S+ (?:\.\/)?(.+?)\/?$/.exec(one)?.[1] ?? "";
    const isNew = /[./]/.test(named) && added.some((path) => path.includes(named));
    if (old.leftOut.includes(one) || one === someTests || isNew || (one === "all tests" && old.kind !== "test"))
      return false;
    return !(wasChosen && choosing.test(one)) && !renamed.some((other) => flagOf(other) === flagOf(one));
  });
}

function lostIn(pair: Pair, { after }: Sides, shared: ReadonlySet<Check>, place: Place): Loss | null {
  const { old, young, isSame } = pair;
  const at = { path: young.path, line: young.line };
  if (young.ignored !== null && young.ignored !== tried) {
    if (old.kind === "other" && !isOwnScript(old)) return null;
    const message = `A failure of ${quote(young.text)} no longer fails the change: ${young.ignored}.`;
    return { code: "failure-ignored", message, step: "Let its failure fail the step and the job.", ...at };
  }
  const unreached = old.kind === "other" ? null : reachLoss(pair, place);
  if (unreached !== null || !isSame) return unreached;
  const more = moreLeftOut(old, young, place);
  if (more.length === 0) return null;
  // Several commands may share what one ran before: each leaves out what another one runs.
  const isSharing = (one: Check) =>
    unitOf(one) === unitOf(young) || (one.path === young.path && programOf(one) === programOf(young));
  if (after.some((one) => !shared.has(one) && one.kind === old.kind && isSharing(one) && counts(one))) return null;
  const message = `${quote(young.text)} is told to leave something out or to let it pass: ${quoted(more)}.`;
  return { code: "tests-left-out", message, step: "Take this out again.", ...at };
}

function removal(old: Check, { gone, units, after }: Sides): Loss | null {
  const { path } = old;
  const ran = `${quote(old.text)}, and nothing else in the change does so instead`;
  const isThere = units.has(unitOf(old));
  const isHook = hookFolders.test(path);
  // What calls a script that is gone fails; what ran before or after another one did so unasked, as hooks do.
  if (isCalled.test(path) && !isThere && (gone.has(path) || !/^(?:pre|post)/.test(old.unit))) return null;
  const isProgram = /\.(?:[cm]?[jt]sx?|py|rb|go|rs|java|kt|php|pl)$/.test(path);
  if (old.isLocal && (isProgram || (gone.has(path) && !isHook))) return null;
  if (gone.has(path)) {
    const message = `This file no longer runs anything. It ran ${ran}.`;
    return { code: isHook ? "hook-bypassed" : "workflow-removed", message, step: "Bring it back.", path };
  }
  if (!isThere) {
    const message = `The job \`${old.title}\` is gone. It ran ${ran}.`;
    return { code: "job-removed", message, step: "Bring the job back.", path };
  }
  const step = "Run it again.";
  if (old.isLocal && !after.some((young) => unitOf(young) === unitOf(old) && counts(young))) {
    const message = `Nothing in \`${old.title}\` can fail any more. It ran ${ran}.`;
    return { code: "failure-ignored", message, step, path };
  }
  return { code: "step-removed", message: `\`${old.title}\` no longer runs ${ran}.`, step, path };
}

const weights = { test: 0, static: 1, build: 2, other: 3 } as const;

/** Compares what judged changes before with what judges them after, over all files together. */
function checkLosses(sides: Sides, place: Place): Loss[] {
  const { pairs, lost } = pairUp(sides, place);
  const told = new Map<string, Loss>();
  const add = (about: string, loss: Loss) => {
    if (!told.has(about)) told.set(about, loss);
  };
  const shared = new Set(pairs.flatMap(({ young, isSame }) => (isSame ? [young] : [])));
  for (const pair of pairs) {
    const loss = lostIn(pair, sides, shared, place);
    if (loss !== null) add(`${loss.path}\n${loss.line}\n${loss.message}`, loss);
  }
  // What a job did on the way to what is still done elsewhere is no loss.
  const left = new Set([...lost, ...pairs.flatMap(({ old, young }) => (counts(young) ? [] : [old]))]);
  const kept = sides.before.filter((old) => counts(old) && !left.has(old) && old.kind === "test");
  const moved = new Set(kept.map(unitOf));
  for (const old of lost.toSorted((one, other) => weights[one.kind] - weights[other.kind])) {
    const isMoved = !sides.units.has(unitOf(old)) && moved.has(unitOf(old));
    const isOnTheWay = isMoved && (old.kind === "build" || old.isVague);
    const loss = old.kind === "other" || isOnTheWay ? null : removal(old, sides);
    // A file or a job that is gone, or that can no longer fail, is told once.
    const about = loss?.code === "workflow-removed" ? old.path : unitOf(old);
    if (loss !== null) add(`${loss.code}\n${about}\n${loss.code === "step-removed" ? old.key : ""}`, loss);
  }
  return [...told.values()];
}

const isOnCall = ({ reach }: Check) => reach.workflow.called && reach.workflow.pull === null;

function sidesOf(files: readonly JudgingFile[]): Sides {
  const gone = files.filter(({ before, after }) => before?.runs === true && after?.runs !== true);
  const units = files.flatMap(({ path, after }) => (after?.units ?? []).map((unit) => unitOf({ path, unit })));
  const before = files.flatMap((file) => file.before?.checks ?? []);
  const all = files.flatMap(({ after }) => after?.checks ?? []);
  // What a called workflow looks at stands in its own file.
  const standing = new Set(all);
  const isTold = (one: Check) => standing.has(one) && (one.kind === "test" || one.kind === "static");
  const kinds = new Map(before.filter(isTold).map(({ path, kind }) => [path, kind]));
  const kindOf = ({ kind, key }: Check) =>
    kind === "other" ? (kinds.get(key.replace(/^uses \.\//, "")) ?? kind) : kind;
  const called = new Set(all.filter(counts).map(({ key }) => key.replace(/^uses (?:\.\/)?/, "")));
  const were = new Set(files.flatMap(({ before }) => before?.checks.filter(isOnCall).map(({ path }) => path) ?? []));
  // A workflow that newly waits to be called, and that nothing calls, judges nothing.
  const isIdle = (check: Check) =>
    isOnCall(check) && check.path.startsWith(".github/workflows/") && !were.has(check.path) && !called.has(check.path);
  const idle = { workflow: nothing, job: nothing, own: nothing };
  return {
    before: before.map((check) => (kindOf(check) === check.kind ? check : { ...check, kind: kindOf(check) })),
    after: all.map((check) => (isIdle(check) ? { ...check, reach: idle } : check)),
    gone: new Set(gone.map(({ path }) => path)),
    units: new Set(units),
  };
}

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
