import type { GateResult, Reason } from "../../schemas/verdict.ts";
import { coveragePaths } from "../analysis/changed-coverage.ts";
import type { FileText, LoadedPolicy, PullBasics } from "../facts.ts";
import { patternList } from "../paths/pattern-list.ts";
import { matcher } from "../paths/patterns.ts";
import { adoptionOf } from "../people/authorship.ts";
import type { PullRecord } from "../pull-record.ts";
import {
  alwaysOn,
  authorOf,
  defineGate,
  insteadOf,
  notApplicable,
  policyLine,
  type ReadingFacts,
  result,
  unknownResult,
  worstOf,
} from "./gate.ts";
import { requiredEvidence } from "./required-evidence.ts";

const name = "evidence";

/** The JSON files: those of the policy's patterns that the change touches, and those that the prompt declared. */
function evidencePaths({ changes, record }: ReadingFacts, { policy }: LoadedPolicy): string[] {
  const { files = [], require = [] } = policy.gates[name] ?? {};
  const fitted = require.flatMap((rule) => (rule.schema === undefined ? [] : rule.files));
  // Wider than the author's spelling: a look-alike name is checked too.
  const wanted = matcher([...files, ...fitted], "deny");
  const touched = changes.filter(({ path, after }) => after !== null && wanted.matches(path) !== null);
  return [...touched.map((change) => change.path), ...(record?.run?.evidenceFiles ?? [])];
}

/** Whether a text is JSON (RFC 8259). The position of an error is not reported: the author's editor shows it. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Reports files on the head that are not JSON; links, submodules and binary files are not JSON either. */
function badFiles(files: readonly FileText[], policy: LoadedPolicy, who: string): Reason[] {
  const line = policyLine(policy, `gates.${name}.files`);
  const next = { step: "Mend the file and push.", who };
  return files.flatMap(({ path, after }): Reason[] => {
    if (after.state === "absent" || (after.state === "text" && isJson(after.text))) return [];
    const why = after.state === "text" ? "" : `: it cannot be read as text (${after.why})`;
    const message = `This evidence file is not valid JSON${why}.`;
    return [{ code: "evidence-not-json", message, path, ...line, next }];
  });
}

function missingFiles(record: PullRecord, files: readonly FileText[], who: string): Reason[] {
  const present = new Set(files.filter(({ after }) => after.state !== "absent").map((file) => file.path));
  const next = { step: "Push the file, or plan the story again without it.", who };
  return (record.run?.evidenceFiles ?? [])
    .filter((path) => !present.has(path))
    .map((path) => ({
      code: "evidence-file-missing",
      message: "The approved prompt declares this evidence file; the head does not have it.",
      path,
      next,
    }));
}

/**
 * What is wrong with the record of the head; null if the ledger has evidence for this exact commit, or a person adopted
 * it.
 */
function recordProblem(facts: PullBasics, record: PullRecord): GateResult | null {
  const head = facts.head.sha;
  if (record.evidence.some((one) => one.commit === head)) return null;
  const adoption = adoptionOf(record, head, facts);
  if (!adoption.known) return unknownResult(name, "retarget-unknown", adoption.why);
  if (adoption.value !== null) return null;
  const last = record.evidence.at(-1)?.commit;
  if (last === undefined) {
    const next = {
      step: "Wait until the run has recorded its evidence; if it has stopped, comment `/retry` on the story.",
      who: "an executor of the policy",
    };
    const message = `No evidence is recorded for ${head} yet.`;
    return result(name, "pending", { code: "evidence-not-recorded", message, next });
  }
  const message = `No evidence is recorded for the head ${head}; the last recorded commit is ${last}.`;
  const away = insteadOf(record) ?? `Set the branch back to ${last}`;
  const next = {
    step: `${away}; or an executor stands for the other commits with \`/adopt ${head} because …\`.`,
    who: authorOf(facts),
  };
  return result(name, "fail", { code: "head-without-evidence", message, next });
}

/** Describes the adoption of a head without evidence; null if nobody adopted it. Claims do not count as evidence. */
function adoptionText(facts: PullBasics, record: PullRecord): string | null {
  const head = facts.head.sha;
  if (record.evidence.some((one) => one.commit === head)) return null;
  const adoption = adoptionOf(record, head, facts);
  if (!adoption.known || adoption.value === null) return null;
  const { by, seq } = adoption.value;
  return `No prompt or answer is recorded for ${head}: @${by.login} adopted it (entry ${seq}); what it says of how it was made is kept there as claims, which nobody checked.`;
}

/**
 * The head of an agent's change is a commit whose making our host recorded, the evidence files that its prompt declared
 * exist, and evidence files are JSON. What else the policy requires is asked of anybody's change.
 */
export const evidence = defineGate({
  name,
  group: "record",
  settings: alwaysOn,
  needs: ["record", "changes"],
  lists: ({ gates }) => {
    const key = `gates.${name}`;
    const { files, require = [] } = gates[name] ?? {};
    return [
      { ...patternList(`${key}.files`, "deny", files, "it is an evidence file: it must be JSON"), mayBeAbsent: true },
      ...require.flatMap((rule, index) => [
        patternList(`${key}.require.${index}.when.paths`, "deny", rule.when?.paths, "a change of it brings evidence"),
        { ...patternList(`${key}.require.${index}.files`, "allow", rule.files, "it is evidence"), mayBeAbsent: true },
        patternList(
          `${key}.require.${index}.coverage.paths`,
          "deny",
          rule.coverage?.paths,
          "its new lines are to be covered",
        ),
      ]),
    ];
  },
  reads(facts, policy) {
    const rules = (policy.policy.gates[name]?.require ?? []).flatMap((rule) => rule.coverage ?? []);
    return [...evidencePaths(facts, policy), ...coveragePaths(facts.changes, rules)];
  },
  judge(facts, policy) {
    if (!facts.texts.known) return unknownResult(name, "evidence-files-unknown", facts.texts);
    const { record, changes } = facts;
    const wanted = new Set(evidencePaths({ changes, record }, policy));
    const files = facts.texts.value.filter(({ path }) => wanted.has(path));
    const count = files.filter(({ after }) => after.state !== "absent").length;
    const { run } = record;
    const required = requiredEvidence(facts, policy);
    const adopted = adoptionText(facts, record);
    if (run === null && count === 0 && required.length === 0)
      return adopted === null
        ? notApplicable(
            name,
            "not-asked",
            "No run of an agent made this change, and the policy asks for no evidence of it.",
          )
        : notApplicable(name, "adopted", adopted);
    const who = authorOf(facts);
    const wrong = [...missingFiles(record, files, who), ...badFiles(files, policy, who)];
    const problem = run === null ? null : recordProblem(facts, record);
    const findings = [
      ...(problem === null ? [] : problem.reasons.map((reason) => ({ status: problem.status, reason }))),
      ...wrong.map((reason) => ({ status: "fail" as const, reason })),
      ...required,
    ];
    const worst = worstOf(findings);
    if (worst !== "pass")
      return result(name, worst, ...findings.filter(({ status }) => status !== "pass").map(({ reason }) => reason));
    const recorded = adopted ?? (run === null ? null : `Evidence of ${facts.head.sha} is recorded.`);
    const json = count === 0 ? null : "Every changed evidence file is valid JSON.";
    const message = [recorded, json].filter((sentence) => sentence !== null).join(" ");
    const own = message === "" ? [] : [{ code: "evidence-in-order", message }];
    return result(name, "pass", ...own, ...required.map(({ reason }) => reason));
  },
});
