import type { CheckFact } from "../facts.ts";
import type { Known } from "../known.ts";

/** The checks of others on a commit, as a seal records them. */
export type SettledChecks = {
  ci: "pass" | "fail" | "none";
  checks: { name: string; app: string; conclusion: string }[];
};

/** What others' checks said once all have ended; null while one has not, or they could not be read. */
export function settledChecks(checks: Known<CheckFact[]>): SettledChecks | null {
  if (!checks.known || checks.value.some(({ status }) => status !== "completed")) return null;
  const passed = checks.value.every(({ conclusion }) =>
    ["success", "neutral", "skipped"].includes(conclusion ?? ""),
  );
  return {
    ci: checks.value.length === 0 ? "none" : passed ? "pass" : "fail",
    checks: checks.value.map(({ name, app, conclusion }) => ({ name, app, conclusion: conclusion ?? "" })),
  };
}
