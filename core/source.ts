import type { Source } from "../schemas/entry-parts.ts";

/** The stable name of a person's act: one comment or one label event is answered once. */
export function sourceKey(source: Source): string {
  return source.type === "comment" ? `comment/${source.id}` : `label/${source.id}`;
}
