import { type Known, known, unknown } from "../../core/known.ts";
import { GraphqlResponse } from "../../schemas/graphql.ts";
import { type GitHub, requestKnown, shortText } from "./request.ts";

/** What a query gave. `failed` are the places in the data that GitHub could not give, such as `repository.pullRequest.reviews`. */
export type QueryResult = { data: unknown; failed: string[] };

/**
 * Asks GitHub's GraphQL API one query. Unknown when no answer came, and when something went wrong that has no place in the
 * data or one that `spare` does not allow to be missing. Source: GitHub docs, "Forming calls with GraphQL".
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
  // A GitHub server of one's own serves REST below /api/v3 and GraphQL beside it.
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
