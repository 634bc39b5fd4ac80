/** A JSON value: plain data and nothing else. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Whether a value is an object, not a list and not null. */
export function isObject(value: Json | undefined): value is { readonly [key: string]: Json | undefined } {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/**
 * The canonical serialisation of a value: keys sorted by UTF-16 code units, no white space, as in RFC 8785 for strings,
 * numbers and plain objects. Keys whose value is undefined are left out, as in JSON.stringify. Throws on anything but
 * plain JSON, because a value with two spellings cannot be hashed, and on the key `__proto__`, because readers disagree
 * about its meaning.
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new TypeError("a string with half of a surrogate pair has no canonical form");
    return JSON.stringify(value);
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
      throw new TypeError(`the number ${value} has no canonical form`);
    }
    return JSON.stringify(value);
  }
  // Unlike map, Array.from visits the holes of a list, which are then refused.
  if (isList(value)) return `[${Array.from(value, (item) => canonicalJson(item)).join(",")}]`;
  if (typeof value !== "object") throw new TypeError(`${typeof value} has no canonical form`);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError("only plain objects have a canonical form");
  }
  if (Object.hasOwn(value, "__proto__")) throw new TypeError("the key __proto__ has no canonical form");
  const pairs = Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, item] as const]));
  pairs.sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
  return `{${pairs.map(([key, item]) => `${canonicalJson(key)}:${canonicalJson(item)}`).join(",")}}`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** The deepest nesting that is read; deeper text is refused before it can exhaust the stack. */
const maxDepth = 64;

/** Whether JSON of anybody's is nested deeper than what reads it can follow. */
export function isTooDeep(text: string): boolean {
  return depth(text) > maxDepth;
}

/**
 * Parses a text only if it is canonical: then it has no repeated keys, rounded numbers, half surrogates or second
 * spelling, because each of them would be written differently. Undefined: it is not canonical.
 */
export function parseCanonicalJson(text: string): Json | undefined {
  if (isTooDeep(text)) return undefined;
  try {
    const value: Json = JSON.parse(text);
    return isWrittenSo(value, text) || canonicalJson(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Fast path: whether JSON.stringify gives this very text and the text is canonical as well. False decides nothing: the
 * text may escape half a surrogate pair, or have number-like keys in an order that the engine does not keep.
 */
function isWrittenSo(value: Json, text: string): boolean {
  return !text.includes("\\ud") && JSON.stringify(value) === text && isOrdered(value);
}

/** Whether all keys are in order and allowed, and all numbers have a canonical form. */
function isOrdered(value: Json): boolean {
  if (typeof value === "number") return !Number.isInteger(value) || Number.isSafeInteger(value);
  if (value === null || typeof value !== "object") return true;
  if (isList(value)) return value.every(isOrdered);
  let last: string | null = null;
  for (const [key, item] of Object.entries(value)) {
    if (key === "__proto__" || (last !== null && key <= last)) return false;
    if (item !== undefined && !isOrdered(item)) return false;
    last = key;
  }
  return true;
}

function depth(text: string): number {
  let open = 0;
  let max = 0;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === '"') at = endOfString(text, at);
    else if (sign === "{" || sign === "[") max = Math.max(max, ++open);
    else if (sign === "}" || sign === "]") open--;
  }
  return max;
}

/** The end of the string that begins at `start`: the next quotation mark after an even number of backslashes. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text[before - 1] === "\\") before--;
    if ((end - before) % 2 === 0) return end;
  }
  return text.length;
}
