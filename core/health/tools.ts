import { findingsOf, type HealthFinding } from "./finding.ts";

/** A program that a policy names as `tool`, and what kept it from a canned task, with the next step; null: nothing. */
export type ToolFact = { tool: string; problem: string | null };

/** Whether the agents' programs that the policies name would work on this machine. */
export function judgeTools(tools: readonly ToolFact[]): HealthFinding[] {
  return tools.map(({ tool, problem }) => {
    const { ok, fail } = findingsOf("tools", tool);
    return problem === null
      ? ok("agent-program", "It did a canned task in bubblewrap.")
      : fail("agent-program", `No run with it will work: ${problem}`, "Mend this, and run it again.");
  });
}
