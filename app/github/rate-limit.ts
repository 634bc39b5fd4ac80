/** The longest wait for a rate limit, in milliseconds: GitHub's own limits are renewed every hour. */
const maxWaitMs = 3_600_000;

/**
 * When GitHub allows the next request, if an error is one of its rate limits; null if it is another error. Source:
 * GitHub docs, "Rate limits for the REST API" and "Rate limits and query limits for the GraphQL API".
 */
export function limitOf(error: unknown, now: Date): Date | null {
  if (!(error instanceof Error)) return null;
  const { headers, data } = responseOf(error);
  if (isQueryLimit(data)) return dueTime(headers, now);
  const status = "status" in error ? error.status : null;
  const isLimit =
    headers["retry-after"] !== undefined ||
    headers["x-ratelimit-remaining"] === "0" ||
    // The secondary limit may come without headers; only its wording identifies it then.
    /\bsecondary rate\b/i.test(error.message);
  return status === 429 || (status === 403 && isLimit) ? dueTime(headers, now) : null;
}

/** The same for a successful answer: a query over its limit is answered with status 200. */
export function limitIn(response: { headers: object; data: unknown }, now: Date): Date | null {
  return isQueryLimit(response.data) ? dueTime(textsOf(response.headers), now) : null;
}

function isQueryLimit(data: unknown): boolean {
  const errors = typeof data === "object" && data !== null && "errors" in data ? data.errors : null;
  return (
    Array.isArray(errors) &&
    errors.some(
      (one: unknown) => typeof one === "object" && one !== null && "type" in one && one.type === "RATE_LIMITED",
    )
  );
}

function responseOf(error: Error): { headers: Record<string, string>; data: unknown } {
  const response = "response" in error ? error.response : null;
  if (typeof response !== "object" || response === null) return { headers: {}, data: null };
  const headers = "headers" in response ? response.headers : null;
  return {
    headers: typeof headers === "object" && headers !== null ? textsOf(headers) : {},
    data: "data" in response ? response.data : null,
  };
}

function textsOf(headers: object): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function dueTime(headers: Record<string, string>, now: Date): Date {
  const wait = Number(headers["retry-after"]);
  const reset = Number(headers["x-ratelimit-reset"]);
  // GitHub asks for at least a minute if it gives no time.
  let due = now.getTime() + 60_000;
  if (Number.isFinite(wait) && wait > 0) due = now.getTime() + wait * 1_000;
  else if (Number.isFinite(reset) && reset > 0) due = byOurClock(reset, headers, now);
  return new Date(Math.min(due, now.getTime() + maxWaitMs));
}

/**
 * A moment that GitHub names in seconds by its own clock, in milliseconds by ours. What the two differ by is what the
 * answer's date shows, in whole minutes: below that it is the time that the answer took.
 */
export function byOurClock(seconds: number, headers: Readonly<Record<string, unknown>>, now: Date): number {
  const theirs = Date.parse(String(headers.date));
  const minutes = Number.isNaN(theirs) ? 0 : Math.round((theirs - now.getTime()) / 60_000);
  return seconds * 1_000 - minutes * 60_000;
}
