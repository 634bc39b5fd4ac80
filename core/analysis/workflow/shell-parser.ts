import { deepest, redirections, type Token, tokensOf, Unread } from "./shell-tokens.ts";

/** A word of a command without its quotes, and the scripts whose output it takes. */
export type Word = { text: string; inner: Script[] };

/** One command: `A=1 npm test`. `input` is its here-document; `handsOn`: it writes where later steps read. */
export type Command = { kind: "command"; assigns: Word[]; words: Word[]; input: string | null; handsOn: boolean };

/** What a script is made of: a command, or a construct that holds others. */
export type Node =
  | Command
  | { kind: "pipe"; parts: Node[] }
  | { kind: "not"; node: Node }
  | { kind: "chain"; parts: Node[]; joins: string[] }
  | { kind: "group"; body: Script; subshell: boolean }
  | { kind: "if"; branches: { condition: Script; body: Script }[]; otherwise: Script | null }
  | { kind: "loop"; isWhile: boolean; condition: Script | null; body: Script }
  | { kind: "case"; bodies: Script[] }
  | { kind: "function"; name: string; body: Node };

/** A statement as it stands in the text, from its offset on. */
export type Statement = { node: Node; background: boolean; offset: number; source: string };

/** The statements of a script, or of a part of it, in their order. */
export type Script = Statement[];

/** Longer scripts are data or an attack. */
const longest = 200_000;
const closers = new Set(["then", "else", "elif", "fi", "do", "done", "esac", "}"]);

