import { findingsOf, type HealthFinding } from "./finding.ts";

/**
 * A program that a policy names as `tool`, where it works, and what keeps it from that, with the next step; null: nothing.
 * On this machine it did a canned task.
 */
export type ToolFact = { tool: string; on: "machine" | "actions"; problem: string | null };

/** Whether the agents' programs that the policies name would work on this machine. */
export function judgeTools(tools: readonly ToolFact[]): HealthFinding[] {
  return tools.map(({ tool, on, problem }) => {
    const { ok, fail } = findingsOf("tools", tool);
    return problem === null
      ? ok(
          "agent-program",
          on === "machine" ? "It did a canned task in bubblewrap." : "Runs on Actions find this service.",
        )
      : fail("agent-program", `No run with it will work: ${problem}`, "Mend this, and run it again.");
  });
}
