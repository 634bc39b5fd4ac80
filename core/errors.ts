import { oneLine } from "./escape.ts";

/** Why something failed; a closed set, so that callers and tests never read wording. */
export type ErrorCode =
  | "bad-input"
  | "cancelled"
  | "evidence-rewritten"
  | "forbidden-call"
  | "foreign-commit"
  | "github"
  | "internal"
  | "lease-lost"
  | "ledger-behind"
  | "ledger-broken"
  | "model"
  | "not-found"
  | "nothing-changed"
  | "out-of-scope"
  | "over-budget"
  | "pull-closed"
  | "rate-limit"
  | "second-signer"
  | "secret-in-prompt"
  | "waiting";

/** An error's message. When all of several addresses refuse a connection, Node's error has only a code. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === "" && "code" in error ? String(error.code) : error.message;
}

/**
 * The one error class, for failures that are not expected outcomes. `retry`: the same call may succeed later;
 * `notBefore`: GitHub asked us to wait until then.
 */
export class SallyportError extends Error {
  readonly code: ErrorCode;
  readonly retry: boolean;
  readonly notBefore: Date | undefined;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; retry?: boolean; notBefore?: Date } = {}) {
    super(message, { cause: options.cause });
    this.name = "SallyportError";
    this.code = code;
    this.retry = options.retry ?? false;
    this.notBefore = options.notBefore;
  }
}

/** An exception that a gate threw: our bug. Its text may quote what the author of the change wrote. */
export type Crash = { gate: string; error: unknown };
/** Called for each crash, so that the host can log it. */
export type OnCrash = (crash: Crash) => void;

/** A crash as one log line. */
export function crashText({ gate, error }: Crash): string {
  return oneLine(`the gate ${gate} crashed: ${(error instanceof Error && error.stack) || String(error)}`);
}
