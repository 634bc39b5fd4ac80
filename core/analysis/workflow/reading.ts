import type { Content } from "../../facts.ts";
import { testLanguage } from "../../languages/test-languages.ts";
import { type Located, nodeAt } from "../../yaml.ts";
import { readCode } from "../code-text.ts";
import { type Check, checksOfAction, checksOfWorkflow } from "./checks.ts";
import { type Hook, hooksOf } from "./hooks.ts";
import { checksOfPipeline } from "./pipelines.ts";
import type { Place } from "./reach.ts";
import { makeScripts, packageScripts, programScripts, type Scripts, shellScript } from "./scripts.ts";
import { holdsSettings, type Setting, settingsIn } from "./settings.ts";
import { actionJob, type Workflow, workflowOf } from "./workflow.ts";

/** How a file that judges changes is written. */
export type FileKind =
  | "workflow"
  | "action"
  | "hooks"
  | "pipeline"
  | "package"
  | "make"
  | "shell"
  | "program"
  | "settings";

const data =
  /\.(?:md|txt|rst|adoc|png|jpe?g|gif|svg|webp|ico|pdf|json|toml|lock|cfg|ini|xml)$|^(?:licen[cs]e|readme|\.gitignore)$/;

/** Tells by its name how a file is written; null for one that runs nothing: prose, pictures, data. */
export function fileKind(path: string): FileKind | null {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  // What others wrote and is only kept here judges their changes.
  if (/(?:^|\/)(?:vendor|node_modules|third_party)\//.test(path)) return null;
  if (/^\.github\/workflows\/[^/]+\.ya?ml$/i.test(path)) return "workflow";
  if (/^action\.ya?ml$/.test(name)) return "action";
  if (name === ".pre-commit-config.yaml") return "hooks";
  // Workflows run from their own folder alone, and nothing else below `.github` holds commands.
  if (/\.ya?ml$/.test(name)) return /^\.github\//i.test(path) ? null : "pipeline";
  if (name === "package.json") return "package";
  if (/^(?:gnu)?makefile|\.mk$/.test(name)) return "make";
  if (holdsSettings(path)) return "settings";
  if (data.test(name)) return null;
  const isShell = /\.(?:sh|bash|zsh|bats|ps1)$/.test(name);
  return !isShell && testLanguage(name) !== null ? "program" : "shell";
}

/** What one side of a file says of the judging of changes. */
export type FileReading = {
  checks: Check[];
  /** Jobs, scripts and the like that stand in the file. */
  units: string[];
  /** Whether it runs at all: a file that is no workflow does not. */
  runs: boolean;
  workflow: Workflow | null;
  hooks: Hook[] | null;
  settings: Setting[];
  /** Why it cannot be read, or why other readers may refuse it or read it differently; null: it is read for certain. */
  problem: { message: string; line: number } | null;
  /** Nothing of it is known. */
  isBlank: boolean;
};

const empty = { checks: [], units: [], workflow: null, hooks: null, settings: [], problem: null, isBlank: false };
const unread = (message: string, line = 1) => ({ ...empty, runs: true, problem: { message, line }, isBlank: true });

function fromYaml(path: string, kind: FileKind, root: Located, place: Place): FileReading {
  const read = { ...empty, runs: true };
  if (kind === "hooks") return { ...read, hooks: hooksOf(root) };
  if (kind === "pipeline") return { ...read, ...checksOfPipeline(path, root) };
  if (kind === "action") {
    if (nodeAt(root, "runs") === undefined) return { ...empty, runs: false };
    return { ...read, units: [path], checks: checksOfAction(path, actionJob(path, root), place) };
  }
  const workflow = workflowOf(root);
  if (workflow === null) return { ...empty, runs: false };
  const units = workflow.jobs.map(({ id }) => id);
  return { ...read, workflow, units, checks: checksOfWorkflow(path, workflow, place) };
}

function scriptsIn(path: string, kind: FileKind, text: string): Scripts | null {
  const language = testLanguage(path);
  if (kind === "package") return packageScripts(path, text);
  if (kind === "make") return makeScripts(path, text);
  if (kind === "shell") return shellScript(path, text);
  if (kind === "program" && language !== null) return programScripts(path, readCode(text, language.syntax).uncommented);
  return { checks: [], units: [path] };
}

/** Reads a file as what its name says that it is. Whoever made the change wrote it. */
export function readFile(
  path: string,
  kind: FileKind,
  content: Content & { state: "text" },
  place: Place,
): FileReading {
  const { text, yaml } = content;
  if (kind === "workflow" || kind === "action" || kind === "hooks" || kind === "pipeline") {
    if (yaml === undefined) return unread("it was not parsed");
    const [first] = yaml.problems;
    if (yaml.value === null) return unread(first?.message ?? "it is empty", first?.line);
    const read = fromYaml(path, kind, yaml.value, place);
    // GitHub refuses what other services may still take.
    if (kind !== "workflow" && kind !== "action") return read;
    const second = yaml.further.length > 0 ? { message: "it holds several documents", line: 1 } : null;
    return { ...read, problem: first ?? second };
  }
  const settings = settingsIn(path, text);
  const scripts = scriptsIn(path, kind, text);
  return scripts === null ? unread("it is not valid JSON") : { ...empty, runs: true, settings, ...scripts };
}
