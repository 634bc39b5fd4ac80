import type { GateResult, GateStatus, Reason } from "../schemas/verdict.ts";
import type { Change, LoadedPolicy, PullFacts, PullRecord } from "./facts.ts";

/** Every gate, in the order in which they are judged and shown: those that the content alone settles come first. */
export const gateNames = [
  "forbidden-paths",
  "links",
  "diff-size",
  "tests",
  "secrets",
  "harness",
  "remediation",
  "adr",
  "manifest",
  "phase",
  "scope",
  "trace",
  "evidence",
  "casefile",
  "approval",
  "dependencies",
  "stop",
  "protected",
  "review",
  "ci",
  "manual-test",
] as const;
export type GateName = (typeof gateNames)[number];

/** What may change a gate's answer; a change of another kind needs no new look at it. */
export type Trigger = "push" | "base" | "policy" | "comment" | "review" | "check" | "label" | "ledger";

/**
 * One rule over facts. `content` gates are settled by the two commits and the policy alone, `record` gates need the
 * ledger, `people` gates wait for somebody.
 */
export type Gate = {
  name: GateName;
  group: "content" | "record" | "people";
  changesOn: readonly Trigger[];
  /** The paths whose text it wants to read, of files that the change touches and of others. Absent: none. */
  reads?(facts: ReadingFacts, policy: LoadedPolicy): string[];
  /** Pure. The facts hold changes and texts ordered by path. */
  judge(facts: PullFacts, policy: LoadedPolicy): GateResult;
};

/** What is known before any file's text is read. */
export type ReadingFacts = { changes: readonly Change[]; record: PullRecord | null };

/** A gate's result, written short. */
export function result(gate: GateName | "policy", status: GateStatus, ...reasons: Reason[]): GateResult {
  return { gate, status, reasons };
}

/** The result of a gate that lacks a fact. It blocks until the fact can be read: what is not known never passes. */
export function lacking(gate: GateName | "policy", code: string, why: string): GateResult {
  const next = {
    step: "Wait: it is read again at the next event. If it stays so, see what stands in the way.",
    who: "a maintainer",
  };
  return result(gate, "unknown", { code, message: why, next });
}

/** The result of a gate that has nothing to say about this change. */
export function notApplicable(gate: GateName, code: string, message: string): GateResult {
  return result(gate, "not-applicable", { code, message });
}

/** Who made the change, for a next step. */
export function authorOf(facts: PullFacts): string {
  return facts.pull === null ? "the author of the change" : `@${facts.pull.author.login}, the author`;
}

/** The policy's line of a key as a part of a reason; nothing when the policy does not write the key out. */
export function policyLine(policy: LoadedPolicy, key: string): Pick<Reason, "policyLine"> {
  const line = policy.lines[key];
  return line === undefined ? {} : { policyLine: line };
}
