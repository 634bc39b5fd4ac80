import type { FileRef } from "../../schemas/entry-parts.ts";
import type { Plan } from "../../schemas/plan.ts";
import type { Policy } from "../../schemas/policy.ts";
import { type Stage, stages } from "../../schemas/road-entries.ts";
import { planDifference, planLists } from "../contract/plan-parts.ts";
import { sha256 } from "../digest.ts";
import { lastEntry } from "../entries.ts";
import { block, code, plain } from "../escape.ts";
import { attemptName, checkpointName } from "../identifiers.ts";
import { list, section, table } from "../markdown.ts";
import { promptState, stageNames, storyStage } from "../record/progress.ts";
import { traceText } from "../record/remediation-text.ts";
import { requirementsOf } from "../record/requirements.ts";
import { storyCost } from "../record/spent.ts";
import { askersOf, type PlanRecord, type StoryRecord } from "../record/story.ts";
import { shownText } from "../redaction/shown-text.ts";
import { currentDigest } from "./approval.ts";
import type { StoryContext } from "./facts.ts";
import type { Asked } from "./form.ts";
import { notLinked } from "./linking.ts";
import { headline, nextStep } from "./next-step.ts";
import { askedIn } from "./ticket.ts";

/** Our one comment on a story: its state, what blocks, the next step, the plan. */
export function storySticky(context: StoryContext): string {
  const { record } = context;
  const { blocks, step, who, ...at } = nextStep(context);
  const lines = [`### Sallyport: ${headline(at)}`, "", stageLine(storyStage(record)), "", blocks, ""];
  if (step !== "") {
    lines.push(step.startsWith("/") ? "Next step, as a comment:" : "Next step:", "", ...codeBlock(step), "");
  }
  if (who !== "") lines.push(`Who: ${withoutMentions(who)}`, "");
  const unlinked = notLinked(context);
  if (unlinked !== "") lines.push(unlinked, "");
  lines.push(...promptTable(record), ...costLines(context), ...failedText(record));
  lines.push(...masterText(context), ...planText(context));
  return `${lines.join("\n").trimEnd()}\n`;
}

function costLines({ facts }: Pick<StoryContext, "facts">): string[] {
  const cost = storyCost(facts.entries, facts.issue.number);
  return cost === "" ? [] : [cost, ""];
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

/**
 * The risk and the manual test that hold, and who asked for them: the highest of story, epic and plan, and the policy's.
 */
function requirementsText({ risk, manualTest }: Plan, asked: Asked | undefined, policy: Policy): string[] {
  const held = requirementsOf({ risk, manualTest, asked });
  const higher = held.risk === risk ? "" : `; the story or its epic says so, the plan says ${risk}`;
  const reasons = [
    ...(asked?.manualTest === true ? ["the story or its epic says yes"] : []),
    ...(manualTest === null ? [] : ["the plan asks for it"]),
    ...(policy.gates["manual-test"]?.when.risk.includes(held.risk) === true ? [`the policy asks at ${held.risk}`] : []),
  ];
  const test = reasons.length === 0 ? "only where the policy asks for it" : `yes, ${reasons.join("; ")}`;
  return [`**Risk**: ${held.risk}${higher}`, "", `**Sign-off of a manual test**: ${test}`, ""];
}

/** The files of the default branch and the comments that the planner read with the issue. */
function readText({ comments = [], task, instructions = [] }: PlanRecord): string[] {
  const files = [
    ...(task === undefined ? [] : [`Task file: ${fileName(task)}; a change of it voids the plan.`, ""]),
    ...(instructions.length === 0
      ? []
      : [`Instructions for all agents: ${instructions.map(fileName).join(", ")}.`, ""]),
  ];
  if (comments.length === 0) return files;
  const by = [...new Set(comments.map(({ by, right }) => `@${by.login} (${right})`))].join(", ");
  const count = comments.length === 1 ? "1 comment" : `${comments.length} comments`;
  return [
    ...files,
    `Read with it: ${count} by ${withoutMentions(by)}. Whoever edits or deletes one voids the plan.`,
    "",
  ];
}

/** What the plan changes in the one before it, which its readers know; nothing for a first one. */
function differenceText(plan: PlanRecord, { entries, issue }: StoryContext["facts"]): string[] {
  const before = lastEntry(
    entries,
    "plan.proposed",
    ({ body }) => body.story === issue.number && body.revision === plan.revision - 1 && body.compiled !== "light",
  );
  if (before === undefined) return [];
  const changed = planDifference(before.body.plan, plan.plan);
  const what = changed.length === 0 ? ["Nothing."] : [block(changed.join("\n"))];
  return [`**What changed since revision ${before.body.revision}**`, "", ...what, ""];
}

const fileName = ({ path, sha256 }: FileRef) => `${code(path)} (\`${sha256.slice(0, 12)}…\`)`;

/** The master contract as it would be approved now, or as it was frozen: the very text of its digest, folded. */
function masterText(context: StoryContext): string[] {
  const { plan, contract } = context.record;
  const isFrozen = contract !== null && contract.revision === plan?.revision;
  const master = (isFrozen ? contract : currentDigest(context)?.contract)?.master;
  if (master === undefined) return [];
  const { template, text } = master;
  const state = isFrozen ? "Master contract" : "Master contract, approved with the plan";
  return [
    `<details><summary>${state}: ${sha256(text).slice(0, 12)}…, from ${plain(template.path)} (${template.sha256.slice(0, 12)}…)</summary>`,
    "",
    block(text.trimEnd()),
    "",
    "</details>",
    "",
  ];
}

/** The plan, open until it is approved and collapsed afterwards. A model wrote it: every line is escaped. */
function planText(context: StoryContext): string[] {
  const { record, facts, loaded } = context;
  const { plan, contract } = record;
  if (plan === null || plan.compiled === "light") return [];
  const makers = plan.prompts === undefined ? plan.usage.model : askersOf(plan).map(({ login }) => `@${login}`);
  const open = contract?.revision !== plan.revision;
  const { approach, manualTest, prompts } = plan.plan;
  const unread = shownText(facts.issue.body).hidden;
  const asked = open ? askedIn(facts) : contract.asked;
  return [
    `<details${open ? " open" : ""}><summary>Plan, revision ${plan.revision}, by ${plain([...new Set([makers].flat())].join(", "))}</summary>`,
    "",
    plain(approach),
    "",
    ...readText(plan),
    ...requirementsText(plan.plan, asked, loaded.policy),
    ...(unread.length === 0 ? [] : [`Not read by the planner, because it is hidden: ${unread.join(", ")}.`, ""]),
    ...(open ? differenceText(plan, facts) : []),
    ...planLists(plan.plan).flatMap(([name, lines]) => section(`**${name}**`, lines)),
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
