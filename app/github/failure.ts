import { messageOf, SallyportError } from "../../core/errors.ts";
import { limitOf } from "./rate-limit.ts";

/** Classifies GitHub's failures: which of them may be retried, and when. */
export function asSallyportError(error: unknown, now: Date): SallyportError {
  if (error instanceof SallyportError) return error;
  const message = messageOf(error);
  const notBefore = limitOf(error, now);
  if (notBefore !== null) return new SallyportError("rate-limit", message, { cause: error, retry: true, notBefore });
  const status = error instanceof Error && "status" in error && typeof error.status === "number" ? error.status : null;
  if (status === null) return new SallyportError("internal", message, { cause: error, retry: true });
  // 401: the token was refused and is replaced before the next try. 409: the repository is busy.
  const passing = status >= 500 || status === 401 || status === 408 || status === 409;
  return new SallyportError("github", message, { cause: error, retry: passing });
}
