import type { EntryBody } from "../../schemas/entries.ts";
import type { Draft, TypedEntry } from "../entries.ts";

/** A failure in the work on a story, and its end; `closed` null: it is still open. */
export type Remediation = {
  opened: EntryBody<"remediation.opened">;
  closed: EntryBody<"remediation.closed"> | null;
};

/** The failures in a story's runs, oldest first. Ledgers of older versions do not record them. */
export function remediationsOf(story: number, entries: readonly (TypedEntry | Draft)[]): Remediation[] {
  const found = new Map<string, Remediation>();
  for (const entry of entries) {
    if (entry.kind === "remediation.opened" && entry.body.story === story)
      found.set(entry.body.remediation, { opened: entry.body, closed: null });
    if (entry.kind !== "remediation.closed") continue;
    const known = found.get(entry.body.remediation);
    if (known !== undefined) known.closed = entry.body;
  }
  return [...found.values()];
}
