import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { collectCommits } from "../../../collect/pull/commits.ts";
import { crashText } from "../../../core/errors.ts";
import { oneLine } from "../../../core/escape.ts";
import type { PullFacts } from "../../../core/facts.ts";
import { type Known, known, unknown } from "../../../core/known.ts";
import { policyPath } from "../../../schemas/limits.ts";
import { fileProblem } from "../../terminal/file-problem.ts";
import type { Io } from "../../terminal/io.ts";
import type { CheckOptions } from "./options.ts";
import { cachingParser } from "./policy-cache.ts";

/**
 * `sallyport check`: judges two revisions of a git directory, or a pull request on GitHub, and changes nothing.
 * Exit status 0: success, 1: failure, 2: pending, or the question could not be understood or answered.
 */
export function checkCommand(io: Io): Command {
  return new Command("check")
    .description("judge a change by the policy of the default branch")
    .option("--base <revision>", "the branch that the change would enter (default: the default branch)")
    .option("--head <revision>", "the change (default: HEAD)")
    .option("--repo <dir>", "the git directory (default: .)")
    .option("--policy <file>", "judge by this policy file, in place of the default branch's")
    .option(
      "--pr <owner/repo#number>",
      "judge a pull request on GitHub, with all gates; with the token of GITHUB_TOKEN, GH_TOKEN or `gh`",
    )
    .option("--json", "print the verdict as JSON")
    .addHelpText(
      "after",
      `
Example:
  npx sallyport check --base main --head my-branch

Exit status: 0 yes, 1 no, 2 something waits or could not be decided.`,
    )
    .action(async (options: CheckOptions) => {
      const facts =
        options.pr === undefined
          ? await localFacts(options, io)
          : // Loaded only for a pull request: local revisions need no network.
            await (await import("./pull.ts")).pullFacts(options, options.pr, io);
      if (!facts.known) {
        io.err(`sallyport check: ${oneLine(facts.why)}\n`);
        io.exit(2);
        return;
      }
      // Loaded only now: git's work has loaded most of their imports meanwhile.
      const { judge, verdictText } = await import("../../../core/verdict/judge.ts");
      const { exitStatus, isNotSetUp, terminalText } = await import("../../../core/verdict/report.ts");
      const verdict = judge(facts.value, {
        settle: options.pr === undefined ? "content" : "all",
        onCrash: (crash) => io.err(`sallyport check: ${crashText(crash)}\n`),
      });
      const [missing, ...broken] = verdict.gates[0]?.reasons ?? [];
      if (isNotSetUp(verdict) && options.json !== true) {
        io.err(`sallyport check: ${oneLine(`${missing?.message} ${missing?.next?.step}`)}\n`);
        for (const { message } of broken) io.err(`${policyPath}: ${oneLine(message)}\n`);
      } else io.out(options.json === true ? verdictText(verdict) : terminalText(verdict, { color: io.color }));
      io.exit(exitStatus(verdict));
    });
}

async function localFacts(options: CheckOptions, io: Io): Promise<Known<PullFacts>> {
  const dir = resolve(io.cwd, options.repo ?? ".");
  const source = {
    dir,
    head: options.head ?? "HEAD",
    parse: cachingParser(io.cache),
    day: new Date().toISOString().slice(0, 10),
    ...(options.base === undefined ? {} : { base: options.base }),
  };
  if (options.policy === undefined) return collectCommits(source);
  const file = resolve(io.cwd, options.policy);
  const policy = readBytes(file);
  return policy.known ? collectCommits({ ...source, policy: policy.value }) : policy;
}

function readBytes(file: string): Known<Uint8Array> {
  try {
    return known(readFileSync(file));
  } catch (error) {
    return unknown(`the policy file ${file} cannot be read; check the path given with --policy: ${fileProblem(error)}`);
  }
}
