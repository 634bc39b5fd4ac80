import type { CommonFacts } from "../../core/decision.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { labelName } from "../../core/labels.ts";
import type { IssueFacts } from "../../core/story/facts.ts";
import { IssueAnswer, type IssueNode, type IssueText, type WrittenNode } from "../../schemas/graphql.ts";
import type { Account } from "../../schemas/text.ts";
import { query } from "../github/graphql.ts";
import { accountOf, actorFragment } from "../github/people.ts";
import { type GitHub, requestKnown } from "../github/request.ts";

/**
 * An issue with what stands around it, and the repository that it is in. GraphQL tells neither which app wrote a comment
 * nor the ids of events, and of those who are assigned only people: REST is asked for these where they matter.
 */
export const issueQuery = `query SallyportIssue($owner: String!, $repo: String!, $number: Int!) {
  repository(owner: $owner, name: $repo) {
    databaseId
    nameWithOwner
    defaultBranchRef { name target { oid } }
    issueOrPullRequest(number: $number) {
      __typename
      ... on Issue {
        ...text
        createdAt
        lastEditedAt
        editor { ...actor }
        renamed: timelineItems(itemTypes: [RENAMED_TITLE_EVENT], last: 1) {
          nodes { ... on RenamedTitleEvent { createdAt } }
        }
        assigned: timelineItems(itemTypes: [ASSIGNED_EVENT], last: 100) {
          pageInfo { hasPreviousPage }
          nodes { ... on AssignedEvent { assignee { __typename } } }
        }
        parent { ...text }
        subIssues(first: 100) { pageInfo { hasNextPage } nodes { ...text } }
        comments(first: 100) {
          pageInfo { hasNextPage }
          nodes { id fullDatabaseId body createdAt updatedAt lastEditedAt author { ...actor } }
        }
      }
    }
  }
}
fragment text on Issue {
  number
  title
  body
  state
  locked
  author { ...actor }
  labels(first: 100) { pageInfo { hasNextPage } nodes { name } }
  repository { databaseId }
}
${actorFragment}`;

/** An issue as GitHub shows it; `author` null: an account that is gone; `isHere`: it is in the repository that was asked. */
export type SeenIssue = Omit<IssueFacts, "author"> & { author: Account | null; isHere: boolean };

/** A comment, before it is known whether it counts; `viaApp` null: GitHub did not tell. Everyone who can comment wrote it. */
export type WrittenComment = {
  id: number;
  node: string;
  by: Account;
  text: string;
  at: string;
  edited: boolean;
  viaApp: boolean | null;
  /** It came through our own App. */
  viaUs?: true;
};

/** An issue as it was at one moment; null in place of a part that the query did not give as a whole. */
export type IssueState = {
  issue: SeenIssue;
  createdAt: string;
  /** When title or body were last changed (RFC 3339, in whole seconds); null: never. */
  textAt: string | null;
  /** Who wrote the text as it is now: whoever edited it last, or its author. Null: an account that is gone. */
  writer: Account | null;
  parent: { is: SeenIssue | null } | null;
  children: SeenIssue[] | null;
  comments: WrittenComment[] | null;
  /** Whether anybody but a person was ever assigned, so that our bot may be. */
  hadBots: boolean;
};

/** The repository, the tip of its default branch, and an issue of it; null: the number is that of a pull request. */
export type IssueSight = Pick<CommonFacts, "repository" | "base"> & { state: IssueState | null };

