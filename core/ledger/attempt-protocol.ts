import type { EntryBody } from "../../schemas/entries.ts";
import type { Draft, TypedEntry } from "../entries.ts";
import { attemptName } from "../identifiers.ts";

/**
 * The state of an attempt. `asked` and `answered` are open; `refused` is final; `accepted` leads to `captured` and
 * `committed`.
 */
type AttemptState = "asked" | "answered" | "refused" | "accepted" | "captured" | "committed";

/** The entries of one attempt; null: not recorded. */
type Recorded = {
  response: object | null;
  closed: { accepted: boolean } | null;
  evidence: object | null;
  commit: object | null;
};

/** The state of an attempt by its entries. */
export function stateOf({ response, closed, evidence, commit }: Recorded): AttemptState {
  if (commit !== null) return "committed";
  if (evidence !== null) return "captured";
  if (closed !== null) return closed.accepted ? "accepted" : "refused";
  return response === null ? "asked" : "answered";
}

type LastAttempt = {
  run: string;
  attempt: { r: number; s: number };
  state: AttemptState;
  packSha256: string;
  resultSha256: string | null;
};

/** The attempts of a chain: the last one at each prompt, by issue number, and the closed runs. */
export type Attempts = { last: Map<number, LastAttempt>; closedRuns: Set<string> };

/** The state before the first entry. */
export function emptyAttempts(): Attempts {
  return { last: new Map(), closedRuns: new Set() };
}

/** The kinds of entry that are part of the attempt protocol; all others change nothing here. */
export const attemptKinds: ReadonlySet<string> = new Set([
  "prompt.recorded",
  "response.recorded",
  "attempt.closed",
  "evidence.captured",
  "change.committed",
  "run.closed",
]);

/**
 * Applies the next entry, and returns how it breaks the attempt protocol; null if it does not. A prompt's
 * first attempt is R0/S0, each further one adds one to S, a revision adds one to R and starts again at S0. One attempt
 * at a prompt is open at a time. It is asked, answered and closed, once each and in this order, or ended by the end of
 * its run; an accepted one is followed by its evidence and its commit.
 */
export function checkAttempt(attempts: Attempts, entry: TypedEntry | Draft): string | null {
  switch (entry.kind) {
    case "run.closed":
      attempts.closedRuns.add(entry.body.run);
      return null;
    case "prompt.recorded":
      return beginAttempt(attempts, entry.body);
    case "response.recorded":
      return advance(attempts, entry.body, "an answer to", ["asked"], (last) => {
        last.state = "answered";
        last.resultSha256 = entry.body.result.sha256;
      });
    case "attempt.closed": {
      const { accepted } = entry.body;
      const from: AttemptState[] = accepted ? ["answered"] : ["asked", "answered"];
      return advance(attempts, entry.body, "the end of", from, (last) => {
        last.state = accepted ? "accepted" : "refused";
      });
    }
    case "evidence.captured": {
      const { promptSha256, responseSha256 } = entry.body;
      const last = attempts.last.get(entry.body.prompt);
      const isOther = last?.packSha256 !== promptSha256 || last.resultSha256 !== responseSha256;
      const late = advance(attempts, entry.body, "evidence of", ["accepted"], (one) => {
        one.state = "captured";
      });
      if (late !== null || !isOther) return late;
      return `the evidence of ${attemptLabel(entry.body)} names another prompt or answer than the recorded one`;
    }
    case "change.committed":
      return advance(attempts, entry.body, "a commit of", ["captured"], (last) => {
        last.state = "committed";
      });
    default:
      return null;
  }
}

type AttemptRef = Pick<EntryBody<"prompt.recorded">, "run" | "prompt" | "attempt">;

function attemptLabel(step: AttemptRef): string {
  return `prompt #${step.prompt} ${attemptName(step)} in ${step.run}`;
}

function beginAttempt(attempts: Attempts, body: EntryBody<"prompt.recorded">): string | null {
  const { run, prompt, attempt, pack } = body;
  const last = attempts.last.get(prompt);
  const isOpen =
    last !== undefined && (last.state === "asked" || last.state === "answered") && !attempts.closedRuns.has(last.run);
  const expected =
    last === undefined
      ? [{ r: 0, s: 0 }]
      : [
          { r: last.attempt.r, s: last.attempt.s + 1 },
          { r: last.attempt.r + 1, s: 0 },
        ];
  // A wrong number is stored too, so that it is reported only once.
  attempts.last.set(prompt, {
    run,
    attempt,
    state: "asked",
    packSha256: pack.sha256,
    resultSha256: null,
  });
  if (attempts.closedRuns.has(run)) return `${attemptLabel(body)} begins after the end of its run`;
  if (isOpen) return `${attemptLabel(body)} begins while ${attemptName(last)} in ${last.run} is open`;
  if (expected.some(({ r, s }) => r === attempt.r && s === attempt.s)) return null;
  const names = expected.map((one) => attemptName({ attempt: one })).join(" or ");
  return `${attemptLabel(body)} begins where ${names} is due`;
}

/** Applies an entry of an open attempt: it must be the last one at its prompt, in one of the states in `from`. */
function advance(
  attempts: Attempts,
  step: AttemptRef,
  what: string,
  from: readonly AttemptState[],
  move: (last: LastAttempt) => void,
): string | null {
  const last = attempts.last.get(step.prompt);
  const isLast =
    last !== undefined &&
    last.run === step.run &&
    last.attempt.r === step.attempt.r &&
    last.attempt.s === step.attempt.s;
  if (!isLast) return `${what} ${attemptLabel(step)}, which is not the last attempt at its prompt`;
  if (attempts.closedRuns.has(step.run)) return `${what} ${attemptLabel(step)} after the end of its run`;
  const before = last.state;
  move(last);
  if (from.includes(before)) return null;
  return `${what} ${attemptLabel(step)}, which is ${before} where it has to be ${from.join(" or ")}`;
}
