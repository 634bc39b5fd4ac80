import type { Reason } from "../../schemas/verdict.ts";
import { code } from "../escape.ts";
import type { Change, FileSide, PullFacts } from "../facts.ts";
import { patternList } from "../paths/pattern-list.ts";
import { matcher, nameProblem } from "../paths/patterns.ts";
import { alwaysOn, authorOf, defineGate, policyLine, result } from "./gate.ts";

const name = "links";

/** Folders of files that tests read, matched with their case. */
const fixtures = matcher(["**/{fixture,fixtures,__fixtures__,testdata}/**"], "allow");

type Kind = "file" | "symbolic link" | "submodule";

/** An unknown mode counts as a link, so that it is rejected. */
function kindOf({ mode }: FileSide): Kind {
  if (mode.startsWith("100")) return "file";
  return mode === "160000" ? "submodule" : "symbolic link";
}

type LinkProblem = Pick<Reason, "code" | "message">;

/** What is wrong with the new side of a change; a deletion cannot mislead anybody. */
function linkProblem({ before, after }: Change): LinkProblem | null {
  if (after === null) return null;
  const kind = kindOf(after);
  const old = before === null ? null : kindOf(before);
  if (old !== null && old !== kind) return { code: "type-changed", message: `What was a ${old} becomes a ${kind}.` };
  if (kind === "symbolic link") {
    const message = `This change ${old === null ? "adds" : "redirects"} a symbolic link, which stands for a file elsewhere.`;
    return { code: "link", message };
  }
  if (kind === "submodule") {
    const what = old === null ? "adds a submodule" : "moves a submodule to another commit";
    return { code: "submodule", message: `This change ${what}: code of another repository.` };
  }
  if (before === null || (before.mode === "100755") === (after.mode === "100755")) return null;
  const what = after.mode === "100755" ? "becomes" : "is no longer";
  return { code: "mode-changed", message: `This file ${what} executable.` };
}

/** A text that each package of a repository carries: a link to that of a folder above is the usual way. */
const carried = /^(?:LICEN[CS]E|NOTICE|COPYING|README|CHANGELOG)[\w.-]{0,40}$/;
const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);

const mayBeHarmless = ({ path, before, after }: Change) =>
  before === null && after?.mode === "120000" && (fixtures.matches(path) !== null || carried.test(nameOf(path)));

/** The file of the same name in a folder above, within the repository. */
function isCarried(path: string, target: string): boolean {
  const ups = target.split("/").length - 1;
  return (
    carried.test(nameOf(path)) &&
    ups < path.split("/").length &&
    target === `${"../".repeat(ups)}${nameOf(path)}` &&
    ups > 0
  );
}

/** A target in the link's own folder or below: a plain name has no step up, to the root or to itself. */
const staysHere = (target: string) => nameProblem(target) === null;

/** The new links that stand for a file of the repository beside or above them, which is judged itself. Unread: none. */
function harmlessLinks({ changes, texts }: Pick<PullFacts, "texts"> & { changes: readonly Change[] }): Set<string> {
  const targets = new Map((texts.known ? texts.value : []).map(({ path, after }) => [path, after]));
  const own = changes.filter(mayBeHarmless).filter(({ path }) => {
    const content = targets.get(path);
    const target = content?.state === "opaque" ? content.target : undefined;
    return target !== undefined && (isCarried(path, target) || (fixtures.matches(path) !== null && staysHere(target)));
  });
  return new Set(own.map(({ path }) => path));
}

/** A new name beside one that it cannot be told from everywhere: on such a system one file replaces the other. */
function twinProblem({ after, twin }: Change): LinkProblem | null {
  if (after === null || twin === undefined) return null;
  return {
    code: "name-twin",
    message: `Some systems take this name for that of ${code(twin)}, which is there as well.`,
  };
}

/**
 * Every changed path is a regular file with a plain name: no symbolic link, no submodule, no change of a file's type or
 * mode, no misleading name, no name that differs from another only by case or form. The policy can allow all but the
 * misleading names. A link is judged by its mode and never followed; a new one may name a file beside it in a fixture,
 * or the licence and the like of a folder above. Deleting such a file is allowed, or an existing bad name could not be
 * corrected.
 */
export const links = defineGate({
  name,
  group: "content",
  settings: alwaysOn,
  needs: ["changes"],
  reads: ({ changes }) => changes.filter(mayBeHarmless).map(({ path }) => path),
  lists: ({ gates }) => [
    patternList(
      `gates.${name}.allow`,
      "allow",
      gates[name]?.allow,
      "it may be a link or a submodule, or change its mode",
    ),
  ],
  judge(facts, policy) {
    const accepted = matcher(policy.policy.gates[name]?.allow ?? [], "allow");
    const line = policyLine(policy, `gates.${name}.allow`);
    const who = authorOf(facts);
    const harmless = harmlessLinks(facts);
    const reasons = facts.changes.flatMap((change): Reason[] => {
      const { path, after } = change;
      const hostile = after === null ? null : nameProblem(path);
      if (hostile !== null) {
        const next = { step: "Rename this file or take it out of the change.", who };
        return [{ code: "hostile-name", message: `The name is not accepted: ${hostile}.`, path, next }];
      }
      const found = twinProblem(change) ?? (harmless.has(path) ? null : linkProblem(change));
      if (found === null || accepted.matches(path) !== null) return [];
      const step = `Take this out of the change, or ask a maintainer to accept it under \`gates.${name}.allow\` in the policy.`;
      return [{ ...found, path, ...line, next: { step, who } }];
    });
    if (reasons.length > 0) return result(name, "fail", ...reasons);
    const message = "No link, submodule, change of mode, misleading or double name that the policy does not accept.";
    return result(name, "pass", { code: "plain-files", message });
  },
});
