import { commandEnd, commandLine } from "../contract/verification.ts";
import type { TypedEntry } from "../entries.ts";
import { code, plain } from "../escape.ts";
import type { CheckFact } from "../facts.ts";
import type { Known } from "../known.ts";
import { list } from "../markdown.ts";
import { provenanceOf } from "../record/provenance.ts";
import { minutesIn, minutesText, spentIn, spentText } from "../record/spent.ts";
import { foldStory } from "../record/story.ts";

/** The most characters of the notes: they stand below the verdict, in one comment. */
const maxLength = 8_000;

/**
 * What stands below the verdict of a run's pull request: what became of the approved plan's verification commands, and
 * what the models cost. Neither is a gate. Empty: the head is no commit of a run, or there is nothing to tell.
 */
export function runNotes(entries: readonly TypedEntry[], head: string, checks: Known<CheckFact[]>): string {
  const { written, plan } = provenanceOf(entries, head);
  if (written === undefined || plan === undefined) return "";
  const { story, prompt } = written.body;
  const ran = foldStory(story, entries)
    .prompts.find(({ issue }) => issue === prompt)
    ?.attempts.find(({ commit }) => commit?.commit === head)?.verification;
  const lines =
    ran === undefined || ran === null
      ? (plan.body.plan.verification ?? []).map((line) => checkedLine(line, checks.known ? checks.value : []))
      : ran.commands.map(
          (run) =>
            `${code(commandLine(run))} ${plain(commandEnd(run))}, run by Sallyport; what it printed: ${code(run.output)}`,
        );
  const ofStory = spentText(spentIn(entries, (one) => one.story === story));
  const ofPrompt = spentText(spentIn(entries, (one) => one.prompt === prompt));
  const minutes = minutesIn(entries, (one) => one.prompt === prompt);
  const took = minutes === 0 ? "" : `Its runs on Actions took ${minutesText(minutes)}.`;
  const cost =
    ofStory === "" ? "" : `Models cost ${ofPrompt || "nothing"} for #${prompt}, and ${ofStory} for #${story}.`;
  const paid = [cost, took].filter((text) => text !== "").join(" ");
  const notes = [
    ...(lines.length === 0 ? [] : ["", "#### Verification commands", "", ...list(lines)]),
    ...(paid === "" ? [] : ["", paid]),
  ].join("\n");
  return notes.length > maxLength ? "" : `${notes}\n`;
}

/** How a command that Sallyport did not run went, by a check of its name, if there is one. */
function checkedLine(line: string, checks: readonly CheckFact[]): string {
  const name = line.replace(/^`([^`]+)`$/, "$1").trim();
  const found = checks.filter((check) => check.name.trim().toLowerCase() === name.toLowerCase());
  const last = found.toSorted((one, other) => one.id - other.id).at(-1);
  if (last === undefined) return `${code(name)}: not run by Sallyport, and no check has this name`;
  const end = last.status === "completed" ? (last.conclusion ?? "nothing") : last.status;
  return `${code(name)}: ${code(end)}, by the check ${code(`@${last.app}/${last.name}`)}`;
}
