import type { Reason } from "../../schemas/verdict.ts";
import { alwaysOn, defineGate, result } from "./gate.ts";

const name = "stop";

/** Nothing is merged while a question, block or concern about it is open. Whoever raised it, a person answers it. */
export const stop = defineGate({
  name,
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
    if (reasons.length > 0) return result(name, "pending", ...reasons);
    return result(name, "pass", { code: "nothing-open", message: "No question and no concern is open." });
  },
});
