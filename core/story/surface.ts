import { type Stage, stages } from "../../schemas/road-entries.ts";
import { holders } from "../authority.ts";
import { entriesOf } from "../entries.ts";
import { block, code, plain } from "../escape.ts";
import { attemptName, checkpointName } from "../identifiers.ts";
import { traceText } from "../remediation-text.ts";
import { stageNames, storyStage } from "../stages.ts";
import type { StoryContext, StoryFacts } from "../story-facts.ts";
import type { PromptRecord, StoryRecord } from "../story-record.ts";
import { contractDrift, currentDigest } from "./approval.ts";
import { isAnswered, isPlannedText } from "./planning.ts";

/** The states of a story (features A2), shown as its one `sallyport:` label. */
export type StoryState = "draft" | "ready" | "executing" | "blocked" | "manual_test" | "complete";

/** The states of a diff prompt (features A3). */
export type PromptState = "draft" | "queued" | "submitted" | "succeeded" | "failed";

/** Where a story stands, told from its record alone. */
export function storyState(record: StoryRecord): StoryState {
  if (record.completed) return "complete";
  if (record.concerns.length > 0) return "blocked";
  if (record.prompts.some((prompt) => prompt.merge === null && waitsForTest(prompt))) return "manual_test";
  if (record.run !== null && record.run.closed?.status !== "cancelled") return "executing";
  // Ready to be run: approved, and every diff prompt has its issue.
  return record.contract !== null && record.prompts.every((prompt) => prompt.issue !== null)
    ? "ready"
    : "draft";
}

function waitsForTest(prompt: PromptRecord): boolean {
  return prompt.verdict !== null && prompt.verdict.gates["manual-test"] === "pending";
}

/** Where one prompt stands. */
export function promptState(prompt: PromptRecord, record: StoryRecord): PromptState {
  if (prompt.completed) return "succeeded";
  const open =
    record.run !== null &&
    record.run.closed === null &&
    prompt.issue !== null &&
    record.run.prompts.includes(prompt.issue);
  const last = prompt.attempts.at(-1);
  const isTakenBack = prompt.rolledBack !== null && prompt.pull === null;
  if (last === undefined || isTakenBack) return open ? "queued" : "draft";
  if (last.closed?.accepted === false && !open) return "failed";
  return "submitted";
}

/** What a person reads next: what blocks, the one next step, and who may take it. */
type Next = { blocks: string; step: string; who: string };

function nextStep(context: StoryContext): Next {
  const { record, facts, loaded, missing } = context;
  const { people } = loaded.policy;
  const next = (blocks: string, step: string, who: string): Next => ({ blocks, step, who });
  if (record.completed) return next("Nothing.", "", "");
  if (record.concerns.length > 0) {
    const open = record.concerns.map(({ by, message }) => `Blocked by ${plain(by)}: ${plain(message)}`);
    return next(open.join("\n\n"), "/clarify <answer>", holders(people, "planners"));
  }
  if (missing.length > 0)
    return next(
      `The story is not ready:\n\n${missing.map((line) => `- ${line}`).join("\n")}`,
      "Edit the issue.",
      "its author",
    );
  if (!isAnswered(record)) return next("The planner is at work.", "", "");
  if (record.plan === null) {
    const why =
      record.planFailure === null ? "There is no plan yet." : `No plan: ${plain(record.planFailure.message)}`;
    return next(why, "/plan", holders(people, "planners"));
  }
  if (record.contract?.revision !== record.plan.revision) {
    if (!isPlannedText(context))
      return next("The story's text changed after it was planned.", "/plan", holders(people, "planners"));
    const current = currentDigest(context);
    if (current === null) return next("The default branch could not be read; this is tried again.", "", "");
    const others =
      people.separation === "strict" ? `, but not @${record.plan.requestedBy.login}, who asked for it` : "";
    return next(
      "The plan waits for approval.",
      `/approve ${current.digest}`,
      `${holders(people, "approvers")}${others}`,
    );
  }
  const drift = contractDrift(context);
  // An open run tells of it itself, when it would begin the next attempt.
  if (drift !== null && (record.run === null || record.run.closed !== null))
    return next(drift, "/plan", holders(people, "planners"));
  if (record.prompts.some((prompt) => prompt.issue === null))
    return next("The diff prompts are being opened.", "", "");
  if (record.rollback !== null)
    return next(`Going back to the checkpoint ${code(record.rollback.checkpoint)}.`, "", "");
  const takenBack = record.prompts.find((prompt) => prompt.rolledBack !== null);
  if (takenBack !== undefined && record.run?.closed)
    return next(
      `#${takenBack.issue} was taken back to the checkpoint ${code(takenBack.rolledBack ?? "")}.`,
      "/retry",
      holders(people, "executors"),
    );
  const given = record.prompts.find((prompt) => prompt.closedUnmerged && prompt.merge === null);
  const before = given === undefined ? undefined : beforeAll(given, facts);
  if (given !== undefined && before !== undefined)
    return next(
      `#${given.pull} was closed without being merged, so no run goes on there.`,
      `/rollback ${before}`,
      holders(people, "executors"),
    );
  if (record.run === null || record.run.closed?.status === "cancelled") {
    const why =
      record.run === null
        ? "The contract is frozen; no run was started."
        : `The last run ended: ${plain(record.run.closed?.reason ?? "")}`;
    return next(why, "/run", holders(people, "executors"));
  }
  if (record.run.closed?.status === "failed") {
    return next(
      `${record.run.run} failed: ${plain(record.run.closed.reason)}`,
      "/retry",
      holders(people, "executors"),
    );
  }
  const current = record.prompts.find((prompt) => !prompt.completed);
  if (current === undefined || current.pull === null) return next("The agent is at work.", "", "");
  if (current.verdict?.conclusion === "success") {
    return next(`#${current.pull} is green.`, `Merge #${current.pull}.`, "anyone who may merge");
  }
  return next(`#${current.pull} waits: its check \`sallyport\` says for what.`, `See #${current.pull}.`, "");
}

