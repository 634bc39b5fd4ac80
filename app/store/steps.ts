import type { Usage } from "../../schemas/step.ts";
import { type Database, withoutNul } from "./database.ts";

/**
 * One thing that an agent did, as whoever looks at its page is told it. A model chose the path, and wrote what `patch`
 * adds: a unified diff of the file against the base; null: no file was written, or it is too long or no text.
 */
export type Step = { line: string; path: string | null; patch: string | null; usage: Usage | null };

/**
 * Records the steps of an effect from its first. What a second try repeats stands already, with its time. `mayNote` fails
 * when the work is no longer its caller's.
 */
export function stepLog(
  db: Database,
  { repository, effect, mayNote }: { repository: number; effect: string; mayNote(): Promise<void> },
): (step: Step) => Promise<void> {
  let number = 0;
  return async ({ line, path, patch, usage }) => {
    await mayNote();
    const row = {
      ...{ effect, number: number++, repository, line: withoutNul(line), path },
      patch: patch === null ? null : withoutNul(patch),
      usage: usage === null ? null : JSON.stringify(usage),
    };
    await db
      .insertInto("steps")
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  };
}

/** The steps of an effect, in their order. */
export async function readSteps(db: Database, effect: string): Promise<(Step & { at: Date })[]> {
  const rows = await db
    .selectFrom("steps")
    .select(["line", "path", "patch", "usage", "at"])
    .where("effect", "=", effect)
    .orderBy("number")
    .execute();
  // Only `stepLog` writes it.
  return rows.map(({ usage, ...row }) => ({ ...row, usage: usage === null ? null : JSON.parse(usage) }));
}
