/** A part of a text, as places of its first character and of the one after its last, and which rule says so. */
export type Range = { rule: string; start: number; end: number };

/** One way in which a value may stand in a text: its letters and digits alone. The form is as secret as the value. */
export type Form = { rule: string; letters: string };

/** Forms by the last letters of each, so that one pass over a text looks for all of them, however many there are. */
export type FormIndex = ReadonlyMap<string, readonly Form[]>;

/** So many letters and digits are looked up at once. A shorter form is not looked for: ordinary words would match it. */
const anchorLength = 12;

/** A line of a PEM file that is shorter is no secret by itself. */
const minLineLength = 32;

/**
 * The forms of one value: as it is, and in base64 at each of the three places where it can begin. Of a key in PEM also
 * its body and each of its lines. A value with fewer than 12 letters and digits has none.
 */
export function formsOf(rule: string, value: string): Form[] {
  const whole = value.trim();
  const lines = /^-----BEGIN /.test(whole)
    ? whole
        .split(/\s*\n\s*/)
        .filter((line) => line !== "" && !line.startsWith("-----") && !line.includes(":"))
    : [];
  const parts = [whole, lines.join(""), ...lines.filter((line) => line.length >= minLineLength)];
  const letters = new Set(parts.flatMap((part) => [lettersIn(part), ...base64Forms(part)]));
  return [...letters].filter((form) => form.length >= anchorLength).map((form) => ({ rule, letters: form }));
}

/** The base64 of a text wherever it begins in a longer one, without the characters that its neighbours change. */
function base64Forms(text: string): string[] {
  const bytes = Buffer.from(text, "utf8");
  return [0, 1, 2].map((skipped) => {
    const inner = bytes.subarray(skipped);
    return lettersIn(inner.subarray(0, inner.length - (inner.length % 3)).toString("base64"));
  });
}

function lettersIn(text: string): string {
  return text.replace(/[^A-Za-z0-9]/g, "");
}

/** Makes the forms ready to be looked for. */
export function indexForms(forms: Iterable<Form>): FormIndex {
  const index = new Map<string, Form[]>();
  for (const form of forms) {
    const anchor = form.letters.slice(-anchorLength);
    const known = index.get(anchor);
    if (known === undefined) index.set(anchor, [form]);
    else known.push(form);
  }
  return index;
}

/**
 * Where a text holds one of the forms, whatever stands between its letters: line ends, quotes, the signs that join
 * strings. Escapes of JSON and of addresses (`\n`, `\u0041`, `%2B`) are read as what they mean, and as they stand. Anybody
 * may have written the text.
 */
export function findForms(text: string, index: FormIndex): Range[] {
  if (index.size === 0) return [];
  const views = [viewOf(text, false)];
  if (/[\\%]/.test(text)) views.push(viewOf(text, true));
  return views.flatMap((view) => findInView(view, index));
}

/** The letters and digits of a text, and where each of them begins and ends there. */
type View = { letters: string; starts: Int32Array; ends: Int32Array };

function findInView({ letters, starts, ends }: View, index: FormIndex): Range[] {
  const ranges: Range[] = [];
  for (let end = anchorLength; end <= letters.length; end++) {
    for (const { rule, letters: form } of index.get(letters.slice(end - anchorLength, end)) ?? []) {
      const first = end - form.length;
      if (first < 0 || !letters.startsWith(form, first)) continue;
      ranges.push({ rule, start: starts[first] ?? 0, end: ends[end - 1] ?? 0 });
    }
  }
  return ranges;
}

/**
 * Escapes inside a text: of a character by its number, of a line end or the like, and of any byte in an address. A run of
 * backslashes is tried from its beginning alone: a text may hold nothing else.
 */
const escapes = /(?<!\\)\\+(?:u00([0-9A-Fa-f]{2})|x([0-9A-Fa-f]{2})|[nrtbf])|%(?:25)*([0-9A-Fa-f]{2})/g;

function viewOf(text: string, decoded: boolean): View {
  const letters = Buffer.alloc(text.length);
  const starts = new Int32Array(text.length);
  const ends = new Int32Array(text.length);
  let count = 0;
  const add = (code: number, start: number, end: number) => {
    if (!isLetter(code)) return;
    letters[count] = code;
    starts[count] = start;
    ends[count] = end;
    count += 1;
  };
  const addPlain = (from: number, to: number) => {
    for (let at = from; at < to; at++) add(text.charCodeAt(at), at, at + 1);
  };
  let from = 0;
  for (const { 0: written, 1: json, 2: byte, 3: percent, index } of decoded ? text.matchAll(escapes) : []) {
    addPlain(from, index);
    from = index + written.length;
    const digits = json ?? byte ?? percent;
    if (digits !== undefined) add(Number.parseInt(digits, 16), index, from);
  }
  addPlain(from, text.length);
  return { letters: letters.toString("latin1", 0, count), starts, ends };
}

function isLetter(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}
