import type { PolicyReading } from "../../core/facts.ts";
import type { Known } from "../../core/known.ts";
import { type Layout, readLayout } from "./layout.ts";
import { type Proposed, proposePeople } from "./people.ts";
import { draftPolicy, policyOf, proposedRules } from "./policy.ts";
import type { DraftSource } from "./source.ts";
import { draftReading, type Past, type Trial, tryRules } from "./trial.ts";
import { readWorkflows, type Workflows } from "./workflows.ts";

/** A first policy, what was found for it, and how its rules did on merged changes; without a past nothing was tried. */
export type Drafted = {
  text: string;
  layout: Layout;
  people: Proposed;
  workflows: Workflows;
  past: Known<Past>;
  trial: Trial | null;
};

/** The address of the published package's schema. */
export const schemaAddress = "https://unpkg.com/sallyport/schemas/json/policy.json";

/**
 * Drafts a first policy from a repository's files, tried on its merged changes. `readPast` gets the strictest policy
 * that is tried; `ledgerKey` is the public key of the App that will sign the ledger.
 */
export async function draftFrom(source: DraftSource, { readPast, schema, ledgerKey }: DraftTools): Promise<Drafted> {
  const layout = readLayout(source.files);
  const proposed = proposedRules(layout);
  const past = await readPast(draftReading(policyOf(proposed.map(([strict]) => strict))));
  const trial = past.known ? tryRules(past.value, proposed) : null;
  const changes = past.known ? past.value.changes.length : 0;
  const people = await proposePeople(source);
  const workflows = await readWorkflows(source);
  const rules =
    trial === null
      ? proposed.map(([yaml]) => ({ yaml, against: null }))
      : trial.rules.map(({ yaml, blocked, isKept }) => ({
          yaml,
          against: isKept ? null : { blocked: blocked.length, changes },
        }));
  const text = draftPolicy({ layout, people, checks: workflows.checks, rules, schema, ledgerKey });
  return { text, layout, people, workflows, past, trial };
}

type DraftTools = {
  readPast(strictest: PolicyReading): Promise<Known<Past>>;
  schema: string;
  ledgerKey?: string;
};
