import type { Advice, AdvicePack } from "../../schemas/advice.ts";
import type { ContractPrompt } from "../../schemas/entry-parts.ts";
import type { Policy } from "../../schemas/policy.ts";
import type { ReworkReport } from "../../schemas/rework.ts";
import type { Attempt, StepResult } from "../../schemas/step.ts";
import { digestOf } from "../digest.ts";
import { code, plain } from "../escape.ts";
import { list } from "../markdown.ts";
import { previousText } from "./rework.ts";

/** The most answers of a reviewer agent: it reads, and then says what it found. */
const maxTurns = 25;

/** The work of one attempt, by what names it. */
type Step = { run: string; story: number; prompt: number; attempt: Attempt };

/** What our commits on a branch changed together; see `branchChange`. */
type Change = { base: string; head: string; files: ReadonlyMap<string, unknown> };

/** The fields of a reviewer agent's pack that do not depend on the policy. */
export function advicePackFields(
  step: Step & { repository: string },
  { text, acceptance }: ContractPrompt,
  { base, head, files }: Change,
): Omit<AdvicePack, "limits"> {
  const about = { base, head, files: [...files.keys()].sort() };
  return { version: 1, kind: "advice", ...step, contract: text, acceptance, ...about };
}

/**
 * What a reviewer agent is asked about a run's commits on one branch. Null: the policy names no reviewer. The App signs
 * its digest before the model is asked, and a replay derives it again.
 */
export function advicePackOf(
  step: Step & { repository: string },
  contract: ContractPrompt,
  change: Change,
  { reviewer, limits: { runtime, silence } }: Policy["agents"],
): AdvicePack | null {
  if (reviewer === undefined) return null;
  const limits = { runtime, silence, turns: maxTurns, tokens: reviewer.tokens };
  return { ...advicePackFields(step, contract, change), limits };
}

/** The advice about a commit that could not be had. */
export function noAdvice(code: string, message: string): Advice {
  return { version: 1, outcome: "failed", code, summary: message.slice(0, 2_000).toWellFormed(), findings: [] };
}

/** What of an advice the writing agent is to mend, as the report of a round of rework. Null: nothing has to be. */
export function adviceReport(advice: Advice, head: string, previous: StepResult): ReworkReport | null {
  const must = advice.findings.filter(({ severity }) => severity === "must");
  if (must.length === 0) return null;
  const none = { asked: [], gates: [], checks: [], reviews: [], threads: [], comments: [], unread: [] };
  return { version: 1, head, ...none, advice: must, previous: previousText(previous) };
}

/** The digest of what has to be mended without its wording, so that the same finding has the same one on another head. */
export function adviceSignature({ advice = [] }: ReworkReport): string {
  const names = advice.map(({ path, criterion }) => `reviewer ${criterion ?? ""} ${path ?? ""}`);
  return digestOf([...new Set(names)].sort());
}

/** An advice as a pull request shows it, folded: a title and its text. A model wrote it, so all of it is escaped. */
export function adviceFold(
  { outcome, code: why, summary, findings }: Advice,
  { head, model }: { head: string; model: string },
  acceptance: readonly string[],
): { title: string; text: string } {
  const said = (text: string) => plain(text.replace(/\s*\n\s*/g, " "));
  if (outcome === "failed")
    return {
      title: "A reviewer agent was asked and gave no advice",
      text: `It ended as ${code(why)}: ${said(summary)}`,
    };
  const counted = (["must", "should"] as const).map(
    (severity) => `${findings.filter((one) => one.severity === severity).length} ${severity}`,
  );
  const lines = findings.map(({ severity, path, line, criterion, text }) => {
    const place = path === null ? "" : ` ${code(line === null ? path : `${path}:${line}`)}`;
    const about = criterion === null ? "" : ` (criterion: ${said(acceptance[criterion - 1] ?? `${criterion}`)})`;
    return `**${severity}**${place}${about}: ${said(text)}`;
  });
  return {
    title: `Advice of a reviewer agent (approves nothing): ${counted.join(", ")}`,
    text: [
      `${code(model)} read ${head} before this pull request opened. Nobody checked what it says.`,
      "",
      said(summary),
      "",
      ...list(lines),
    ].join("\n"),
  };
}
