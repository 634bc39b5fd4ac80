import type { Reason } from "../../schemas/verdict.ts";
import type { JudgingFile, Loss } from "../analysis/workflow/check-losses.ts";
import { lossesOf, renamingsOf } from "../analysis/workflow/losses.ts";
import type { Place } from "../analysis/workflow/reach.ts";
import { type FileKind, fileKind, readFile } from "../analysis/workflow/reading.ts";
import { holdsSettings } from "../analysis/workflow/settings.ts";
import type { Change, Content, FileText, LoadedPolicy, PullBasics } from "../facts.ts";
import { patternList } from "../paths/pattern-list.ts";
import { matcher } from "../paths/patterns.ts";
import { askingLine, asksFor, authorOf, defineGate, notConfigured, result } from "./gate.ts";

const name = "harness";

/** What judges changes in most repositories, besides the settings of test runners; the policy may name more. */
const builtIn = [
  ".github/workflows",
  ".github/actions",
  "**/action.yml",
  "**/action.yaml",
  "**/.husky",
  "**/.githooks",
  "**/.pre-commit-config.yaml",
  "**/{lefthook,.lefthook}.{yml,yaml}",
  "**/{Makefile,GNUmakefile}",
  "**/package.json",
  ".ci",
  ".circleci",
  ".buildkite",
  ".gitlab-ci.yml",
  ".gitlab/ci",
  ".travis.yml",
  "{,.}azure-pipelines.yml",
  "bitbucket-pipelines.yml",
  "Jenkinsfile",
  "scripts/ci*/**",
];
/** Read also where the change leaves them alone: a check that it takes away may run from one of them just as well. */
const alsoRead = [".github/workflows/", "Makefile", "package.json"];
/** Longer files hold data, and no project has more checks; a file beyond these limits counts as unreadable. */
const limits = { text: 1_000_000, checks: 2_000, inAll: 10_000 } as const;

/** How a file is read that judges changes; null for one that does not. */
function judgingKind({ policy }: LoadedPolicy): (path: string) => FileKind | null {
  const judging = matcher([...builtIn, ...(policy.gates[name]?.files ?? [])], "deny");
  return (path) => (judging.matches(path) !== null || holdsSettings(path) ? fileKind(path) : null);
}

/**
 * One side of a judging file, as it is read. Null: it is not there, or is a link or a submodule, which what runs these
 * files does not follow; undefined: it is there and cannot be read.
 */
function sideOf(path: string, kind: FileKind, content: Content | undefined, place: Place) {
  if (content?.state === "absent") return null;
  if (content?.state === "opaque") return content.why === "link" || content.why === "submodule" ? null : undefined;
  if (content === undefined || content.text.length > limits.text) return undefined;
  const reading = readFile(path, kind, content, place);
  return reading.checks.length > limits.checks ? undefined : reading;
}

function read(facts: PullBasics, policy: LoadedPolicy, changes: readonly Change[], texts: readonly FileText[]) {
  const place: Place = {
    branch: facts.defaultBranch,
    gone: changes.flatMap(({ path, after }) => (after === null ? [path] : [])),
    added: changes.flatMap(({ path, before }) => (before === null ? [path] : [])),
  };
  const kindOf = judgingKind(policy);
  const byPath = new Map(texts.map((text) => [text.path, text]));
  const touched = new Set(changes.map(({ path }) => path));
  const files: JudgingFile[] = [];
  const unread: string[] = [];
  let checks = 0;
  for (const path of touched) {
    const kind = kindOf(path);
    if (kind === null) continue;
    const text = byPath.get(path);
    const [before, after] = [sideOf(path, kind, text?.before, place), sideOf(path, kind, text?.after, place)];
    checks += (before?.checks.length ?? 0) + (after?.checks.length ?? 0);
    if (before !== undefined && after !== undefined && checks <= limits.inAll) files.push({ path, before, after });
    // A program's bundle may well be too large, and no line of a program says by its look that it judges nothing.
    else if (kind !== "program") unread.push(path);
  }
  const untouched: JudgingFile[] = [];
  for (const { path, after } of texts) {
    const kind = touched.has(path) || !isAlsoRead(path) ? null : kindOf(path);
    const side = kind === null ? null : sideOf(path, kind, after, place);
    if (side === null || side === undefined || side.isBlank || checks + side.checks.length > limits.inAll) continue;
    checks += side.checks.length;
    untouched.push({ path, before: side, after: side });
  }
  return { files, untouched, unread, place };
}

const isAlsoRead = (path: string) =>
  alsoRead.some((one) => path === one || (one.endsWith("/") && path.startsWith(one)));

function judge(facts: PullBasics, policy: LoadedPolicy, changes: readonly Change[], texts: readonly FileText[]) {
  const { files, untouched, unread, place } = read(facts, policy, changes, texts);
  const who = authorOf(facts);
  const line = askingLine(policy, name);
  const reason = ({ step, ...loss }: Omit<Loss, "code"> & { code: string }): Reason => ({
    ...loss,
    ...line,
    next: { step, who },
  });
  const losses = lossesOf([...files, ...untouched], place).map(reason);
  const told = new Set(losses.map(({ path }) => path));
  const notRead = files.flatMap(({ path, after }) =>
    after?.problem == null || told.has(path) ? [] : [{ path, ...after.problem }],
  );
  const required = matcher(policy.policy.gates[name]?.files ?? [], "deny");
  const code = "harness-unreadable";
  const unreadable = [
    ...unread.map((path) => {
      const message = "This file judges changes and is binary or too large to be read.";
      return reason({ code, message, path, step: "Make it a text that can be read, or take it out of the change." });
    }),
    ...notRead
      .filter(({ path }) => required.matches(path) !== null)
      .map(({ path, line: at, message: why }) => {
        const message = `This file judges changes and is not read: ${why}.`;
        return reason({ code, message, path, line: at, step: "Mend the file." });
      }),
  ];
  if (losses.length > 0) return result(name, "fail", ...losses, ...unreadable);
  if (unreadable.length > 0) return result(name, "unknown", ...unreadable);
  const message =
    files.length === 0
      ? "The change touches nothing that judges changes."
      : "No file that judges changes is made to judge less.";
  const notes = [
    ...renamingsOf([...files, ...untouched]).map((renaming): Reason => ({ code: "check-renamed", ...renaming })),
    ...notRead.map(({ path, line: at, message: why }): Reason => {
      return { code: "harness-not-read", message: `This file is not read for certain: ${why}.`, path, line: at };
    }),
  ];
  return result(name, "pass", { code: "harness-kept", message }, ...notes.slice(0, 20));
}

/**
 * A change does not weaken what judges it: what judged changes before is compared with what judges them after, check by
 * check. A new workflow that judges little weakens nothing.
 */
export const harness = defineGate({
  name,
  group: "content",
  settings: (policy) =>
    asksFor(policy, name) || notConfigured("The policy does not ask for a look at what judges changes."),
  needs: ["changes", "texts"],
  lists: ({ gates }) => [
    patternList(`gates.${name}.files`, "deny", gates[name]?.files, "checks are not switched off in it"),
  ],
  reads({ changes }, policy) {
    if (!asksFor(policy.policy, name)) return [];
    const kindOf = judgingKind(policy);
    const touched = changes.filter(({ path }) => kindOf(path) !== null);
    // What is new takes nothing away.
    const others = touched.some(({ path, before }) => before !== null && kindOf(path) !== "settings") ? alsoRead : [];
    return [...touched.map(({ path }) => path), ...others];
  },
  judge: (facts, policy) => judge(facts, policy, facts.changes, facts.texts),
});
