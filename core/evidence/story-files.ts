import { logFile } from "../contract/casefile-log.ts";
import { planFile } from "../contract/casefile-plan.ts";
import type { TypedEntry } from "../entries.ts";
import { code, plain } from "../escape.ts";
import { list, section, table } from "../markdown.ts";
import { contractOrigin } from "../record/provenance.ts";
import { requirementsOf } from "../record/requirements.ts";
import { foldStory, type PromptRecord, type StoryRecord } from "../record/story.ts";
import { tracePull } from "./trace.ts";

/**
 * A story as files for people, by their paths: what was asked and approved, the plan, each prompt as its agent saw it,
 * what happened, how far it is, and which entry proves what. Pass the entries of a verified ledger, oldest first. Null:
 * nothing of the story was approved.
 */
export function storyFiles(entries: readonly TypedEntry[], story: number): Map<string, string> | null {
  const record = foldStory(story, entries);
  const { contract, prompts, run } = record;
  if (contract === null) return null;
  const width = String(prompts.length).length;
  const name = (index: number) => `prompts/${String(index).padStart(width, "0")}.md`;
  return new Map([
    ["README.md", brief(entries, story, record)],
    ...(run === null ? [] : [["PLAN.md", planFile(entries, story, run.run)] as const]),
    ...prompts.map(({ contract: { index, text } }) => [name(index), `${text.trimEnd()}\n`] as const),
    ["PROGRESS.md", progress(story, record)],
    ["TRACEABILITY.md", traceability(entries, story, prompts)],
    ["LOG.md", logFile(entries, story)],
  ]);
}

function brief(entries: readonly TypedEntry[], story: number, record: StoryRecord): string {
  const { contract, plan, concerns, planAnswers } = record;
  if (contract === null) return "";
  const { approval } = contractOrigin(entries, contract);
  const { risk, needsManualTest } = requirementsOf(contract);
  const facts = [
    `Title: ${plain(/^Story #[0-9]+: (.*)$/m.exec(contract.prompts[0]?.text ?? "")?.[1] ?? "")}`,
    ...(plan === null
      ? []
      : [`Asked for by ${code(`@${plan.requestedBy.login}`)}, planned by ${code(plan.usage.model)}`]),
    ...(approval === undefined
      ? []
      : [
          `Approved by ${code(`@${approval.actor.login}`)} on ${approval.at.slice(0, 10)}, entry ${approval.seq}: ${code(contract.digest)}`,
        ]),
    `Risk: ${risk}; ${needsManualTest ? "a person tests it" : "no manual test but the policy's"}`,
    `State: ${record.completed ? "complete" : `${prompts(record, "merged")} of ${record.prompts.length} prompts merged`}`,
  ];
  return lines(
    `# Story #${story}`,
    "",
    ...list(facts),
    ...section("## Decisions", contract.decisions ?? []),
    ...section("## Criteria of the story", plan?.plan.acceptance ?? []),
    ...section(
      "## Answers to the plan's questions",
      planAnswers.map(({ question, answer, by }) => `${question} ${by}: ${answer}`),
    ),
    ...section(
      "## Open questions and blocks",
      concerns.map(({ message }) => message),
    ),
    "The ticket's own words stay at GitHub: the ledger has their digest alone.",
  );
}

function progress(story: number, record: StoryRecord): string {
  const rows = record.prompts.map((prompt) => {
    const { issue, pull, attempts, rework, contract } = prompt;
    const at = (number: number | null) => (number === null ? "" : `#${number}`);
    return [
      contract.index,
      plain(contract.title),
      at(issue),
      stateOf(prompt),
      attempts.length,
      rework.rounds.length,
      at(pull),
    ];
  });
  return lines(
    `# Story #${story}: progress`,
    "",
    ...table("| | Prompt | Issue | State | Attempts | Reworks | Pull request |", rows),
  );
}

function traceability(entries: readonly TypedEntry[], story: number, all: readonly PromptRecord[]): string {
  return lines(
    `# Story #${story}: traceability`,
    "",
    ...all.flatMap(({ contract, pull }) => [
      `## ${contract.index}. ${plain(contract.title)}`,
      "",
      ...section("Criteria, all of which its agent was given:", contract.acceptance),
      ...(pull === null
        ? ["No pull request was opened for it.", ""]
        : table(
            "| What | Entry | It says |",
            tracePull(entries, pull).links.map(({ link, seq, text }) => [link, seq ?? "missing", plain(text)]),
          )),
    ]),
  );
}

function stateOf({ completed, merge, closedUnmerged, pull, attempts }: PromptRecord): string {
  if (completed || merge !== null) return "merged";
  if (closedUnmerged) return "closed";
  if (pull !== null) return "pull request open";
  return attempts.length > 0 ? "in work" : "waits";
}

const prompts = (record: StoryRecord, state: string) => record.prompts.filter((one) => stateOf(one) === state).length;

const lines = (...all: readonly string[]) => `${all.join("\n").trimEnd()}\n`;
