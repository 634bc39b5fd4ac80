import type { LoadedPolicy } from "../facts.ts";
import { adr } from "./adr.ts";
import { approval } from "./approval.ts";
import { casefile } from "./casefile.ts";
import { ci } from "./ci.ts";
import { content } from "./content.ts";
import { diffSize } from "./diff-size.ts";
import { evidence } from "./evidence.ts";
import { forbiddenPaths } from "./forbidden-paths.ts";
import type { Gate, ReadingFacts } from "./gate.ts";
import { harness } from "./harness.ts";
import { links } from "./links.ts";
import { manifest } from "./manifest.ts";
import { manualTest } from "./manual-test.ts";
import { dependencies, stop } from "./open-work.ts";
import { phase } from "./phase.ts";
import { policy } from "./policy.ts";
import { protectedFiles } from "./protected.ts";
import { remediation } from "./remediation.ts";
import { review } from "./review.ts";
import { scope } from "./scope.ts";
import { secrets } from "./secrets.ts";
import { tests } from "./tests.ts";
import { trace } from "./trace.ts";

/**
 * Every gate by name, in the order in which they are judged and shown. To add a gate, add it here and, if it has
 * settings, in the policy's schema.
 */
export const gates = {
  policy,
  "forbidden-paths": forbiddenPaths,
  links,
  "diff-size": diffSize,
  tests,
  secrets,
  harness,
  remediation,
  manifest,
  content,
  phase,
  scope,
  trace,
  evidence,
  casefile,
  approval,
  dependencies,
  stop,
  protected: protectedFiles,
  adr,
  review,
  ci,
  "manual-test": manualTest,
} satisfies Record<string, Gate>;

/** The name of a gate. */
export type GateName = keyof typeof gates;

/** Their names, in the same order. */
export const gateNames: readonly GateName[] = Object.values(gates).map(({ name }) => name);

/** The paths whose text some gate reads, sorted and without duplicates: a collector fetches them before judging. */
export function pathsToRead(facts: ReadingFacts, policy: LoadedPolicy): string[] {
  const paths = gateNames.flatMap((name) => gates[name].reads?.(facts, policy) ?? []);
  return [...new Set(paths)].sort();
}
