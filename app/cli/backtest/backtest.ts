import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Command } from "commander";
import { blobId } from "../../../collect/blob-id.ts";
import { policyReading } from "../../../collect/policy/file.ts";
import { crashText } from "../../../core/errors.ts";
import { jsonText, oneLine } from "../../../core/escape.ts";
import type { PolicyReading } from "../../../core/facts.ts";
import { type Known, known, unknown } from "../../../core/known.ts";
import { problemLines } from "../../../core/policy/problem.ts";
import { backtest } from "../../../core/verdict/backtest.ts";
import { backtestText, movedRows } from "../../../core/verdict/backtest-report.ts";
import { readCount } from "../../terminal/count.ts";
import { fileProblem } from "../../terminal/file-problem.ts";
import type { Io } from "../../terminal/io.ts";
import { showProgress } from "../../terminal/progress.ts";
import type { BacktestOptions, Found, Question } from "./question.ts";

/**
 * `sallyport backtest`: judges merged changes by a new policy beside the old one, and changes nothing. Exit status 0;
 * with `--strict` 1 when a merged change would be blocked and 2 when one could not be judged; 2 for bad input.
 */
export function backtestCommand(io: Io): Command {
  return new Command("backtest")
    .description("say which merged changes a new policy would have blocked or let through")
    .option("--policy <file>", "the new policy (required)")
    .option("--against <file>", "the old policy (default: the default branch's; none lets everything through)")
    .option("--last <n>", "how many changes, newest first", "50")
    .option("--repo <dir>", "the git directory (default: .)")
    .option("--branch <revision>", "the branch whose changes are judged (default: the default branch)")
    .option(
      "--pr-repo <owner/repo>",
      "judge the last merged pull requests on GitHub; with the token of GITHUB_TOKEN, GH_TOKEN or `gh`",
    )
    .option("--secrets", "search for secrets too, which takes long")
    .option("--all", "show the changes whose outcome stays the same, too")
    .option("--strict", "exit with 1 when a merged change would now be blocked")
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExample:\n  npx sallyport backtest --policy new.yml --last 100")
    .action(async (options: BacktestOptions) => {
      const problem = (why: string) => {
        io.err(`sallyport backtest: ${oneLine(why)}\n`);
        io.exit(2);
      };
      const asked = await readQuestion(options, io);
      if (!asked.known) return problem(asked.why);
      const progress = showProgress(io, "changes");
      const source =
        options.prRepo === undefined
          ? (await import("./git.ts")).changesInGit
          : (await import("./pulls.ts")).changesOnGitHub;
      const found = await source(options, asked.value, io, progress.update);
      progress.end();
      if (!found.known) return problem(found.why);
      report(options, found.value, io);
    });
}

function report(options: BacktestOptions, { from, before, changes }: Found, io: Io): void {
  const result = backtest(changes, {
    secrets: options.secrets === true,
    onCrash: (crash) => io.err(`${crashText(crash)}\n`),
  });
  const { rows, totals, secrets } = result;
  const all = options.all === true;
  if (options.json === true) {
    const shown = all ? rows : movedRows(result);
    const policies = { old: blobOf(before), new: options.policy };
    io.out(`${jsonText({ from, policies, totals, secrets, rows: shown })}\n`);
  } else {
    io.out(`Changes of ${oneLine(from)}, judged by ${options.policy} (new) and ${nameOf(options, before)} (old).\n`);
    io.out(backtestText(result, { all, color: io.color }));
  }
  const undecided = totals.undecided > 0 ? 2 : 0;
  io.exit(options.strict === true ? (totals.nowBlocked > 0 ? 1 : undecided) : 0);
}

function blobOf(reading: PolicyReading): string | null {
  return reading.state === "absent" ? null : reading.blob;
}

function nameOf({ against }: BacktestOptions, before: PolicyReading): string {
  if (before.state === "absent") return "no policy";
  return against ?? "the default branch's policy";
}

async function readQuestion(options: BacktestOptions, io: Io): Promise<Known<Question>> {
  if (options.policy === undefined)
    return unknown("name the new policy with --policy, such as --policy .github/sallyport.yml");
  const other = (["repo", "branch"] as const).find((name) => options[name] !== undefined);
  if (options.prRepo !== undefined && other !== undefined)
    return unknown(`--${other} does not go with --pr-repo; leave one of them out`);
  const last = readCount("--last", options.last);
  if (!last.known) return last;
  const after = await readPolicyFile(options.policy, io);
  if (!after.known) return after;
  const before = options.against === undefined ? known(null) : await readPolicyFile(options.against, io);
  if (!before.known) return before;
  return known({
    last: last.value,
    after: after.value,
    before: before.value,
    secrets: options.secrets === true,
    day: new Date().toISOString().slice(0, 10),
  });
}

/** A policy given by hand has to be valid: a broken one would block every change. */
async function readPolicyFile(file: string, io: Io): Promise<Known<PolicyReading>> {
  let content: Buffer;
  try {
    content = await readFile(resolve(io.cwd, file));
  } catch (error) {
    return unknown(`the policy file ${file} cannot be read; check its path: ${fileProblem(error)}`);
  }
  const blob = blobId(content, "sha1");
  const reading = policyReading(blob, blob, content);
  if (reading.state !== "malformed") return known(reading);
  return unknown(problemLines(reading.problems, file).join("; "));
}
