import * as z from "zod";

const Plain = z.object({ id: z.int() });
const Queried = z.object({
  data: z.object({ repository: z.object({ databaseId: z.int() }).nullable() }),
});

/**
 * Whether an answer about a repository, asked for by its name, is about another one than `id`, or about none: after a
 * rename anybody with the right to may give the old name to a new repository. Most answers do not say, and are not.
 */
export function isOtherRepository(id: number, asked: { url: string; home: string }, data: unknown): boolean {
  if (asked.url === asked.home) {
    const told = Plain.safeParse(data);
    return told.success && told.data.id !== id;
  }
  const told = Queried.safeParse(data);
  return told.success && told.data.data.repository?.databaseId !== id;
}
