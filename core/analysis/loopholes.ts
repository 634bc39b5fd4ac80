import { ownersOf } from "./added-lines.ts";
import { indentOf } from "./code-blocks.ts";
import type { HarnessKind } from "./harness-lines.ts";

/** What a line does to the judging of changes, and what it would take to mend it. */
export type Loophole = {
  code: "failure-ignored" | "job-skipped" | "hook-bypassed";
  what: string;
  step: string;
};

type Rule = Loophole & { kinds: readonly HarnessKind[]; pattern: RegExp; unless?: RegExp };

const yaml = ["workflow", "yaml"] as const;
const commands = [...yaml, "shell", "make", "package"] as const;
const everything = [...commands, "program"] as const;
const ignored = {
  code: "failure-ignored",
  what: "lets the run go on as if nothing had failed",
  step: "Take this out, and let a failure stop the run.",
} as const;
const bypassed = {
  code: "hook-bypassed",
  what: "lets commits past the hooks",
  step: "Take this out, and let the hooks run.",
} as const;

/** Every repetition is bounded: hostile files are read with these. */
const rules: readonly Rule[] = [
  {
    ...ignored,
    kinds: yaml,
    pattern: /(?<![\w-])(?:continue-on-error|continueOnError|allow_failure)["']?\s{0,9}:\s{0,9}(?!\s|["']?false\b)/,
  },
  {
    ...ignored,
    kinds: commands,
    pattern:
      /\|\|\s{0,20}[({]?\s{0,9}(?:(?:\/usr)?(?:\/bin\/)?true\b|exit\s{1,9}0\b|return\s{1,9}0\b|:(?=[\s"';)&|}]|$))/,
  },
  {
    ...ignored,
    kinds: commands,
    pattern: /\|\|\s{0,20}(?:echo|printf)\b/,
    unless: /\b(?:exit|return)\s{1,9}[1-9$]|\bfalse\b/,
  },
  {
    ...ignored,
    kinds: ["program"],
    pattern: /["'`][^"'`\n]{0,200}\|\|\s{0,20}(?:true|:|exit 0)\s{0,9}["'`]/,
  },
  {
    ...ignored,
    kinds: commands,
    pattern: /;\s{0,20}(?:true|:)\s{0,9}["']?\s{0,9}[,)]?\s{0,9}$|;\s{0,20}exit\s{1,9}0\b/,
  },
  {
    ...ignored,
    kinds: commands,
    pattern: /\bset\s{1,9}(?:\+[a-z]{0,9}e[a-z]{0,9}\b|\+o\s{1,9}(?:errexit|pipefail)\b)/,
  },
  { ...ignored, kinds: yaml, pattern: /^\s{0,200}-?\s{0,9}shell:\s{0,9}["']?(?:ba)?sh\s{1,9}\{0\}/ },
  {
    ...ignored,
    kinds: everything,
    pattern: /(?<![\w-])--(?:passWithNoTests|pass-with-no-tests|forceExit|exit-zero|ignore-errors)\b(?!=false)/,
  },
  { ...ignored, kinds: ["make"], pattern: /^\t[@+]?-[@+]?[^-\s]|^\.IGNORE\b/ },
  {
    ...ignored,
    kinds: ["package"],
    pattern:
      /(?:^|;; )(?:[\w:.-]{1,100}: (?:exit 0|true|:)\s{0,9}(?:;;|$)|[\w:.-]{0,50}(?:test|lint|check|verify|types|ci)[\w:.-]{0,50}: echo\b[^&|;]*$)/,
  },
  {
    ...bypassed,
    kinds: everything,
    pattern: /(?<![\w-])--no-verify\b|\bcore\.hooksPath[= ]{1,9}["']?\/dev\/null/,
  },
  { ...bypassed, kinds: commands, pattern: /\bgit\s{1,9}commit\b[^|;&]{0,200}\s-[a-z]{0,5}n[a-z]{0,5}\b/ },
];

const isFalse = (term: string) => /^(?:false|0|null|!true|''|)$/i.test(term.replace(/[()\s]/g, ""));

/** Whether a condition holds never, whatever happens: every alternative of it has a part that is false as it stands. */
function neverHolds(condition: string): boolean {
  const plain = condition.trim().replace(/^(["'])(.*)\1$/, "$2");
  const inner = plain.replace(/^\$\{\{(.*)\}\}$/, "$1").trim();
  return inner !== "" && inner.split("||").every((one) => one.split("&&").some(isFalse));
}

const skipped = {
  code: "job-skipped",
  step: "Take this out, and let the job run on every change.",
} as const;
const ignores = /(?:^|[\s{,"'])(?:paths|branches)-ignore["']?\s{0,9}:/;

/** The condition that a line sets, on a line of its own or among others in braces. */
function conditionOn(line: string): string | undefined {
  const own = /^\s{0,200}-?\s{0,9}["']?if["']?\s{0,9}:(.*)$/.exec(line)?.[1];
  return own ?? /[{,]\s{0,9}["']?if["']?\s{0,9}:([^,]{1,200}?)(?:,|\}\s{0,9}$)/.exec(line)?.[1];
}

function skips(lines: readonly string[], index: number, owner: string, isNew: boolean): Loophole | null {
  const line = lines[index] ?? "";
  const condition = conditionOn(line);
  if (condition !== undefined) {
    const isBlock = /^(?:[|>][-+0-9]{0,3})?$/.test(condition.trim());
    const full = isBlock ? (lines.slice(index + 1, index + 50).find((one) => one.trim() !== "") ?? "") : condition;
    return neverHolds(full) ? { ...skipped, what: "switches a job or step off for good" } : null;
  }
  // A new workflow takes away nothing that was judged before, whatever it leaves out.
  if (isNew) return null;
  if (ignores.test(line) || (/^\s*-\s/.test(line) && ignores.test(owner)))
    return { ...skipped, what: "names changes for which the workflow does not run at all" };
  return null;
}

/** How many lines up the beginning of a script is looked for. */
const maxScriptLines = 200;

const closes = /^(?:fi|done|esac|\}|;;)?\s{0,9};?$/;

/** Whether an `exit 0` ends a script before its end, or hides how the last command ended where failures do not stop it. */
function endsEarly(lines: readonly string[], index: number, kind: HarnessKind): boolean {
  const line = lines[index] ?? "";
  if (!/^(?:-\s{1,9}(?:run:\s{0,9})?)?(?:.{0,300}&&\s{0,9})?exit\s{1,9}0\s{0,9};?$/.test(line.trim())) return false;
  const indent = indentOf(line) ?? 0;
  let edge = -1;
  if (kind !== "shell") {
    const firstLine = Math.max(0, index - maxScriptLines);
    for (let at = index - 1; at >= firstLine && edge === -1; at -= 1) {
      const one = lines[at] ?? "";
      const depth = indentOf(one);
      if (depth !== null && depth < indent && /[|>][-+0-9]{0,3}\s*$/.test(one)) edge = depth;
    }
    // No script begins above: a value such as `run: exit 0` is all there is. Too far away to see counts as a script.
    if (edge === -1) return firstLine > 0;
  }
  for (let at = index + 1; at < lines.length; at += 1) {
    const one = lines[at] ?? "";
    if (edge !== -1 && (indentOf(one) ?? edge + 1) <= edge) break;
    if (!closes.test(one.trim())) return true;
  }
  const stopsOnFailure = /^#!.*\s-[a-z]*e|\bset\s+-[a-z]*e|\bset\s+-o\s+errexit/;
  return kind === "shell" && !lines.some((one) => stopsOnFailure.test(one));
}

/** What the lines at some places of a file do to the judging of changes: those that a change adds, to an old or a new file. */
export function loopholes(
  kind: HarnessKind,
  lines: readonly string[],
  indexes: readonly number[],
  isNew: boolean,
): (Loophole & { index: number })[] {
  const owners = ownersOf(lines);
  return indexes.flatMap((index) => {
    const line = lines[index] ?? "";
    const isYaml = kind === "workflow" || kind === "yaml";
    const found: Loophole[] = [];
    const skip = isYaml ? skips(lines, index, lines[owners[index] ?? -1] ?? "", isNew) : null;
    if (skip !== null) found.push(skip);
    // Conditions and expressions have an `||` of their own, which is no command's.
    const isCondition = isYaml && /^\s{0,200}-?\s{0,9}["']?if["']?\s{0,9}:/.test(line);
    const command = isCondition ? "" : line.replace(/\$\{\{.{0,300}?\}\}/g, "$");
    const rule = rules.find(
      (one) => one.kinds.includes(kind) && one.pattern.test(command) && one.unless?.test(command) !== true,
    );
    if (rule !== undefined) found.push(rule);
    else if (kind !== "program" && kind !== "package" && endsEarly(lines, index, kind)) found.push(ignored);
    return found.map(({ code, what, step }) => ({ code, what, step, index }));
  });
}
