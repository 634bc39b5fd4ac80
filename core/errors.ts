import { oneLine } from "./escape.ts";

/** Why something broke; a closed set, so that callers and tests never read wording. */
export type ErrorCode =
  | "bad-input"
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
  | "pull-closed"
  | "rate-limit"
  | "secret-in-prompt";

/** What an error says; one of Node's says only a code, where all of several addresses refused. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === "" && "code" in error ? String(error.code) : error.message;
}

/**
 * The one error class: for a broken world, not for outcomes that are expected. `retry` says whether the same call may
 * succeed later, and `notBefore` when GitHub asked us to wait until.
 */
export class SallyportError extends Error {
  readonly code: ErrorCode;
  readonly retry: boolean;
  readonly notBefore: Date | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; retry?: boolean; notBefore?: Date } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "SallyportError";
    this.code = code;
    this.retry = options.retry ?? false;
    this.notBefore = options.notBefore;
  }
}

/** What a gate threw while it judged: a fault of ours. Its text may quote what the author of the change wrote. */
export type Crash = { gate: string; error: unknown };
/** Is told of a crash, so that a host can log it. */
export type OnCrash = (crash: Crash) => void;

/** A crash on one line of a log. */
export function crashText({ gate, error }: Crash): string {
  return oneLine(`the gate ${gate} crashed: ${(error instanceof Error && error.stack) || String(error)}`);
}
