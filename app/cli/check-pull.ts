import { Octokit } from "@octokit/core";
import { collectPull } from "../../collect/pull.ts";
import type { PullFacts } from "../../core/facts.ts";
import { type Known, unknown } from "../../core/known.ts";
import type { CheckOptions } from "./check.ts";
import type { Io } from "./io.ts";

/** How long one answer of GitHub may take, in milliseconds. */
const patience = 60_000;

/** Reads the facts of the pull request that `--pr` names, with the token of the environment. */
export async function pullFacts(options: CheckOptions, pr: string, io: Io): Promise<Known<PullFacts>> {
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
  return collectPull({
    request: octokit.request,
    owner,
    repo,
    number: Number(digits),
    now: new Date().toISOString(),
  });
}
