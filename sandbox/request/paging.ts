/** Paged listings, with the Link header that leads to the other pages. */
import { type Answer, ok } from "./answer.ts";
import type { Call } from "./route.ts";

const MAX_PAGE_SIZE = 100;

/**
 * One page of `items`, each shown by `present`. With `key` the page is wrapped as
 * `{ total_count, [key]: [...] }`. Only the items of the page are presented.
 */
export async function listing<T>(
  call: Call,
  items: readonly T[],
  present: (item: T) => unknown | Promise<unknown>,
  key?: string,
): Promise<Answer> {
  const size = Math.min(positive(call.query.get("per_page"), 30), MAX_PAGE_SIZE);
  const page = positive(call.query.get("page"), 1);
  const shown = await Promise.all(items.slice((page - 1) * size, page * size).map(present));
  const body = key === undefined ? shown : { total_count: items.length, [key]: shown };
  const link = linkHeader(call, page, Math.max(1, Math.ceil(items.length / size)));
  return link === "" ? ok(body) : { ...ok(body), headers: { link } };
}

function linkHeader(call: Call, page: number, last: number): string {
  const to = (target: number, relation: string) => {
    const query = new URLSearchParams(call.query);
    query.set("page", String(target));
    return `<${call.state.url}${call.path}?${query}>; rel="${relation}"`;
  };
  const links = [
    ...(page > 1 ? [to(Math.min(page - 1, last), "prev")] : []),
    ...(page < last ? [to(page + 1, "next"), to(last, "last")] : []),
    ...(page > 1 ? [to(1, "first")] : []),
  ];
  return links.join(", ");
}

function positive(text: string | null, otherwise: number): number {
  const value = Number(text ?? otherwise);
  return Number.isInteger(value) && value > 0 ? value : otherwise;
}
