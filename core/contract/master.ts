import type { EntryBody } from "../../schemas/entries.ts";
import type { MasterContract } from "../../schemas/entry-parts.ts";
import type { Plan } from "../../schemas/plan.ts";
import type { Instruction } from "../../schemas/step.ts";
import { sha256 } from "../digest.ts";
import { oneLine, visible } from "../escape.ts";
import type { PlanAnswer } from "../record/answers.ts";
import { requirementsOf } from "../record/requirements.ts";

// Old contracts are compiled again to verify them: a change of the text takes a new version.

/** What a master contract is compiled from: the template, what agents may not touch, and the approved plan. */
export type MasterParts = {
  template: Instruction;
  forbidden: readonly string[];
  story: { number: number; title: string };
  plan: Plan;
  contract: Pick<EntryBody<"contract.frozen">, "risk" | "manualTest" | "asked" | "decisions" | "prompts">;
  answers: readonly PlanAnswer[];
};

/** The most characters of a master contract: it is shown in one comment, before the plan. */
export const maxMasterLength = 30_000;

type Heading = { line: string; name: string; level: number; text: string };

/**
 * The headings of a template with the text below each; one inside a code fence is text, and a comment is left out.
 * Whoever may push to the default branch wrote it.
 */
function readTemplate(markdown: string): { before: string; headings: Heading[] } {
  const headings: Heading[] = [];
  let before = "";
  let fence: string | null = null;
  for (const line of visible(markdown.replace(/<!--[\s\S]*?(?:-->|$)/g, "")).split("\n")) {
    const mark = /^\s{0,3}(```+|~~~+)/.exec(line)?.[1];
    if (mark !== undefined) fence = fence === null ? mark : mark.startsWith(fence) ? null : fence;
    const [, marks, name] = (fence === null && /^(#{1,6}) +(.*?)(?: +#+)? *$/.exec(line)) || [];
    const last = headings.at(-1);
    if (marks !== undefined && name !== undefined) headings.push({ line, name, level: marks.length, text: "" });
    else if (last === undefined) before += `${line}\n`;
    else last.text += `${line}\n`;
  }
  return { before, headings };
}

/** Whether a template has a heading that a contract could fill. */
export function hasHeadings({ text }: Pick<Instruction, "text">): boolean {
  return readTemplate(text).headings.length > 0;
}

/** Whether two texts have the same words, whatever their case and the blanks and stop around them. */
export function isSameText(one: string, other: string): boolean {
  return folded(one) === folded(other);
}

const folded = (text: string) => text.trim().replace(/\s+/g, " ").replace(/[.:]$/, "").toLowerCase();

/** The places (from 1) of the prompts that name a criterion of the story word for word. */
export function promptsNaming(criterion: string, prompts: readonly { acceptance: readonly string[] }[]): number[] {
  return prompts.flatMap(({ acceptance }, index) =>
    acceptance.some((one) => isSameText(one, criterion)) ? [index + 1] : [],
  );
}

type Part = { name: string; also: readonly string[]; lines: string[] };

/** The parts of a contract by the headings that they fill; `also`: other words for the same. */
function partsOf({ story, plan, contract, forbidden, answers }: MasterParts): Part[] {
  const { risk, needsManualTest } = requirementsOf(contract);
  const items = (lines: readonly string[]) => lines.map((line) => `- ${oneLine(line)}`);
  const criteria = plan.acceptance.map((criterion) => {
    const at = promptsNaming(criterion, contract.prompts);
    return `${criterion} (${at.length === 0 ? "no prompt names it" : `prompt ${at.join(", ")}`})`;
  });
  const prompts = contract.prompts.map(
    ({ index, title, text, role, paths, dependsOn }) =>
      `${index}. ${title}; role ${role}; may change ${paths.join(", ")}${dependsOn.length === 0 ? "" : `; after ${dependsOn.join(", ")}`}; sha256 ${sha256(text)}`,
  );
  const steps = plan.manualTest === null ? [] : [`In ${plan.manualTest.environment}`, ...plan.manualTest.steps];
  return [
    { name: "Objective", also: ["goal", "purpose"], lines: items([`Story #${story.number}: ${story.title}`]) },
    { name: "Approach", also: [], lines: plan.approach.split("\n").map((line) => `> ${oneLine(line)}`) },
    { name: "Acceptance criteria", also: ["acceptance"], lines: items(criteria) },
    { name: "Invariants", also: ["invariants touched"], lines: items(plan.invariants ?? []) },
    { name: "Risks", also: ["risk"], lines: items([`The risk is ${risk}.`, ...plan.risks]) },
    { name: "Failure modes", also: [], lines: items(plan.failureModes ?? []) },
    { name: "Forbidden paths", also: ["forbidden"], lines: items(forbidden) },
    { name: "Verification commands", also: ["verification", "commands"], lines: items(plan.verification ?? []) },
    {
      name: "Manual test",
      also: [],
      lines: items([...(needsManualTest ? ["A person signs it off."] : []), ...steps]),
    },
    { name: "Diff prompts", also: ["prompts", "steps"], lines: items(prompts) },
    { name: "Decisions", also: [], lines: items(contract.decisions ?? []) },
    {
      name: "Answers",
      also: ["open questions", "unknowns"],
      lines: items(answers.map(({ question, answer, by }) => `${question} Answer of ${by}: ${answer}`)),
    },
  ];
}

/** The headings of the template in their order, each with its part; a part is filled in once. */
function placed(template: Instruction, parts: readonly Part[]) {
  const { before, headings } = readTemplate(template.text);
  const left = new Set(parts);
  const filled = headings.map((heading, index) => {
    const name = folded(heading.name);
    const part = [...left].find((one) => folded(one.name) === name || one.also.includes(name));
    if (part !== undefined) left.delete(part);
    const isAbove = (headings[index + 1]?.level ?? 0) > heading.level;
    const own = heading.text.trim();
    return { ...heading, own, part, isFilled: (part?.lines.length ?? 0) > 0 || own !== "" || isAbove };
  });
  return { before, headings: filled, left: [...left].filter(({ lines }) => lines.length > 0) };
}

/** Compiles a master contract: the template with its headings filled, then what it has no heading for. */
export function compileMaster(parts: MasterParts): MasterContract {
  const { template, forbidden } = parts;
  const { before, headings, left } = placed(template, partsOf(parts));
  const sections = [
    before.trim(),
    ...headings.map(({ line, own, part, isFilled }) =>
      [line, own, part?.lines.join("\n") ?? "", isFilled ? "" : "None."].filter((text) => text !== "").join("\n\n"),
    ),
    ...left.map(({ name, lines }) => `## ${name}\n\n${lines.join("\n")}`),
  ];
  const text = `${sections.filter((one) => one !== "").join("\n\n")}\n`;
  const filled = headings.map(({ name, isFilled }) => ({ heading: name, filled: isFilled }));
  return { version: 1, template, forbidden: [...forbidden], headings: filled, text };
}
