import { listAll } from "../../collect/github/listing.ts";
import { SallyportError } from "../../core/errors.ts";

/** Reads a listing to its end. GitHub's own error is rethrown, because it says whether and when to try again. */
export async function listAllOrThrow<T>(what: string, page: Parameters<typeof listAll<T>>[1]): Promise<T[]> {
  let cause: unknown;
  const listed = await listAll<T>(what, (number) =>
    page(number).catch((error: unknown) => {
      cause = error;
      throw error;
    }),
  );
  if (listed.known) return listed.value;
  throw cause ?? new SallyportError("github", listed.why, { retry: true });
}

/** Null in place of a 404. */
export async function orNull<T>(call: Promise<T>): Promise<T | null> {
  return ignoreStatus(call, 404);
}

/** Runs a call and returns null for one status, which means that there was nothing left to do. */
export async function ignoreStatus<T>(call: Promise<T>, status: number): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error && "status" in error && error.status === status) return null;
    throw error;
  }
}
