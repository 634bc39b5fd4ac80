/** Issues, their comments and labels as GraphQL shows them. */
import type { Account, Comment, Issue, IssueEvent, Label } from "../state/model.ts";
import { type Asker, actorNode, demand, repositoryFields } from "./asker.ts";
import { connection, refusal, type Window } from "./connection.ts";

type TimelineWindow = Window & { itemTypes?: string[] | null };

/** Throws GitHub's refusal where the caller may not read the issue, which can be in another repository than asked for. */
export function issueNode(asker: Asker, issue: Issue): object {
  demand(asker, "issues=read");
  const { editor, parent } = issue;
  const related = (other: Issue) => issueNode({ ...asker, repository: other.repository }, other);
  return {
    __typename: "Issue",
    id: issue.nodeId,
    databaseId: issue.id,
    number: issue.number,
    title: issue.title,
    body: issue.body ?? "",
    state: issue.state.toUpperCase(),
    locked: issue.locked,
    author: actorNode(issue.user),
    editor: editor === null ? null : actorNode(editor),
    createdAt: issue.createdAt,
    updatedAt: issue.updatedAt,
    lastEditedAt: issue.editedAt,
    repository: repositoryFields(issue.repository),
    labels: (window: Window) => connection("labels", issue.labels, window, labelNode),
    // Of those who are assigned it names only people.
    assignees: (window: Window) => {
      const people = issue.assignees.filter(({ type }) => type === "User");
      return connection("assignees", people, window, actorNode);
    },
    parent: () => (parent === null ? null : related(parent)),
    subIssues: (window: Window) =>
      connection("subIssues", issue.subIssues, window, (child) => {
        try {
          return related(child);
        } catch (error) {
          // Returned, not thrown, so that the other nodes are answered.
          return error;
        }
      }),
    comments: (window: Window) => connection("comments", issue.comments, window, commentNode),
    timelineItems: (window: TimelineWindow) => timelineItems(issue, window),
  };
}

export function commentNode(comment: Comment) {
  return {
    __typename: "IssueComment",
    id: comment.nodeId,
    databaseId: comment.id,
    fullDatabaseId: String(comment.id),
    author: actorNode(comment.user),
    body: comment.body,
    createdAt: comment.createdAt,
    updatedAt: comment.updatedAt,
    lastEditedAt: comment.editedAt,
  };
}

export function labelNode(label: Label) {
  return {
    __typename: "Label",
    id: label.nodeId,
    name: label.name,
    color: label.color,
    description: label.description,
  };
}

/** Of an issue's timeline only the events of a changed title, or of an assignment. */
function timelineItems({ events }: Issue, { itemTypes, ...window }: TimelineWindow) {
  const asked = itemTypes?.join() ?? "every type";
  const named = { RENAMED_TITLE_EVENT: "renamed", ASSIGNED_EVENT: "assigned" }[asked];
  if (named === undefined) throw refusal("UNSUPPORTED", `the sandbox does not list timeline items of ${asked}`);
  const items = events.filter(({ event }) => event === named);
  return connection("timelineItems", items, window, named === "renamed" ? titleChange : assignment);
}

function titleChange({ nodeId: id, createdAt, actor, rename }: IssueEvent) {
  return {
    ...{ __typename: "RenamedTitleEvent", id, createdAt, actor: actorNode(actor) },
    ...{ previousTitle: rename?.from, currentTitle: rename?.to },
  };
}

function assignment({ nodeId: id, createdAt, actor, assignee }: IssueEvent) {
  const node = (account: Account | undefined) => (account === undefined ? null : actorNode(account));
  return { __typename: "AssignedEvent", id, createdAt, actor: actorNode(actor), assignee: node(assignee) };
}
