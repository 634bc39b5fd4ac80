import { itemsOf, keysOf, type Located, lineAt, nodeAt, type Scalar, stringOf } from "../../yaml.ts";
import type { Check } from "./checks.ts";
import { always, nothing } from "./reach.ts";
import { kindOfName } from "./runners.ts";
import { checksOfScript, plainCheck, type ScriptCheck } from "./script-checks.ts";

/** Keys under which the files of CI services and hook managers hold commands. */
const commandKeys = "script run command commands bash cmds before_script after_success".split(" ");
/** Keys by which a step or job lets its failure pass: GitLab, Azure, Buildkite, Drone, Woodpecker, Taskfile. */
const letting = "allow_failure continueOnError continue-on-error soft_fail ignore_error ignore_failure".split(" ");
/** How deep a file is looked into, and how many of its nodes. */
const most = { depth: 12, nodes: 50_000 } as const;

const isSet = (node: Located | undefined) =>
  node?.kind === "scalar" && !/^(?:|false|no|off|0|never)$/i.test(stringOf(node) ?? "");

/** Whether a step or job says that its failure is let pass. A list of exit codes lets pass what is known. */
function letsFail(node: Located): boolean {
  return letting.some((key) => isSet(nodeAt(node, key))) || stringOf(nodeAt(node, "failure")) === "ignore";
}

/** Whether a step or job says that it runs for no change: by hand, never, or switched off. */
function isOff(node: Located): boolean {
  const isManual = (one: Located) => /^(?:manual|never)$/.test(stringOf(nodeAt(one, "when")) ?? "");
  const isAside = (ref: Located) => /^(?:tags|schedules|web|triggers|api|pipelines)$/.test(stringOf(ref) ?? "");
  const [rules, only] = [itemsOf(nodeAt(node, "rules")), itemsOf(nodeAt(node, "only"))];
  if (isManual(node) || (rules.length > 0 && rules.every(isManual))) return true;
  if (only.length > 0 && only.every(isAside)) return true;
  const isNo = (key: string) => /^(?:false|no)$/i.test(stringOf(nodeAt(node, key)) ?? "");
  return isNo("enabled") || isNo("if") || isNo("condition") || isSet(nodeAt(node, "skip"));
}

function scalarsOf(node: Located | undefined): Scalar[] {
  if (node?.kind === "map") return scalarsOf(nodeAt(node, "command"));
  return itemsOf(node).flatMap((item) => (item.kind === "scalar" && item.value !== null ? [item] : []));
}

/** The line of an offset in texts that are read as one. */
function lineIn(texts: readonly Scalar[], offset: number): number {
  let start = 0;
  for (const text of texts) {
    if (offset <= start + text.text.length) return lineAt(text, offset - start);
    start += text.text.length + 1;
  }
  return texts[0]?.textLine ?? 1;
}

/** What stands above a node: the keys and names, and whether it runs for no change or its failure is let pass. */
type Above = { names: readonly string[]; job: string; off: boolean; lets: boolean };

/**
 * The checks of a file of GitLab, CircleCI, Azure, Buildkite, Travis or lefthook, or of another one that holds commands
 * the same way: each mapping with a script is a step, named by the keys and names above it. Includes, templates and rules
 * that ask for more than by whom and when are not followed.
 */
export function checksOfPipeline(path: string, root: Located): { checks: Check[]; units: string[] } {
  const checks: Check[] = [];
  const units = new Set<string>();
  // Jobs that no workflow of CircleCI starts.
  const flows = nodeAt(root, "workflows");
  const starts = keysOf(flows).flatMap((name) => itemsOf(nodeAt(flows, name, "jobs")));
  const started = flows?.kind === "map" ? new Set(starts.flatMap((job) => stringOf(job) ?? keysOf(job))) : null;
  const commands = new Set(keysOf(nodeAt(root, "commands")));
  let nodes = 0;

  const add = (found: Omit<ScriptCheck, "offset">, line: number, at: number, label: string | null, above: Above) => {
    const { job, off, lets } = above;
    units.add(job);
    const reach = off ? nothing : always;
    checks.push({
      ...found,
      ...{ path, unit: job, title: job, step: label, line, isProduct: false, isLocal: false, width: 1 },
      ignored: found.ignored ?? (lets ? "its failure is allowed" : null),
      reach: { workflow: always, job: reach, own: reach },
      lines: { event: 1, job: at },
    });
  };
  const addScripts = (texts: Scalar[], label: string | null, line: number, above: Above) => {
    if (texts.length > 0) units.add(above.job);
    // The commands of a list share one shell; Travis looks at each of them by itself.
    for (const part of path.endsWith(".travis.yml") ? texts.map((text) => [text]) : [texts]) {
      const whole = part.map(({ text }) => text).join("\n");
      const found = checksOfScript(whole, { errexit: true, pipefail: true }, new Map());
      const hint = found.some(({ kind }) => kind !== "other") ? null : kindOfName(label ?? "");
      for (const { offset, ...check } of found)
        add({ ...check, kind: hint ?? check.kind }, lineIn(part, offset), line, label, above);
    }
  };
  /** What stands elsewhere: a template, a command of the file's own, one of an orb. */
  const addElsewhere = (name: string, line: number, above: Above) =>
    add(plainCheck("other", `uses ${name}`, `uses ${name}`), line, line, null, above);
  const visit = (node: Located, above: Above): void => {
    nodes += 1;
    if (nodes > most.nodes || above.names.length > most.depth) return;
    if (node.kind === "list") {
      for (const item of node.items) {
        const name = stringOf(item) ?? keysOf(item)[0] ?? "";
        if (commands.has(name) || /^[\w-]{1,60}\/[\w-]{1,60}$/.test(name)) addElsewhere(name, item.at.line, above);
        else visit(item, above);
      }
    }
    if (node.kind !== "map") return;
    const [top, job = ""] = above.names;
    const isStarted = started === null || above.names.length !== 2 || top !== "jobs" || started.has(job);
    const inside = { ...above, off: above.off || !isStarted || isOff(node), lets: above.lets || letsFail(node) };
    const labels = ["name", "label", "displayName", "job", "task"].map((key) => stringOf(nodeAt(node, key)));
    const label = labels.find(Boolean) ?? null;
    for (const key of commandKeys) addScripts(scalarsOf(nodeAt(node, key)), label, node.at.line, inside);
    const template = stringOf(nodeAt(node, "template"));
    if (template !== undefined) addElsewhere(template, node.at.line, inside);
    for (const [key, { value }] of node.entries) {
      if (commandKeys.includes(key) && value.kind !== "map") continue;
      const isNamed = value.kind === "map" && key !== "run";
      const names = isNamed ? [...above.names, key] : above.names;
      const unit = isNamed ? names.join("/") : label === null ? above.job : `${above.job}/${label}`;
      visit(value, { ...inside, names, job: unit });
    }
  };
  visit(root, { names: [], job: path, off: false, lets: false });
  return { checks, units: [...units] };
}
