import { longestConcern } from "../schemas/limits.ts";
import { isCheckpointName } from "./identifiers.ts";

/** The commands this version carries out, with the form that is shown when one is written wrongly. */
export const commandForms = {
  status: "/status",
  plan: "/plan",
  approve: "/approve <digest>",
  refine: "/refine <what to change>",
  clarify: "/clarify <answer>",
  block: "/block <why>",
  run: "/run",
  stop: "/stop",
  retry: "/retry",
  rollback: "/rollback <checkpoint>",
  "sign-off": "/sign-off <commit> pass|fail <test>",
  adopt: "/adopt <commit> [for #<story>] because <reason>",
  waive: "/waive <gate> <commit> until <yyyy-mm-dd> because <reason>",
} as const;

export type CommandName = keyof typeof commandForms;

/** A command as a person wrote it. `text` is what follows it, on the first line and below: untrusted. */
export type Command =
  | { name: "status" | "plan" | "run" | "stop" | "retry" }
  | { name: "approve"; digest: string }
  | { name: "rollback"; checkpoint: string }
  | { name: "refine" | "block" | "clarify"; text: string }
  | { name: "sign-off"; sha: string; result: "pass" | "fail"; test: string; text: string }
  | { name: "adopt"; sha: string; story?: number; text: string }
  | { name: "waive"; gate: string; sha: string; until: string; text: string };

/** A line that is meant for us but cannot be carried out, and how it is to be written. */
export type BadCommand = { name: CommandName; form: string; why: string };

const words = new Set<string>(Object.keys(commandForms));

function isCommandName(word: string): word is CommandName {
  return words.has(word);
}

/**
 * Reads a comment's command. Only the very first line counts, from its first character, so that nothing inside a
 * quotation, a code block or a mail reply is ever a command. Null: the comment is not for us.
 * Anyone who can comment wrote the text; who may do what is judged elsewhere.
 */
export function parseCommand(body: string): Command | BadCommand | null {
  const [first = "", ...rest] = body.replaceAll("\r\n", "\n").split("\n");
  // No two parts of it can take the same blanks: a line of them would be tried in every way.
  const match = /^\/([a-z][a-z-]*)(?:[ \t](.*))?$/.exec(first);
  const name = match?.[1];
  if (name === undefined || !isCommandName(name)) return null;
  const line = match?.[2]?.trim() ?? "";
  const text = [line, ...rest].join("\n").trim();
  const bad = (why: string): BadCommand => ({ name, form: commandForms[name], why });

  switch (name) {
    case "status":
    case "plan":
    case "run":
    case "stop":
    case "retry":
      return line === "" ? { name } : bad("it takes nothing after it");
    case "approve":
      return /^[0-9a-f]{64}$/.test(line)
        ? { name, digest: line }
        : bad("it takes the whole digest, 64 hex digits");
    case "rollback":
      return isCheckpointName(line)
        ? { name, checkpoint: line }
        : bad("it names one checkpoint, such as `run-12-1/34/R0S1`");
    case "refine":
    case "clarify":
    case "block":
      return text === "" ? bad("it needs a text") : { name, text: kept(text) };
    case "sign-off": {
      const [sha = "", result = "", test = "", ...more] = line.split(/[ \t]+/);
      if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(sha))
        return bad("the commit is written in full, 40 hex digits");
      if (result !== "pass" && result !== "fail") return bad("the result is `pass` or `fail`");
      if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(test) || more.length > 0)
        return bad("one test is named, in lower-case words joined by `-`");
      return { name, sha, result, test, text: kept(rest.join("\n").trim()) };
    }
    case "adopt": {
      const [, sha = "", story, reason = ""] =
        /^(\S+)(?:[ \t]+for[ \t]+#([1-9][0-9]{0,9}))?[ \t]+because[ \t]+(\S.*)$/s.exec(text) ?? [];
      if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(sha))
        return bad("it names the commit in full, 40 hex digits, and a reason");
      const about = story === undefined ? {} : { story: Number(story) };
      return { name, sha, ...about, text: kept(reason.trim()) };
    }
    case "waive": {
      const parts = /^(\S+)[ \t]+(\S+)[ \t]+until[ \t]+(\S+)[ \t]+because[ \t]+(\S.*)$/s.exec(text);
      const [, gate = "", sha = "", until = "", reason = ""] = parts ?? [];
      if (parts === null) return bad("it names a gate, a commit, a day and a reason");
      if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(sha))
        return bad("the commit is written in full, 40 hex digits");
      if (!isDay(until)) return bad("the day is written as 2026-12-31");
      return { name, gate, sha, until, text: kept(reason.trim()) };
    }
  }
}

/** What is kept of a command's text. A cut can halve a surrogate pair, and such a text no entry could ever hold. */
function kept(text: string): string {
  return text.slice(0, longestConcern).toWellFormed();
}

/** The one-shot command labels and the command each stands for. */
export const commandLabels = { "ai:plan": "plan", "ai:run": "run" } as const satisfies Record<
  string,
  CommandName
>;
export type CommandLabel = keyof typeof commandLabels;

/** Whether a label is one of our commands. */
export function isCommandLabel(label: string): label is CommandLabel {
  return Object.hasOwn(commandLabels, label);
}

/** Whether a text is a day of the calendar, written `2026-12-31`. */
function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const [year, month, day] = text.split("-").map(Number);
  const date = new Date(`${text}T00:00:00Z`);
  return date.getUTCFullYear() === year && date.getUTCMonth() + 1 === month && date.getUTCDate() === day;
}
