import * as z from "zod";

const Plain = z.object({ id: z.int() });
const Queried = z.object({
  data: z.object({ repository: z.object({ databaseId: z.int() }).nullable() }),
});

/**
 * Whether an answer, asked for by the repository's name, is about another repository than `id`, or about none: after a
 * rename, anybody with the right to may give the old name to a new repository. Most answers carry no id and count as
 * the same.
 */
export function isOtherRepository(id: number, call: { url: string; repositoryUrl: string }, data: unknown): boolean {
  if (call.url === call.repositoryUrl) {
    const answer = Plain.safeParse(data);
    return answer.success && answer.data.id !== id;
  }
  const answer = Queried.safeParse(data);
  return answer.success && answer.data.data.repository?.databaseId !== id;
}