/** Reads the grammar of sh and bash by descent: every construct is one function, and none looks back. */
function scriptOf(text: string, tokens: readonly Token[], outer: number): Script {
  let at = 0;
  let depth = outer;
  const isSign = (...texts: string[]) => tokens[at]?.sign === true && texts.includes(tokens[at]?.text ?? "");
  const isWord = () => tokens[at]?.sign === false;
  /** The bare word that stands here; empty where something else does. */
  const keyword = () => (tokens[at]?.isPlain === true ? (tokens[at]?.text ?? "") : "");
  const take = (text: string): boolean => {
    const stands = isSign(text) || keyword() === text;
    if (stands) at += 1;
    return stands;
  };
  const expect = (text: string) => {
    if (!take(text)) throw new Unread();
  };
  const next = (): Token => {
    const token = tokens[at];
    if (token === undefined) throw new Unread();
    at += 1;
    return token;
  };
  const lines = () => {
    while (take("\n"));
  };
  const word = (): Word => {
    const token = next();
    if (token.sign) throw new Unread();
    return { text: token.text, inner: token.inner.map((inside) => scriptOf(text, inside, depth + 1)) };
  };
  /** Passes what stands in brackets, of which the first is passed. */
  const brackets = (count: number) => {
    for (let open = count; open > 0; ) {
      const { sign, text } = next();
      if (sign && text === "(") open += 1;
      else if (sign && text === ")") open -= 1;
    }
  };
  const empty = (name?: string): Command => {
    const words = name === undefined ? [] : [{ text: name, inner: [] }];
    return { kind: "command", assigns: [], words, input: null, handsOn: false };
  };
  const redirect = (command: Command | null): boolean => {
    const token = tokens[at];
    if (token === undefined || !token.sign || !redirections.test(token.text)) return false;
    at += 1;
    const target = word().text;
    if (command !== null && /<<-?$/.test(token.text)) command.input = target;
    else if (command !== null && /GITHUB_(?:OUTPUT|ENV|STATE)/.test(target)) command.handsOn = true;
    return true;
  };
  const body = (open: string, close: string): Script => {
    lines();
    expect(open);
    const script = list();
    expect(close);
    return script;
  };

  const simple = (): Node => {
    const command = empty();
    const from = at;
    while (redirect(command) || isWord()) {
      if (!isWord()) continue;
      const one = word();
      const isAssigned = command.words.length === 0 && /^[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=/.test(one.text);
      (isAssigned ? command.assigns : command.words).push(one);
      if (isSign("(") && command.words.length === 1 && command.assigns.length === 0) return named(one.text);
    }
    if (at === from) throw new Unread();
    return command;
  };
  /** A function, from behind its name on. */
  const named = (name: string): Node => {
    if (take("(")) expect(")");
    lines();
    return { kind: "function", name, body: compound() };
  };
  const conditional = (): Node => {
    const branches: { condition: Script; body: Script }[] = [];
    do {
      const condition = list();
      expect("then");
      branches.push({ condition, body: list() });
    } while (take("elif"));
    const otherwise = take("else") ? list() : null;
    expect("fi");
    return { kind: "if", branches, otherwise };
  };
  const loop = (name: string): Node => {
    const isAsked = name === "while" || name === "until";
    const condition = isAsked ? list() : null;
    if (!isAsked && take("(")) brackets(1);
    else if (!isAsked) {
      word();
      lines();
      if (take("in")) while (isWord()) word();
    }
    while (!isAsked && (take(";") || take("\n")));
    return { kind: "loop", isWhile: name === "while", condition, body: body("do", "done") };
  };
  const cases = (): Node => {
    word();
    lines();
    expect("in");
    const bodies: Script[] = [];
    for (lines(); !take("esac"); lines()) {
      take("(");
      do word();
      while (take("|"));
      expect(")");
      bodies.push(list());
      if (!take(";;&") && !take(";;")) take(";&");
    }
    return { kind: "case", bodies };
  };
  /** `[[ … ]]` is one command, in which `&&`, `<` and `(` are words. */
  const comparison = (): Node => {
    const command = empty("[[");
    for (let token = next(); token.text !== "]]"; token = next())
      command.words.push({ text: token.text, inner: token.inner.map((inside) => scriptOf(text, inside, depth + 1)) });
    return command;
  };
  const construct = (): Node | null => {
    if (isSign("(")) {
      const [one, other] = [tokens[at], tokens[at + 1]];
      if (other?.sign !== true || other.text !== "(" || other.from !== one?.to)
        return { kind: "group", body: body("(", ")"), subshell: true };
      at += 2;
      brackets(2);
      return empty("((");
    }
    if (keyword() === "{") return { kind: "group", body: body("{", "}"), subshell: false };
    if (take("if")) return conditional();
    const name = keyword();
    if (/^(?:while|until|for|select)$/.test(name) && take(name)) return loop(name);
    if (take("case")) return cases();
    return take("[[") ? comparison() : null;
  };
  const compound = (): Node => {
    depth += 1;
    if (depth > deepest) throw new Unread();
    let node: Node | null;
    if (take("function")) node = named(word().text);
    else {
      node = construct();
      if (node === null) node = simple();
      else while (redirect(null));
    }
    depth -= 1;
    return node;
  };
  const pipeline = (): Node => {
    let isNegated = false;
    while (take("!")) isNegated = !isNegated;
    const first = compound();
    const parts = [first];
    while (take("|") || take("|&")) {
      lines();
      parts.push(compound());
    }
    const node: Node = parts.length === 1 ? first : { kind: "pipe", parts };
    return isNegated ? { kind: "not", node } : node;
  };
  const chain = (): Node => {
    const first = pipeline();
    const parts = [first];
    const joins: string[] = [];
    while (isSign("&&", "||")) {
      joins.push(next().text);
      lines();
      parts.push(pipeline());
    }
    return parts.length === 1 ? first : { kind: "chain", parts, joins };
  };
  /** Statements up to what closes them, which is left standing. */
  const list = (): Script => {
    const script: Script = [];
    for (;;) {
      while (take("\n") || take(";"));
      const token = tokens[at];
      if (token === undefined || isSign(")", ";;", ";&", ";;&") || closers.has(keyword())) return script;
      const node = chain();
      const source = text.slice(token.from, tokens[at - 1]?.to);
      const background = take("&");
      script.push({ node, background, offset: token.from, source });
      if (!background && tokens[at] !== undefined && !isSign(";", "\n", ")", ";;", ";&", ";;&")) throw new Unread();
    }
  };

  const script = list();
  if (at < tokens.length) throw new Unread();
  return script;
}

/** Reads a script of sh or bash; null when it is none, is longer than is read or is nested deeper. Any author wrote it. */
export function parseScript(text: string): Script | null {
  if (text.length > longest) return null;
  try {
    const whole = text.replaceAll("\r\n", "\n");
    return scriptOf(whole, tokensOf(whole), 0);
  } catch (error) {
    if (error instanceof Unread) return null;
    throw error;
  }
}
