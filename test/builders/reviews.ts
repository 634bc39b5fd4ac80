import type { Permission, ReviewFact } from "../../core/facts.ts";
import { known } from "../../core/known.ts";
import type { Duty } from "../../schemas/policy-values.ts";
import { head, tester } from "./pull-facts.ts";

export const third = { id: 3, login: "linus", type: "User" } as const;

/** A reviewer's standing: a writer with these duties, unless another role is given. */
export function holds(duties: Duty[], role: Permission["role"] = "write"): Pick<ReviewFact, "permission"> {
  return { permission: known({ role, duties }) };
}

/** An approval of the head by a person with every duty. */
export function review(over: Partial<ReviewFact> = {}): ReviewFact {
  return {
    id: 1,
    by: tester,
    state: "approved",
    sha: head,
    at: "2026-11-21T08:00:00Z",
    ...holds(["approvers", "architects"]),
    ...over,
  };
}