/** Reads with one query an issue as it is now, and the repository that it is in. */
export async function readIssueState(github: GitHub, number: number): Promise<Known<IssueSight>> {
  const { request, owner, repo } = github;
  const what = `issue #${number}`;
  const answer = await query(github, what, {
    text: issueQuery,
    variables: { owner, repo, number },
    // Issues of other repositories that we may not see; the part is then read by REST.
    optional: (path) => /^repository\.issueOrPullRequest\.(?:parent|subIssues)\b/.test(path),
  });
  if (!answer.known) return answer;
  const read = IssueAnswer.safeParse(answer.value.data);
  if (!read.success) return unknown(`GitHub's answer about ${what} has another form; try again`);
  const { databaseId: id, nameWithOwner: name, defaultBranchRef, issueOrPullRequest: node } = read.data.repository;
  let branch = defaultBranchRef?.name;
  if (branch === undefined) {
    const empty = await requestKnown(
      `the repository ${owner}/${repo}`,
      request("GET /repos/{owner}/{repo}", { owner, repo }),
    );
    if (!empty.known) return empty;
    branch = empty.value.default_branch;
  }
  const tip = defaultBranchRef?.target?.oid;
  const base = tip === undefined ? unknown(`${name} has no commit on its default branch yet`) : known(tip);
  const repository = { id, name, defaultBranch: branch };
  if (node.__typename === "PullRequest") return known({ repository, base, state: null });
  const issue = seenIssue(node, id);
  if (issue === null) return unknown(`GitHub did not give all labels of ${what}`);
  return known({ repository, base, state: stateOf(node, issue, id, answer.value.failed) });
}

function stateOf(node: IssueNode, issue: SeenIssue, repository: number, failed: readonly string[]): IssueState {
  const { lastEditedAt, renamed, editor, parent, assigned } = node;
  const times = [lastEditedAt, ...renamed.nodes.map((one) => one?.createdAt ?? null)];
  const above = parent === null ? null : seenIssue(parent, repository);
  const isLost = (part: string) => failed.some((path) => path.split(".").includes(part));
  return {
    issue,
    createdAt: node.createdAt,
    textAt: times.reduce((last, at) => (at !== null && (last === null || at > last) ? at : last), null),
    writer: lastEditedAt === null ? issue.author : accountOf(editor),
    parent: isLost("parent") || (parent !== null && above === null) ? null : { is: above },
    children: isLost("subIssues") ? null : wholeOf(node.subIssues, (child) => seenIssue(child, repository)),
    comments: wholeOf(node.comments, writtenComment)?.flatMap(({ comment }) => comment ?? []) ?? null,
    hadBots:
      assigned.pageInfo.hasPreviousPage || assigned.nodes.some((event) => event?.assignee?.__typename !== "User"),
  };
}

/** The items of a listing; null if one is missing or was not given as a whole. */
function wholeOf<T, R>(
  listing: { pageInfo: { hasNextPage: boolean }; nodes: (T | null)[] } | null,
  present: (node: T) => R | null,
): R[] | null {
  if (listing === null || listing.pageInfo.hasNextPage) return null;
  const items = listing.nodes.map((node) => (node === null ? null : present(node)));
  return items.every((item) => item !== null) ? items : null;
}

function seenIssue(node: IssueText, repository: number): SeenIssue | null {
  const labels = wholeOf(node.labels, ({ name }) => labelName(name));
  if (labels === null) return null;
  return {
    number: node.number,
    // A lone surrogate has no canonical form, so no ledger entry could hold it.
    title: node.title.toWellFormed(),
    body: node.body.toWellFormed(),
    state: node.state === "CLOSED" ? "closed" : "open",
    locked: node.locked,
    author: accountOf(node.author),
    labels,
    isHere: node.repository.databaseId === repository,
  };
}

/** A comment whose author is gone is none, as in REST. */
function writtenComment(node: WrittenNode): { comment: WrittenComment | null } {
  const by = accountOf(node.author);
  if (by === null) return { comment: null };
  const { id, fullDatabaseId, body, createdAt: at, updatedAt, lastEditedAt } = node;
  const edited = lastEditedAt !== null || at !== updatedAt;
  const text = body.toWellFormed();
  return { comment: { id: Number(fullDatabaseId), node: id, by, text, at, edited, viaApp: null } };
}
