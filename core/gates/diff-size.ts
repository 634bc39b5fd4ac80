import type { Reason } from "../../schemas/verdict.ts";
import type { Change } from "../facts.ts";
import { patternList } from "../paths/pattern-list.ts";
import { matcher } from "../paths/patterns.ts";
import { authorOf, defineGate, notConfigured, policyLine, result } from "./gate.ts";

const name = "diff-size";

const measures = ["files", "lines", "bytes"] as const;
type Size = Record<(typeof measures)[number], number>;

function sizeOf(changes: readonly Change[]): Size {
  const size: Size = { files: changes.length, lines: 0, bytes: 0 };
  for (const change of changes) {
    size.lines += change.added + change.deleted;
    size.bytes += change.bytes;
  }
  return size;
}

/** A change stays within the policy's size limits. Lines are counted from the files, so `.gitattributes` hides none. */
export const diffSize = defineGate({
  name,
  group: "content",
  settings: ({ gates }) => gates[name] ?? notConfigured("The policy sets no limit on size."),
  needs: ["changes"],
  lists: ({ gates }) => [
    patternList(`gates.${name}.ignore`, "allow", gates[name]?.ignore, "it does not count as size"),
  ],
  judge(facts, policy, limits) {
    const ignored = matcher(limits.ignore, "allow");
    const counted = facts.changes.filter((change) => ignored.matches(change.path) === null);
    const size = sizeOf(counted);
    const reasons = measures.flatMap((measure): Reason[] => {
      const limit = limits[measure];
      if (limit === undefined || size[measure] <= limit) return [];
      const message = `The change has ${size[measure]} ${measure}; the policy allows ${limit}.`;
      const next = { step: "Split the change into smaller pull requests.", who: authorOf(facts) };
      return [{ code: `too-many-${measure}`, message, ...policyLine(policy, `gates.${name}.${measure}`), next }];
    });
    if (reasons.length > 0) return result(name, "fail", ...reasons);
    const left = facts.changes.length - counted.length;
    const figures = measures.map(
      (measure) => `${size[measure]} ${measure}${limits[measure] === undefined ? "" : ` of ${limits[measure]}`}`,
    );
    const message = `${figures.join(", ")}${left === 0 ? "" : `; ${left} ignored by the policy`}.`;
    return result(name, "pass", { code: "within-limits", message });
  },
});
