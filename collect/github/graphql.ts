import { type Known, known, unknown } from "../../core/known.ts";
import { GraphqlResponse } from "../../schemas/graphql.ts";
import { type GitHub, requestKnown, shortText } from "./request.ts";

/**
 * The result of a query. `failed` lists the paths in the data that GitHub could not give, such as
 * `repository.pullRequest.reviews`.
 */
export type QueryResult = { data: unknown; failed: string[] };

/**
 * Sends one query to GitHub's GraphQL API. Unknown when no answer came, and when GitHub reports an error without a path
 * or at a path that `optional` does not accept. Source: GitHub docs, "Forming calls with GraphQL".
 */
export async function query(
  { request }: GitHub,
  what: string,
  operation: {
    text: string;
    variables: Record<string, string | number | readonly string[]>;
    optional?: (location: string) => boolean;
  },
): Promise<Known<QueryResult>> {
  // GitHub Enterprise Server serves REST below /api/v3 and GraphQL at /api/graphql.
  const baseUrl = request.endpoint.DEFAULTS.baseUrl.replace(/\/api\/v3\/?$/, "/api");
  const answer = await requestKnown<unknown>(
    what,
    request("POST /graphql", { baseUrl, query: operation.text, variables: operation.variables }),
  );
  if (!answer.known) return answer;
  const read = GraphqlResponse.safeParse(answer.value);
  if (!read.success) return unknown(`GitHub's answer about ${what} is no answer to a query; try again`);
  const failed: string[] = [];
  for (const { message, path = [] } of read.data.errors ?? []) {
    const location = path.join(".");
    if (location === "" || operation.optional?.(location) !== true)
      return unknown(`GitHub did not give ${what}: ${shortText(message)}`);
    failed.push(location);
  }
  return known({ data: read.data.data, failed });
}

/** What GraphQL says about many git objects, by their ids, which are hex digits and so are safe in the query's text. */
export async function queryObjects(
  github: GitHub,
  what: string,
  { shas, name, fields }: { shas: readonly string[]; name: string; fields: string },
): Promise<Known<Map<string, unknown>>> {
  const { owner, repo } = github;
  const asked = shas.map((sha, index) => `b${index}: object(oid: "${sha}") { ...asked }`);
  const text = `query ${name}($owner: String!, $repo: String!) {
  repository(owner: $owner, name: $repo) {
    ${asked.join("\n    ")}
  }
}
fragment asked on GitObject { ${fields} }`;
  const answer = await query(github, what, { text, variables: { owner, repo } });
  if (!answer.known) return answer;
  const objects = objectsOf(answer.value.data);
  if (objects === null) return unknown(`GitHub's answer about ${what} is not what was asked for`);
  return known(new Map(shas.map((sha, index) => [sha, objects.get(`b${index}`)])));
}

function objectsOf(data: unknown): Map<string, unknown> | null {
  const repository: unknown =
    typeof data === "object" && data !== null && "repository" in data ? data.repository : null;
  return typeof repository === "object" && repository !== null ? new Map(Object.entries(repository)) : null;
}
