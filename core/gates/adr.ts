import type { Policy } from "../../schemas/policy.ts";
import type { Duty } from "../../schemas/policy-values.ts";
import type { Account } from "../../schemas/text.ts";
import type { GateResult } from "../../schemas/verdict.ts";
import type { Change, LoadedPolicy } from "../facts.ts";
import { addedFiles, emptyReason } from "../paths/added-files.ts";
import { anyOf, patternList } from "../paths/pattern-list.ts";
import { matcher } from "../paths/patterns.ts";
import { otherHolders } from "../people/authority.ts";
import { barredOf, idsOf, isByAgent, requesters, whoseWork } from "../people/authorship.ts";
import { approvalBy } from "../people/reviewers.ts";
import type { PullRecord } from "../pull-record.ts";
import {
  authorOf,
  defineGate,
  type FactsWith,
  notApplicable,
  notConfigured,
  policyLine,
  result,
  unknownResult,
} from "./gate.ts";

const name = "adr";

/** Added files under the architecture patterns. Changed files were decided on before. Look-alike names match too. */
function additions(changes: readonly Change[], { policy }: LoadedPolicy): Change[] {
  const architecture = matcher(policy.gates[name]?.when ?? [], "deny");
  return changes.filter(({ path, before }) => before === null && architecture.matches(path) !== null);
}

type Decisions = { written: string[]; named: string[] };

/** The decision files that the change writes, and those that the run's story names, by the policy's patterns. */
function decisionsOf(changes: readonly Change[], record: PullRecord | null, { policy }: LoadedPolicy): Decisions {
  const files = policy.gates[name]?.files ?? [];
  const decisionFiles = matcher(files, "allow");
  const written = addedFiles(changes, files).map(({ path }) => path);
  const touched = new Set(changes.map(({ path }) => path));
  const named = (record?.run?.decisions ?? []).filter((path) => decisionFiles.matches(path) !== null);
  return { written, named: named.filter((path) => !touched.has(path)) };
}

/** The duty that approves a decision: the architects', or the approvers' where the policy names no architect. */
function deciders({ architects }: Policy["people"]): Duty {
  return architects.length > 0 ? "architects" : "approvers";
}

/** A decision that comes with the change is no decision yet: whoever wrote it needs it. Somebody else approves it. */
function judgeWritten(path: string, facts: FactsWith<"changes">, policy: LoadedPolicy): GateResult {
  if (!facts.record.known) return unknownResult(name, "record-unknown", facts.record.why);
  const { people } = policy.policy;
  const by = deciders(people);
  const asked = requesters(facts, facts.record.value);
  const askedBy = idsOf(asked);
  const isOwn = (person: Account) => whoseWork(person, askedBy, people) === "own";
  const found = approvalBy(facts, people, askedBy, { count: 1, duties: [by], isOwn });
  const head = facts.head.sha;
  if (found.state === "solo") {
    const message = `@${facts.pull?.author.login}, one of the ${by}, decided it: the policy says \`separation: solo\`.`;
    return result(name, "pass", { code: "decided-solo", message, path });
  }
  if (found.state === "enough") {
    const message = `@${found.by[0]?.login}, one of the ${by}, approved the decision on ${head}.`;
    return result(name, "pass", { code: "decision-approved", message, path });
  }
  if (found.state === "unread") return unknownResult(name, found.code, found.why);
  const missing = `The change writes this decision, and none of the ${by} has approved ${head} yet.`;
  const message = [missing, ...found.notCounted].join(" ");
  const line = policyLine(policy, `people.${by}`);
  const next = { step: found.step, who: otherHolders(people, by, barredOf(asked, people)) };
  return result(name, "pending", { code: found.code, message, path, ...line, next });
}

/** An agent's decision is approved when it enters, or a later prompt of its story could build on it. */
function judgeOthers(facts: FactsWith<"changes">, policy: LoadedPolicy): GateResult {
  const none = notApplicable(name, "nothing-new", "The change adds no file of architecture.");
  const [written] = decisionsOf(facts.changes, null, policy).written;
  if (written === undefined) return none;
  if (!facts.record.known) return unknownResult(name, "record-unknown", facts.record.why);
  return isByAgent(facts, facts.record.value) ? judgeWritten(written, facts, policy) : none;
}

/**
 * New architecture needs a decision file: one that the run's story names and the base has, or one that the change
 * writes and somebody else with the duty approves on this head.
 */
export const adr = defineGate({
  name,
  group: "people",
  settings: ({ gates }) => gates[name] ?? notConfigured("The policy does not say what is architecture."),
  needs: ["changes"],
  lists({ gates, people }) {
    const { when, files } = gates[name] ?? {};
    const decided = `adding it needs a decision in ${anyOf(files ?? [])}, which \`people.${deciders(people)}\` approve`;
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
    if (first === undefined) return judgeOthers(facts, policy);
    if (!facts.texts.known) return unknownResult(name, "texts-unknown", facts.texts);
    const count = `${added.length} ${added.length === 1 ? "file" : "files"}`;
    const texts = new Map(facts.texts.value.map((file) => [file.path, file.after]));
    const isWritten = (path: string) => emptyReason(texts.get(path) ?? { state: "absent" }) === null;
    const record = facts.record.known ? facts.record.value : null;
    const { written, named } = decisionsOf(facts.changes, record, policy);
    const decided = named.find(isWritten);
    if (decided !== undefined) {
      const message = `The change adds ${count} of architecture; its story names this decision, which stood before.`;
      return result(name, "pass", { code: "decision-named", message, path: decided });
    }
    const decision = written.find(isWritten);
    if (decision !== undefined) return judgeWritten(decision, facts, policy);
    if (!facts.record.known) return unknownResult(name, "record-unknown", facts.record.why);
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
