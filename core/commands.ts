import { maxConcernLength } from "../schemas/limits.ts";
import type { Policy } from "../schemas/policy.ts";
import type { Duty } from "../schemas/policy-values.ts";
import { isCheckpointName } from "./identifiers.ts";
import { suggestion } from "./suggestion.ts";

/** Where a command can be given: on the issue of a story, or on a pull request. */
export type Place = "story" | "pull";

/**
 * Who may give a command: people with one of these duties; an empty list means anyone who may write to the repository.
 * `waivers`: the duty that the policy names under `waivers.by`.
 */
type By = readonly Duty[] | "waivers";

type Definition = {
  /** Its syntax, shown when somebody writes it wrongly. */
  form: string;
  /** Where it can be given, and by whom. */
  on: { readonly [P in Place]?: By };
  /** The reply where it cannot be given. */
  elsewhere?: string;
};

/** The commands of this version. Their handlers are in `core/story/commands.ts` and `core/pull/commands.ts`. */
export const commands = {
  status: { form: "/status", on: { story: [], pull: [] } },
  help: { form: "/help", on: { story: [], pull: [] } },
  plan: { form: "/plan [with <route>]", on: { story: ["planners"] } },
  "take-over": {
    form: "/take-over",
    on: { story: ["planners"] },
    elsewhere: "An epic or a story that somebody else opened is taken over there.",
  },
  approve: { form: "/approve <digest>", on: { story: ["approvers"] } },
  refine: { form: "/refine <what to change>", on: { story: ["planners", "approvers"] } },
  clarify: {
    form: "/clarify <answer>",
    on: { story: ["planners", "approvers"], pull: ["planners", "approvers", "architects"] },
  },
  block: {
    form: "/block <why>",
    on: {
      story: ["planners", "approvers", "executors"],
      pull: ["planners", "approvers", "architects"],
    },
  },
  run: { form: "/run [independent] [with <route>]", on: { story: ["executors"] } },
  stop: { form: "/stop", on: { story: ["executors", "approvers"] } },
  retry: { form: "/retry", on: { story: ["executors"] } },
  rework: { form: "/rework [what to mend]", on: { story: ["executors"], pull: ["executors"] } },
  rollback: { form: "/rollback <checkpoint>", on: { story: ["executors"] } },
  "sign-off": {
    form: "/sign-off <commit> pass|fail <test>",
    on: { pull: ["approvers"] },
    elsewhere: "A sign-off belongs on the pull request whose commit was tested.",
  },
  adopt: {
    form: "/adopt <commit> [for #<story>] because <reason>",
    on: { pull: ["executors", "architects"] },
    elsewhere: "Commits are adopted on the pull request that holds them.",
  },
  waive: {
    form: "/waive <gate> <commit> until <yyyy-mm-dd> because <reason>",
    on: { pull: "waivers" },
    elsewhere: "A waiver belongs on the pull request that the gate blocks.",
  },
} as const satisfies Record<string, Definition>;

/** The name of a command, without its slash. */
export type CommandName = keyof typeof commands;

/** The names of the commands that can be given in a place. */
export type CommandOn<P extends Place> = {
  [N in CommandName]: P extends keyof (typeof commands)[N]["on"] ? N : never;
}[CommandName];

/**
 * The duties that allow a command in a place: a person needs one of them. Empty: none is needed, or the command cannot
 * be given there.
 */
export function dutiesOn(place: Place, name: CommandName, { waivers }: Policy): readonly Duty[] {
  const { on }: Definition = commands[name];
  const by = on[place] ?? [];
  if (by !== "waivers") return by;
  return waivers === undefined ? [] : [waivers.by];
}

/** How the commands are written that a person with these duties may give in a place. */
export function formsFor(place: Place, held: readonly Duty[], policy: Policy): string[] {
  return Object.keys(commands).flatMap((name) => {
    if (!isCommandName(name)) return [];
    const { form, on }: Definition = commands[name];
    const duties = dutiesOn(place, name, policy);
    const isTheirs = duties.length === 0 || duties.some((duty) => held.includes(duty));
    return on[place] !== undefined && isTheirs ? [form] : [];
  });
}

/** The reply to a command that is given in the wrong place. */
export function wrongPlace(name: CommandName): string {
  const { elsewhere }: Definition = commands[name];
  return elsewhere ?? "Give this command on the story, not on the pull request.";
}

