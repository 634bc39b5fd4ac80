import type { Reason } from "../../schemas/verdict.ts";
import { alwaysOn, defineGate, forRuns, result } from "./gate.ts";

/** A prompt's change is merged after those of the prompts that it depends on, in the approved order. */
export const dependencies = forRuns({
  name: "dependencies",
  group: "record",
  settings: alwaysOn,
  needs: [],
  judge({ run }) {
    if (run.dependsOn.length === 0)
      return result("dependencies", "pass", { code: "independent", message: "This prompt builds on no other." });
    const missing = run.dependsOn.filter((one) => !one.merged);
    const reasons = missing.map(({ prompt, title }): Reason => {
      const which = prompt === null ? `“${title}”` : `#${prompt} (${title})`;
      const next = { step: `Merge the pull request of ${which} first.`, who: "a maintainer" };
      return {
        code: "not-merged-yet",
        message: `This prompt builds on ${which}, which is not merged yet.`,
        next,
      };
    });
    if (reasons.length > 0) return result("dependencies", "pending", ...reasons);
    const message = "Every prompt that this one builds on is merged.";
    return result("dependencies", "pass", { code: "merged", message });
  },
});

/** Nothing is merged while a question, block or concern about it is open. Whoever raised it, a person answers it. */
export const stop = defineGate({
  name: "stop",
  group: "record",
  settings: alwaysOn,
  needs: ["record"],
  judge({ record }) {
    const reasons = record.stops.map(({ code, message, issue, by, seq }): Reason => {
      const where = issue === null ? "" : ` on #${issue}`;
      const next = {
        step: issue === null ? "Answer it." : `Answer it${where}: comment \`/clarify <answer>\` there.`,
        who: "a planner or approver of the policy",
      };
      return { code, message: `Stopped by ${by}${where} (entry ${seq}): ${message}`, next };
    });
    if (reasons.length > 0) return result("stop", "pending", ...reasons);
    return result("stop", "pass", { code: "nothing-open", message: "No question and no concern is open." });
  },
});
