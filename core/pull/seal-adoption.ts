import type { Step } from "../decision.ts";
import { appActor, lastEntry, pullSubject } from "../entries.ts";
import type { JudgedContext } from "./facts.ts";
import { settledChecks } from "./settled-checks.ts";

/**
 * Seals what we observed of an adopted head once its checks have settled and the verdict is success. A seal does not
 * say how the change was made: we did not observe that.
 */
export function sealAdoption({ facts, verdict, digest }: JudgedContext): Step {
  const { number, entries } = facts;
  const { base, checks, commits } = facts.judged;
  const settled = settledChecks(checks);
  const { head } = verdict;
  const tree = commits.known ? commits.value.find(({ sha }) => sha === head)?.tree : undefined;
  if (verdict.conclusion !== "success" || settled === null || tree === undefined) return {};
  // Read from stored entries only: a drafted adoption has no hash to name yet.
  const adopted = lastEntry(
    entries,
    "change.adopted",
    ({ body }) => body.pull === number && body.commits.includes(head) && (body.baseRef ?? base.ref) === base.ref,
  );
  if (adopted === undefined) return {};
  const sealed = lastEntry(
    entries,
    "adoption.sealed",
    ({ body }) => body.pull === number && body.commit === head && body.verdictSha256 === digest,
  );
  if (sealed !== undefined) return {};
  return {
    drafts: [
      {
        kind: "adoption.sealed",
        actor: appActor(facts),
        subject: [pullSubject(number, head)],
        body: {
          pull: number,
          commit: head,
          tree,
          ...settled,
          verdictSha256: digest,
          adopted: adopted.hash,
        },
      },
    ],
  };
}
