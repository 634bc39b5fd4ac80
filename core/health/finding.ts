/** The status of one check. `unknown`: the facts could not be read; it never counts as ok. */
export type Status = "ok" | "warn" | "fail" | "unknown";

/**
 * The result of one health check. `about` names the repository or account, null for this machine; `next` is the one
 * next step and who may take it. Both texts may contain words of GitHub and of people.
 */
export type HealthFinding = {
  area: "settings" | "github" | "repository" | "models" | "tools";
  about: string | null;
  check: string;
  status: Status;
  message: string;
  next?: string;
};

/** The next step after a request that failed. */
export const retryHint = "Run this again later.";

/** Builds findings that share an area and a subject. */
export function findingsOf(area: HealthFinding["area"], about: string | null) {
  const finding = (status: Status) => (check: string, message: string, next?: string) => ({
    area,
    about,
    check,
    status,
    message,
    ...(next === undefined ? {} : { next }),
  });
  return { ok: finding("ok"), warn: finding("warn"), fail: finding("fail"), unknown: finding("unknown") };
}

/**
 * The exit status: 0 if all checks are ok, perhaps with warnings; 1 if one fails; 2 if one could not be decided, or the
 * settings are wrong, so that nothing else could be checked.
 */
export function exitStatusOf(findings: readonly HealthFinding[]): 0 | 1 | 2 {
  const has = (status: Status) => findings.some((one) => one.status === status);
  if (findings.some(({ area, status }) => area === "settings" && status === "fail")) return 2;
  if (has("fail")) return 1;
  return has("unknown") || findings.length === 0 ? 2 : 0;
}
