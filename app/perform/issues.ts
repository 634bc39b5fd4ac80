import type { EffectResult } from "../../core/effects.ts";
import { SallyportError } from "../../core/errors.ts";
import { listAllOrThrow } from "../github/requests.ts";
import { commentOnce } from "./comments.ts";
import { type EffectOf, marker, type PerformContext } from "./context.ts";
import { sanitize, title, truncated } from "./text.ts";

/** The fields of an issue that are read here. `id` is the database id, which sub-issues and dependencies ask for. */
type Issue = { id: number | bigint; number: number; body?: string | null; user: { id: number | bigint } | null };

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
  const { request } = context;
  await commentOnce(context, effect.issue, effect.key, effect.comment);
  await request("PATCH /repos/{owner}/{repo}/issues/{issue_number}", {
    issue_number: effect.issue,
    state: "closed",
    state_reason: "completed",
  });
  return { type: "none" };
}

async function subIssues({ request }: PerformContext, number: number): Promise<Issue[]> {
  return listAllOrThrow<Issue>(`the sub-issues of #${number}`, (page) =>
    request("GET /repos/{owner}/{repo}/issues/{issue_number}/sub_issues", { issue_number: number, ...page }),
  );
}

/** All diff prompts, including one that a crash left without its link to the story. */
async function promptIssues({ request }: PerformContext): Promise<Issue[]> {
  return listAllOrThrow<Issue>("the diff prompts", (page) =>
    request("GET /repos/{owner}/{repo}/issues", {
      labels: "diff-prompt",
      state: "all",
      sort: "created",
      direction: "desc",
      ...page,
    }),
  );
}

/** The text is the frozen contract, which a model wrote and a person approved. */
async function create(effect: EffectOf<"open-prompt">, mark: string, { request }: PerformContext): Promise<Issue> {
  const { data } = await request("POST /repos/{owner}/{repo}/issues", {
    title: title(effect.title),
    body: truncated(sanitize(effect.body), `\n\n${mark}`),
    labels: ["diff-prompt"],
  });
  return data;
}

async function readIssue({ request }: PerformContext, number: number): Promise<Issue> {
  const { data } = await request("GET /repos/{owner}/{repo}/issues/{issue_number}", { issue_number: number });
  // GitHub answers for a transferred issue from its new repository, with another number.
  if (data.number !== number) throw new SallyportError("github", `#${number} was moved to another repository`);
  return data;
}

async function attach({ request }: PerformContext, parent: number, child: Issue): Promise<void> {
  await request("POST /repos/{owner}/{repo}/issues/{issue_number}/sub_issues", {
    issue_number: parent,
    sub_issue_id: Number(child.id),
  });
}

/** Adds the missing dependencies on earlier prompts, in order; existing ones stay. */
async function blockBy(numbers: readonly number[], issue: Issue, context: PerformContext): Promise<void> {
  const { request } = context;
  if (numbers.length === 0) return;
  const blockers = await listAllOrThrow<Issue>(`what blocks #${issue.number}`, (page) =>
    request("GET /repos/{owner}/{repo}/issues/{issue_number}/dependencies/blocked_by", {
      issue_number: issue.number,
      ...page,
    }),
  );
  for (const number of numbers) {
    if (blockers.some((one) => one.number === number)) continue;
    const blocker = await readIssue(context, number);
    await request("POST /repos/{owner}/{repo}/issues/{issue_number}/dependencies/blocked_by", {
      issue_number: issue.number,
      issue_id: Number(blocker.id),
    });
  }
}
