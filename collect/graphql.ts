import { type Known, known, unknown } from "../core/known.ts";
import { GraphqlAnswer } from "../schemas/graphql.ts";
import { askKnown, type GitHub, shortWords } from "./github.ts";

/** What a query gave. `failed` are the places in the data that GitHub could not give, such as `repository.pullRequest.reviews`. */
export type Queried = { data: unknown; failed: string[] };

/**
 * Asks GitHub's GraphQL API one query. Unknown when no answer came, and when something went wrong that has no place in the
 * data or one that `spare` does not allow to be missing. Source: GitHub docs, "Forming calls with GraphQL".
 */
export async function query(
  { request }: GitHub,
  what: string,
  asked: {
    text: string;
    variables: Record<string, string | number | readonly string[]>;
    spare?: (location: string) => boolean;
  },
): Promise<Known<Queried>> {
  // A GitHub server of one's own serves REST below /api/v3 and GraphQL beside it.
  const baseUrl = request.endpoint.DEFAULTS.baseUrl.replace(/\/api\/v3\/?$/, "/api");
  const answer = await askKnown<unknown>(
    what,
    request("POST /graphql", { baseUrl, query: asked.text, variables: asked.variables }),
  );
  if (!answer.known) return answer;
  const read = GraphqlAnswer.safeParse(answer.value);
  if (!read.success) return unknown(`GitHub's answer about ${what} is no answer to a query; try again`);
  const failed: string[] = [];
  for (const { message, path = [] } of read.data.errors ?? []) {
    const location = path.join(".");
    if (location === "" || asked.spare?.(location) !== true)
      return unknown(`GitHub did not give ${what}: ${shortWords(message)}`);
    failed.push(location);
  }
  return known({ data: read.data.data, failed });
}
