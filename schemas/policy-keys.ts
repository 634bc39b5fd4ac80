import * as z from "zod";
import { Policy } from "./policy.ts";

type Node = z.core.JSONSchema._JSONSchema;

function below(node: Node | undefined, part: string | number): Node | undefined {
  if (typeof node !== "object") return undefined;
  if (typeof part === "number") return Array.isArray(node.items) ? node.items[part] : node.items;
  return node.properties?.[part] ?? node.additionalProperties;
}

/** The keys that the policy's schema knows at a place, such as `["gates", "diff-size"]`; empty where any name may stand. */
export function policyKeys(place: readonly (string | number)[]): string[] {
  // Made when it is asked for: most policies have no misspelt key.
  let node: Node | undefined = z.toJSONSchema(Policy, { io: "input", unrepresentable: "any" });
  for (const part of place) node = below(node, part);
  return typeof node === "object" ? Object.keys(node.properties ?? {}) : [];
}
