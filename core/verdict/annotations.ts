import { policyPath } from "../../schemas/limits.ts";
import type { GateResult, Reason, Verdict } from "../../schemas/verdict.ts";
import type { Annotation } from "../annotation.ts";

/** The summary holds everything; more annotations than this hide more than they show. */
const maxAnnotations = 150;

const maxMessageLength = 2_000;

/** Annotations for the reasons of failing gates, without the gates that this host deferred to another. */
export function annotationsOf(verdict: Verdict): Annotation[] {
  return verdict.gates
    .filter(({ gate, status }) => status === "fail" && !verdict.deferred.includes(gate))
    .flatMap((gate) => gate.reasons.map((reason) => annotationOf(gate, reason)))
    .slice(0, maxAnnotations);
}

function annotationOf({ gate }: GateResult, reason: Reason): Annotation {
  const { message, path, line, policyLine, next } = reason;
  const rule = policyLine === undefined ? "" : ` (${policyPath}:${policyLine})`;
  const step = next === undefined ? "" : `\nNext: ${next.step} (${next.who})`;
  return {
    title: `sallyport: ${gate}`,
    message: `${message}${rule}${step}`.slice(0, maxMessageLength).toWellFormed(),
    path: path ?? null,
    line: line ?? null,
  };
}
