import type { EntryBody } from "../../schemas/entries.ts";
import type { TypedEntry } from "../entries.ts";
import { code, plain } from "../escape.ts";
import { attemptName } from "../identifiers.ts";
import { endText } from "../record/remediation-text.ts";
import { commandEnd, commandLine } from "./verification.ts";

/**
 * The maximum number of a refusal's reasons or a rollback's commits, and of characters in each text; the ledger has the
 * rest.
 */
const limits = { reasons: 20, characters: 300 };

/** The state that later entries' lines need from earlier entries. */
type LogState = {
  story: number;
  /** The titles of the last contract's prompts by index, and by the issue that was opened for each. */
  planned: Map<number, string>;
  titles: Map<number, string>;
  /** The prompt of each pull request. */
  pulls: Map<number, number>;
};

/**
 * A story's log, attempt by attempt. An entry's lines depend only on it and the entries before it, so the log of fewer
 * entries is a prefix of the log of more. `entries` are those of a verified ledger, oldest first.
 */
export function logFile(entries: readonly TypedEntry[], story: number): string {
  const state: LogState = {
    story,
    planned: new Map(),
    titles: new Map(),
    pulls: new Map(),
  };
  const lines = [
    `# Story #${story}: log`,
    "",
    "Written by Sallyport from its ledger. What followed a commit is told in the next one, and at once in the ledger.",
    ...entries.flatMap((entry) => linesOf(entry, state)),
  ];
  return `${lines.join("\n")}\n`;
}

function linesOf(entry: TypedEntry, state: LogState): string[] {
  const { at, seq } = entry;
  const line = (text: string) => `- ${at}, entry ${seq}: ${text}`;
  if ("story" in entry.body && entry.body.story !== state.story) return [];
  switch (entry.kind) {
    case "contract.frozen":
      state.planned = new Map(entry.body.prompts.map(({ index, title }) => [index, title]));
      return [];
    case "prompt.opened":
      state.titles.set(entry.body.issue, state.planned.get(entry.body.index) ?? "");
      return [];
    case "run.submitted": {
      const { run, prompts, by, digest } = entry.body;
      const issues = prompts.map((issue) => `#${issue}`).join(", ");
      const who = code(`@${by.login}`);
      return ["", `## ${run}`, "", line(`submitted by ${who} for ${issues}, as approved in ${code(digest)}`)];
    }
    case "prompt.recorded": {
      const { prompt, base, pack } = entry.body;
      const title = plain(state.titles.get(prompt) ?? "");
      return [
        "",
        `### Prompt #${prompt}, ${attemptName(entry.body)}: ${title}`,
        "",
        line(`prompt ${code(pack.sha256)} on commit ${code(base)}`),
      ];
    }
    case "response.recorded": {
      const { result, outcome, code: why, usage } = entry.body;
      const end = why === outcome ? outcome : `${outcome} (${code(why)})`;
      return [line(`answer ${code(result.sha256)} by ${code(usage.model)}: ${end}`)];
    }
    case "verification.recorded":
      return entry.body.commands.map((run) => line(`${code(commandLine(run))} ${plain(commandEnd(run))}`));
    case "attempt.closed":
      return entry.body.accepted ? [line("accepted")] : [line("refused"), ...reasonLines(entry.body.reasons)];
    case "evidence.captured":
      return [line(`evidence ${code(entry.hash)}`)];
    case "change.committed":
      return [line(`commit ${code(entry.body.commit)}`)];
    case "pull.opened": {
      const { pull, prompt } = entry.body;
      state.pulls.set(pull, prompt);
      return [line(`pull request #${pull} for #${prompt}`)];
    }
    case "merge.observed":
    case "pull.closed": {
      const { pull } = entry.body;
      const prompt = state.pulls.get(pull);
      if (prompt === undefined) return [];
      const end = entry.kind === "pull.closed" ? "closed unmerged" : `merged as ${code(entry.body.merged)}`;
      return [line(`pull request #${pull} for #${prompt} was ${end}`)];
    }
    case "concern.raised":
      return [line(`concern ${code(entry.body.code)}: ${plain(truncate(entry.body.message))}`)];
    case "concern.answered": {
      const { text } = entry.body;
      const answer = text === "" ? "" : `: ${plain(truncate(text))}`;
      return [line(`concern answered by ${code(`@${entry.actor.login}`)}${answer}`)];
    }
    case "rollback.done": {
      const { checkpoint, undone } = entry.body;
      const commits = undone.slice(0, limits.reasons).map(code).join(", ");
      const others = undone.length > limits.reasons ? ` and ${undone.length - limits.reasons} more` : "";
      return [line(`rolled back to ${code(checkpoint)}, which took off ${commits}${others}`)];
    }
    case "rework.opened": {
      const { pull, round, causes, head } = entry.body;
      const of = pull === undefined ? "" : ` of #${pull}`;
      return [line(`rework round ${round}${of} on ${code(head)}: ${causes.join(", ")}`)];
    }
    case "remediation.opened": {
      const { remediation, origin, signature } = entry.body;
      const codes = signature.codes.map(code).join(", ");
      return [line(`remediation ${code(remediation)} opened, origin ${origin}: ${codes}`)];
    }
    case "remediation.closed":
      return [line(`remediation ${code(entry.body.remediation)} ${entry.body.status}: ${endText(entry.body)}`)];
    case "run.closed":
      return [line(`${entry.body.run} ${entry.body.status}: ${plain(truncate(entry.body.reason))}`)];
    default:
      return [];
  }
}

function reasonLines(reasons: EntryBody<"attempt.closed">["reasons"]): string[] {
  const lines = reasons.slice(0, limits.reasons).map(({ code: name, message, path }) => {
    const location = path === undefined ? "" : `, ${code(truncate(path))}`;
    return `  - ${code(name)}${location}: ${plain(truncate(message))}`;
  });
  const others = reasons.length - lines.length;
  return others === 0 ? lines : [...lines, `  - and ${others} more`];
}

function truncate(text: string): string {
  const characters = [...text];
  return characters.length <= limits.characters ? text : `${characters.slice(0, limits.characters).join("")}…`;
}
