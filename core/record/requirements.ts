import type { EntryBody } from "../../schemas/entries.ts";
import type { Risk } from "../../schemas/text.ts";

/** The risk and the manual test that hold for a contract. */
export type Requirements = { risk: Risk; needsManualTest: boolean };

/** The lowest first. Not read from the schema: `check` starts without schemas. */
const order = ["low", "medium", "high", "critical"] as const satisfies readonly Risk[];

/** The highest of several risks; null when nobody named one. */
export function highestRisk(risks: readonly (Risk | null)[]): Risk | null {
  return order.findLast((risk) => risks.includes(risk)) ?? null;
}

/**
 * What holds: the highest of what the plan, the story and its epic say. A model wrote the plan's part, so it can only
 * add to what people asked. Contracts of older versions hold the plan's part alone.
 */
export function requirementsOf({
  risk,
  manualTest,
  asked,
}: Pick<EntryBody<"contract.frozen">, "risk" | "manualTest" | "asked">): Requirements {
  return {
    risk: highestRisk([risk, asked?.risk ?? null]) ?? risk,
    needsManualTest: manualTest !== null || asked?.manualTest === true,
  };
}
