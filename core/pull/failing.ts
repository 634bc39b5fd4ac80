import type { Rework } from "../../schemas/policy.ts";
import type { ReworkCause, ReworkReport } from "../../schemas/rework.ts";
import { causeOf } from "../contract/rework.ts";
import { digestOf } from "../digest.ts";
import { entriesOf, type TypedEntry } from "../entries.ts";
import type { CheckFact, ReviewFact } from "../facts.ts";
import { hasSay } from "../people/authority.ts";
import { latestReviews } from "../people/reviewers.ts";
import { type ReworkState, takenUp } from "../record/rework.ts";
import type { JudgedContext } from "./facts.ts";

/** What failed on a head that a commit of the agent can mend. */
export type Failing = {
  gates: ReworkReport["gates"];
  checks: CheckFact[];
  /** Requests for changes by people with a say, which no round took up yet. */
  reviews: ReviewFact[];
  /** Failed manual tests of this head. */
  tests: { by: string; text: string }[];
};

/** The most reasons of gates that a report holds. */
const maxReasons = 50;

/** Whether a check's end is awaited. One that waits for a person, such as a deployment to be approved, may have none. */
const isRunning = ({ status }: CheckFact) => status !== "completed" && status !== "waiting";

/** What failed on the judged head; `running` while a check is, and `unread` where a fact about it is not read. */
export function failingOf(
  { facts, entries, verdict }: JudgedContext,
  rework: ReworkState,
): Failing | "unread" | "running" {
  const { checks, reviews } = facts.judged;
  if (!checks.known || !reviews.known) return "unread";
  if (checks.value.some(isRunning)) return "running";
  const taken = new Set(takenUp(rework).flatMap((round) => round.reviews));
  const objections = latestReviews(reviews.value).filter(
    ({ id, state }) => state === "changes_requested" && !taken.has(id),
  );
  if (objections.some(({ permission }) => !permission.known)) return "unread";
  return {
    gates: verdict.gates
      .flatMap(({ gate, status, reasons }) =>
        status !== "fail" || causeOf(gate) !== "gates"
          ? []
          : reasons.map(({ code, message, path, line, next }) => ({
              gate,
              code,
              message,
              ...(path === undefined ? {} : { path }),
              ...(line === undefined ? {} : { line }),
              ...(next === undefined ? {} : { step: next.step }),
            })),
      )
      .slice(0, maxReasons),
    checks: latestChecks(checks.value).filter(
      ({ conclusion }) => conclusion === "failure" || conclusion === "timed_out",
    ),
    reviews: objections.filter(({ permission }) => hasSay(permission)),
    tests: failedTests(entries, facts.number, verdict.head),
  };
}

/** The latest attempt of each check: one that succeeded when it was run again has not failed. */
function latestChecks(checks: readonly CheckFact[]): CheckFact[] {
  const latest = new Map<string, CheckFact>();
  for (const check of checks) {
    const key = JSON.stringify([check.suite, check.app, check.name]);
    if ((latest.get(key)?.id ?? 0) < check.id) latest.set(key, check);
  }
  return [...latest.values()].sort((one, other) => one.id - other.id);
}

/** The tests whose last sign-off on this head says that they failed. */
function failedTests(entries: readonly TypedEntry[], pull: number, head: string): Failing["tests"] {
  const last = new Map<string, Failing["tests"][number] | null>();
  for (const { actor, body } of entriesOf(entries, "sign-off.given")) {
    if (body.pull !== pull || body.sha !== head) continue;
    const text = `The test ${body.test} failed. ${body.notes}`.trim();
    last.set(body.test, body.result === "pass" ? null : { by: actor.login, text });
  }
  return [...last.values()].flatMap((one) => one ?? []);
}

/** Which causes of a policy have something that failed. */
export function causesOf({ gates, checks, reviews, tests }: Failing, on: Rework["on"]): ReworkCause[] {
  const review = reviews.length + tests.length > 0;
  // A reviewer agent speaks before the pull request opens.
  const has = { gates: gates.length > 0, ci: checks.length > 0, review, reviewer: false };
  return on.filter((cause) => has[cause]);
}

/** The digest of what failed without its wording, so that the same failure has the same one on another head. */
export function signatureOf({ gates, checks, reviews, tests }: Failing): string {
  const names = [
    ...gates.map(({ gate, code, path = "" }) => `gate ${gate} ${code} ${path}`),
    ...checks.map(({ app, name, conclusion }) => `check @${app}/${name} ${conclusion}`),
    ...reviews.map(({ id }) => `review ${id}`),
    ...tests.map(({ text }) => `test ${text}`),
  ];
  return digestOf([...new Set(names)].sort());
}
