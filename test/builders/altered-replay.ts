import type { TypedEntry } from "../../core/entries.ts";
import { type Known, unknown } from "../../core/known.ts";
import { replayRun } from "../../core/replay/replay.ts";
import type { ReplayGit, ReplaySources, WrittenCommit } from "../../core/replay/sources.ts";
import { recordedRun } from "./recorded-run.ts";
import { policy } from "./story.ts";

/** The run that these tests change. */
export const { entries, sources } = recordedRun(policy);
export const run = "run-2-1";

/** The replay of the recorded run, or of what a test made of it. */
export function replay(changed: readonly TypedEntry[] = entries, from: ReplaySources = sources) {
  const replayed = replayRun(run, changed, from);
  if (replayed === null) throw new Error("the run is unknown");
  return replayed;
}

/** The steps that are not the same, by what they are about and how they came out. */
export function notSame(changed: readonly TypedEntry[], from: ReplaySources = sources): string[] {
  return replay(changed, from).steps.flatMap(({ step, about, result }) =>
    result === "same" ? [] : [`${result}: ${step} ${about}`],
  );
}

/** The entries with one of a kind changed in one or more fields of its body; counted from the end as `at` does. */
export function altered<K extends TypedEntry["kind"]>(
  kind: K,
  change: Partial<Extract<TypedEntry, { kind: K }>["body"]>,
  index = -1,
): TypedEntry[] {
  const chosen = entries.filter((entry) => entry.kind === kind).at(index);
  if (chosen === undefined) throw new Error(`there is no ${kind}`);
  // The change was typed for this kind; a spread over the union of kinds loses that.
  return entries.map((entry) =>
    entry === chosen ? ({ ...entry, body: { ...entry.body, ...change } } as TypedEntry) : entry,
  );
}

/** The sources with a part of git changed. */
export function git(change: Partial<ReplayGit>): ReplaySources {
  if (sources.git === null) throw new Error("the run has no git");
  return { ...sources, git: { ...sources.git, ...change } };
}

/** The sources with the last commit changed. */
export function commit(change: (written: WrittenCommit) => Known<WrittenCommit>): ReplaySources {
  const commits = new Map(sources.git?.commits);
  const [sha, written] = [...commits].at(-1) ?? ["", unknown("none")];
  if (!written.known) throw new Error("the run has no commit");
  return git({ commits: commits.set(sha, change(written.value)) });
}

/** A digest and a commit that nothing has. */
export const other = { sha256: "9".repeat(64), sha: "9".repeat(40) };

/** The last attempt of the run. */
export const last = "#4 R0/S0";