/** The checkpoint from before anything was written to a prompt's branch; older versions recorded none. */
function beforeAll({ standing }: PromptRecord, { entries }: StoryFacts): string | undefined {
  return entriesOf(entries, "checkpoint.recorded").find(
    ({ body }) => body.branch === standing.branch && body.head === null,
  )?.body.checkpoint;
}

/** The one comment on a story: where it stands, what blocks, the next step, the plan. */
export function storySticky(context: StoryContext): string {
  const { record } = context;
  const state = storyState(record);
  const { blocks, step, who } = nextStep(context);
  const lines = [
    `### Sallyport: ${state.replace("_", " ")}`,
    "",
    stageLine(storyStage(record)),
    "",
    blocks,
    "",
  ];
  if (step !== "") {
    lines.push(step.startsWith("/") ? "Next step, as a comment:" : "Next step:", "", ...paste(step), "");
  }
  if (who !== "") lines.push(`Who: ${people(who)}`, "");
  if (record.prompts.length > 0) {
    lines.push(
      "| | diff prompt | state | attempt | its checkpoint | pull request |",
      "|---|---|---|---|---|---|",
    );
    for (const prompt of record.prompts) {
      const last = prompt.attempts.at(-1)?.pack;
      const cells = [
        prompt.contract.index,
        prompt.issue === null ? plain(prompt.contract.title) : `#${prompt.issue}`,
        promptState(prompt, record),
        last === undefined ? "" : attemptName(last),
        last === undefined ? "" : code(checkpointName(last)),
        prompt.pull === null ? "" : `#${prompt.pull}`,
      ];
      lines.push(`| ${cells.join(" | ")} |`);
    }
    lines.push("");
  }
  lines.push(...failedText(record));
  if (record.plan !== null)
    lines.push(...planText(record, record.contract?.revision !== record.plan.revision));
  return `${lines.join("\n").trimEnd()}\n`;
}

/** All stages in their order, the one that the story is in set off. */
function stageLine(current: Stage): string {
  return `Stage: ${stages.map((stage) => (stage === current ? `**${stageNames[stage]}**` : stageNames[stage])).join(" → ")}`;
}

function paste(step: string): string[] {
  return step.startsWith("/") ? ["```", step, "```"] : [step];
}

/** People are named without pinging them each time the comment is edited. */
function people(names: string): string {
  return names.replaceAll("@", "@\u200b");
}

/** The remediation traces of a failed run, to be pasted into a file; each stays open until its prompt is merged. */
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

/** The plan as it is shown for approval, and folded away afterwards. A model wrote it: every line is escaped. */
function planText(record: StoryRecord, open: boolean): string[] {
  const { plan } = record;
  if (plan === null) return [];
  const { approach, risks, unknowns, risk, acceptance, manualTest, prompts } = plan.plan;
  const items = (title: string, texts: readonly string[]) =>
    texts.length === 0 ? [] : [`**${title}**`, "", ...texts.map((text) => `- ${plain(text)}`), ""];
  return [
    `<details${open ? " open" : ""}><summary>Plan, revision ${plan.revision}, by ${plain(plan.usage.model)}</summary>`,
    "",
    plain(approach),
    "",
    `**Risk**: ${risk}`,
    "",
    ...items("Acceptance criteria", acceptance),
    ...items("Risks", risks),
    ...items("Open questions", unknowns),
    ...(manualTest === null ? [] : items(`Manual test (${plain(manualTest.environment)})`, manualTest.steps)),
    ...prompts.flatMap((prompt, place) => [
      `**${place + 1}. ${plain(prompt.title)}** — role ${code(prompt.role)}`,
      "",
      plain(prompt.objective),
      "",
      `May change: ${prompt.paths.map((path) => code(path)).join(", ")}`,
      "",
      ...prompt.acceptance.map((criterion) => `- ${plain(criterion)}`),
      "",
    ]),
    "</details>",
  ];
}
