import { type Known, known, unknown } from "../../core/known.ts";
import { EditsAnswer } from "../../schemas/graphql.ts";
import { query } from "../github/graphql.ts";
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
