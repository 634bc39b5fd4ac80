import { isProgram, judgingOf, passesHooks } from "./commands.ts";
import { leftOut } from "./left-out.ts";
import type { Kind } from "./runners.ts";
import type { ShellOptions } from "./shell-options.ts";
import { commandsOf, type Ran } from "./shell-status.ts";
import type { Pairs } from "./workflow.ts";

/** Options of a shell; `lines`: a language of which only plain commands are read; null: one that is not read. */
export type Shell = ShellOptions | "lines" | null;

/** How a step's shell runs its script. Source: GitHub docs, "jobs.<id>.steps[*].shell". */
export function shellOf(shell: string | null): Shell {
  if (shell === null || shell === "sh") return { errexit: true, pipefail: false };
  if (shell === "bash") return { errexit: true, pipefail: true };
  if (/^(?:pwsh|powershell|cmd)\b/.test(shell)) return "lines";
  const told = /^(?:\S{0,200}\/)?(?:ba|z|da|k)?sh\s(.{0,200})$/.exec(shell)?.[1];
  if (told === undefined) return null;
  return { errexit: /(?:^|\s)-[a-zA-Z]*e|errexit/.test(told), pipefail: told.includes("pipefail") };
}

/** A check that a script or an action runs. */
export type ScriptCheck = {
  kind: Kind;
  /** What is run, without how: `cargo test`. */
  key: string;
  /** What is run as it is written, and where. */
  text: string;
  /** What it does stands in another file, so it may be any check. */
  isOpen: boolean;
  /** Only a name beside it says that it is a check, so any other may stand for it. */
  isVague: boolean;
  leftOut: string[];
  /** Why its failure fails nothing; null: it does. */
  ignored: string | null;
  /** Where it stands in the script. */
  offset: number;
};

/** A check of which no more is known than what it is called by. */
export function plainCheck(kind: Kind, key: string, text: string): ScriptCheck {
  const shown = text.replace(/\s+/g, " ").trim();
  return { kind, key, text: shown, isOpen: true, isVague: false, leftOut: [], ignored: null, offset: 0 };
}

const isJudging = (words: readonly string[]) => (judgingOf(words) ?? []).some(({ kind }) => kind !== "other");

/** The checks that a script runs. One that cannot be read may be any check. */
export function checksOfScript(text: string, shell: Shell, env: Pairs): ScriptCheck[] {
  const ran = shell === null ? null : shell === "lines" ? plainLines(text) : commandsOf(text, shell, isJudging);
  if (ran === null) return [{ ...plainCheck("other", "script", text), isVague: true }];
  let folder = "";
  return ran.flatMap(({ words, assigns, offset, ignored, isOutput }): ScriptCheck[] => {
    if (words[0] === "cd" && words[1] !== undefined) folder = `${words[1]}: `;
    const bypass = passesHooks(words) ? plainCheck("other", "git bypass", words.join(" ")) : null;
    const judging = bypass === null ? (judgingOf(words) ?? []) : [{ ...bypass, isOpen: false }];
    const given = new Map([...env, ...assigns.map((one) => splitAt(one, "="))]);
    return judging.flatMap(({ kind, key, text: own, isOpen = false }): ScriptCheck[] => {
      // Whose output is taken is asked for something, and judges only where it is a test by its name.
      if (isOutput && kind !== "test") return [];
      const left = leftOut(key, own, given);
      const shown = folder + [...assigns, own].join(" ");
      // What is told to leave out all tests only builds.
      const what = kind === "test" && left.includes("all tests") ? "build" : kind;
      return [{ kind: what, key, text: shown, isOpen, isVague: false, leftOut: left, ignored, offset }];
    });
  });
}

function splitAt(text: string, sign: string): [string, string] {
  const at = text.indexOf(sign);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Commands of PowerShell and cmd.exe, one a line; blocks and variables are not followed, and no failure counts as lost. */
function plainLines(text: string): Ran[] {
  let start = 0;
  return text
    .split("\n")
    .slice(0, 5_000)
    .flatMap((line): Ran[] => {
      const offset = start;
      start += line.length + 1;
      const words = line.slice(0, 2_000).trim().split(/\s+/);
      return isProgram(words) ? [{ words, assigns: [], offset, ignored: null, isOutput: false }] : [];
    });
}
