import type { Policy } from "../../schemas/policy.ts";
import type { Reason } from "../../schemas/verdict.ts";
import { addedLines } from "../analysis/added-lines.ts";
import { type HarnessKind, harnessKind, harnessLines } from "../analysis/harness-lines.ts";
import { type HarnessFile, lostHooks, type Problem, workflowProblems } from "../analysis/harness-losses.ts";
import { loopholes } from "../analysis/loopholes.ts";
import type { Change, Content, FileText, LoadedPolicy, PullBasics } from "../facts.ts";
import { patternList } from "../paths/pattern-list.ts";
import { type Matcher, matcher } from "../paths/patterns.ts";
import { authorOf, defineGate, notConfigured, policyLine, result } from "./gate.ts";

const name = "harness";

/** Files that run checks in most repositories; the policy may name more. */
const builtIn = [
  ".github/workflows",
  ".github/actions",
  "**/action.yml",
  "**/action.yaml",
  "**/.husky",
  "**/.githooks",
  "**/.pre-commit-config.yaml",
  "**/lefthook.yml",
  "**/{Makefile,GNUmakefile}",
  "**/package.json",
  ".ci",
  ".circleci",
  ".buildkite",
  ".gitlab-ci.yml",
  "azure-pipelines.yml",
  "Jenkinsfile",
  "scripts/ci*",
  "scripts/ci*/**",
];
/** Longer files are most likely data. They are not judged but reported as unreadable. */
const maxLength = 1_000_000;

function isWanted(policy: Policy): boolean {
  return policy.gates[name] !== undefined || policy.extends === "default";
}

function harnessFiles(policy: LoadedPolicy): Matcher {
  return matcher([...builtIn, ...(policy.policy.gates[name]?.files ?? [])], "deny");
}

/** A file's lines; null if there is none or it is a link or submodule, `undefined` if it cannot be read. */
function linesOf(path: string, kind: HarnessKind, content: Content | undefined): string[] | null | undefined {
  if (content?.state === "absent") return null;
  if (content?.state === "opaque") return content.why === "link" || content.why === "submodule" ? null : undefined;
  if (content === undefined || content.text.length > maxLength) return undefined;
  return harnessLines(path, kind, content.text);
}

function read(changes: readonly Change[], texts: readonly FileText[], judging: Matcher) {
  const byPath = new Map(texts.map((text) => [text.path, text]));
  const files: HarnessFile[] = [];
  const unread: string[] = [];
  for (const { path, before: oldSide, after: newSide } of changes) {
    const kind = harnessKind(path);
    if (kind === null || judging.matches(path) === null) continue;
    const text = byPath.get(path);
    const [before, after] = [linesOf(path, kind, text?.before), linesOf(path, kind, text?.after)];
    if (before === undefined || after === undefined) {
      // A bundled program may well be this large, so it is skipped without a report.
      if (kind !== "program") unread.push(path);
    } else files.push({ path, kind, before, after, shas: { before: oldSide?.sha, after: newSide?.sha } });
  }
  return { files, unread };
}

/**
 * The deleted file that a new one most likely was: the same blob, else the same file name, else the only one deleted.
 */
function origin(file: HarnessFile, gone: readonly HarnessFile[]): HarnessFile | undefined {
  const same = gone.filter(({ kind }) => kind === file.kind);
  const base = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  return (
    same.find(({ shas }) => shas.before === file.shas.after) ??
    same.find(({ path }) => base(path) === base(file.path)) ??
    (same.length === 1 ? same[0] : undefined)
  );
}

function loopholesIn(files: readonly HarnessFile[]): Problem[] {
  const gone = files.filter(({ after }) => after === null);
  return files.flatMap(({ path, kind, before, after, shas }): Problem[] => {
    if (after === null) return [];
    const old = before ?? origin({ path, kind, before, after, shas }, gone)?.before ?? null;
    const indexes = addedLines(old ?? [], after);
    return loopholes(kind, after, indexes, old === null).map(({ code, what, step, index }) => {
      const shown = (after[index] ?? "").trim().slice(0, 80).replaceAll("`", "'");
      const message = `This line, which the change adds, ${what}: \`${shown}\`.`;
      return { code, message, path, line: index + 1, step };
    });
  });
}

function judge(facts: PullBasics, policy: LoadedPolicy, changes: readonly Change[], texts: readonly FileText[]) {
  const { files, unread } = read(changes, texts, harnessFiles(policy));
  const who = authorOf(facts);
  const line = policyLine(policy, policy.policy.gates[name] === undefined ? "extends" : `gates.${name}`);
  const problems = [...workflowProblems(files), ...lostHooks(files), ...loopholesIn(files)];
  const reasons = problems.map(({ step, ...problem }): Reason => ({ ...problem, ...line, next: { step, who } }));
  const unreadable = unread.map((path): Reason => {
    const message = "This file judges changes and is binary or too large to be read.";
    const step = "Make it a text that can be read and is shorter, or take it out of the change.";
    return { code: "harness-unreadable", message, path, ...line, next: { step, who } };
  });
  if (reasons.length > 0) return result(name, "fail", ...reasons, ...unreadable);
  if (unreadable.length > 0) return result(name, "unknown", ...unreadable);
  const message =
    files.length === 0
      ? "The change touches nothing that judges changes."
      : `None of the ${files.length} files that judge changes is made to judge less.`;
  return result(name, "pass", { code: "harness-kept", message });
}

/**
 * A change does not switch off the checks on it: no ignored failure, skipped or missing job, bypassed hook, or workflow
 * that gives secrets to a stranger's code. Only lines that the change adds or removes count, and comments never do.
 */
export const harness = defineGate({
  name,
  group: "content",
  settings: (policy) => isWanted(policy) || notConfigured("The policy does not ask for a look at what judges changes."),
  needs: ["changes", "texts"],
  lists: ({ gates }) => [
    patternList(`gates.${name}.files`, "deny", gates[name]?.files, "checks are not switched off in it"),
  ],
  reads({ changes }, policy) {
    if (!isWanted(policy.policy)) return [];
    const judging = harnessFiles(policy);
    return changes
      .map(({ path }) => path)
      .filter((path) => harnessKind(path) !== null && judging.matches(path) !== null);
  },
  judge: (facts, policy) => judge(facts, policy, facts.changes, facts.texts),
});
