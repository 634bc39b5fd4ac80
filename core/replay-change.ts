import { type EntryOf, entriesOf, type TypedEntry } from "./entries.ts";
import { visible } from "./escape.ts";
import { attemptName, branchName } from "./identifiers.ts";
import { casefilePairs } from "./replay-casefiles.ts";
import type { AttemptEntries } from "./replay-entries.ts";
import { placeBefore } from "./replay-road.ts";
import type { ReplaySources, WrittenCommit } from "./replay-sources.ts";
import { comparedStep, type Pair, type ReplayStep, type StepHead, untriedStep } from "./replay-step.ts";

/** Compares the commit of an attempt with git: what it holds and what its message names. */
export function* commitSteps(
  tried: AttemptEntries,
  entries: readonly TypedEntry[],
  { git }: ReplaySources,
): Generator<ReplayStep> {
  const { asked, commit } = tried;
  if (commit === undefined) return;
  const { seq, body } = commit;
  const about = `#${asked.body.prompt} ${attemptName(asked.body)}`;
  const head: StepHead = { step: "commit", seq, about };
  if (git === null)
    return yield untriedStep(
      head,
      "unpublished",
      "the commit lies in git, and this copy has only the ledger",
    );
  const written = git.commits.get(body.commit);
  if (written === undefined || !written.known) {
    const pull = entriesOf(entries, "pull.opened").find((entry) => entry.body.head === body.commit);
    const from = pull === undefined ? body.branch : `refs/pull/${pull.body.pull}/head`;
    const why = written === undefined ? `${body.commit} was not read` : written.why;
    return yield untriedStep(head, "missing", `${why}; fetch it: git fetch origin ${from}`);
  }
  const ours = body.casefiles === undefined ? "" : ", the casefiles";
  yield comparedStep(
    head,
    `${body.commit}: its tree, its parent, the answer's files${ours} and nothing else`,
    [
      ["branch", placeBefore(asked, entries).branch, body.branch],
      ["base", asked.body.base, body.parent],
      ["tree", body.tree, written.value.tree],
      ["parents", [body.parent], written.value.parents],
      ...filePairs(tried, written.value),
      ...casefilePairs(tried, written.value, entries, git.policy),
    ],
  );
  yield comparedStep(
    { step: "trailers", seq, about },
    "what the commit's message names: run, prompt, attempt, digests and evidence",
    [["trailers", expectedTrailers(tried), trailersOf(written.value.message)]],
  );
}

/** Each file of the answer as it stands in the commit, every other change, and a mode that is not the one before. */
function filePairs({ response, commit }: AttemptEntries, { files, changes }: WrittenCommit): Pair[] {
  const answered = response?.body.files ?? [];
  const known = new Set([...answered, ...(commit?.body.casefiles ?? [])].map(({ path }) => path));
  return [
    ...answered.map(({ path, sha256 }): Pair => [`file ${path}`, sha256, files.get(path) ?? null]),
    ...changes.flatMap(({ path, before, after }): Pair[] => {
      if (!known.has(path)) return [[`change of ${path}`, "none: it is not in the answer", "changed"]];
      return after === null ? [] : [[`mode of ${path}`, before?.mode ?? "100644", after.mode]];
    }),
  ];
}

/**
 * Written here a second time: a replay that asked the writer for these lines could not see them change. The writer shows
 * hidden characters and parts mentions, so both sides are compared without that.
 */
function expectedTrailers({ asked, response, evidence }: AttemptEntries): string[] {
  const { run, story, prompt, pack } = asked.body;
  return [
    `Sallyport-Run: ${run}`,
    `Sallyport-Story: #${story}`,
    `Sallyport-Prompt: #${prompt}`,
    `Sallyport-Attempt: ${attemptName(asked.body)}`,
    `Sallyport-Prompt-SHA256: ${pack.sha256}`,
    `Sallyport-Answer-SHA256: ${response?.body.result.sha256 ?? ""}`,
    `Sallyport-Evidence: ${evidence?.hash ?? ""}`,
    `Sallyport-Model: ${visible(response?.body.usage.model ?? "")}`,
  ];
}

function trailersOf(message: string): string[] {
  const last = message.trimEnd().split("\n\n").at(-1) ?? "";
  return last.replaceAll("\u200b", "").split("\n");
}

/** Derives again what a run's pull request was opened from. */
export function pullStep(
  { seq, body }: EntryOf<"pull.opened">,
  story: number,
  entries: readonly TypedEntry[],
): ReplayStep {
  const commit = entriesOf(entries, "change.committed").findLast(
    (entry) => entry.seq < seq && entry.body.run === body.run && entry.body.prompt === body.prompt,
  );
  return comparedStep(
    { step: "pull request", seq, about: `#${body.pull} for #${body.prompt}` },
    "its branch and its head, from the commit before it",
    [
      ["story", story, body.story],
      ["branch", branchName(body.run, body.prompt), body.branch],
      ["head", commit?.body.commit ?? "none", body.head],
    ],
  );
}

/** A run that ended well has merged all its prompts. How another one ended was a person's act or a fault, and is taken as recorded. */
export function endStep(
  { seq, body }: EntryOf<"run.closed">,
  run: EntryOf<"run.submitted">,
  entries: readonly TypedEntry[],
): ReplayStep | null {
  if (body.status !== "succeeded") return null;
  const completed = new Set(
    entriesOf(entries, "prompt.completed").flatMap((entry) => (entry.seq < seq ? [entry.body.prompt] : [])),
  );
  return comparedStep({ step: "end", seq, about: body.run }, "it succeeded, so every prompt is completed", [
    ["open prompts", [], run.body.prompts.filter((prompt) => !completed.has(prompt))],
  ]);
}
