import type { Policy } from "../../schemas/policy.ts";
import type { Duty } from "../../schemas/policy-values.ts";
import type { Account } from "../../schemas/text.ts";
import type { Reason } from "../../schemas/verdict.ts";
import type { Change, LoadedPolicy } from "../facts.ts";
import { patternList } from "../paths/pattern-list.ts";
import { matcher } from "../paths/patterns.ts";
import { sensitive } from "../paths/sensitive.ts";
import { otherHolders } from "../people/authority.ts";
import { idsOf, isByAgent, requesters, whoseWork } from "../people/authorship.ts";
import { approvalBy } from "../people/reviewers.ts";
import { defineGate, type FactsWith, notConfigured, policyLine, result, unknownResult } from "./gate.ts";

const name = "protected";

/** A pattern of protected files, why they are protected, and the policy key that says so. */
type Rule = { pattern: string; why: string; key: string };

function rulesOf({ extends: pack, gates }: Policy): Rule[] {
  const builtIn = pack === "default" ? sensitive.map((one) => ({ ...one, key: "extends" })) : [];
  const own = (gates[name]?.paths ?? []).map((pattern, index) => ({
    pattern,
    why: "the policy lists it",
    key: `gates.${name}.paths.${index}`,
  }));
  return [...builtIn, ...own];
}

/** The duty of those who approve a person's change of protected files. */
export function guardOf(gates: Policy["gates"]): Duty {
  return gates[name]?.by ?? "architects";
}

type Touched = { path: string; rule: Rule };

function touchedBy(changes: readonly Change[], rules: readonly Rule[]): Touched[] {
  const patterns = matcher(
    rules.map((rule) => rule.pattern),
    "deny",
  );
  return changes.flatMap(({ path }) => {
    const pattern = patterns.matches(path);
    const rule = rules.find((one) => one.pattern === pattern);
    return rule === undefined ? [] : [{ path, rule }];
  });
}

/** The reason shown for each protected file of a change that may not be merged yet. */
function perFile(
  touched: readonly Touched[],
  policy: LoadedPolicy,
  say: (why: string) => Required<Pick<Reason, "code" | "message" | "next">>,
): Reason[] {
  return touched.map(({ path, rule }) => ({ ...say(rule.why), path, ...policyLine(policy, rule.key) }));
}

function judgePerson(
  touched: readonly Touched[],
  facts: FactsWith<"changes">,
  policy: LoadedPolicy,
  asked: readonly Account[],
) {
  const { people } = policy.policy;
  const by = guardOf(policy.policy.gates);
  const askedBy = idsOf(asked);
  const head = facts.head.sha;
  const files = `${touched.length} protected ${touched.length === 1 ? "file" : "files"}`;
  // Under `separation: solo` too: the author's own duty counts there, but no other review by requesters.
  const isOwn = (person: Account) => whoseWork(person, askedBy, people) !== "others";
  const found = approvalBy(facts, people, askedBy, { count: 1, duties: [by], isOwn });
  if (found.state === "solo") {
    const message = `@${facts.pull?.author.login}, the author, is among the ${by} and changes ${files} without another's review: the policy says \`separation: solo\`.`;
    return result(name, "pass", { code: "approved-solo", message });
  }
  if (found.state === "enough") {
    const message = `@${found.by[0]?.login}, one of the ${by}, approved ${head}, which changes ${files}.`;
    return result(name, "pass", { code: "approved", message });
  }
  if (found.state === "unread") return unknownResult(name, found.code, found.why);
  const next = { step: found.step, who: otherHolders(people, by, asked) };
  const missing = `${files} changed, and none of the ${by} has approved ${head} yet.`;
  const message = [missing, ...found.notCounted].join(" ");
  const line = policyLine(policy, `gates.${name}.by`);
  return result(
    name,
    "pending",
    { code: found.code, message, ...line, next },
    ...perFile(touched, policy, (why) => ({
      code: "protected-file",
      message: `A protected file: ${why}.`,
      next,
    })),
  );
}

/**
 * Agents never change files that steer tools, people or this check. A person's change of them needs an approval of this
 * exact commit for this branch by somebody else with the duty; a new commit or another base branch needs a new
 * approval, whatever it changes.
 */
export const protectedFiles = defineGate({
  name,
  group: "people",
  settings(policy) {
    const rules = rulesOf(policy);
    return rules.length > 0 ? rules : notConfigured("The policy protects no files.");
  },
  needs: ["changes"],
  lists: ({ gates }) => [
    patternList(
      `gates.${name}.paths`,
      "deny",
      gates[name]?.paths,
      `no agent may touch it, and a person's change needs an approving review by \`people.${guardOf(gates)}\``,
    ),
  ],
  judge(facts, policy, rules) {
    const touched = touchedBy(facts.changes, rules);
    if (touched.length === 0) {
      const message = "No changed path is protected.";
      return result(name, "pass", { code: "untouched", message });
    }
    if (!facts.record.known) return unknownResult(name, "record-unknown", facts.record.why);
    const record = facts.record.value;
    if (!isByAgent(facts, record)) return judgePerson(touched, facts, policy, requesters(facts, record));
    const next = {
      step: "Take this file out of the change; a person can change it in a pull request of their own.",
      who: "a person with write access",
    };
    const reasons = perFile(touched, policy, (why) => ({
      code: "not-for-agents",
      message: `No agent or bot may change this file: ${why}.`,
      next,
    }));
    return result(name, "fail", ...reasons);
  },
});
