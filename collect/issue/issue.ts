import { isTaskId } from "../../core/contract/task.ts";
import type { CommonFacts } from "../../core/decision.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import type { ChildFacts, IssueFacts, StoryFacts } from "../../core/story/facts.ts";
import { isPlainPath, maxDecisions, storyForm } from "../../core/story/form.ts";
import type { People } from "../../schemas/policy.ts";
import { Account } from "../../schemas/text.ts";
import { listAll } from "../github/listing.ts";
import { readPermission } from "../github/people.ts";
import { type GitHub, requestKnown, requestResult } from "../github/request.ts";
import type { Objects } from "../objects.ts";
import { readTask } from "./base-files.ts";
import { readWriter } from "./edits.ts";

/** The facts about an issue that GitHub gives; the ledger and the store add the others. */
export type IssueReading = Pick<
  StoryFacts,
  "issue" | "parent" | "namedEpic" | "namedBy" | "decisions" | "children" | "task"
> & {
  createdAt: string;
  /** The numeric ids of those who are assigned. */
  assignees: number[];
};

/** The fields of GitHub's issue that we read; several endpoints return it. */
type RawIssue = {
  number: number;
  title: string;
  body?: string | null;
  state: string;
  locked?: boolean;
  user: { id: number | bigint; login: string; type: string } | null;
  labels: (string | { name?: string })[];
  created_at: string;
  repository_url: string;
};

/** Where an issue's files are read: the tip of the default branch, and a reader; and the policy's people. */
type IssueSource = { base: CommonFacts["base"]; objects: Pick<Objects, "entry" | "blob">; people: People | null };

/**
 * Reads an issue as it is now, with its parent, its sub-issues and the decision records it names. Null: the number is
 * that of a pull request, which can have the same labels and is not an issue.
 */
export async function readIssue(
  github: GitHub,
  number: number,
  source: IssueSource,
): Promise<Known<IssueReading | null>> {
  const { request, owner, repo } = github;
  const raw = await requestKnown(
    `issue #${number}`,
    request("GET /repos/{owner}/{repo}/issues/{issue_number}", { owner, repo, issue_number: number }),
  );
  if (!raw.known) return raw;
  if ((raw.value.pull_request ?? null) !== null) return known(null);
  const issue = issueFacts(raw.value);
  if (issue === null) return unknown(`GitHub does not say who wrote issue #${number}`);
  const repositoryUrl = raw.value.repository_url;
  const [parent, children] = await Promise.all([
    readParent(github, number, repositoryUrl),
    readChildren(github, number, repositoryUrl),
  ]);
  if (!parent.known) return parent;
  if (!children.known) return children;

  const form = storyForm(issue.body);
  const isStory = issue.labels.includes("story");
  const namedEpic =
    isStory && parent.value === null && form.epic !== null ? await readNamed(github, form.epic) : known(null);
  if (!namedEpic.known) return namedEpic;
  const namedBy = namedEpic.value === null ? null : await readNamer(github, issue, source.people);
  const hasForm = isStory || issue.labels.includes("epic");
  const decisions = hasForm ? await readDecisions(form.decisions, source) : known([]);
  const task = isStory ? await readNamedTask(form.task, source) : known(null);
  if (!task.known) return task;
  return known({
    issue,
    parent: parent.value,
    namedEpic: namedEpic.value,
    namedBy,
    decisions,
    task: task.value,
    children: children.value,
    createdAt: raw.value.created_at,
    assignees: (raw.value.assignees ?? []).map(({ id }) => Number(id)),
  });
}

/** The task file that a story names; null: it names none, or no file can have that name. */
async function readNamedTask(id: string | null, { base, objects }: IssueSource): Promise<Known<StoryFacts["task"]>> {
  if (id === null || !isTaskId(id)) return known(null);
  return base.known ? readTask(objects, base.value, id) : base;
}

/** Who wrote the text that names an epic, with a permission that is read now. */
async function readNamer(
  github: GitHub,
  { number, author }: IssueFacts,
  people: People | null,
): Promise<NonNullable<StoryFacts["namedBy"]>> {
  const by = await readWriter(github, number, author);
  if (!by.known) return { by: null, permission: by };
  if (by.value === null) return { by: null, permission: known({ role: "none", duties: [] }) };
  if (people === null) return { by: by.value, permission: unknown("there is no valid policy") };
  return { by: by.value, permission: await readPermission(github, by.value, people) };
}

