import { type Decision, decisionOf, ensureSticky, type Step } from "../decision.ts";
import type { Effect, EffectOutcome } from "../effects.ts";
import type { TypedEntry } from "../entries.ts";
import type { PolicyReading } from "../facts.ts";
import { effectKey } from "../identifiers.ts";
import type { Known } from "../known.ts";
import { missingLabels } from "../labels.ts";
import { dashboardDays, dashboardText, type WaitingRow } from "./dashboard.ts";
import { digestSpan, digestText, type Rhythm } from "./digest.ts";
import { numbersSince } from "./numbers.ts";
import type { Standing } from "./standing.ts";

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
  /** What the policy's `reports` asks for; null: it asks for none, or was not read. */
  reports: ReportFacts | null;
};

/** What the dashboard and the digest are made from. */
export type ReportFacts = {
  rhythm: Rhythm | null;
  /** Whether whoever runs the service named a webhook for digests. */
  hasWebhook: boolean;
  /** The dashboard's issue; null: there is none. */
  issue: { number: number; isOpen: boolean } | null;
  /** What goes on only when somebody acts, what has waited longest first; `more`: and others. */
  waiting: WaitingRow[];
  more: boolean;
  /** Where it stands, as its ledger has it. */
  standing: Standing;
  /** The entries of the digest that is due, oldest first; none where it was told. */
  digest: readonly TypedEntry[];
};

/** The digest that is due and was not told yet; null: none is. */
export function digestDue(
  now: string,
  rhythm: Rhythm | null,
  { repository, outcomes }: { repository: number; outcomes: InstalledFacts["outcomes"] },
): ReturnType<typeof digestSpan> | null {
  if (rhythm === null) return null;
  const span = digestSpan(now, rhythm);
  return outcomes.has(effectKey.digest(repository, span.name, "issue")) ? null : span;
}

/** Decides what a repository needs to begin with, labels and a proposal of a first policy, and what it is told. */
export function decideRepository(facts: InstalledFacts): Decision {
  return facts.isArchived ? decisionOf() : decisionOf(makeLabels(facts), proposePolicy(facts), report(facts));
}

/** Keeps the comment below the dashboard's issue as it should read. One that is closed or deleted is left alone. */
function report({ now, repository, reports, outcomes }: InstalledFacts): Step {
  if (reports === null || reports.issue?.isOpen === false) return {};
  const { issue, waiting, more, standing } = reports;
  const key = effectKey.dashboard(repository.id);
  if (issue === null) return outcomes.has(key) ? {} : { effects: [{ type: "open-dashboard", key }] };
  const since = new Date(Date.parse(now) - dashboardDays * 24 * 3_600_000).toISOString();
  const body = dashboardText(waiting, more, numbersSince(standing, since));
  const dashboard = ensureSticky({ repository, number: issue.number }, body, null);
  return decisionOf(dashboard, tellDigest(issue.number, reports, repository.id, now, outcomes));
}

/** Tells the digest that is due once: below the dashboard, so that it notifies, and in a chat. */
function tellDigest(
  issue: number,
  { rhythm, digest, hasWebhook }: ReportFacts,
  repository: number,
  now: string,
  outcomes: InstalledFacts["outcomes"],
): Step {
  const span = digestDue(now, rhythm, { repository, outcomes });
  if (span === null) return {};
  const key = (to: "issue" | "chat") => effectKey.digest(repository, span.name, to);
  const line = digestText(digest, span);
  if (line === null) return {};
  const told: Effect = { type: "notify", key: key("issue"), issue, line };
  return { effects: hasWebhook ? [told, { type: "post-digest", key: key("chat"), line }] : [told] };
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
