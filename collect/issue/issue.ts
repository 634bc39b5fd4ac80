import { isTaskId } from "../../core/contract/task.ts";
import type { CommonFacts } from "../../core/decision.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { labelName } from "../../core/labels.ts";
import type { ChildFacts, IssueFacts, StoryFacts } from "../../core/story/facts.ts";
import { isPlainPath, maxDecisions, storyForm } from "../../core/story/form.ts";
import type { People } from "../../schemas/policy.ts";
import { Account } from "../../schemas/text.ts";
import { listAll } from "../github/listing.ts";
import { ghost, readPermission } from "../github/people.ts";
import { type GitHub, requestKnown, requestResult } from "../github/request.ts";
import type { Objects } from "../objects.ts";
import { readTask } from "./base-files.ts";
import type { IssueState, SeenIssue, WrittenComment } from "./state.ts";

/** The facts about an issue that GitHub gives; the ledger and the store add the others. */
export type IssueReading = Pick<
  StoryFacts,
  "issue" | "parent" | "namedEpic" | "namedBy" | "decisions" | "children" | "task"
> & {
  createdAt: string;
  /** When its title or body was last changed (RFC 3339); null: never. */
  textAt: string | null;
  /** The numeric ids of those who are assigned; empty too where they are people alone. */
  assignees: number[];
  /** Its comments as the query gave them; null: it did not give all. */
  written: WrittenComment[] | null;
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
  repository_url: string;
};

/** Where an issue's files are read: the tip of the default branch, and a reader; and the policy's people. */
type IssueSource = { base: CommonFacts["base"]; objects: Pick<Objects, "entry" | "blob">; people: People | null };

/** Reads what an issue names: its parent, its sub-issues, its epic, its task file and its decision records. */
export async function readIssue(
  github: GitHub,
  { repository: { name }, state }: { repository: { name: string }; state: IssueState },
  source: IssueSource,
): Promise<Known<IssueReading>> {
  const issue = authored(state.issue);
  const { number } = issue;
  const parent = state.parent === null ? await readParent(github, number, name) : known(state.parent.is);
  if (!parent.known) return parent;
  const children = state.children === null ? await readChildren(github, number, name) : known(state.children);
  if (!children.known) return children;
  const assignees = state.hadBots ? await readAssignees(github, number) : known([]);
  if (!assignees.known) return assignees;

  const form = storyForm(issue.body);
  const isStory = issue.labels.includes("story");
  const above = parent.value?.isHere === true ? authored(parent.value) : null;
  const namedEpic = isStory && above === null && form.epic !== null ? await readNamed(github, form.epic) : known(null);
  if (!namedEpic.known) return namedEpic;
  const namedBy = namedEpic.value === null ? null : await readNamer(github, state.writer, source.people);
  const hasForm = isStory || issue.labels.includes("epic");
  const decisions = hasForm ? await readDecisions(form.decisions, source) : known([]);
  const task = isStory ? await readNamedTask(form.task, source) : known(null);
  if (!task.known) return task;
  return known({
    issue,
    parent: above,
    namedEpic: namedEpic.value,
    namedBy,
    decisions,
    task: task.value,
    children: children.value.map(childFacts),
    createdAt: state.createdAt,
    textAt: state.textAt,
    assignees: assignees.value,
    written: state.comments,
  });
}

/** The task file that a story names; null: it names none, or no file can have that name. */
async function readNamedTask(id: string | null, { base, objects }: IssueSource): Promise<Known<StoryFacts["task"]>> {
  if (id === null || !isTaskId(id)) return known(null);
  return base.known ? readTask(objects, base.value, id) : base;
}

/** The permission of whoever wrote the text that names an epic, as it is now. */
async function readNamer(
  github: GitHub,
  by: Account | null,
  people: People | null,
): Promise<NonNullable<StoryFacts["namedBy"]>> {
  if (by === null) return { by, permission: known({ role: "none", duties: [] }) };
  if (people === null) return { by, permission: unknown("there is no valid policy") };
  return { by, permission: await readPermission(github, by, people) };
}

/** Who is assigned now, whatever they are: GraphQL tells only the people. */
async function readAssignees({ request, owner, repo }: GitHub, number: number): Promise<Known<number[]>> {
  const raw = await requestKnown(
    `issue #${number}`,
    request("GET /repos/{owner}/{repo}/issues/{issue_number}", { owner, repo, issue_number: number }),
  );
  return raw.known ? known((raw.value.assignees ?? []).map(({ id }) => Number(id))) : raw;
}

/** An issue as REST gives it; `name`: the repository's full name. */
function seenIssue(raw: RawIssue, name: string): SeenIssue {
  const author = Account.safeParse({
    id: Number(raw.user?.id),
    login: raw.user?.login,
    type: raw.user?.type,
  });
  return {
    number: raw.number,
    // A lone surrogate has no canonical form, so no ledger entry could hold it.
    title: raw.title.toWellFormed(),
    body: (raw.body ?? "").toWellFormed(),
    state: raw.state === "closed" ? "closed" : "open",
    locked: raw.locked === true,
    author: author.success ? author.data : null,
    labels: raw.labels.flatMap((label) => (typeof label === "string" ? label : (label.name ?? []))).map(labelName),
    isHere: raw.repository_url.endsWith(`/repos/${name}`),
  };
}

/** An issue with its author. One whose account is gone has nobody's rights, and what was begun there goes on. */
function authored({ isHere: _, author, ...issue }: SeenIssue): IssueFacts {
  return { ...issue, author: author ?? ghost };
}

/** The owners of another repository decide what an epic is there, so `isHere` is told with the parent. */
async function readParent(
  { request, owner, repo }: GitHub,
  number: number,
  name: string,
): Promise<Known<SeenIssue | null>> {
  const answer = await requestResult(
    `the parent of #${number}`,
    request("GET /repos/{owner}/{repo}/issues/{issue_number}/parent", { owner, repo, issue_number: number }),
  );
  if (answer.ok) return known(seenIssue(answer.data, name));
  return answer.status === 404 ? known(null) : unknown(answer.why);
}

/** The issue that a form names; null for a pull request or a missing issue. */
async function readNamed({ request, owner, repo }: GitHub, number: number): Promise<Known<IssueFacts | null>> {
  const answer = await requestResult(
    `issue #${number}`,
    request("GET /repos/{owner}/{repo}/issues/{issue_number}", { owner, repo, issue_number: number }),
  );
  if (answer.ok) return known(answer.data.pull_request === undefined ? authored(seenIssue(answer.data, "")) : null);
  return answer.status === 404 || answer.status === 410 ? known(null) : unknown(answer.why);
}

async function readChildren(
  { request, owner, repo }: GitHub,
  number: number,
  name: string,
): Promise<Known<SeenIssue[]>> {
  const listed = await listAll(`the sub-issues of #${number}`, (page) =>
    request("GET /repos/{owner}/{repo}/issues/{issue_number}/sub_issues", {
      owner,
      repo,
      issue_number: number,
      ...page,
    }),
  );
  return listed.known ? known(listed.value.map((child) => seenIssue(child, name))) : listed;
}

/** A sub-issue; with the text of a diff prompt that a person wrote, and whether they plan is read where it matters. */
function childFacts(child: SeenIssue): ChildFacts {
  const { number, title, state, labels, body, author: by, isHere } = child;
  const isWritten = by?.type === "User" && labels.includes("diff-prompt");
  return {
    ...{ number, title, state, labels },
    ...(isHere ? {} : { elsewhere: true as const }),
    ...(isWritten ? { written: { body, by, isPlanner: unknown("nobody asks for a plan") } } : {}),
  };
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
