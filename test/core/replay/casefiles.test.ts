import { describe, expect, test } from "@jest/globals";
import type { TypedEntry } from "../../../core/entries.ts";
import { known, unknown } from "../../../core/known.ts";
import { replayRun } from "../../../core/replay/replay.ts";
import type { ReplaySources, WrittenCommit } from "../../../core/replay/sources.ts";
import type { EntryBody } from "../../../schemas/entries.ts";
import { casefileRun } from "../../builders/casefile-story.ts";
import { policy } from "../../builders/story.ts";

const { entries, sources } = casefileRun();
const [plan, log] = ["tasks/2/PLAN.md", "tasks/2/EXEC_LOG.md"];
const other = { sha: "0".repeat(40), sha256: "0".repeat(64) };
const last = "#4 R0/S0";

function notSame(from: readonly TypedEntry[], given: ReplaySources): string[] {
  const steps = replayRun("run-2-1", from, given)?.steps ?? [];
  return steps.flatMap(({ result, step, about }) => (result === "same" ? [] : [`${result}: ${step} ${about}`]));
}

type Casefiles = NonNullable<EntryBody<"change.committed">["casefiles"]>;

/** The entries, with other casefiles in the last commit's. */
function recorded(change: (casefiles: Casefiles) => Casefiles): TypedEntry[] {
  const index = entries.findLastIndex(({ kind }) => kind === "change.committed");
  return entries.map((entry, at) => {
    if (at !== index || entry.kind !== "change.committed") return entry;
    const { casefiles = [], ...body } = entry.body;
    const changed = change(casefiles);
    return { ...entry, body: changed.length === 0 ? body : { ...body, casefiles: changed } };
  });
}

/** What is read, with another last commit in git. */
function inGit(change: (commit: WrittenCommit) => WrittenCommit, more: object = {}): ReplaySources {
  const { git } = sources;
  if (git === null) throw new Error("no git");
  const commits = [...git.commits];
  const [sha, commit] = commits.at(-1) ?? [];
  if (sha === undefined || commit?.known !== true) throw new Error("no commit");
  return {
    ...sources,
    git: { ...git, ...more, commits: new Map([...commits, [sha, known(change(commit.value))]]) },
  };
}

test("a run with casefiles is the same in every step, what people wrote between its commits included", () => {
  expect(notSame(entries, sources)).toEqual([]);
  const { steps } = replayRun("run-2-1", entries, sources) ?? { steps: [] };
  expect(steps.find(({ step }) => step === "commit")?.text).toContain("the casefiles and nothing else");
});

describe("the last commit differs", () => {
  test.each<[string, TypedEntry[], ReplaySources]>([
    ["with another digest", recorded((all) => all.map((one) => ({ ...one, sha256: other.sha256 }))), sources],
    ["with another blob", recorded((all) => all.map((one) => ({ ...one, blob: other.sha }))), sources],
    [
      "with the two names in each other's place",
      recorded((all) => all.map((one) => ({ ...one, name: one.name === "plan" ? "log" : "plan" }))),
      sources,
    ],
    ["without the log", recorded((all) => all.filter(({ name }) => name === "plan")), sources],
    ["without casefiles", recorded(() => []), sources],
    [
      "with one more",
      recorded((all) => [...all, ...all.slice(1).map((one) => ({ ...one, path: "tasks/2/x" }))]),
      sources,
    ],
    [
      "when git has other content",
      entries,
      inGit((one) => ({ ...one, files: new Map([...one.files, [log, other.sha256]]) })),
    ],
    ["when git has no plan", entries, inGit((one) => ({ ...one, files: new Map([...one.files, [plan, null]]) }))],
    [
      "when people had written something else",
      entries,
      inGit((one) => ({ ...one, before: new Map([...(one.before ?? []), [log, "Else\n"]]) })),
    ],
    [
      "when the log was another blob",
      entries,
      inGit((one) => ({
        ...one,
        changes: one.changes.map((each) =>
          each.path === log ? { ...each, after: { mode: "100644", sha: other.sha } } : each,
        ),
      })),
    ],
    [
      "when the log became executable",
      entries,
      inGit((one) => ({
        ...one,
        changes: one.changes.map((each) =>
          each.path === log ? { ...each, after: { mode: "100755", sha: each.after?.sha ?? "" } } : each,
        ),
      })),
    ],
  ])("%s", (_, from, given) => {
    expect(notSame(from, given)).toEqual([`differs: commit ${last}`]);
  });
});

test("casefiles that the approved policy does not ask for differ, by their names and by the prompt", () => {
  const given = inGit((one) => one, { policy: known(policy) });
  const differing = notSame(entries, given);
  expect(differing).toContain(`differs: commit ${last}`);
  expect(differing).toContain(`differs: prompt ${last}`);
});

test("without the policy the bytes are derived all the same", () => {
  const lost = { policy: unknown("not here") };
  expect(
    notSame(
      entries,
      inGit((one) => one, lost),
    ),
  ).toEqual([]);
  const forged = recorded((all) => all.map((one) => ({ ...one, sha256: other.sha256 })));
  expect(
    notSame(
      forged,
      inGit((one) => one, lost),
    ),
  ).toEqual([`differs: commit ${last}`]);
});
