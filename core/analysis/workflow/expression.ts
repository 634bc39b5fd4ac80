/** What an expression comes to; undefined where that is not known before the run. */
export type Value = string | number | boolean | null | undefined;

/** What a name such as `github.event_name` stands for; undefined where nobody can tell. Names come in lower case. */
export type Names = (name: string) => Value;

/** Longer expressions are not looked into, and neither are ones nested deeper. */
const most = { characters: 20_000, depth: 50 } as const;
const tokens = /\s*(?:('(?:[^']|'')*')|(-?\d[\d.]*)|([A-Za-z_][\w-]*)|(&&|\|\||[=!<>]=|[<>!()[\],.*]))/y;

class Unread extends Error {}

/** As GitHub takes a value for true or false; undefined stays so. */
function truth(value: Value): boolean | undefined {
  return value === undefined ? undefined : Boolean(value);
}

function not(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value;
}

/** Compares two values as GitHub does: strings without their case, values of different kinds as numbers. */
function compare(left: Value, sign: string, right: Value): boolean | undefined {
  if (left === undefined || right === undefined) return undefined;
  const plain = (value: Value) => (typeof value === "string" ? value.toLowerCase() : value);
  const [one, other] =
    typeof left === typeof right ? [plain(left), plain(right)] : [Number(left ?? 0), Number(right ?? 0)];
  if (sign === "==") return one === other;
  if (sign === "!=") return one !== other;
  if (typeof one !== "number" || typeof other !== "number") return undefined;
  return sign === "<" ? one < other : sign === "<=" ? one <= other : sign === ">" ? one > other : one >= other;
}

const ofText =
  (answer: (whole: string, part: string) => boolean) =>
  ([whole, part]: Value[]): Value =>
    typeof whole === "string" && typeof part === "string" ? answer(whole.toLowerCase(), part.toLowerCase()) : undefined;

const calls: Record<string, (values: Value[]) => Value> = {
  always: () => true,
  success: () => true,
  // A check has to run where nothing has failed yet.
  failure: () => false,
  cancelled: () => false,
  contains: ofText((whole, part) => whole.includes(part)),
  startswith: ofText((whole, part) => whole.startsWith(part)),
  endswith: ofText((whole, part) => whole.endsWith(part)),
};

function outcome(text: string, names: Names): Value {
  const found: string[] = [];
  const end = text.trimEnd().length;
  tokens.lastIndex = 0;
  while (tokens.lastIndex < end) {
    const match = tokens.exec(text);
    if (match === null) throw new Unread();
    found.push(match[0].trim());
  }
  let [at, depth] = [0, 0];
  const take = (sign: string): boolean => {
    if (found[at] !== sign) return false;
    at += 1;
    return true;
  };
  /** Reads `a || b` and `a && b`: where the left side is not known, the right one may still settle it. */
  const joined = (sign: string, settles: boolean, read: () => Value) => (): Value => {
    let value = read();
    while (take(sign)) {
      const right = read();
      const left = truth(value);
      if (left === undefined) value = truth(right) === settles ? settles : undefined;
      else if (left !== settles) value = right;
    }
    return value;
  };
  const comparison = (): Value => {
    let value = unary();
    for (let sign = found[at] ?? ""; /^(?:[=!]=|[<>]=?)$/.test(sign); sign = found[at] ?? "") {
      at += 1;
      value = compare(value, sign, unary());
    }
    return value;
  };
  const either = joined("||", true, joined("&&", false, comparison));
  const inner = (): Value => {
    depth += 1;
    if (depth > most.depth) throw new Unread();
    const value = either();
    depth -= 1;
    return value;
  };
  const unary = (): Value => {
    let negations = 0;
    while (take("!")) negations += 1;
    const value = primary();
    if (negations === 0) return value;
    return negations % 2 === 0 ? truth(value) : not(truth(value));
  };
  const primary = (): Value => {
    const token = found[at] ?? "";
    at += 1;
    if (token === "(") {
      const value = inner();
      if (!take(")")) throw new Unread();
      return value;
    }
    if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
    if (/^-?\d/.test(token)) return Number(token);
    if (!/^[A-Za-z_]/.test(token)) throw new Unread();
    const name = token.toLowerCase();
    if (name === "true" || name === "false") return name === "true";
    if (name === "null") return null;
    return named(name, take("(") ? called(name) : undefined);
  };
  const called = (name: string): Value => {
    const values: Value[] = [];
    while (!take(")")) {
      values.push(inner());
      if (found[at] !== ")" && !take(",")) throw new Unread();
    }
    // What another call answers, such as `fromJSON(…)`, has no name.
    return Object.hasOwn(calls, name) ? calls[name]?.(values) : undefined;
  };
  const named = (first: string, known: Value): Value => {
    let name: string | null = found[at - 1] === ")" ? null : first;
    for (;;) {
      if (take(".")) {
        name = name === null ? null : `${name}.${found[at] ?? ""}`.toLowerCase();
        at += 1;
      } else if (take("[")) {
        const index = inner();
        if (!take("]")) throw new Unread();
        name = name === null || typeof index !== "string" ? null : `${name}.${index.toLowerCase()}`;
      } else return known ?? (name === null ? undefined : names(name));
    }
  };
  const value = either();
  if (at < found.length) throw new Unread();
  return value;
}

/**
 * Works out an expression as far as that goes before a run. A text around `${{ … }}` makes it a string, which counts as
 * true whatever it says. Source: GitHub docs, "Evaluate expressions in workflows and actions".
 */
function evaluate(text: string, names: Names): Value {
  if (text.length > most.characters) return undefined;
  const inner = /^\s*\$\{\{([\s\S]*)\}\}\s*$/.exec(text)?.[1] ?? text;
  if (inner.includes("${{")) return text;
  try {
    return outcome(inner, names);
  } catch (error) {
    if (error instanceof Unread) return undefined;
    throw error;
  }
}

/** Whether a condition surely holds, or surely does not; undefined where that is not known before the run. */
export function holds(condition: string, names: Names): boolean | undefined {
  return condition.trim() === "" ? true : truth(evaluate(condition, names));
}
