/** The code of a warning about a policy. */
export type LintCode =
  | "matches-nothing"
  | "read-two-ways"
  | "shadowed"
  | "allowed-and-denied"
  | "allows-policy"
  | "allows-everything"
  | "casefile-refused"
  | "no-such-check"
  | "nobody-else-approves"
  | "nobody-approves"
  | "nobody-decides"
  | "nobody-plans"
  | "nobody-runs"
  | "no-such-instructions"
  | "no-such-template"
  | "no-such-workflow"
  | "unused-workflow"
  | "tests-in-no-role"
  | "too-few-waive";

/** Something in a valid policy that its author most likely did not mean, its line, and the one next step. */
export type LintWarning = { code: LintCode; message: string; policyLine: number | null; next: string };

/** A warning whose line is not looked up yet: `key` is the dotted key that it is about. */
export type LintDraft = Omit<LintWarning, "policyLine"> & { key: string };
