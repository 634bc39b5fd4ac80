import { type Check, counts } from "./checks.ts";
import { choosing, someTests } from "./left-out.ts";
import { hookFolders, isCalled, type Pair, pairUp, programOf, type Sides, unitOf } from "./pairing.ts";
import { lostReach, nothing, type Place } from "./reach.ts";
import type { FileReading } from "./reading.ts";
import { tried } from "./shell-status.ts";

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

/** A text of the files in a message: on one line, its beginning alone. */
export const quote = (text: string) => `\`${text.replace(/\s+/g, " ").slice(0, 80).replaceAll("`", "'")}\``;

/** The first of several such texts. */
export const quoted = (texts: readonly string[]) => texts.slice(0, 3).map(quote).join(", ");

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
export function checkLosses(sides: Sides, place: Place): Loss[] {
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

/** The checks of all files on both sides, as they are compared. */
export function sidesOf(files: readonly JudgingFile[]): Sides {
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
