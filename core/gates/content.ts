import type { Reason } from "../../schemas/verdict.ts";
import type { Change, FileText } from "../facts.ts";
import { patternList } from "../paths/pattern-list.ts";
import { matcher } from "../paths/patterns.ts";
import { authorOf, defineGate, notApplicable, notConfigured, policyLine, result, unknownResult } from "./gate.ts";

const name = "content";

type Finding = Pick<Reason, "code" | "message" | "line"> & { step: string };

/** In lower case and with single spaces, so that neither case nor line breaks hide a forbidden text. */
const normal = (text: string) => text.toLowerCase().replace(/\s+/g, " ");

/** What is wrong with a file of which only new ones, or longer ones, are accepted; null: nothing. */
function rewriting(change: Change, text: FileText | undefined, only: "added" | "appended"): Finding | null {
  if (change.before === null) return null;
  const step = "Leave the file as it is and add another one, or change the rule in the policy first.";
  if (change.after === null) return { code: "deleted", message: "Files of this rule are never taken away.", step };
  if (only === "added") return { code: "changed", message: "Files of this rule are added and never changed.", step };
  if (change.before.sha === change.after.sha) return null;
  const [before, after] = [text?.before, text?.after];
  if (before?.state !== "text" || after?.state !== "text")
    return { code: "not-read", message: "Whether this file only grew was not read: it is no text.", step };
  const rest = after.text.slice(before.text.length);
  const isWhole = before.text === "" || before.text.endsWith("\n") || /^\r?\n/.test(rest);
  if (after.text.startsWith(before.text) && isWhole) return null;
  return { code: "rewritten", message: "Files of this rule only grow at their end; a line that stood changed.", step };
}

/** The first forbidden text that the change adds to a file; null: none. */
function forbidden({ before, after }: FileText, forbid: readonly string[]): Finding | null {
  const step = "Do it without that text, or change the rule in the policy first.";
  if (after.state === "absent") return null;
  if (after.state === "opaque")
    return { code: "not-read", message: `What is forbidden was not looked for: ${after.why}.`, step };
  const old = before.state === "text" ? before.text : "";
  const stood = new Map<string, number>();
  for (const line of old.split("\n")) stood.set(line, (stood.get(line) ?? 0) + 1);
  const added = after.text.split("\n").map((line) => {
    const left = stood.get(line) ?? 0;
    stood.set(line, left - 1);
    return left > 0 ? "" : normal(line);
  });
  const count = (text: string, part: string) => text.split(part).length;
  for (const text of forbid) {
    const part = normal(text);
    const index = added.findIndex((line) => line.includes(part));
    if (index < 0 && count(normal(after.text), part) <= count(normal(old), part)) continue;
    const line = index < 0 ? {} : { line: index + 1 };
    return {
      code: "forbidden-text",
      message: `The policy forbids to add ${JSON.stringify(text)} here.`,
      ...line,
      step,
    };
  }
  return null;
}

/** Files that are only added or only grow, and texts that nobody adds. What stood before the change is not judged. */
export const content = defineGate({
  name,
  group: "content",
  settings: ({ gates }) => gates[name] ?? notConfigured("The policy has no rules about what files hold."),
  needs: ["changes"],
  lists: ({ gates }) =>
    (gates[name] ?? []).map(({ paths }, index) =>
      patternList(`gates.${name}.${index}.paths`, "deny", paths, "what it holds is judged"),
    ),
  reads: ({ changes }, { policy }) => {
    const reading = (policy.gates[name] ?? []).filter(({ only, forbid }) => only === "appended" || forbid.length > 0);
    const watched = matcher(
      reading.flatMap(({ paths }) => paths),
      "deny",
    );
    return changes.flatMap(({ path }) => (watched.matches(path) === null ? [] : [path]));
  },
  judge(facts, policy, rules) {
    const { changes, texts } = facts;
    const reasons: Reason[] = [];
    let isWatched = false;
    for (const [index, { paths, only, forbid }] of rules.entries()) {
      const watched = matcher(paths, "deny");
      for (const change of changes.filter(({ path }) => watched.matches(path) !== null)) {
        isWatched = true;
        const isReading = only === "appended" || forbid.length > 0;
        if (isReading && !texts.known) return unknownResult(name, "texts-unknown", texts);
        const text = texts.known ? texts.value.find(({ path }) => path === change.path) : undefined;
        if (isReading && text === undefined)
          return unknownResult(name, "texts-unknown", `the content of ${change.path} was not read`);
        const found = [
          only === undefined ? null : rewriting(change, text, only),
          text === undefined || forbid.length === 0 ? null : forbidden(text, forbid),
        ];
        const line = policyLine(policy, `gates.${name}.${index}`);
        for (const one of found) {
          if (one === null) continue;
          const { step, ...reason } = one;
          reasons.push({ ...reason, path: change.path, ...line, next: { step, who: authorOf(facts) } });
        }
      }
    }
    if (!isWatched) return notApplicable(name, "nothing-watched", "The change touches no file of these rules.");
    if (reasons.length > 0) return result(name, "fail", ...reasons);
    return result(name, "pass", {
      code: "in-order",
      message: "Every file that these rules name holds what they ask.",
    });
  },
});
