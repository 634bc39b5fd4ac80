import { type EntryKind, entryBodies } from "../../schemas/entries.ts";
import type { TypedEntry } from "../entries.ts";
import type { Entry } from "./entry.ts";

function isEntryKind(kind: string): kind is EntryKind {
  return Object.hasOwn(entryBodies, kind);
}

/**
 * Checks an entry's body against its kind. Null if this version does not know the kind or the body does not fit; such
 * an entry counts in the chain but no decision reads it.
 */
export function typedEntry(entry: Entry): TypedEntry | null {
  if (!isEntryKind(entry.kind)) return null;
  const body = entryBodies[entry.kind].safeParse(entry.body);
  if (!body.success) return null;
  const { seq, hash, at, actor, kind } = entry;
  // The parse above ties body to kind; TypeScript cannot follow a lookup by a union key.
  return { seq, hash, at, actor, kind, body: body.data } as TypedEntry;
}
