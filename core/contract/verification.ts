import type { EntryBody } from "../../schemas/entries.ts";
import type { Plan } from "../../schemas/plan.ts";
import type { Policy } from "../../schemas/policy.ts";
import type { CommandRun, Pack } from "../../schemas/step.ts";

/** The most verification commands that are run on one answer. */
const maxCommands = 20;

/** What was recorded of an answer's verification commands. */
export type Verification = EntryBody<"verification.recorded">;

/** One word of a command: bare, or in quotes, in which nothing has a meaning of its own. */
const word = /\s*(?:'([^'\n]*)'|"([^"\\$`\n]*)"|([^\s'"\\$`|&;<>()*?[\]{}~#!]+))(?=\s|$)/y;

/**
 * The program and arguments of a verification command, as a plan writes it; null: it is more than that, and only a
 * shell could tell what it means. A model wrote the plan, and a person approved it.
 */
export function argvOf(line: string): string[] | null {
  const text = line.replace(/^`([^`]+)`$/, "$1").trim();
  const words: string[] = [];
  word.lastIndex = 0;
  while (word.lastIndex < text.length) {
    const found = word.exec(text);
    if (found === null) return null;
    words.push(found[1] ?? found[2] ?? found[3] ?? "");
  }
  const [program, ...rest] = words;
  return program === undefined || !/^[\w./][\w./@+-]*$/.test(program) ? null : [program, ...rest];
}

/** What keeps a plan's verification commands from being run for a role; empty: nothing, or none is run. */
export function commandProblems(plan: Plan, roles: Policy["roles"]): string[] {
  const isRun = plan.prompts.some(({ role }) => Object.hasOwn(roles, role) && roles[role]?.execution === "tests");
  const lines = plan.verification ?? [];
  if (!isRun) return [];
  return [
    ...(lines.length > maxCommands
      ? [`The plan has ${lines.length} verification commands; at most ${maxCommands}.`]
      : []),
    ...lines
      .filter((line) => argvOf(line) === null)
      .map(
        (line) =>
          `The verification command \`${line.replaceAll("`", "")}\` is no program with its arguments: write it without signs of a shell, or as a script of the repository.`,
      ),
  ];
}

/** Whether an answer to this pack waits for its verification commands: then their evidence files count, and no other. */
export function isVerified({ execution }: Pick<Pack, "execution">): boolean {
  return execution !== undefined && execution.commands.length > 0;
}

/** The commands that a pack has run, as programs and arguments. */
export function commandsOf({ execution }: Pick<Pack, "execution">): string[][] {
  return (execution?.commands ?? []).map((line) => argvOf(line) ?? [line]);
}

/** All that was run on an answer: how its dependencies were installed, then each command. */
export function commandsRun({ install, commands }: Pick<Verification, "install" | "commands">): CommandRun[] {
  return install === undefined ? commands : [install, ...commands];
}

/** Whether a command succeeded. */
export function isPassed({ exit }: Pick<CommandRun, "exit">): boolean {
  return exit === 0;
}

/** A command as somebody would type it. */
export function commandLine({ argv }: Pick<CommandRun, "argv">): string {
  return argv.map((one) => (/^[\w./:=@,+-]+$/.test(one) ? one : JSON.stringify(one))).join(" ");
}

/** How a command ended, in words. */
export function commandEnd({ exit, stopped, seconds }: CommandRun): string {
  const took = `after ${Math.round(seconds)} s`;
  if (stopped !== undefined) return `was ended ${took} (${stopped})`;
  return exit === 0 ? `succeeded ${took}` : `ended with status ${exit ?? "none"} ${took}`;
}

/** A command and how it ended, in words. */
export function commandText(run: CommandRun): string {
  return `\`${commandLine(run)}\` ${commandEnd(run)}`;
}

/**
 * The files of an answer as they are written: evidence files are those that the commands left, never the agent's own.
 */
export function verifiedFiles<T extends { path: string }>(files: readonly T[], verification: Verification | null): T[] {
  const evidence = new Set(verification?.evidence.map(({ path }) => path));
  return files.filter(({ path }) => !evidence.has(path));
}
