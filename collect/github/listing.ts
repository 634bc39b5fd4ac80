import { type Known, known, unknown } from "../../core/known.ts";
import { requestKnown } from "./request.ts";

/** One page as Octokit answers it. */
type Page<T> = { data: T[]; headers: { link?: string | undefined } };

/** Asks for one page: its parameters go into the request. */
export type PageRequest<T> = (page: { per_page: number; page: number }) => Promise<Page<T>>;

/** More pages than this are not read: a listing that cannot be read to its end is unknown, never truncated. */
const maxPages = 100;

/**
 * Reads a listing to its end, page by page. `what` names it for people.
 * Source: GitHub docs, "Using pagination in the REST API" (the `Link` header).
 */
export async function listAll<T>(what: string, request: PageRequest<T>): Promise<Known<T[]>> {
  const items: T[] = [];
  for (let number = 1; number <= maxPages; number++) {
    let more = false;
    const call = request({ per_page: 100, page: number }).then(({ data, headers }) => {
      more = /<[^>]+>;\s*rel="next"/.test(headers.link ?? "");
      return { data };
    });
    const answer = await requestKnown(`${what}, page ${number}`, call);
    if (!answer.known) return answer;
    if (!Array.isArray(answer.value)) return unknown(`GitHub's answer about ${what} is not a list; try again`);
    items.push(...answer.value);
    if (!more) return known(items);
  }
  return unknown(`${what} has more than ${maxPages} pages`);
}
