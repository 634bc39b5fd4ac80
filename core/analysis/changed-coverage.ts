import type { CoverageRule } from "../../schemas/policy-evidence.ts";
import type { Change, FileText } from "../facts.ts";
import { type Known, known, unknown } from "../known.ts";
import { matcher } from "../paths/patterns.ts";
import { multisetOf, takeOne } from "./case-matching.ts";
import { type CoverageReport, type CoveredLines, readCoverage } from "./coverage-report.ts";

/** A file of a change: its text on both sides, null for the one that is not there. */
export type ChangedText = { path: string; before: string | null; after: string };

/** How much of what a change adds is covered. `gaps`: uncovered lines; `left`: files that the report leaves out. */
export type ChangedCoverage = {
  covered: number;
  lines: number;
  gaps: { path: string; line: number }[];
  left: string[];
};

/**
 * The numbers of the lines (1-based) that one side has and the other had nowhere. A line that moves within its file is
 * old: nobody has to test it again.
 */
export function newLines(before: string | null, after: string): number[] {
  const linesOf = (text: string) => text.split("\n").map((line) => line.trim());
  const old = multisetOf(linesOf(before ?? ""));
  return linesOf(after).flatMap((line, index) => (line === "" || takeOne(old, line) ? [] : [index + 1]));
}

/** Finds the lines of a file by a path that may begin elsewhere: at the root of a machine or at a part of the repository. */
function finder({ files }: CoverageReport): (path: string) => CoveredLines | undefined {
  const known = [...files].map(([name, lines]) => ({ name: name.replaceAll("\\", "/").replace(/^\.\//, ""), lines }));
  const exact = new Map(known.map(({ name, lines }) => [name, lines]));
  const byName = new Map<string, typeof known>();
  const base = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  for (const one of known) {
    const alike = byName.get(base(one.name));
    // Added in place: a report may have a million files of one name.
    if (alike === undefined) byName.set(base(one.name), [one]);
    else alike.push(one);
  }
  return (path) => {
    const alike = (byName.get(base(path)) ?? []).filter(
      ({ name }) => name.endsWith(`/${path}`) || path.endsWith(`/${name}`),
    );
    // Two files of one name: the longer path says more, and of two that say the same none is taken.
    const [first, second] = alike.toSorted((one, other) => other.name.length - one.name.length);
    return exact.get(path) ?? (first?.name.length === second?.name.length ? undefined : first?.lines);
  };
}

/**
 * Measures how much of the lines that a change adds a report shows as covered. Lines that cannot be covered do not count.
 * `isDemanded`: a file of these that the report leaves out counts with all its new lines as not covered.
 */
export function changedCoverage(
  report: CoverageReport,
  changed: readonly ChangedText[],
  isDemanded: (path: string) => boolean,
): ChangedCoverage {
  const find = finder(report);
  const found: ChangedCoverage = { covered: 0, lines: 0, gaps: [], left: [] };
  for (const { path, before, after } of changed) {
    const lines = find(path);
    const isOut = lines === undefined;
    if (isOut) found.left.push(path);
    if (isOut && !isDemanded(path)) continue;
    for (const line of newLines(before, after)) {
      const isCovered = isOut ? false : lines.get(line);
      if (isCovered === undefined) continue;
      found.lines += 1;
      if (isCovered) found.covered += 1;
      else found.gaps.push({ path, line });
    }
  }
  return found;
}

/** What a report shows, by a rule of the policy; `changed` null: the rule asks nothing of what the change adds. */
export type MeasuredCoverage = Pick<CoverageReport, "format" | "total"> & { changed: ChangedCoverage | null };

/** Measures a report of coverage by a rule of the policy; unknown where it is no report, or tells of too little. */
export function measureCoverage(
  text: string,
  rule: CoverageRule,
  facts: { changes: readonly Change[]; texts: readonly FileText[] },
): Known<MeasuredCoverage> {
  const report = readCoverage(text);
  if (report === null)
    return unknown("it is no report of LCOV, Cobertura, JaCoCo, Go, SimpleCov or Istanbul that tells of lines");
  const { format, total } = report;
  if (rule.changed === undefined) return known({ format, total, changed: null });
  if (report.files.size === 0) return unknown(`${format} tells of no single lines`);
  const demanded = rule.paths.length === 0 ? null : matcher(rule.paths, "deny");
  const texts = textsFor(rule, facts);
  return known({ format, total, changed: changedCoverage(report, texts, (path) => demanded?.matches(path) != null) });
}

/** The files of the change that count for a report, with both sides. */
function textsFor(
  rule: CoverageRule,
  { changes, texts }: { changes: readonly Change[]; texts: readonly FileText[] },
): ChangedText[] {
  const wanted = new Set(coveragePaths(changes, [rule]));
  return texts.flatMap(({ path, before, after }) =>
    after.state !== "text" || !wanted.has(path) || path === rule.file
      ? []
      : [{ path, before: before.state === "text" ? before.text : null, after: after.text }],
  );
}

/** The files that are read for reports of coverage: reports that the change brings, and what it changes. */
export function coveragePaths(changes: readonly Change[], rules: readonly CoverageRule[]): string[] {
  const present = changes.filter(({ after }) => after !== null).map(({ path }) => path);
  return rules.flatMap(({ artifact: from, file, changed, paths }) => {
    const wanted = matcher(paths, "deny");
    const isWanted = (path: string) => changed !== undefined && (paths.length === 0 || wanted.matches(path) !== null);
    return present.filter((path) => (from === undefined && path === file) || isWanted(path));
  });
}
