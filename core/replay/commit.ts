import type { Policy } from "../../schemas/policy.ts";
import type { Pack } from "../../schemas/step.ts";
import { casefilesOf, casefileText, wholeCasefile } from "../contract/casefiles.ts";
import { sha256 } from "../digest.ts";
import { entriesOf, type TypedEntry } from "../entries.ts";
import { oneLine } from "../escape.ts";
import { attemptName } from "../identifiers.ts";
import type { Known } from "../known.ts";
import { writtenFiles } from "../story/bodies.ts";
import { branchBefore } from "./progress.ts";
import type { AttemptEntries, ReplayContext, WrittenCommit } from "./sources.ts";
import { attemptHead, comparedStep, type Pair, type ReplayStep, untriedStep } from "./step.ts";

/** Compares the commit of an attempt with git: its content, and what its message names. */
export function* commitSteps(
  attempt: AttemptEntries,
  pack: Pack | null,
  { entries, sources: { git } }: ReplayContext,
): Generator<ReplayStep> {
  const { promptEntry, commit } = attempt;
  if (commit === undefined) return;
  const { seq, body } = commit;
  const head = attemptHead("commit", seq, promptEntry.body);
  if (git === null)
    return yield untriedStep(head, "unpublished", "the commit lies in git, and this copy has only the ledger");
  const written = git.commits.get(body.commit);
  if (written === undefined || !written.known) {
    const pull = entriesOf(entries, "pull.opened").find((entry) => entry.body.head === body.commit);
    const from = pull === undefined ? body.branch : `refs/pull/${pull.body.pull}/head`;
    const why = written === undefined ? `${body.commit} was not read` : written.why;
    return yield untriedStep(head, "missing", `${why}; fetch it: git fetch origin ${from}`);
  }
  const ours = body.casefiles === undefined ? "" : ", the casefiles";
  yield comparedStep(head, `${body.commit}: its tree, its parent, the answer's files${ours} and nothing else`, [
    ["branch", branchBefore(promptEntry, entries).branch, body.branch],
    ["base", promptEntry.body.base, body.parent],
    ["tree", body.tree, written.value.tree],
    ["parents", [body.parent], written.value.parents],
    ...filePairs(attempt, written.value),
    ...casefilePairs(attempt, written.value, entries, git.policy),
  ]);
  const found = trailersOf(written.value.message);
  // Without the pack nobody knows which lines the policy adds.
  const told = pack === null ? found.filter((line) => line.startsWith("Sallyport-")) : found;
  yield comparedStep(
    attemptHead("trailers", seq, promptEntry.body),
    "what the commit's message names: run, prompt, attempt, digests and evidence",
    [["trailers", expectedTrailers(attempt, pack?.trailers), told]],
  );
}

/** Compares each file of the answer with the commit, and reports every other change and every changed mode. */
function filePairs({ response, verification, commit }: AttemptEntries, { files, changes }: WrittenCommit): Pair[] {
  const answered = writtenFiles(response?.body.files ?? [], verification?.body ?? null);
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
 * Derives a commit's casefiles again from the entries up to the evidence and people's text in the parent: those that
 * the approval's policy requires, where it is known, with the recorded bytes and those in git.
 */
function casefilePairs(
  { promptEntry, evidence, commit }: AttemptEntries,
  { files, changes, before }: WrittenCommit,
  entries: readonly TypedEntry[],
  policy: Known<Policy>,
): Pair[] {
  const recorded = commit?.body.casefiles ?? [];
  const named = recorded.map(({ name, path }) => ({ name, path }));
  return [
    ...(policy.known ? [["casefiles", casefilesOf(policy.value, promptEntry.body.story), named] as const] : []),
    ...recorded.flatMap(({ name, path, sha256: digest, blob }): Pair[] => {
      const text = evidence === undefined ? null : casefileText(name, entries, evidence);
      const whole = text === null ? null : wholeCasefile(text, before?.get(path) ?? null);
      const change = changes.find((one) => one.path === path);
      return [
        [`casefile ${path}`, whole === null ? "none: no evidence was recorded" : sha256(whole), digest],
        [`file ${path}`, digest, files.get(path) ?? null],
        ...(change === undefined ? [] : [[`blob of ${path}`, blob, change.after?.sha ?? "none"] as const]),
      ];
    }),
  ];
}

/**
 * These lines are repeated here on purpose: a replay that called the writer could not notice that it changed. The
 * writer makes hidden characters visible and breaks mentions, so the break marks are removed before comparing.
 */
function expectedTrailers({ promptEntry, response, evidence }: AttemptEntries, templates: string[] = []): string[] {
  const { run, story, prompt, pack } = promptEntry.body;
  const { tool, usage } = response?.body ?? {};
  const agent = tool === undefined ? "Sallyport" : `${tool.name}${tool.version === null ? "" : `/${tool.version}`}`;
  const filled = (line: string) =>
    line
      .replaceAll("{run}", run)
      .replaceAll("{agent}", agent)
      .replaceAll("{model}", usage?.model ?? "");
  return [
    `Sallyport-Run: ${run}`,
    `Sallyport-Story: #${story}`,
    `Sallyport-Prompt: #${prompt}`,
    `Sallyport-Attempt: ${attemptName(promptEntry.body)}`,
    `Sallyport-Prompt-SHA256: ${pack.sha256}`,
    `Sallyport-Answer-SHA256: ${response?.body.result.sha256 ?? ""}`,
    `Sallyport-Evidence: ${evidence?.hash ?? ""}`,
    `Sallyport-Model: ${oneLine(response?.body.usage.model ?? "")}`,
    ...templates.map((line) => oneLine(filled(line))),
  ];
}

function trailersOf(message: string): string[] {
  const last = message.trimEnd().split("\n\n").at(-1) ?? "";
  return last.replaceAll("\u200b", "").split("\n");
}
