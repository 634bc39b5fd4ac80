/** The codes of ledger problems; a closed set. */
export type LedgerProblemCode =
  | "empty"
  | "too-long"
  | "not-canonical"
  | "bad-envelope"
  | "unknown-key"
  | "bad-signature"
  | "bad-statement"
  | "wrong-repository"
  | "wrong-place"
  | "broken-chain"
  | "kind-not-allowed"
  | "key-not-valid"
  | "bad-attempt"
  | "bad-contract"
  | "cut-tail"
  | "bad-body"
  | "missing-body"
  | "bad-layout";

/** A problem and the position of its entry in the chain, from 1; 0 if it concerns the whole. */
export type LedgerProblem = { code: LedgerProblemCode; position: number; message: string };
