import {
  applySet,
  constantOf,
  decidingNames,
  endOf,
  endsWell,
  innerScript,
  type ShellOptions,
} from "./shell-options.ts";
import { type Command, type Node, parseScript, type Script, type Word } from "./shell-parser.ts";

/** A command of a script. */
export type Ran = {
  words: string[];
  assigns: string[];
  /** Where it stands in the script, or the command whose words are the script that it stands in. */
  offset: number;
  /** Why its failure does not fail the script; null where it does, or may. */
  ignored: string | null;
  /** Its output is taken, as in `$(…)`. */
  isOutput: boolean;
};

/** Where a failure leads: null to the script's own failure, else to nothing, and why. */
type Fate = string | null;

/** Stands for a failure upon which another check is tried instead. */
export const tried = "";

/** How a node is run, and where its failures lead. */
type Ground = {
  /** Where it leads that the node ends with a failure and the script goes on. */
  status: Fate;
  /** Where it leads that the shell ends at once with a failure. */
  exit: Fate;
  /** In conditions and before `&&` and `||` bash lets `-e` rest. */
  suspended: boolean;
  options: ShellOptions;
  /** What comes behind the node surely ends the script with a failure. */
  failsLater: boolean;
  /** The next statement looks into each part of a pipe. */
  partsAsked: boolean;
  offset: number;
};

const never = "it stands where the script never comes";
/** What only passes on or shows what it is given, and ends well whatever that is. */
const sinks = new Set(
  "tee cat head tail sed awk tr sort uniq less more ts xcpretty xcbeautify tap-spec faucet while true : echo printf wc".split(
    " ",
  ),
);
/** Functions of scripts that end them with a failure, by the names they usually bear. */
const raising = /^(?:die|fail\w*|err|error\w*|abort\w*|bail\w*|fatal\w*|usage|panic|exit_\w+|throw\w*)$/i;
/** How many nodes are walked, and functions and scripts of commands followed: few lines can call one another often. */
const most = { steps: 20_000, calls: 50 } as const;

const nameOf = (node: Node) => (node.kind === "command" ? (node.words[0]?.text ?? "") : "");

/** Where it leads that a node fails by its last command. */
function fateOf({ options, suspended, status, exit }: Ground): Fate {
  return options.errexit && !suspended ? exit : status;
}

/** The ground of what may run or not: what it sets cannot be told. */
function aside(ground: Ground, fate?: Fate): Ground {
  const options = { ...ground.options };
  // In a shell of its own however it fails, it is one failure outside.
  return fate === undefined ? { ...ground, options } : { ...ground, options, status: fate, exit: fate };
}

/**
 * Follows a script as bash runs it and tells of each of its commands whether its failure fails the script. `judges` says
 * which commands are checks. Null where the text is no script that is read. Source: bash manual, "The Set Builtin".
 */
