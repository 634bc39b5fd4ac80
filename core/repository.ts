import { type Decision, decisionOf, type Step } from "./decision.ts";
import { effectKey } from "./identifiers.ts";
import { missingLabels } from "./labels.ts";

/** A repository that the App is installed on, as what it needs to begin with. */
export type InstalledFacts = {
  repository: { id: number; name: string };
  /** Nobody can change an archived repository. */
  isArchived: boolean;
  /** The names of its labels. */
  labels: string[];
};

/** Decides what a repository needs to begin with: the labels that forms, commands and states name. */
export function decideRepository(facts: InstalledFacts): Decision {
  return facts.isArchived ? decisionOf() : decisionOf(makeLabels(facts));
}

function makeLabels({ repository, labels }: InstalledFacts): Step {
  const missing = missingLabels(labels);
  if (missing.length === 0) return {};
  return { effects: [{ type: "ensure-labels", key: effectKey.labels(repository.id), labels: missing }] };
}
