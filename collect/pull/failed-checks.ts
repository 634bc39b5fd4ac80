import type { ReworkReport } from "../../schemas/rework.ts";
import type { Budget } from "../budget.ts";
import { readJobLog } from "../github/job-log.ts";
import { type GitHub, requestKnown } from "../github/request.ts";

type Failed = { id: number; name: string; app: string; conclusion: string };

/**
 * The most checks of which more than the conclusion is read, annotations of each, and characters that are read of a text:
 * many more than are shown, so that a secret is known whole before it is cut.
 */
const limits = { checks: 10, annotations: 20, characters: 16_000, logBytes: 20_000_000 };

/** The App of GitHub Actions: its check runs are jobs of the same id, with a log. */
const actions = "github-actions";

/**
 * What failed checks tell: summary, annotations, and for a job of Actions the last lines of its log. What could not be
 * read goes to `unread`. Whoever chose what the checks run wrote all of it.
 */
export async function readFailedChecks(
  github: GitHub,
  checks: readonly Failed[],
  budget: Budget,
): Promise<Pick<ReworkReport, "checks" | "unread">> {
  const unread: string[] = [];
  const found: ReworkReport["checks"] = [];
  for (const [index, { id, name, app, conclusion }] of checks.entries()) {
    const check = { name, app, conclusion, summary: "", annotations: [], log: "" };
    const isOver = index >= limits.checks;
    if (isOver)
      unread.push(`Of the check @${app}/${name} only the conclusion was read: ${checks.length} checks failed.`);
    found.push(isOver ? check : { ...check, ...(await readCheck(github, { id, name, app }, budget, unread)) });
  }
  return { checks: found, unread };
}

async function readCheck(
  github: GitHub,
  { id, name, app }: Pick<Failed, "id" | "name" | "app">,
  budget: Budget,
  unread: string[],
): Promise<Pick<ReworkReport["checks"][number], "summary" | "annotations" | "log">> {
  const { request, owner, repo } = github;
  const what = `the check @${app}/${name}`;
  const spent = budget.take({ requests: 3, bytes: app === actions ? limits.logBytes : 0 });
  if (spent !== null) {
    unread.push(`Of ${what} only the conclusion was read: ${spent.why}.`);
    return { summary: "", annotations: [], log: "" };
  }
  const [run, notes] = await Promise.all([
    requestKnown(
      what,
      request("GET /repos/{owner}/{repo}/check-runs/{check_run_id}", { owner, repo, check_run_id: id }),
    ),
    requestKnown(
      `the annotations of ${what}`,
      request("GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations", {
        owner,
        repo,
        check_run_id: id,
        per_page: limits.annotations,
      }),
    ),
  ]);
  const log = app === actions ? await readJobLog(github, id) : { known: true as const, value: "" };
  for (const part of [run, notes, log]) if (!part.known) unread.push(`${part.why}.`);
  const { title = "", summary = "" } = run.known ? run.value.output : {};
  return {
    summary: shortened([title, summary].filter((line) => (line ?? "") !== "").join("\n")),
    annotations: (notes.known ? notes.value : []).map(({ path, start_line: line, message }) => ({
      path,
      line,
      message: shortened(message ?? ""),
    })),
    log: log.known ? log.value : "",
  };
}

function shortened(text: string): string {
  return text.slice(0, limits.characters).toWellFormed();
}
