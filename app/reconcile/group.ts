import type { GitHub } from "../../collect/github/request.ts";
import { collectGroup } from "../../collect/group/group.ts";
import { findOurCheck, readChecks } from "../../collect/pull/reviews.ts";
import { groupReads } from "../../core/group/facts.ts";
import { decideGroup } from "../../core/group/group.ts";
import { type Known, known } from "../../core/known.ts";
import type { Range } from "../../core/record/held-work.ts";
import { aboutPull } from "../../core/record/keys.ts";
import { recordOf } from "../../core/record/pull.ts";
import type { Subject } from "../../core/subject.ts";
import type { Reading } from "../store/readings.ts";
import { decideNothing, type Observation, type ReconcileTools } from "./tools.ts";

/** Observes a merge group; one whose branch is gone was merged or given up, and nothing is left to decide. */
export async function observeGroup(
  subject: Extract<Subject, { kind: "group" }>,
  github: GitHub,
  tools: ReconcileTools,
): Promise<Known<Observation>> {
  const repository = { id: subject.repository, name: `${github.owner}/${github.repo}` };
  const read = (keys: readonly string[]) => tools.entries(subject.repository, keys);
  const records: Reading[] = [];
  const record = async (pull: number, range: Range) => {
    const reading = await read(aboutPull(pull, range));
    records.push(reading);
    return recordOf(reading.entries, pull, range);
  };
  const group = await collectGroup({
    ...github,
    ref: subject.ref,
    now: tools.now().toISOString(),
    record,
    cache: tools.cache,
  });
  if (!group.known) return group;
  const facts = group.value;
  if (facts === null) return known({ repository, decide: decideNothing });
  const checks = await readChecks(github, facts.tree.head.sha);
  return known({
    repository: facts.tree.repository,
    decide: async () => {
      const own = await read(groupReads(facts));
      const decision = decideGroup({
        ourselves: tools.ourselves,
        repository: facts.tree.repository,
        group: facts,
        ourCheck: findOurCheck(checks, tools.ourselves.appId),
        entries: own.entries,
      });
      return { decision, seen: [own, ...records] };
    },
  });
}
