import { execFile } from "node:child_process";
import { homedir } from "node:os";
import { promisify } from "node:util";
import { Octokit } from "@octokit/core";
import type { RequestInterface } from "@octokit/types";
import { fetchFromHost } from "../../collect/github/request.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import type { Io } from "./io.ts";

/**
 * A client for GitHub with the environment's token, or with the one that `gh` has; `option` names the option that needs
 * it, for people.
 */
export async function tokenRequest(io: Io, option: string): Promise<Known<RequestInterface>> {
  const baseUrl = io.env.GITHUB_API_URL || "https://api.github.com";
  const token = io.env.GITHUB_TOKEN || io.env.GH_TOKEN || (await tokenOfGh(baseUrl, io.env));
  if (token === "")
    return unknown(
      `${option} needs a token that may read the repository: sign in with \`gh auth login\`, or set GITHUB_TOKEN`,
    );
  const octokit = new Octokit({
    auth: token,
    baseUrl,
    userAgent: "sallyport-cli",
    request: { fetch: fetchFromHost },
    // The answer's error is enough; octokit's own log lines would only hide it.
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  return known(octokit.request);
}

/** The token that a person signed in to `gh` with, for this GitHub alone; empty: there is no `gh`, or it has none. */
async function tokenOfGh(apiUrl: string, env: Io["env"]): Promise<string> {
  const host = URL.canParse(apiUrl) ? new URL(apiUrl).hostname.replace(/^api\./, "") : "";
  const argv = ["auth", "token", "--hostname", host];
  // Windows looks for programs in the present folder first, which may be anybody's clone.
  const answer = await promisify(execFile)("gh", argv, { env, cwd: homedir(), timeout: 10_000 }).catch(() => null);
  return answer?.stdout.trim() ?? "";
}
