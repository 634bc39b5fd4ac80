/** GraphQL's listings: a window of at most a hundred items, with cursors to the next window. */
import { GraphQLError } from "graphql";

/** The arguments of any connection. */
export type Window = { first?: number | null; after?: string | null; last?: number | null; before?: string | null };

const MAX_PAGE_SIZE = 100;

/** `name` is the field's name, for GitHub's error messages. Only the items of the window are presented. */
export function connection<T>(name: string, items: readonly T[], window: Window, present: (item: T) => unknown) {
  const { first, last } = window;
  if (typeof first !== "number" && typeof last !== "number") {
    throw refusal(
      "MISSING_PAGINATION_BOUNDARIES",
      `You must provide a \`first\` or \`last\` value to properly paginate the \`${name}\` connection.`,
    );
  }
  refuseSize(name, "first", first);
  refuseSize(name, "last", last);
  const from = typeof window.after === "string" ? indexOf(window.after) + 1 : 0;
  const to = typeof window.before === "string" ? indexOf(window.before) : items.length;
  const end = typeof first === "number" ? Math.min(to, from + first) : to;
  const start = typeof last === "number" ? Math.max(from, end - last) : from;
  const shown = items.slice(start, end);
  return {
    totalCount: items.length,
    nodes: () => shown.map(present),
    edges: () => shown.map((item, index) => ({ cursor: cursorOf(start + index), node: present(item) })),
    pageInfo: {
      hasNextPage: end < items.length,
      hasPreviousPage: start > 0,
      startCursor: shown.length === 0 ? null : cursorOf(start),
      endCursor: shown.length === 0 ? null : cursorOf(end - 1),
    },
  };
}

/** An error with GitHub's type. */
export function refusal(type: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { type } });
}

function refuseSize(name: string, argument: string, size: number | null | undefined): void {
  if (typeof size !== "number") return;
  if (size > MAX_PAGE_SIZE) {
    throw refusal(
      "EXCESSIVE_PAGINATION",
      `Requesting ${size} records on the \`${name}\` connection exceeds the \`${argument}\` limit of ${MAX_PAGE_SIZE} records.`,
    );
  }
  if (size < 0) throw refusal("ARGUMENT_LIMIT", `\`${argument}\` on the \`${name}\` connection is negative.`);
}

function cursorOf(index: number): string {
  return Buffer.from(`cursor:${index}`).toString("base64");
}

function indexOf(cursor: string): number {
  const [, index] = /^cursor:(\d+)$/.exec(Buffer.from(cursor, "base64").toString("utf8")) ?? [];
  if (index === undefined)
    throw refusal("INVALID_CURSOR_ARGUMENTS", `\`${cursor}\` does not appear to be a valid cursor.`);
  return Number(index);
}
