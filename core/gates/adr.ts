import type { Change, LoadedPolicy, PullRecord } from "../facts.ts";
import { addedFiles, emptyReason } from "../paths/added-files.ts";
import { anyOf, patternList } from "../paths/pattern-list.ts";
import { matcher } from "../paths/patterns.ts";
import { authorOf, defineGate, notApplicable, notConfigured, policyLine, result, unknownResult } from "./gate.ts";

const name = "adr";

/** Added files under the architecture patterns. Changed files were decided on before. Look-alike names match too. */
function additions(changes: readonly Change[], { policy }: LoadedPolicy): Change[] {
  const architecture = matcher(policy.gates[name]?.when ?? [], "deny");
  return changes.filter(({ path, before }) => before === null && architecture.matches(path) !== null);
}

type Decisions = { written: string[]; named: string[] };

/** The decision files that the change adds, and those that the run's story names, by the policy's patterns. */
function decisionsOf(changes: readonly Change[], record: PullRecord | null, { policy }: LoadedPolicy): Decisions {
  const files = policy.gates[name]?.files ?? [];
  const decisionFiles = matcher(files, "allow");
  return {
    written: addedFiles(changes, files).map(({ path }) => path),
    named: (record?.run?.decisions ?? []).filter((path) => decisionFiles.matches(path) !== null),
  };
}

/**
 * New architecture needs a decision file: one that the change adds, or one that the run's story names and the head has.
 * The commits are checked first, so that a git directory alone can settle it.
 */
export const adr = defineGate({
  name,
  group: "content",
  settings: ({ gates }) => gates[name] ?? notConfigured("The policy does not say what is architecture."),
  needs: ["changes"],
  lists({ gates }) {
    const { when, files } = gates[name] ?? {};
    const decided = `adding it needs a decision, written in ${anyOf(files ?? [])}`;
    return [
      patternList(`gates.${name}.when`, "deny", when, decided),
      { ...patternList(`gates.${name}.files`, "allow", files, "it can hold a decision"), mayBeAbsent: true },
    ];
  },
  reads({ changes, record }, policy) {
    if (additions(changes, policy).length === 0) return [];
    const { written, named } = decisionsOf(changes, record, policy);
    return [...written, ...named];
  },
  judge(facts, policy, settings) {
    const added = additions(facts.changes, policy);
    const [first] = added;
    if (first === undefined) return notApplicable(name, "nothing-new", "The change adds no file of architecture.");
    if (!facts.texts.known) return unknownResult(name, "texts-unknown", facts.texts.why);
    const count = `${added.length} ${added.length === 1 ? "file" : "files"}`;
    const texts = new Map(facts.texts.value.map((file) => [file.path, file.after]));
    const isWritten = (path: string) => emptyReason(texts.get(path) ?? { state: "absent" }) === null;
    const record = facts.record.known ? facts.record.value : null;
    const { written, named } = decisionsOf(facts.changes, record, policy);
    if (written.some(isWritten)) {
      const message = `The change adds ${count} of architecture and writes a decision.`;
      return result(name, "pass", { code: "decision-written", message });
    }
    if (named.some(isWritten)) {
      const message = `The change adds ${count} of architecture; its story names a decision.`;
      return result(name, "pass", { code: "decision-named", message });
    }
    // Without a pull request there is no story, so an unread ledger does not matter.
    if (!facts.record.known && facts.pull !== null) return unknownResult(name, "record-unknown", facts.record.why);
    const wanted = anyOf(settings.files);
    const note = written.length + named.length === 0 ? "" : " One is brought or named, and it is empty or not there.";
    const message = `The change adds ${count} of architecture (first: this one), and no decision in ${wanted} comes with them.${note}`;
    const next = {
      step: `Write the decision in ${wanted} in this change, or plan the story again with the decision named.`,
      who: authorOf(facts),
    };
    const line = policyLine(policy, `gates.${name}.when`);
    return result(name, "fail", { code: "decision-missing", message, path: first.path, ...line, next });
  },
});