export function commandsOf(
  text: string,
  options: ShellOptions,
  judges: (words: readonly string[]) => boolean,
): Ran[] | null {
  const whole = parseScript(text);
  if (whole === null) return null;
  const deciding = decidingNames(text);
  const functions = new Map<string, Node>();
  const found: Ran[] = [];
  let [steps, calls, taking] = [0, 0, 0];
  let trapped: Fate = null;
  /** Where the command stands whose words are the script that is followed; such a script has no lines of its own. */
  let anchor: number | null = null;

  const isDeciding = ({ text: assign }: Word) => deciding.has(/^\w+/.exec(assign)?.[0] ?? "");

  /** What runs upon a failure: whether it hands that on (it exits with one, keeps a status), or another check is tried. */
  const handing = (node: Node, depth = 0): "fails" | "tries" | null => {
    steps += 1;
    if (steps > most.steps || depth > most.calls) return "fails";
    const any = (nodes: Node[]) => {
      const all = nodes.map((one) => handing(one, depth + 1));
      return all.find((one) => one === "fails") ?? all.find((one) => one === "tries") ?? null;
    };
    const inAny = (...scripts: (Script | null)[]) => any(scripts.flatMap((one) => one?.map(({ node }) => node) ?? []));
    if (node.kind === "not") return any([node.node]);
    if (node.kind === "pipe" || node.kind === "chain") return any(node.parts);
    if (node.kind === "if") return inAny(...node.branches.map((branch) => branch.body), node.otherwise);
    if (node.kind === "case") return inAny(...node.bodies);
    if (node.kind === "group" || node.kind === "loop") return inAny(node.body);
    if (node.kind === "function") return null;
    const words = node.words.map((word) => word.text);
    const [name = "", value = ""] = words;
    const sets = name === "" ? node.assigns : /^(?:export|local|declare|let|readonly)$/.test(name) ? node.words : null;
    if (sets !== null) return sets.some(isDeciding) ? "fails" : null;
    if (name === "exit" || name === "return") return /^0+$/.test(value) ? null : "fails";
    if (name === "false" || name === "((" || raising.test(name) || node.handsOn) return "fails";
    // What takes only some failures for none, such as pytest's for "no tests", keeps the others.
    if (/^(?:\[\[?|test)$/.test(name))
      return words.includes("$?") && !/^(?:1|-ne|-gt|-ge|!=)$/m.test(words.join("\n")) ? "fails" : null;
    const called = functions.get(name);
    return called !== undefined ? any([called]) : judges(words) ? "tries" : null;
  };

  /** Whether the statement behind one asks how it ended, or a later one waits for what runs in the background. */
  const isAsked = (script: Script, index: number): boolean => {
    const waits = /\bwait\b[^\n;&|]{0,50}[$%]/;
    if (script[index]?.background === true)
      return script.slice(index + 1, index + 100).some(({ source }) => waits.test(source));
    const next = script[index + 1];
    if (next === undefined || !/\$\{?\?|PIPESTATUS|^\s*exit\s*$/.test(next.source)) return false;
    const { node } = next;
    if (node.kind === "command" && nameOf(node) === "") return node.assigns.some(isDeciding);
    return !["echo", "printf"].includes(nameOf(node)) || (node.kind === "command" && node.handsOn);
  };

  const statements = (script: Script, ground: Ground): void => {
    const lastBad = script.findLastIndex((one) => !one.background && endOf(one.node) === "badly");
    let isDead = false;
    script.forEach(({ node, offset, background }, index) => {
      const failsLater = !isDead && (ground.failsLater || index < lastBad);
      const kept = failsLater || isAsked(script, index);
      const partsAsked = /PIPESTATUS/.test(script[index + 1]?.source ?? "");
      const unasked = index === script.length - 1 ? ground.status : "nothing asks how it ends";
      const own = { ...ground, status: isDead ? never : kept ? null : unasked, failsLater, partsAsked, offset };
      if (isDead) walk(node, { ...own, exit: never });
      else if (background) walk(node, aside(own, kept ? null : "it runs in the background"));
      else walk(node, own);
      isDead ||= !background && (endOf(node) !== null || /^(?:exit|exec)$/.test(nameOf(node)));
    });
  };

  const walk = (node: Node, ground: Ground): void => {
    steps += 1;
    if (steps > most.steps) return;
    if (node.kind === "command") command(node, ground);
    else if (node.kind === "pipe") pipe(node.parts, ground);
    else if (node.kind === "chain") chain(node.parts, node.joins, ground);
    else if (node.kind === "if") branches(node, ground);
    else if (node.kind === "function") functions.set(node.name, node.body);
    else if (node.kind === "group") statements(node.body, node.subshell ? aside(ground, fateOf(ground)) : ground);
    else if (node.kind === "not") {
      // What is turned round within what is turned round is not followed.
      const isPlain = node.node.kind === "command" || node.node.kind === "pipe";
      const fate = ground.failsLater || !isPlain ? null : "`!` takes its failure for success";
      walk(node.node, { ...ground, status: fate, exit: fate, suspended: true });
    } else if (node.kind === "loop") {
      const isPlain = node.isWhile && node.condition?.length === 1 && node.condition[0]?.node.kind !== "not";
      const fate = isPlain && !ground.failsLater ? "`while` ends well when it fails" : null;
      if (node.condition !== null) statements(node.condition, { ...aside(ground, fate), suspended: true });
      statements(node.body, aside(ground));
    } else for (const body of node.bodies) statements(body, aside(ground));
  };

  const pipe = (parts: readonly Node[], ground: Ground): void => {
    const own = fateOf(ground);
    const last = parts.at(-1);
    const name = last === undefined ? "" : last.kind === "loop" ? "while" : nameOf(last);
    const isFilter = name === "grep" && last?.kind === "command" && last.words.some(({ text }) => /^-\w*v/.test(text));
    const isKept = own !== null || ground.options.pipefail || ground.partsAsked || ground.failsLater;
    const lost = `its output goes to \`${name}\`, and the pipe ends as that does`;
    for (const part of parts)
      walk(part, aside(ground, part !== last && (sinks.has(name) || isFilter) && !isKept ? lost : own));
  };

  /** Where it leads that a part of a chain other than the last fails. */
  const afterFailure = (parts: readonly Node[], joins: readonly string[], from: number, ground: Ground): Fate => {
    let [last, failed] = [from, true];
    for (let at = from; at < joins.length; at += 1) {
      const next = parts[at + 1];
      if (next === undefined || (joins[at] === "&&") === failed) continue;
      last = at + 1;
      const handed = failed ? handing(next) : null;
      // A check that is tried instead counts by itself, unless its failure is lost in turn.
      if (handed === "tries")
        return (last === parts.length - 1 ? fateOf(ground) : afterFailure(parts, joins, last, ground)) ?? tried;
      if (handed === "fails") return null;
      if (!failed && endOf(next) === "badly") return null;
      failed = false;
    }
    if (!failed) return "what stands behind `||` ends well";
    // Where the last part has failed `-e` ends the script; where an earlier one has, it does not.
    return last === parts.length - 1 ? fateOf(ground) : ground.status;
  };

  const chain = (parts: readonly Node[], joins: readonly string[], ground: Ground): void => {
    parts.forEach((part, index) => {
      const isLast = index === parts.length - 1;
      const status = () => (ground.failsLater ? null : afterFailure(parts, joins, index, ground));
      walk(part, isLast ? ground : { ...ground, status: status(), suspended: true });
    });
  };

  const branches = ({ branches: all, otherwise }: Extract<Node, { kind: "if" }>, ground: Ground): void => {
    const bodyOf = (body: Script, isDead: boolean) =>
      statements(body, isDead ? { ...aside(ground, never), failsLater: false } : aside(ground));
    const hands = (scripts: (Script | null)[]) =>
      scripts.some((script) => script?.some(({ node }) => handing(node) !== null));
    let isTaken = false;
    all.forEach(({ condition, body }, index) => {
      const others = all.slice(index + 1).filter((one) => constantOf(one.condition) !== false);
      const elsewhere = [...others.map((one) => one.body), otherwise];
      condition.forEach(({ node, offset }, at) => {
        const plain = node.kind === "not" ? node.node : node;
        const isMixed = plain.kind === "chain" && plain.joins.includes("||");
        const isLast = at === condition.length - 1;
        const isKept = ground.failsLater || isMixed || !isLast || hands(node.kind === "not" ? [body] : elsewhere);
        const fate = isKept ? null : "`if` asks how it ends and lets a failure pass";
        walk(plain, { ...ground, status: fate, exit: fate, suspended: true, offset });
      });
      const constant = constantOf(condition);
      bodyOf(body, isTaken || constant === false);
      isTaken ||= constant === true;
    });
    if (otherwise !== null) bodyOf(otherwise, isTaken);
  };

  const command = (node: Command, ground: Ground): void => {
    const words = node.words.map((word) => word.text);
    const own = fateOf(ground) ?? trapped;
    const isAssigned = words.length === 0;
    taking += 1;
    for (const script of [...node.assigns, ...node.words].flatMap(({ inner }) => inner)) {
      const inside = aside(ground, isAssigned ? own : "only its output is used");
      // A substitution does not inherit `-e`.
      inside.options.errexit = false;
      statements(script, { ...inside, suspended: false, failsLater: ground.failsLater && isAssigned });
    }
    taking -= 1;
    if (isAssigned) return;
    if (words[0] === "set") applySet(words, ground.options);
    if (endsWell(words)) trapped = "a trap ends the script well";
    const assigns = node.assigns.map((word) => word.text);
    found.push({ words, assigns, offset: anchor ?? ground.offset, ignored: own, isOutput: taking > 0 });
    const [script, inside] = innerScript(words, node.input) ?? [];
    const parsed = script === undefined || calls >= most.calls ? null : parseScript(script);
    if (inside !== undefined && parsed !== null) {
      calls += 1;
      const outer = anchor;
      anchor ??= ground.offset;
      statements(parsed, { ...aside(ground, own), options: inside, suspended: false });
      anchor = outer;
    }
    for (const [index, word] of words.entries()) {
      const called = functions.get(word);
      if (called === undefined || calls >= most.calls) continue;
      calls += 1;
      // A function that calls itself is not followed twice.
      functions.delete(word);
      // The call is a command like another: `-e` ends the script when the function ends badly, whatever let it rest inside.
      walk(called, index === 0 ? { ...ground, status: fateOf(ground) } : { ...ground, status: own, exit: own });
      functions.set(word, called);
    }
  };

  const start = { status: null, exit: null, suspended: false, failsLater: false, partsAsked: false, offset: 0 };
  statements(whole, { ...start, options: { ...options } });
  return found;
}
