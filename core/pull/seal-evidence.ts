import { handedOff, toMerger } from "../contract/handoffs.ts";
import type { Step } from "../decision.ts";
import { appActor, entriesOf } from "../entries.ts";
import { provenanceOf } from "../record/provenance.ts";
import type { JudgedContext } from "./facts.ts";
import { settledChecks } from "./settled-checks.ts";

/** Seals the evidence of an agent's commit once its checks have settled and the verdict is success. */
export function sealEvidence({ facts, entries, verdict, digest }: JudgedContext): Step {
  const settled = settledChecks(facts.judged.checks);
  if (verdict.conclusion !== "success" || settled === null) return {};
  const { written, captured } = provenanceOf(entries, verdict.head);
  if (written === undefined || captured === undefined) return {};
  const { run, story, prompt, attempt, commit, tree } = written.body;
  const isSealed = entriesOf(entries, "evidence.sealed").some(
    ({ body }) => body.commit === commit && body.verdictSha256 === digest,
  );
  if (isSealed) return {};
  const handed = toMerger({ story, prompt }, commit, entries);
  return {
    drafts: [
      {
        kind: "evidence.sealed",
        actor: appActor(facts),
        subject: [{ name: `prompt #${prompt}`, digest: { gitCommit: commit } }],
        body: {
          run,
          story,
          prompt,
          attempt,
          pull: facts.number,
          commit,
          tree,
          ...settled,
          validator: "pass",
          verdictSha256: digest,
          captured: captured.hash,
        },
      },
      ...(handed === null ? [] : [handedOff(handed, appActor(facts))]),
    ],
  };
}
