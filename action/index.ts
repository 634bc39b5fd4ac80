import { readFileSync } from "node:fs";
import * as core from "@actions/core";
import type { RequestInterface } from "@octokit/types";
import { fetchFromHost } from "../collect/github/request.ts";
import type { Annotation } from "../core/annotation.ts";
import { messageOf } from "../core/errors.ts";
import type { Inputs } from "./inputs.ts";
import { type Ports, run } from "./run.ts";

function readInputs(): Inputs {
  const { GITHUB_SERVER_URL = "https://github.com", GITHUB_REPOSITORY = "", GITHUB_RUN_ID = "" } = process.env;
  return {
    repository: GITHUB_REPOSITORY,
    pullRequest: core.getInput("pull-request"),
    failOn: core.getInput("fail-on"),
    status: core.getInput("status"),
    gates: core.getInput("gates"),
    policyRef: core.getInput("policy-ref"),
    page: `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`,
    now: new Date().toISOString(),
    event: {
      name: process.env.GITHUB_EVENT_NAME ?? "",
      text: readEvent(process.env.GITHUB_EVENT_PATH),
    },
  };
}

function readEvent(path: string | undefined): string | null {
  try {
    return path === undefined ? null : readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

async function connect(token: string): Promise<RequestInterface> {
  // Imported late: the package reads the event file on load, and a broken file would end the job with a stack trace.
  const { getOctokit } = await import("@actions/github");
  const { request } = getOctokit(token, {
    baseUrl: core.getInput("api-url") || process.env.GITHUB_API_URL || "https://api.github.com",
    request: { fetch: fetchFromHost },
  });
  return request;
}

function makePorts(token: string): Ports {
  return {
    connect: () => connect(token),
    output: (name, value) => core.setOutput(name, value),
    summary: async (markdown) => {
      await core.summary.addRaw(markdown, true).write();
    },
    annotate: ({ title, message, path, line }: Annotation) =>
      core.error(message, {
        title,
        ...(path === null ? {} : { file: path }),
        ...(line === null ? {} : { startLine: line }),
      }),
    // The toolkit escapes a notice's text; a plain line starting with `::` would run as a workflow command.
    say: (line) => core.notice(line),
    fail: (line) => core.setFailed(line),
  };
}

const token = core.getInput("github-token");
if (token === "") {
  core.setFailed("the input github-token is empty: give a token that may read contents, pull requests and checks");
} else {
  core.setSecret(token);
  // The runner shows an uncaught error with its stack; a job that could not decide must fail with one line.
  let isDone = false;
  run(readInputs(), makePorts(token))
    .catch((error: unknown) => {
      core.setFailed(`sallyport could not judge: ${messageOf(error)}`);
    })
    .finally(() => {
      isDone = true;
    });
  // When nothing is pending, Node exits with status 0, even if an answer never came.
  process.once("beforeExit", () => {
    if (!isDone) core.setFailed("sallyport could not judge: an answer never came");
  });
}
