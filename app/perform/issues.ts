import type { EffectResult } from "../../core/effects.ts";
import { SallyportError } from "../../core/errors.ts";
import { listAllOrThrow } from "../github/requests.ts";
import { commentOnce } from "./comments.ts";
import { type EffectOf, marker, type PerformContext } from "./context.ts";
import { sanitize, title, truncated } from "./text.ts";

/** The fields of an issue that are read here. `id` is the database id, which sub-issues and dependencies ask for. */
type Issue = {
  id: number | bigint;
  number: number;
  body?: string | null;
  user: { id: number | bigint } | null;
};

/** Opens a diff prompt below its story, or finds the one that was opened before. */
export async function openPrompt(effect: EffectOf<"open-prompt">, context: PerformContext): Promise<EffectResult> {
  const mark = marker(effect.key);
  const isOurs = (issue: Issue) =>
    Number(issue.user?.id) === context.ourselves.bot.id && (issue.body ?? "").includes(mark);
  const child = (await subIssues(context, effect.story)).find(isOurs);
  const issue = child ?? (await promptIssues(context)).find(isOurs) ?? (await create(effect, mark, context));
  if (child === undefined) await attach(context, effect.story, issue);
  await blockBy(effect.blockedBy, issue, context);
  return { type: "issue", number: issue.number };
}

/** Makes a story a sub-issue of the epic that it names. */
export async function linkStory(effect: EffectOf<"link-story">, context: PerformContext): Promise<EffectResult> {
  const children = await subIssues(context, effect.epic);
  if (children.some((one) => one.number === effect.story)) return { type: "none" };
  await attach(context, effect.epic, await readIssue(context, effect.story));
  return { type: "none" };
}

/** Comments with the reason once, then closes; a closed issue stays closed. */
export async function closeIssue(effect: EffectOf<"close-issue">, context: PerformContext): Promise<EffectResult> {
  const { request, owner, repo } = context.github;
  await commentOnce(context, effect.issue, effect.key, effect.comment);
  await request("PATCH /repos/{owner}/{repo}/issues/{issue_number}", {
    owner,
    repo,
    issue_number: effect.issue,
    state: "closed",
    state_reason: "completed",
  });
  return { type: "none" };
}

async function subIssues({ github: { request, owner, repo } }: PerformContext, number: number): Promise<Issue[]> {
  return listAllOrThrow<Issue>(`the sub-issues of #${number}`, (page) =>
    request("GET /repos/{owner}/{repo}/issues/{issue_number}/sub_issues", {
      owner,
      repo,
      issue_number: number,
      per_page: 100,
      page,
    }),
  );
}

/** All diff prompts, including one that a crash left without its link to the story. */
async function promptIssues({ github: { request, owner, repo } }: PerformContext): Promise<Issue[]> {
  return listAllOrThrow<Issue>("the diff prompts", (page) =>
    request("GET /repos/{owner}/{repo}/issues", {
      owner,
      repo,
      labels: "diff-prompt",
      state: "all",
      sort: "created",
      direction: "desc",
      per_page: 100,
      page,
    }),
  );
}

/** The text is the frozen contract, which a model wrote and a person approved. */
async function create(effect: EffectOf<"open-prompt">, mark: string, { github }: PerformContext): Promise<Issue> {
  const { request, owner, repo } = github;
  const { data } = await request("POST /repos/{owner}/{repo}/issues", {
    owner,
    repo,
    title: title(effect.title),
    body: truncated(sanitize(effect.body), `\n\n${mark}`),
    labels: ["diff-prompt"],
  });
  return data;
}

async function readIssue({ github: { request, owner, repo } }: PerformContext, number: number): Promise<Issue> {
  const { data } = await request("GET /repos/{owner}/{repo}/issues/{issue_number}", {
    owner,
    repo,
    issue_number: number,
  });
  // GitHub answers for a transferred issue from its new repository, with another number.
  if (data.number !== number) throw new SallyportError("github", `#${number} was moved to another repository`);
  return data;
}

async function attach(
  { github: { request, owner, repo } }: PerformContext,
  parent: number,
  child: Issue,
): Promise<void> {
  await request("POST /repos/{owner}/{repo}/issues/{issue_number}/sub_issues", {
    owner,
    repo,
    issue_number: parent,
    sub_issue_id: Number(child.id),
  });
}

/** Adds the missing dependencies on earlier prompts, in order; existing ones stay. */
async function blockBy(numbers: readonly number[], issue: Issue, context: PerformContext): Promise<void> {
  const { request, owner, repo } = context.github;
  if (numbers.length === 0) return;
  const blockers = await listAllOrThrow<Issue>(`what blocks #${issue.number}`, (page) =>
    request("GET /repos/{owner}/{repo}/issues/{issue_number}/dependencies/blocked_by", {
      owner,
      repo,
      issue_number: issue.number,
      per_page: 100,
      page,
    }),
  );
  for (const number of numbers) {
    if (blockers.some((one) => one.number === number)) continue;
    const blocker = await readIssue(context, number);
    await request("POST /repos/{owner}/{repo}/issues/{issue_number}/dependencies/blocked_by", {
      owner,
      repo,
      issue_number: issue.number,
      issue_id: Number(blocker.id),
    });
  }
}
