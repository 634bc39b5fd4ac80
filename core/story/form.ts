import type { EntryBody } from "../../schemas/entries.ts";
import type { Policy } from "../../schemas/policy.ts";
import { Risk } from "../../schemas/text.ts";
import { isTaskId } from "../contract/task.ts";
import { code, plain } from "../escape.ts";
import { matcher } from "../paths/patterns.ts";
import { highestRisk } from "../record/requirements.ts";
import type { TaskReading } from "./facts.ts";

/** What people ask for, as a contract records it. */
export type Asked = NonNullable<EntryBody<"contract.frozen">["asked"]>;

/** The answers of an issue form by lower-case label; GitHub writes `### Label`, a blank line and the answer. */
export type FormSections = Map<string, string>;

/**
 * Splits an issue's body into the sections of its form, by lower-case label. A heading inside a code fence is text.
 * Anyone who can open or edit the issue wrote the body. A label that appears twice keeps its first answer, so that text
 * appended below cannot replace an answer above.
 * Source: GitHub docs, "Syntax for issue forms".
 */
export function formSections(body: string): FormSections {
  const sections: FormSections = new Map();
  let label: string | null = null;
  let fence: string | null = null;
  let lines: string[] = [];
  const close = () => {
    if (label === null || sections.has(label)) return;
    const text = lines.join("\n").trim();
    sections.set(label, text === "_No response_" ? "" : text);
  };
  for (const line of body.replaceAll("\r\n", "\n").split("\n")) {
    const mark = /^\s{0,3}(```+|~~~+)/.exec(line)?.[1];
    if (mark !== undefined) fence = fence === null ? mark : mark.startsWith(fence) ? null : fence;
    const heading = fence === null && line.startsWith("### ") ? line.slice(4).trim() : undefined;
    if (heading === undefined) {
      lines.push(line);
      continue;
    }
    close();
    label = heading.toLowerCase();
    lines = [];
  }
  close();
  return sections;
}

/** The items of a section written as a list; a plain line is an item too. */
export function listItems(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.replace(/^\s*(?:[-*+]|[0-9]+[.)])\s+(?:\[[ xX]\]\s+)?/, "").trim())
    .filter((line) => line !== "");
}

/** A story's form, as the intake check reads it. Unchecked text of anyone who can open or edit the issue. */
export type StoryForm = {
  epic: number | null;
  description: string;
  acceptance: string[];
  risk: Risk | null;
  /** What stands in place of a risk and is none; null: nothing, or a risk. */
  unreadRisk: string | null;
  decisions: string[];
  /** The id of its record in the repository, `tasks/<id>/meta.yml`; null: it names none. */
  task: string | null;
  manualTest: boolean | null;
};

/** Parses a story's form; a missing or invalid answer is null or empty, and the intake check reports it. */
export function storyForm(body: string): StoryForm {
  const sections = formSections(body);
  const section = (label: string) => sections.get(label) ?? "";
  const epic = /^#?([0-9]{1,9})$/.exec(section("epic"))?.[1];
  const risk = Risk.safeParse(section("risk").toLowerCase());
  const manual = section("manual test").toLowerCase();
  return {
    epic: epic === undefined ? null : Number(epic),
    description: section("description") || textBefore(body),
    acceptance: listItems(section("acceptance criteria")),
    risk: risk.success ? risk.data : null,
    unreadRisk: risk.success || section("risk") === "" ? null : section("risk"),
    decisions: listItems(section("decisions")),
    task: section("task") || null,
    manualTest: manual.startsWith("yes") ? true : manual.startsWith("no") ? false : null,
  };
}

/** What stands before the first section: an issue that no form made begins with its description. */
function textBefore(body: string): string {
  const first = /^### /m.exec(body)?.index ?? body.length;
  return body.slice(0, first).trim();
}

/**
 * What people ask for beside the plan: the highest risk that the story, its epic and its task file name, and whether
 * story or epic says yes to a manual test. A `no` takes nothing off what the plan or the policy asks for.
 */
export function askedBy(
  story: { body: string },
  epic: { body: string } | null,
  task: { risk?: Risk | undefined } | null,
): Asked {
  const forms = [story, ...(epic === null ? [] : [epic])].map(({ body }) => storyForm(body));
  return {
    risk: highestRisk([...forms.map(({ risk }) => risk), task?.risk ?? null]),
    manualTest: forms.some(({ manualTest }) => manualTest === true),
  };
}

/** The maximum number of decision records that a story names. */
export const maxDecisions = 20;

/** Whether a story may name this path of the repository: relative, no `..`, no control characters. */
export function isPlainPath(path: string): boolean {
  return (
    path.length <= 500 &&
    !/[\p{Cc}\\]/u.test(path) &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== "..")
  );
}

/** What the policy asks of a story: its intake, and where decisions are written. */
export type IntakeRules = Pick<Policy, "intake" | "gates">;

/** What a story lacks before it can be planned; each line names the form's section and what to write there. */
export function intakeProblems(
  form: StoryForm,
  seen: {
    epic: "linked" | "named" | "missing" | "not-an-epic";
    decisions: { path: string; exists: boolean }[];
    task: TaskReading | null;
  },
  { intake, gates }: IntakeRules,
): string[] {
  const problems: string[] = [];
  const isAsked = (part: keyof Policy["intake"]) => intake[part] === "required";
  if (seen.epic === "missing" && isAsked("epic"))
    problems.push("**Epic**: write the number of the epic this story belongs to, such as `#12`.");
  if (seen.epic === "not-an-epic") problems.push("**Epic**: the issue named there is not an open epic (label `epic`).");
  if (form.description === "") problems.push("**Description**: say what is to be true afterwards.");
  if (form.acceptance.length === 0 && isAsked("acceptance"))
    problems.push("**Acceptance criteria**: list at least one that a reviewer can check.");
  if (form.unreadRisk !== null || (form.risk === null && isAsked("risk")))
    problems.push("**Risk**: choose low, medium, high or critical.");
  if (form.decisions.length === 0 && isAsked("decisions")) {
    problems.push(
      "**Decisions**: name at least one decision record or contract in the repository that covers this, by its path.",
    );
  }
  return [...problems, ...taskProblems(form, seen.task), ...decisionProblems(form, seen.decisions, gates)];
}

function taskProblems({ task }: StoryForm, seen: TaskReading | null): string[] {
  if (task !== null && !isTaskId(task))
    return ["**Task**: write the id of one folder below `tasks/`, such as `T-013`."];
  if (seen?.state === "absent") return [`**Task**: ${code(seen.path)} is not on the default branch.`];
  return seen?.state === "malformed" ? [`**Task**: ${code(seen.path)} cannot be read: ${plain(seen.why)}.`] : [];
}

/** What is wrong with the decisions that a story or an epic names: too many, not there, or no decisions. */
export function decisionProblems(
  form: Pick<StoryForm, "decisions">,
  seen: readonly { path: string; exists: boolean }[],
  { adr }: Policy["gates"],
): string[] {
  const places = adr === undefined ? null : matcher(adr.files, "allow");
  const where = adr?.files.map((pattern) => code(pattern)).join(" or ");
  return [
    ...(form.decisions.length > maxDecisions
      ? [`**Decisions**: name at most ${maxDecisions}, those that decide the most.`]
      : []),
    ...seen.flatMap(({ path, exists }) => {
      if (!exists) return [`**Decisions**: ${code(path)} is not on the default branch.`];
      if (places === null || places.matches(path) !== null) return [];
      return [`**Decisions**: ${code(path)} is no decision record; those are in ${where} (\`gates.adr.files\`).`];
    }),
  ];
}
