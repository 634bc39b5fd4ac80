/** Where a text stops being JSON: line and column, both from 1. */
export type JsonFault = { line: number; column: number };

const tokens = {
  space: /[ \t\n\r]*/y,
  string: /"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy,
  plain: /(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![0-9A-Za-z_.+-])/y,
};

/** The offset of the first character that no JSON text could have there; the text is known not to be JSON. */
function faultOffset(text: string): number {
  const open: ("{" | "[")[] = [];
  let at = 0;
  const take = (token: RegExp): boolean => {
    token.lastIndex = at;
    if (!token.test(text)) return false;
    at = token.lastIndex;
    return true;
  };
  const takeSign = (sign: string): boolean => {
    take(tokens.space);
    if (text[at] !== sign) return false;
    at += 1;
    return true;
  };
  const takeKey = (): boolean => {
    take(tokens.space);
    return take(tokens.string) && takeSign(":");
  };
  /** Closes what the value just read ends, up to the place of the next value; false: the text ends or breaks here. */
  const takeEnds = (): boolean => {
    for (let inside = open.at(-1); inside !== undefined; inside = open.at(-1)) {
      if (takeSign(",")) return inside === "[" || takeKey();
      if (!takeSign(inside === "[" ? "]" : "}")) return false;
      open.pop();
    }
    return false;
  };
  for (;;) {
    if (takeSign("[")) {
      open.push("[");
      if (!takeSign("]")) continue;
      open.pop();
    } else if (takeSign("{")) {
      open.push("{");
      if (!takeSign("}")) {
        if (!takeKey()) break;
        continue;
      }
      open.pop();
    } else if (!take(tokens.string) && !take(tokens.plain)) break;
    if (!takeEnds()) break;
  }
  take(tokens.space);
  return at;
}

/** Where a text is not valid JSON (RFC 8259); null when it is. The author of the change wrote the text. */
export function jsonFault(text: string): JsonFault | null {
  try {
    JSON.parse(text);
    return null;
  } catch {
    const before = text.slice(0, faultOffset(text)).split("\n");
    return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
  }
}
