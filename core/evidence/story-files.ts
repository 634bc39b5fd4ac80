import type { Conformance } from "../../schemas/entry-parts.ts";
import { logFile } from "../contract/casefile-log.ts";
import { planFile } from "../contract/casefile-plan.ts";
import { conformanceText } from "../contract/conformance.ts";
import { lastEntry, type TypedEntry } from "../entries.ts";
import { code, plain } from "../escape.ts";
import { list, section, table } from "../markdown.ts";
import { planAnswers } from "../record/answers.ts";
import { promptState } from "../record/progress.ts";
import { contractOrigin } from "../record/provenance.ts";
import { requirementsOf } from "../record/requirements.ts";
import { foldStory, type PromptRecord, type StoryRecord } from "../record/story.ts";
import { tracePull } from "./trace.ts";

type ApprovedStory = StoryRecord & { contract: NonNullable<StoryRecord["contract"]> };

/**
 * A story as files for people, by their paths: what was asked and approved, the plan, each prompt as its agent saw it,
 * what happened, how far it is, and which entry proves what. Pass the entries of a verified ledger, oldest first. Null:
 * nothing of the story was approved.
 */
export function storyFiles(entries: readonly TypedEntry[], story: number): Map<string, string> | null {
  const record = foldStory(story, entries);
  const { contract, prompts, run } = record;
  if (contract === null) return null;
  const report = lastEntry(entries, "story.completed", ({ body }) => body.story === story)?.body.conformance;
  const width = String(prompts.length).length;
  const name = (index: number) => `prompts/${String(index).padStart(width, "0")}.md`;
  return new Map([
    ["README.md", brief(entries, story, { ...record, contract })],
    ...(run === null ? [] : [["PLAN.md", planFile(entries, story, run.run)] as const]),
    ...(contract.master === undefined ? [] : [["CONTRACT.md", contract.master.text] as const]),
    ...(report === undefined ? [] : [["CONFORMANCE.md", conformanceFile(story, report)] as const]),
    ...prompts.map(({ contract: { index, text } }) => [name(index), `${text.trimEnd()}\n`] as const),
    ["PROGRESS.md", progress(story, record)],
    ["TRACEABILITY.md", traceability(entries, story, prompts)],
    ["LOG.md", logFile(entries, story)],
  ]);
}

/** What was asked for and approved: a later plan that nobody approved is no part of it. */
function brief(entries: readonly TypedEntry[], story: number, record: ApprovedStory): string {
  const { contract, concerns, prompts, completed } = record;
  const { plan, approval } = contractOrigin(entries, contract);
  const { risk, needsManualTest } = requirementsOf(contract);
  const before = entries.filter(({ seq }) => seq < (approval?.seq ?? 0));
  const merged = prompts.filter((prompt) => prompt.completed).length;
  const facts = [
    `Title: ${plain(/^Story #[0-9]+: (.*)$/m.exec(contract.prompts[0]?.text ?? "")?.[1] ?? "")}`,
    ...(plan === undefined
      ? []
      : [`Asked for by ${code(`@${plan.body.requestedBy.login}`)}, planned by ${code(plan.body.usage.model)}`]),
    ...(approval === undefined
      ? []
      : [
          `Approved by ${code(`@${approval.actor.login}`)} on ${approval.at.slice(0, 10)}, entry ${approval.seq}: ${code(contract.digest)}`,
        ]),
    `Risk: ${risk}; ${needsManualTest ? "a person tests it" : "no manual test but the policy's"}`,
    `State: ${completed ? "complete" : `${merged} of ${prompts.length} prompts merged`}`,
  ];
  return lines(
    `# Story #${story}`,
    "",
    ...list(facts),
    ...section("## Decisions", contract.decisions ?? []),
    ...section("## Criteria of the story", plan?.body.plan.acceptance ?? []),
    ...section(
      "## Answers to the plan's questions",
      planAnswers(before, story).map(({ question, answer, by }) => `${question} ${by}: ${answer}`),
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
      promptState(prompt, record),
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

function conformanceFile(story: number, report: Conformance): string {
  return lines(`# Story #${story}: conformance`, "", ...conformanceText(report));
}

const lines = (...all: readonly string[]) => `${all.join("\n").trimEnd()}\n`;
