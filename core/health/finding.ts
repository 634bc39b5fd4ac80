/** How one thing stands. `unknown` is never taken for good: what decides could not be read. */
export type Status = "ok" | "warn" | "fail" | "unknown";

/**
 * What was found out about one thing that has to be in place. `about` names the repository or account, null for this
 * machine; `next` is the one next step and who may take it. Both texts may hold words of GitHub and of people.
 */
export type HealthFinding = {
  area: "settings" | "github" | "repository" | "models";
  about: string | null;
  check: string;
  status: Status;
  message: string;
  next?: string;
};

/** The next step where an answer did not come. */
export const retryHint = "Run this again later.";

/** Makes the findings about one thing, so that each names only what is its own. */
export function findingsOf(area: HealthFinding["area"], about: string | null) {
  const finding = (status: Status) => (check: string, message: string, next?: string) => ({
    area,
    about,
    check,
    status,
    message,
    ...(next === undefined ? {} : { next }),
  });
  return {
    ok: finding("ok"),
    warn: finding("warn"),
    fail: finding("fail"),
    unknown: finding("unknown"),
  };
}

/**
 * The answer as an exit status: 0 all is in place, perhaps with warnings; 1 something is not; 2 it could not be decided,
 * or the settings are wrong, so that nothing else could be asked.
 */
export function exitStatusOf(findings: readonly HealthFinding[]): 0 | 1 | 2 {
  const has = (status: Status) => findings.some((one) => one.status === status);
  if (findings.some(({ area, status }) => area === "settings" && status === "fail")) return 2;
  if (has("fail")) return 1;
  return has("unknown") || findings.length === 0 ? 2 : 0;
}
