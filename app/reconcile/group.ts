import type { GitHub } from "../../collect/github/request.ts";
import { collectGroup } from "../../collect/group/group.ts";
import { findOurCheck, readChecks } from "../../collect/pull/reviews.ts";
import { emptyDecision } from "../../core/decision.ts";
import type { Subject } from "../../core/effects.ts";
import type { TypedEntry } from "../../core/entries.ts";
import { decideGroup } from "../../core/group/group.ts";
import { type Known, known } from "../../core/known.ts";
import { recordOf } from "../../core/record/pull.ts";
import type { Observation, ReconcileTools } from "./tools.ts";

/** Observes a merge group; one whose branch is gone was merged or given up, and nothing is left to decide. */
export async function observeGroup(
  subject: Extract<Subject, { kind: "group" }>,
  github: GitHub,
  entries: TypedEntry[],
  tools: ReconcileTools,
): Promise<Known<Observation>> {
  const repository = { id: subject.repository, name: `${github.owner}/${github.repo}` };
  const group = await collectGroup({
    ...github,
    ref: subject.ref,
    now: tools.now().toISOString(),
    record: (pull, range) => recordOf(entries, pull, range),
    cache: tools.cache,
  });
  if (!group.known) return group;
  const facts = group.value;
  if (facts === null) return known({ repository, decide: async () => emptyDecision() });
  const checks = await readChecks(github, facts.tree.head.sha);
  return known({
    repository: facts.tree.repository,
    decide: async () =>
      decideGroup({
        ourselves: tools.ourselves,
        repository: facts.tree.repository,
        group: facts,
        ourCheck: findOurCheck(checks, tools.ourselves.appId),
        entries: await tools.entries(subject.repository),
      }),
  });
}
