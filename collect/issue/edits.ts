import { type Known, known, unknown } from "../../core/known.ts";
import { EditsAnswer, TextEditAnswer, WriterAnswer } from "../../schemas/graphql.ts";
import type { Account } from "../../schemas/text.ts";
import { query } from "../github/graphql.ts";
import { accountOf } from "../github/people.ts";
import type { GitHub } from "../github/request.ts";

/** Whether comments were ever edited. The tests check every field against GitHub's published schema. */
export const editsQuery = `query SallyportEdits($ids: [ID!]!) {
  nodes(ids: $ids) { ... on IssueComment { id lastEditedAt } }
}`;

/** The most ids that one query may name. Source: GitHub docs, "Rate limits and query limits for the GraphQL API". */
const maxIds = 100;

/**
 * Whether each comment, by node id, was ever edited. REST gives times in whole seconds, so it shows no edit within a
 * comment's first second, and everyone who may write to a repository can edit the comments of others. A comment that
 * GitHub does not return is not in the answer.
 */
export async function readEdits(github: GitHub, ids: readonly string[]): Promise<Known<ReadonlyMap<string, boolean>>> {
  const edits = new Map<string, boolean>();
  for (let at = 0; at < ids.length; at += maxIds) {
    const what = "whether comments were edited";
    const answer = await query(github, what, {
      text: editsQuery,
      variables: { ids: ids.slice(at, at + maxIds) },
      optional: (path) => /^nodes\.[0-9]+$/.test(path),
    });
    if (!answer.known) return answer;
    const read = EditsAnswer.safeParse(answer.value.data);
    if (!read.success) return unknown(`GitHub's answer about ${what} has another form; try again`);
    for (const node of read.data.nodes) if (node !== null) edits.set(node.id, node.lastEditedAt !== null);
  }
  return known(edits);
}

/** Who edited an issue's text last. The tests check every field against GitHub's published schema. */
export const writerQuery = `query SallyportWriter($owner: String!, $repo: String!, $number: Int!) {
  repository(owner: $owner, name: $repo) {
    issue(number: $number) {
      lastEditedAt
      editor { __typename login ... on User { databaseId } ... on Bot { databaseId } }
    }
  }
}`;

/** Who wrote an issue's text as it is now: whoever edited it last, or its author. Null: an account that is gone. */
export async function readWriter(github: GitHub, number: number, author: Account): Promise<Known<Account | null>> {
  const { owner, repo } = github;
  const what = `who wrote the text of #${number}`;
  const answer = await query(github, what, { text: writerQuery, variables: { owner, repo, number } });
  if (!answer.known) return answer;
  const read = WriterAnswer.safeParse(answer.value.data);
  if (!read.success) return unknown(`GitHub's answer about ${what} has another form; try again`);
  const { lastEditedAt, editor } = read.data.repository.issue;
  return known(lastEditedAt === null ? author : accountOf(editor));
}

/** When an issue's body and title were last changed. The tests check every field against GitHub's published schema. */
export const textEditQuery = `query SallyportTextEdit($owner: String!, $repo: String!, $number: Int!) {
  repository(owner: $owner, name: $repo) {
    issue(number: $number) {
      lastEditedAt
      timelineItems(itemTypes: [RENAMED_TITLE_EVENT], last: 1) { nodes { ... on RenamedTitleEvent { createdAt } } }
    }
  }
}`;

/**
 * When an issue's title or body was last changed (RFC 3339, in whole seconds); null: never. Its author and everyone
 * who may triage can change them.
 */
export async function readTextEdit(github: GitHub, number: number): Promise<Known<string | null>> {
  const { owner, repo } = github;
  const what = `whether #${number} was edited`;
  const answer = await query(github, what, { text: textEditQuery, variables: { owner, repo, number } });
  if (!answer.known) return answer;
  const read = TextEditAnswer.safeParse(answer.value.data);
  if (!read.success) return unknown(`GitHub's answer about ${what} has another form; try again`);
  const { lastEditedAt, timelineItems } = read.data.repository.issue;
  const times = [lastEditedAt, ...timelineItems.nodes.map((one) => one?.createdAt ?? null)];
  return known(times.reduce((last, at) => (at !== null && (last === null || at > last) ? at : last), null));
}