/**
 * A command as a person wrote it. `text` is what follows it, on the first line and below. `unread`: a further command
 * stands below it. Untrusted.
 */
export type Command = Written & { unread?: CommandName };

type Written =
  | { name: "status" | "help" | "take-over" | "stop" | "retry" }
  | { name: "plan"; route?: string }
  | { name: "run"; mode?: "independent"; route?: string }
  | { name: "approve"; digest: string }
  | { name: "rollback"; checkpoint: string }
  | { name: "refine" | "block" | "clarify" | "rework"; text: string }
  | { name: "sign-off"; sha: string; result: "pass" | "fail"; test: string; text: string }
  | { name: "adopt"; sha: string; story?: number; text: string }
  | { name: "waive"; gate: string; sha: string; until: string; text: string };

/** A command of one name. */
export type CommandOf<N extends CommandName> = Command & { name: N };

/** A line that is no command and was meant as one, with the reply. `help`: no known command was named. */
export type BadCommand = { name: CommandName; reply: string };

function isCommandName(word: string): word is CommandName {
  return Object.hasOwn(commands, word);
}

/** Reads what follows `/plan`; null: something else. */
function planOf(line: string): Written | null {
  const [, route] = /^with +([a-z][a-z0-9-]{0,39})$/.exec(line) ?? [];
  if (line === "") return { name: "plan" };
  return route === undefined ? null : { name: "plan", route };
}

/** Reads what follows `/run`; null: something else. */
function runOf(line: string): Written | null {
  const found = /^(independent)?(?:(?:^| +)with +([a-z][a-z0-9-]{0,39}))?$/.exec(line);
  if (found === null) return null;
  const [, mode, route] = found;
  return {
    name: "run",
    ...(mode === undefined ? {} : { mode: "independent" }),
    ...(route === undefined ? {} : { route }),
  };
}

/**
 * Finds a well written command below the first line of a comment that begins with none, with the reply; null: there is
 * none. People wait for what such a line asks for, and it is never carried out.
 */
export function commandBelow(body: string): BadCommand | null {
  const name = furtherCommand(linesOf(body));
  if (name === null) return null;
  const reply = `\`/${name}\` counts only as the first line of a comment, so it was not read. Write it as a new comment.`;
  return { name, reply };
}

