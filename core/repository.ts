import { type Decision, decisionOf, type Step } from "./decision.ts";
import type { EffectOutcome } from "./effects.ts";
import type { PolicyReading } from "./facts.ts";
import { effectKey } from "./identifiers.ts";
import type { Known } from "./known.ts";
import { missingLabels } from "./labels.ts";

/** A repository that the App is installed on, as what it needs to begin with. */
export type InstalledFacts = {
  /** RFC 3339. */
  now: string;
  repository: { id: number; name: string; defaultBranch: string };
  /** Nobody can change an archived repository. */
  isArchived: boolean;
  isFork: boolean;
  /** The names of its labels. */
  labels: string[];
  /** At the tip of the default branch; unknown too where the repository is empty. */
  policy: Known<PolicyReading>;
  /** The key that a first policy pins; null: whoever runs the App wants none proposed. */
  onboarding: { ledgerKey: string } | null;
  outcomes: ReadonlyMap<string, EffectOutcome>;
};

/** Decides what a repository needs to begin with: labels, and a proposal of a first policy. */
export function decideRepository(facts: InstalledFacts): Decision {
  return facts.isArchived ? decisionOf() : decisionOf(makeLabels(facts), proposePolicy(facts));
}

/** The labels that forms, commands and states name. */
function makeLabels({ repository, labels }: InstalledFacts): Step {
  const missing = missingLabels(labels);
  if (missing.length === 0) return {};
  return { effects: [{ type: "ensure-labels", key: effectKey.labels(repository.id), labels: missing }] };
}

/**
 * Proposes a first policy once, whatever becomes of it. Who removed a policy wanted none or repairs it; a fork is judged
 * where it came from.
 */
function proposePolicy({ now, repository, isFork, policy, onboarding, outcomes }: InstalledFacts): Step {
  const key = effectKey.onboarding(repository.id);
  if (onboarding === null || isFork || outcomes.has(key)) return {};
  if (!policy.known || policy.value.state !== "absent" || policy.value.removedBy !== null) return {};
  const { defaultBranch: base } = repository;
  return { effects: [{ type: "open-onboarding", key, base, parent: policy.value.ref, at: now, ...onboarding }] };
}
