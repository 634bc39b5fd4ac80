import type { CheckFact } from "../facts.ts";
import type { Known } from "../known.ts";

/** Third-party check results in the form that `evidence.sealed` and `adoption.sealed` record. */
export type SettledChecks = {
  ci: "pass" | "fail" | "none";
  checks: { name: string; app: string; conclusion: string }[];
};

/** The results of third-party checks once all have completed; null before, or when they could not be read. */
export function settledChecks(checks: Known<CheckFact[]>): SettledChecks | null {
  if (!checks.known || checks.value.some(({ status }) => status !== "completed")) return null;
  const passed = checks.value.every(({ conclusion }) => ["success", "neutral", "skipped"].includes(conclusion ?? ""));
  return {
    ci: checks.value.length === 0 ? "none" : passed ? "pass" : "fail",
    checks: checks.value.map(({ name, app, conclusion }) => ({ name, app, conclusion: conclusion ?? "" })),
  };
}
