import { Octokit } from "@octokit/core";
import type { RequestInterface } from "@octokit/types";
import { fetchFromHost } from "../../collect/github/request.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import type { Io } from "./io.ts";

/** A client for GitHub with the environment's token; `option` names the option that needs it, for people. */
export function tokenRequest(io: Io, option: string): Known<RequestInterface> {
  const token = io.env.GITHUB_TOKEN || io.env.GH_TOKEN;
  if (token === undefined || token === "")
    return unknown(`${option} needs a token that may read the repository: set GITHUB_TOKEN`);
  const octokit = new Octokit({
    auth: token,
    baseUrl: io.env.GITHUB_API_URL || "https://api.github.com",
    userAgent: "sallyport-cli",
    request: { fetch: fetchFromHost },
    // The answer's error is enough; octokit's own log lines would only hide it.
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  return known(octokit.request);
}
