import { readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { blockedBy } from "../../../collect/draft/trial.ts";
import { readPlainFile, readWorkTree, type WorkTree } from "../../../collect/git/work-tree.ts";
import { policyReading } from "../../../collect/policy/file.ts";
import { parsePolicy } from "../../../collect/policy/policy.ts";
import { jobChecks, parseWorkflow, workflowPattern } from "../../../collect/repository/workflows.ts";
import { jsonText, oneLine } from "../../../core/escape.ts";
import { gateNames, gates } from "../../../core/gates/registry.ts";
import type { JobCheck } from "../../../core/policy/job-checks.ts";
import { lintPolicy } from "../../../core/policy/lint.ts";
import { problemLines } from "../../../core/policy/problem.ts";
import type { LintWarning } from "../../../core/policy/warning.ts";
import { policyPath } from "../../../schemas/limits.ts";
import type { Policy } from "../../../schemas/policy.ts";
import { readCount } from "../../terminal/count.ts";
import type { Io } from "../../terminal/io.ts";
import { exampleText, readPast } from "../backtest/trial.ts";

export type LintOptions = { repo?: string; history?: string; strict?: boolean; json?: boolean };

/** What the policy is compared with. `notes` say why something is null; they are printed once, after the warnings. */
type LintInput = { files: readonly string[] | null; checks: readonly JobCheck[] | null; notes: string[] };

/** Checks one policy file: exit 0 valid, 1 not valid (with `--strict`: or doubtful), 2 not readable. */
export async function lint(file: string | undefined, options: LintOptions, io: Io): Promise<void> {
  const refuse = (why: string) => {
    io.err(`sallyport policy lint: ${oneLine(why)}\n`);
    io.exit(2);
  };
  const last = options.history === undefined ? null : readCount("--history", options.history);
  if (last?.known === false) return refuse(last.why);
  const dir = resolve(io.cwd, options.repo ?? ".");
  const path = file === undefined ? join(dir, policyPath) : resolve(io.cwd, file);
  const shown = file ?? (relative(io.cwd, path) || policyPath);
  // A file named on the command line is the user's own choice; the default path is read as the App reads it, without
  // following links.
  const content = file === undefined ? await readPlainFile(path) : await readFile(path).catch(() => null);
  if (content === null)
    return refuse(
      `cannot read ${shown}${file === undefined ? " as a plain file" : ""}; name the file, or run this at the top of the repository`,
    );
  const parsed = parsePolicy(content);
  if (!parsed.ok) {
    const { problems } = parsed;
    if (options.json === true)
      io.out(json({ file: shown, valid: false, problem: problems[0], problems, warnings: [] }));
    else io.err(`${problemLines(problems, shown).join("\n")}\n`);
    io.exit(1);
    return;
  }
  const { notes, ...context } = await readLintInput(dir);
  const warnings = lintPolicy(parsed, context);
  const reading = policyReading("", "", content);
  const past = last === null ? null : await readPast(dir, last.value, reading, io);
  if (past?.known === false) return refuse(past.why);
  const blocked = past === null ? [] : blockedBy(past.value, reading);
  const history = past === null ? null : { from: past.value.from, changes: past.value.changes.length, blocked };
  if (options.json === true)
    io.out(json({ file: shown, valid: true, problem: null, problems: [], warnings, notCompared: notes, history }));
  else report(shown, parsed.policy, warnings, notes, io);
  if (options.json !== true && history !== null)
    io.out(
      `Of the last ${history.changes} changes of ${oneLine(history.from)} it would have blocked ${blocked.length}${blocked.length === 0 ? ".\n" : `:\n${exampleText(blocked)}`}`,
    );
  io.exit(options.strict === true && warnings.length > 0 ? 1 : 0);
}

function json(value: object): string {
  return `${jsonText(value)}\n`;
}

function report(file: string, policy: Policy, warnings: readonly LintWarning[], notes: string[], io: Io) {
  for (const { code, message, policyLine, next } of warnings)
    io.out(`${file}:${policyLine ?? 1}: warning ${code}: ${oneLine(message)}\n  next: ${oneLine(next)}\n`);
  for (const note of notes) io.err(`note: ${oneLine(note)}\n`);
  const asked = gateNames.filter((name) => gates[name].isAsked(policy));
  const roles = Object.keys(policy.roles).join(", ") || "none";
  const count = warnings.length === 1 ? "1 warning" : `${warnings.length} warnings`;
  const warningText = warnings.length === 0 ? "" : ` ${count}.`;
  io.out(`${file} is valid.${warningText} Gates: ${asked.join(", ")}. Roles: ${roles}.\n`);
}

async function readLintInput(dir: string): Promise<LintInput> {
  const tree = await readWorkTree(dir);
  if (!tree.known) return { files: null, checks: null, notes: [`patterns are not compared with files: ${tree.why}`] };
  const { checks, notes } = await readChecks(tree.value);
  return { files: tree.value.files, checks, notes };
}

/** The checks of all workflows; null when one cannot be read, because its checks would be reported as missing. */
async function readChecks({ top, files }: WorkTree): Promise<Omit<LintInput, "files">> {
  const checks: JobCheck[] = [];
  for (const file of files.filter((path) => workflowPattern.test(path))) {
    const content = await readPlainFile(join(top, file));
    if (content === null) continue;
    const found = jobChecks(file, parseWorkflow(file, content.toString("utf8")));
    if (!found.known) return { checks: null, notes: [`checks are not compared with workflows: ${found.why}`] };
    checks.push(...found.value);
  }
  return { checks, notes: [] };
}
