import type { Reason } from "../../schemas/verdict.ts";
import { alwaysOn, forRuns, result } from "./gate.ts";

const name = "dependencies";

/** A prompt's change is merged after those of the prompts that it depends on, in the approved order. */
export const dependencies = forRuns({
  name,
  group: "record",
  settings: alwaysOn,
  needs: [],
  judge({ run }) {
    if (run.dependsOn.length === 0)
      return result(name, "pass", { code: "independent", message: "This prompt builds on no other." });
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
    if (reasons.length > 0) return result(name, "pending", ...reasons);
    const message = `All ${run.dependsOn.length} prompts that this one builds on are merged.`;
    return result(name, "pass", { code: "merged", message });
  },
});
