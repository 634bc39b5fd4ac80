import type { LoadedPolicy } from "./facts.ts";
import type { Gate, ReadingFacts } from "./gate.ts";
import { adr } from "./gates/adr.ts";
import { approval } from "./gates/approval.ts";
import { casefile } from "./gates/casefile.ts";
import { ci } from "./gates/ci.ts";
import { dependencies } from "./gates/dependencies.ts";
import { diffSize } from "./gates/diff-size.ts";
import { evidence } from "./gates/evidence.ts";
import { forbiddenPaths } from "./gates/forbidden-paths.ts";
import { harness } from "./gates/harness.ts";
import { links } from "./gates/links.ts";
import { manifest } from "./gates/manifest.ts";
import { manualTest } from "./gates/manual-test.ts";
import { phase } from "./gates/phase.ts";
import { protectedFiles } from "./gates/protected.ts";
import { remediation } from "./gates/remediation.ts";
import { review } from "./gates/review.ts";
import { scope } from "./gates/scope.ts";
import { secrets } from "./gates/secrets.ts";
import { stop } from "./gates/stop.ts";
import { tests } from "./gates/tests.ts";
import { trace } from "./gates/trace.ts";

/**
 * Every gate by its name, in the order in which they are judged and shown: those that the content alone settles come
 * first. A gate is added here and, if it takes settings, in the policy's schema.
 */
export const gates = {
  "forbidden-paths": forbiddenPaths,
  links,
  "diff-size": diffSize,
  tests,
  secrets,
  harness,
  remediation,
  adr,
  manifest,
  phase,
  scope,
  trace,
  evidence,
  casefile,
  approval,
  dependencies,
  stop,
  protected: protectedFiles,
  review,
  ci,
  "manual-test": manualTest,
} satisfies Record<string, Gate>;

export type GateName = keyof typeof gates;

/** Their names, in the same order. */
export const gateNames: readonly GateName[] = Object.values(gates).map(({ name }) => name);

/** The paths whose text some gate will want to read, each once, in order: what a collector fetches before judging. */
export function pathsToRead(facts: ReadingFacts, policy: LoadedPolicy): string[] {
  const paths = gateNames.flatMap((name) => gates[name].reads?.(facts, policy) ?? []);
  return [...new Set(paths)].sort();
}