/** The first well written command in these lines, outside of code blocks; null: there is none. */
function furtherCommand(lines: readonly string[]): CommandName | null {
  let fence: string | null = null;
  for (const line of lines) {
    const [, mark] = /^ {0,3}(```|~~~)/.exec(line) ?? [];
    if (mark !== undefined && (fence === null || fence === mark)) fence = fence === null ? mark : null;
    const command = fence === null ? readCommand(line, []) : null;
    if (command !== null && !("reply" in command)) return command.name;
  }
  return null;
}

function linesOf(body: string): string[] {
  return body.replaceAll("\r\n", "\n").split("\n");
}

/**
 * Reads a comment's command. Only the very first line counts, from its first character, so that nothing inside a
 * quotation, a code block or a mail reply is ever a command. Null: the comment is no command. Anyone who can comment
 * wrote the text; who may do what is judged elsewhere.
 */
export function parseCommand(body: string): Command | BadCommand | null {
  const [first = "", ...rest] = linesOf(body);
  const command = readCommand(first, rest);
  if (command === null || "reply" in command) return command;
  const unread = furtherCommand(rest);
  return unread === null ? command : { ...command, unread };
}

/** Reads the command of a comment's first line, with the lines below it as its text. */
function readCommand(written: string, rest: readonly string[]): Written | BadCommand | null {
  // Pages and telephones write blanks that do not break, which nobody sees.
  const first = written.replaceAll("\u00a0", " ");
  // No two parts of the pattern match the same blanks: a line of blanks would otherwise backtrack.
  const match = /^( {0,3})\/([A-Za-z][A-Za-z_-]{0,30})([.,:;!?])?(?:[ \t](.*))?$/.exec(first);
  if (match === null) return null;
  const [, indent = "", name = "", mark = "", after = ""] = match;
  // A path or an emphasis ends in such a mark as well.
  if (mark !== "" && suggestion(name, Object.keys(commands)) === null) return null;
  if (indent !== "" || mark !== "" || !isCommandName(name)) return misspelt(`${indent}/${name}${mark}`, name);
  const line = after.trim();
  const text = [line, ...rest].join("\n").trim();
  const bad = (why: string): BadCommand => ({ name, reply: `Write it as \`${commands[name].form}\`: ${why}.` });

  switch (name) {
    case "status":
    case "help":
    case "take-over":
    case "stop":
    case "retry":
      return line === "" ? { name } : bad("it takes nothing after it");
    case "plan":
      return planOf(line) ?? bad("it takes nothing after it, or `with` and a route of the policy");
    case "run":
      return runOf(line) ?? bad("it takes nothing after it, `independent`, or `with` and a route of the policy");
    case "approve":
      return /^[0-9a-f]{64}$/.test(line)
        ? { name, digest: line }
        : bad("it takes the whole digest, 64 hex digits, because a short one can be made to fit another plan");
    case "rollback":
      return isCheckpointName(line)
        ? { name, checkpoint: line }
        : bad("it names one checkpoint, such as `run-12-1/34/R0S1`");
    case "rework":
      return { name, text: kept(text) };
    case "refine":
    case "clarify":
    case "block":
      return text === "" ? bad("it needs a text") : { name, text: kept(text) };
    case "sign-off": {
      const [sha = "", result = "", test = "", ...more] = line.split(/[ \t]+/);
      if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(sha)) return bad(shortCommit);
      if (result !== "pass" && result !== "fail") return bad("the result is `pass` or `fail`");
      if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(test) || more.length > 0)
        return bad("one test is named, in lower-case words joined by `-`; notes stand on the lines below");
      return { name, sha, result, test, text: kept(rest.join("\n").trim()) };
    }
    case "adopt": {
      const [, sha = "", story, reason = ""] =
        /^(\S+)(?:[ \t]+for[ \t]+#([1-9][0-9]{0,9}))?[ \t]+because[ \t]+(\S.*)$/s.exec(text) ?? [];
      if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(sha)) return bad(`it names a reason, and ${shortCommit}`);
      const about = story === undefined ? {} : { story: Number(story) };
      return { name, sha, ...about, text: kept(reason.trim()) };
    }
    case "waive": {
      const parts = /^(\S+)[ \t]+(\S+)[ \t]+until[ \t]+(\S+)[ \t]+because[ \t]+(\S.*)$/s.exec(text);
      const [, gate = "", sha = "", until = "", reason = ""] = parts ?? [];
      if (parts === null) return bad("it names a gate, a commit, a day and a reason");
      if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(sha)) return bad(shortCommit);
      if (!isDay(until)) return bad("the day is written as 2026-12-31");
      return { name, gate, sha, until, text: kept(reason.trim()) };
    }
  }
}

/** Seven digits are found in minutes: whoever pushes could make the next commit begin like the one that was read. */
const shortCommit =
  "the commit is written in full, as 40 digits and letters from a to f with no mark around them, because a short one can be made to fit another commit";

/** The reply to a line that looks like a command and is none, with the nearest one. */
function misspelt(written: string, word: string): BadCommand {
  const nearest = suggestion(word, Object.keys(commands));
  const meant =
    nearest === null || !isCommandName(nearest)
      ? "`/help` lists the commands that are."
      : `Write it as \`${commands[nearest].form}\`, from the first character of a new comment.`;
  return { name: "help", reply: `\`${written}\` is no command. ${meant}` };
}

/** Truncates a command's text. A cut can halve a surrogate pair, and no entry can hold such a text. */
function kept(text: string): string {
  return text.slice(0, maxConcernLength).toWellFormed();
}

/** The command that a one-shot label gives, or the reply to a label that gives none; null: it is no label of ours. */
export function labelCommand(label: string): Command | BadCommand | null {
  if (label === "ai:plan") return { name: "plan" };
  if (label === "ai:run") return { name: "run" };
  if (label === "ai:campaign") return { name: "help", reply: "`ai:campaign` starts nothing in this version." };
  return null;
}

/** Whether a text is a calendar day, written `2026-12-31`. */
function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const [year, month, day] = text.split("-").map(Number);
  const date = new Date(`${text}T00:00:00Z`);
  return date.getUTCFullYear() === year && date.getUTCMonth() + 1 === month && date.getUTCDate() === day;
}
