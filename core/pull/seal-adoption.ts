import type { Step } from "../decision.ts";
import { appActor, lastEntry } from "../entries.ts";
import type { JudgedContext } from "./facts.ts";
import { settledChecks } from "./settled-checks.ts";

/**
 * Seals what our host saw of an adopted head once its checks have settled and the verdict is success. It does not say how
 * the change was made: nobody of ours was there.
 */
export function sealAdoption({ facts, verdict, digest }: JudgedContext): Step {
  const { number, entries } = facts;
  const { base, checks, commits } = facts.judged;
  const settled = settledChecks(checks);
  const { head } = verdict;
  const tree = commits.known ? commits.value.find(({ sha }) => sha === head)?.tree : undefined;
  if (verdict.conclusion !== "success" || settled === null || tree === undefined) return {};
  // Read from the ledger alone: an adoption that is only about to be recorded has no hash to name yet.
  const adopted = lastEntry(
    entries,
    "change.adopted",
    ({ body }) =>
      body.pull === number && body.commits.includes(head) && (body.baseRef ?? base.ref) === base.ref,
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
        subject: [{ name: `pull request #${number}`, digest: { gitCommit: head } }],
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
