import { SallyportError } from "../../core/errors.ts";

/** Which failures of GitHub may pass by themselves, and when to ask again. Source: GitHub docs, "Rate limits for the REST API". */
export function asSallyportError(error: unknown, now: Date): SallyportError {
  if (error instanceof SallyportError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const status =
    error instanceof Error && "status" in error && typeof error.status === "number" ? error.status : null;
  if (status === null) return new SallyportError("internal", message, { cause: error, retry: true });
  const headers = headersOf(error);
  const isLimit =
    headers["retry-after"] !== undefined ||
    headers["x-ratelimit-remaining"] === "0" ||
    // The secondary limit may come without headers; its wording is then all there is.
    /\bsecondary rate\b/i.test(message);
  if (status === 429 || (status === 403 && isLimit)) {
    return new SallyportError("rate-limit", message, {
      cause: error,
      retry: true,
      notBefore: notBefore(headers, now),
    });
  }
  // 401: the token was refused and is replaced before the next try. 409: the repository is busy.
  const passing = status >= 500 || status === 401 || status === 408 || status === 409;
  return new SallyportError("github", message, { cause: error, retry: passing });
}

function headersOf(error: unknown): Record<string, string | undefined> {
  if (!(error instanceof Error && "response" in error)) return {};
  const { response } = error;
  if (typeof response !== "object" || response === null || !("headers" in response)) return {};
  const { headers } = response;
  return typeof headers === "object" && headers !== null
    ? Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
    : {};
}

function notBefore(headers: Record<string, string | undefined>, now: Date): Date {
  const wait = Number(headers["retry-after"]);
  if (Number.isFinite(wait) && wait > 0) return new Date(now.getTime() + wait * 1_000);
  const reset = Number(headers["x-ratelimit-reset"]);
  // GitHub asks for a minute at least where it gives no time.
  return Number.isFinite(reset) && reset > 0 ? new Date(reset * 1_000) : new Date(now.getTime() + 60_000);
}
