import { expect, test } from "@jest/globals";
import { asSallyportError } from "../../../app/github/failure.ts";
import { SallyportError } from "../../../core/errors.ts";

const now = new Date("2026-11-21T10:00:00.000Z");

function answer(status: number, headers: Record<string, string> = {}, message = "no"): Error {
  return Object.assign(new Error(message), { status, response: { headers } });
}

test.each([
  ["T272 a gateway's page", answer(502), "github", true],
  ["no connection", answer(500), "github", true],
  ["T279 a token that is not known yet", answer(401), "github", true],
  ["a busy repository", answer(409), "github", true],
  ["T249: a thing that is not there", answer(404), "github", false],
  ["a request that GitHub does not take", answer(422), "github", false],
  ["T249: a missing permission", answer(403), "github", false],
  [
    "T269 a used-up limit",
    answer(403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795260000" }),
    "rate-limit",
    true,
  ],
  ["a limit by status", answer(429), "rate-limit", true],
  [
    "a secondary limit without headers",
    answer(403, {}, "You have exceeded a secondary rate limit."),
    "rate-limit",
    true,
  ],
  ["a fault of our own", new TypeError("x is not a function"), "internal", true],
  ["something thrown that is no error", "broken", "internal", true],
])("%s", (_what, error, code, retry) => {
  expect(asSallyportError(error, now)).toMatchObject({ code, retry });
});

test.each([
  ["the seconds that GitHub names", { "retry-after": "90" }, "2026-11-21T10:01:30.000Z"],
  [
    "T269 the reset of the limit, 40 minutes away",
    { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(Date.parse("2026-11-21T10:40:00Z") / 1_000) },
    "2026-11-21T10:40:00.000Z",
  ],
  ["a minute where GitHub names no time", {}, "2026-11-21T10:01:00.000Z"],
  ["an hour at most", { "retry-after": "86400" }, "2026-11-21T11:00:00.000Z"],
])("a limit waits for %s", (_what, headers, due) => {
  expect(asSallyportError(answer(429, headers), now).notBefore?.toISOString()).toBe(due);
});

test("an error of ours goes through as it is", () => {
  const error = new SallyportError("foreign-commit", "somebody else's work");
  expect(asSallyportError(error, now)).toBe(error);
});
