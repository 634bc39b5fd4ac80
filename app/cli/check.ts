import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Octokit } from "@octokit/core";
import { Command } from "commander";
import { collectCommits } from "../../collect/commits.ts";
import { collectPull } from "../../collect/pull.ts";
import type { PullFacts } from "../../core/facts.ts";
import { judge, verdictText } from "../../core/judge.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { exitStatus, terminalText } from "../../core/report.ts";
import type { Io } from "./io.ts";

type Options = { base?: string; head?: string; repo?: string; policy?: string; pr?: string; json?: boolean };

/** How long one answer of GitHub may take, in milliseconds. */
const patience = 60_000;

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
      "judge a pull request on GitHub, with all gates; reads GITHUB_TOKEN or GH_TOKEN",
    )
    .option("--json", "print the verdict as JSON")
    .action(async (options: Options) => {
      const facts =
        options.pr === undefined ? await localFacts(options, io) : await pullFacts(options, options.pr, io);
      if (!facts.known) {
        io.err(`sallyport check: ${facts.why}\n`);
        io.exit(2);
        return;
      }
      const verdict = judge(facts.value, { settle: options.pr === undefined ? "content" : "all" });
      io.out(options.json === true ? verdictText(verdict) : terminalText(verdict, { color: io.color }));
      io.exit(exitStatus(verdict));
    });
}

async function localFacts(options: Options, io: Io): Promise<Known<PullFacts>> {
  const dir = resolve(io.cwd, options.repo ?? ".");
  const source = {
    dir,
    head: options.head ?? "HEAD",
    ...(options.base === undefined ? {} : { base: options.base }),
  };
  if (options.policy === undefined) return collectCommits(source);
  const file = resolve(io.cwd, options.policy);
  const policy = await readBytes(file);
  return policy.known ? collectCommits({ ...source, policy: policy.value }) : policy;
}

async function readBytes(file: string): Promise<Known<Uint8Array>> {
  try {
    return known(await readFile(file));
  } catch (error) {
    return unknown(
      `the policy file ${file} cannot be read; check the path given with --policy: ${String(error)}`,
    );
  }
}

async function pullFacts(options: Options, pr: string, io: Io): Promise<Known<PullFacts>> {
  const other = (["base", "head", "repo", "policy"] as const).find((name) => options[name] !== undefined);
  if (other !== undefined)
    return unknown(`--${other} does not go with --pr: a pull request has its own; leave one of them out`);
  const [, owner, repo, digits] = /^([A-Za-z0-9-]+)\/([A-Za-z0-9._-]+)#([1-9][0-9]{0,9})$/.exec(pr) ?? [];
  if (owner === undefined || repo === undefined || digits === undefined)
    return unknown(`--pr ${JSON.stringify(pr)} is not a pull request: write it as owner/repo#12`);
  const token = io.env.GITHUB_TOKEN || io.env.GH_TOKEN;
  if (token === undefined || token === "")
    return unknown("--pr needs a token that may read the repository: set GITHUB_TOKEN");
  const octokit = new Octokit({
    auth: token,
    baseUrl: io.env.GITHUB_API_URL || "https://api.github.com",
    userAgent: "sallyport-check",
    request: {
      fetch: (url: string, init?: RequestInit) =>
        fetch(url, { ...init, signal: AbortSignal.timeout(patience) }),
    },
    // The answer says what went wrong; octokit's own notes would only stand between it and the reader.
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  return collectPull({ request: octokit.request, owner, repo, number: Number(digits) });
}
