import { type Stage, stages } from "../../schemas/road-entries.ts";
import { block, code, plain } from "../escape.ts";
import { attemptName, checkpointName } from "../identifiers.ts";
import { list, section, table } from "../markdown.ts";
import { traceText } from "../record/remediation-text.ts";
import type { StoryRecord } from "../record/story.ts";
import type { StoryContext } from "./facts.ts";
import { nextStep } from "./next-step.ts";
import { stageNames, storyStage } from "./stages.ts";
import { promptState, storyState } from "./standing.ts";

/** Our one comment on a story: its state, what blocks, the next step, the plan. */
export function storySticky(context: StoryContext): string {
  const { record } = context;
  const state = storyState(record);
  const { blocks, step, who } = nextStep(context);
  const lines = [`### Sallyport: ${state.replace("_", " ")}`, "", stageLine(storyStage(record)), "", blocks, ""];
  if (step !== "") {
    lines.push(step.startsWith("/") ? "Next step, as a comment:" : "Next step:", "", ...codeBlock(step), "");
  }
  if (who !== "") lines.push(`Who: ${withoutMentions(who)}`, "");
  lines.push(...promptTable(record), ...failedText(record), ...planText(record));
  return `${lines.join("\n").trimEnd()}\n`;
}

function promptTable(record: StoryRecord): string[] {
  if (record.prompts.length === 0) return [];
  const rows = record.prompts.map((prompt) => {
    const last = prompt.attempts.at(-1)?.pack;
    return [
      prompt.contract.index,
      prompt.issue === null ? plain(prompt.contract.title) : `#${prompt.issue}`,
      promptState(prompt, record),
      last === undefined ? "" : attemptName(last),
      last === undefined ? "" : code(checkpointName(last)),
      prompt.pull === null ? "" : `#${prompt.pull}`,
    ];
  });
  return table("| | diff prompt | state | attempt | its checkpoint | pull request |", rows);
}

/** All stages in order, the current one in bold. */
function stageLine(current: Stage): string {
  return `Stage: ${stages.map((stage) => (stage === current ? `**${stageNames[stage]}**` : stageNames[stage])).join(" → ")}`;
}

function codeBlock(step: string): string[] {
  return step.startsWith("/") ? ["```", step, "```"] : [step];
}

/** Breaks mentions, so that editing the comment does not notify people each time. */
function withoutMentions(names: string): string {
  return names.replaceAll("@", "@\u200b");
}

/** The remediation traces of a failed run, to paste into a file; each stays open until its prompt is merged. */
function failedText({ run, remediations }: StoryRecord): string[] {
  if (run?.closed?.status !== "failed") return [];
  return remediations.flatMap((one) =>
    one.opened.run !== run.run || one.closed !== null
      ? []
      : [
          `<details><summary>Remediation trace of #${one.opened.prompt}, for a file</summary>`,
          "",
          block(traceText(one)),
          "",
          "</details>",
          "",
        ],
  );
}

/** The plan, open until it is approved and collapsed afterwards. A model wrote it: every line is escaped. */
function planText({ plan, contract }: StoryRecord): string[] {
  if (plan === null) return [];
  const open = contract?.revision !== plan.revision;
  const { approach, risks, unknowns, risk, acceptance, manualTest, prompts } = plan.plan;
  return [
    `<details${open ? " open" : ""}><summary>Plan, revision ${plan.revision}, by ${plain(plan.usage.model)}</summary>`,
    "",
    plain(approach),
    "",
    `**Risk**: ${risk}`,
    "",
    ...section("**Acceptance criteria**", acceptance),
    ...section("**Risks**", risks),
    ...section("**Open questions**", unknowns),
    ...(manualTest === null ? [] : section(`**Manual test (${plain(manualTest.environment)})**`, manualTest.steps)),
    ...prompts.flatMap((prompt, index) => [
      `**${index + 1}. ${plain(prompt.title)}** — role ${code(prompt.role)}`,
      "",
      plain(prompt.objective),
      "",
      `May change: ${prompt.paths.map((path) => code(path)).join(", ")}`,
      "",
      ...list(prompt.acceptance.map(plain)),
    ]),
    "</details>",
  ];
}
