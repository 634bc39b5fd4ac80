import type { Reason } from "../../schemas/verdict.ts";
import type { EvidenceFile, LoadedPolicy, PullFacts, PullRecord } from "../facts.ts";
import { authorOf, type Gate, lacking, notApplicable, policyLine, result } from "../gate.ts";
import { jsonFault } from "../json-fault.ts";

const name = "evidence";

/** Files that are there and are not JSON. A file is read because the policy or the prompt names it. */
function badFiles(files: readonly EvidenceFile[], policy: LoadedPolicy, who: string): Reason[] {
  return files.flatMap(({ path, text }): Reason[] => {
    const fault = jsonFault(text);
    if (fault === null) return [];
    const message = `This evidence file is not valid JSON: line ${fault.line}, column ${fault.column}.`;
    const next = { step: "Mend the file and push.", who };
    return [
      {
        code: "evidence-not-json",
        message,
        path,
        line: fault.line,
        ...policyLine(policy, `gates.${name}.files`),
        next,
      },
    ];
  });
}

function missingFiles(record: PullRecord, files: readonly EvidenceFile[], who: string): Reason[] {
  const there = new Set(files.map((file) => file.path));
  const next = { step: "Push the file, or plan the story again without it.", who };
  return (record.run?.evidenceFiles ?? [])
    .filter((path) => !there.has(path))
    .map((path) => ({
      code: "evidence-file-missing",
      message: "The approved prompt declares this evidence file; the head does not have it.",
      path,
      next,
    }));
}

/** What is wrong with the record of the head; null when the ledger has evidence for exactly this commit. */
function recordProblem(
  facts: PullFacts,
  record: PullRecord,
): { status: "fail" | "pending"; reason: Reason } | null {
  const head = facts.head.sha;
  if (record.evidence.some((one) => one.commit === head)) return null;
  if (record.evidence.length === 0) {
    const next = {
      step: "Wait until the run has recorded its evidence; if it has stopped, comment `/retry` on the story.",
      who: "an executor of the policy",
    };
    return {
      status: "pending",
      reason: { code: "evidence-not-recorded", message: `No evidence is recorded for ${head} yet.`, next },
    };
  }
  const last = record.evidence.at(-1)?.commit ?? "";
  const message = `No evidence is recorded for the head ${head}; the last recorded commit is ${last}. Somebody pushed to the run's branch.`;
  const next = {
    step: `Set the branch back to ${last}, or move the other commits to a pull request of their own.`,
    who: authorOf(facts),
  };
  return { status: "fail", reason: { code: "head-without-evidence", message, next } };
}

/**
 * Every commit of an agent is one whose making our host saw: the head is a recorded commit, the evidence files that its
 * prompt declared are there, and evidence files are JSON. For others, only the files that the policy names are looked at.
 */
export const evidence: Gate = {
  name,
  group: "record",
  changesOn: ["push", "policy", "ledger"],
  judge(facts, policy) {
    if (!facts.record.known) return lacking(name, "record-unknown", facts.record.why);
    if (!facts.evidenceFiles.known) return lacking(name, "evidence-files-unknown", facts.evidenceFiles.why);
    const record = facts.record.value;
    const files = facts.evidenceFiles.value;
    const { run } = record;
    const configured = (policy.policy.gates[name]?.files ?? []).length > 0;
    if (run === null && !configured)
      return notApplicable(
        name,
        "no-run",
        "No run of an agent made this pull request, and the policy names no evidence files.",
      );
    const who = authorOf(facts);
    const wrong = [...missingFiles(record, files, who), ...badFiles(files, policy, who)];
    const problem = run === null ? null : recordProblem(facts, record);
    if (wrong.length > 0 || problem?.status === "fail")
      return result(name, "fail", ...(problem === null ? [] : [problem.reason]), ...wrong);
    if (problem !== null) return result(name, "pending", problem.reason);
    const recorded = run === null ? "" : `Evidence of ${facts.head.sha} is recorded. `;
    return result(name, "pass", {
      code: "evidence-in-order",
      message: `${recorded}${files.length} evidence files are valid JSON.`,
    });
  },
};