function labelNames(labels: RawIssue["labels"]): string[] {
  return labels.flatMap((label) => (typeof label === "string" ? label : (label.name ?? [])));
}

function issueFacts(raw: RawIssue): IssueFacts | null {
  const author = Account.safeParse({
    id: Number(raw.user?.id),
    login: raw.user?.login,
    type: raw.user?.type,
  });
  if (!author.success) return null;
  return {
    number: raw.number,
    // A lone surrogate has no canonical form, so no ledger entry could hold it.
    title: raw.title.toWellFormed(),
    body: (raw.body ?? "").toWellFormed(),
    state: raw.state === "closed" ? "closed" : "open",
    locked: raw.locked === true,
    author: author.data,
    labels: labelNames(raw.labels),
  };
}

/** The parent, if it is in the same repository: the owners of another one decide what an epic is there. */
async function readParent(
  { request, owner, repo }: GitHub,
  number: number,
  repositoryUrl: string,
): Promise<Known<IssueFacts | null>> {
  const answer = await requestResult(
    `the parent of #${number}`,
    request("GET /repos/{owner}/{repo}/issues/{issue_number}/parent", { owner, repo, issue_number: number }),
  );
  if (answer.ok) return known(answer.data.repository_url === repositoryUrl ? issueFacts(answer.data) : null);
  return answer.status === 404 ? known(null) : unknown(answer.why);
}

/** The issue that a form names; null for a pull request or a missing issue. */
async function readNamed({ request, owner, repo }: GitHub, number: number): Promise<Known<IssueFacts | null>> {
  const answer = await requestResult(
    `issue #${number}`,
    request("GET /repos/{owner}/{repo}/issues/{issue_number}", { owner, repo, issue_number: number }),
  );
  if (answer.ok) return known(answer.data.pull_request === undefined ? issueFacts(answer.data) : null);
  return answer.status === 404 || answer.status === 410 ? known(null) : unknown(answer.why);
}

async function readChildren(
  { request, owner, repo }: GitHub,
  number: number,
  repositoryUrl: string,
): Promise<Known<ChildFacts[]>> {
  const listed = await listAll(`the sub-issues of #${number}`, (page) =>
    request("GET /repos/{owner}/{repo}/issues/{issue_number}/sub_issues", {
      owner,
      repo,
      issue_number: number,
      ...page,
    }),
  );
  if (!listed.known) return listed;
  return known(
    listed.value.map((child) => ({
      number: child.number,
      title: child.title.toWellFormed(),
      state: child.state === "closed" ? "closed" : "open",
      labels: labelNames(child.labels),
      ...(child.repository_url === repositoryUrl ? {} : { elsewhere: true as const }),
      ...writtenText(child),
    })),
  );
}

/** The text of a diff prompt that a person wrote; whether they are a planner is read where it matters. */
function writtenText(child: RawIssue): Pick<ChildFacts, "written"> {
  const facts = issueFacts(child);
  if (facts?.author.type !== "User" || !facts.labels.includes("diff-prompt")) return {};
  return { written: { body: facts.body, by: facts.author, isPlanner: unknown("nobody asks for a plan") } };
}

/**
 * Whether each path that a story names is a file on the default branch; a path that git cannot store is not. Anybody
 * may open a story and name many paths: only the first `maxDecisions` are read, and `objects` may cache its answers.
 */
async function readDecisions(paths: string[], { base, objects }: IssueSource): Promise<StoryFacts["decisions"]> {
  if (!base.known) return base;
  const found: { path: string; exists: boolean }[] = [];
  for (const path of paths.slice(0, maxDecisions)) {
    const entry = isPlainPath(path) ? await objects.entry(base.value, path) : known(null);
    if (!entry.known) return entry;
    found.push({ path, exists: entry.value?.type === "blob" && entry.value.mode !== "120000" });
  }
  return known(found);
}
