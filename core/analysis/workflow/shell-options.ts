import { type Node, parseScript, type Script } from "./shell-parser.ts";

/** How a shell runs a script: whether the first failure ends it (`-e`), and whether a pipe fails with any of its parts. */
export type ShellOptions = { errexit: boolean; pipefail: boolean };

/** The names whose values decide something further on: those on lines that test, exit or hand on. */
export function decidingNames(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  const decides = /\b(?:exit|return|test|if|elif|while|until|case)\b|\[|\(\(|GITHUB_(?:OUTPUT|ENV|STATE)/;
  for (const line of text.split("\n")) {
    if (!decides.test(line)) continue;
    const pattern = line.includes("((") ? /\$?\{?([A-Za-z_]\w{0,99})/g : /\$\{?[#!]?([A-Za-z_]\w{0,99})/g;
    for (const [, name = ""] of line.matchAll(pattern)) names.add(name);
  }
  return names;
}

/** Whether a node surely ends the script, and with what. */
export function endOf(node: Node): "well" | "badly" | null {
  if (node.kind === "group" && !node.subshell)
    return node.body.map((one) => (one.background ? null : endOf(one.node))).find((end) => end !== null) ?? null;
  if (node.kind !== "command" || node.words[0]?.text !== "exit") return null;
  const value = node.words[1]?.text;
  return value === undefined || /\D/.test(value) ? null : /^0+$/.test(value) ? "well" : "badly";
}

/** Whether a condition is settled as it stands. */
export function constantOf(condition: Script): boolean | null {
  const [only] = condition;
  if (condition.length !== 1 || only === undefined) return null;
  const isNegated = only.node.kind === "not";
  const node = only.node.kind === "not" ? only.node.node : only.node;
  if (node.kind !== "command") return null;
  const [name = "", left = "", sign = "", right = "", end] = node.words.map((word) => word.text);
  if (name === "true" || name === ":") return !isNegated;
  if (name === "false") return isNegated;
  if (!["[", "[[", "test"].includes(name) || (end ?? "]") !== "]" || /[$`*?]/.test(left + right)) return null;
  if (["=", "==", "-eq"].includes(sign)) return (left === right) !== isNegated;
  return ["!=", "-ne"].includes(sign) ? (left !== right) !== isNegated : null;
}

/** Changes the options as a `set` does from here on. */
export function applySet(words: readonly string[], options: ShellOptions): void {
  words.forEach((word, index) => {
    const [, sign, flags = ""] = /^([-+])([a-zA-Z]+)$/.exec(word) ?? [];
    if (sign === undefined) return;
    const option = flags.endsWith("o") ? words[index + 1] : undefined;
    if (flags.includes("e") || option === "errexit") options.errexit = sign === "-";
    if (option === "pipefail") options.pipefail = sign === "-";
  });
}

/** Whether a `trap` makes a script end well, however it would have ended. */
export function endsWell(words: readonly string[]): boolean {
  if (words[0] !== "trap" || !words.slice(2).some((signal) => /^(?:EXIT|0|ERR)$/.test(signal))) return false;
  return parseScript(words[1] ?? "")?.some(({ node }) => endOf(node) === "well") === true;
}

/** The script that a command hands to a shell of its own: `bash -c '…'`, `eval …`, `bash <<EOF`. */
export function innerScript(words: readonly string[], input: string | null): [string, ShellOptions] | null {
  if (words[0] === "eval") return [words.slice(1).join(" "), { errexit: false, pipefail: false }];
  const shell = words.slice(0, 40).findIndex((word) => /^(?:.*\/)?(?:ba|da|z|k)?sh$/.test(word));
  if (shell === -1) return null;
  const rest = words.slice(shell + 1);
  const flag = rest.findIndex((word) => /^-[a-zA-Z]*c$/.test(word));
  const flags = rest.slice(0, flag === -1 ? rest.length : flag + 1);
  const options = { errexit: flags.some((word) => /^-[a-zA-Z]*e/.test(word)), pipefail: rest.includes("pipefail") };
  const takesInput = flag === -1 && rest.every((word) => /^[-+]/.test(word));
  const text = flag === -1 ? (takesInput ? input : null) : (rest[flag + 1] ?? null);
  return text === null ? null : [text, options];
}
