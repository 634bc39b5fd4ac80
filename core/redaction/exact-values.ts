/** A part of a text, from `start` up to but without `end`, and the rule that found it. */
export type Range = { rule: string; start: number; end: number };

/** One spelling of a secret value, reduced to its letters and digits. It is as secret as the value. */
export type Form = { rule: string; letters: string };

/** Forms by their last letters, so that one pass over a text finds all of them, however many there are. */
export type FormIndex = ReadonlyMap<string, readonly Form[]>;

/** The number of last letters and digits used as key. Shorter forms are skipped: ordinary words would match them. */
const anchorLength = 12;

/** A shorter line of a PEM file is no secret by itself. */
const minLineLength = 32;

/**
 * The forms of one value: plain, and in base64 at each of the three possible offsets; of a PEM key also its body and
 * each of its lines. A value with fewer than 12 letters and digits has none.
 */
export function formsOf(rule: string, value: string): Form[] {
  const whole = value.trim();
  const lines = /^-----BEGIN /.test(whole)
    ? whole.split(/\s*\n\s*/).filter((line) => line !== "" && !line.startsWith("-----") && !line.includes(":"))
    : [];
  const parts = [whole, lines.join(""), ...lines.filter((line) => line.length >= minLineLength)];
  const letters = new Set(parts.flatMap((part) => [lettersIn(part), ...base64Forms(part)]));
  return [...letters].filter((form) => form.length >= anchorLength).map((form) => ({ rule, letters: form }));
}

/** The base64 of a text at each offset within a longer one, without the characters that depend on its neighbours. */
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

/** Indexes forms for `findForms`. */
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
 * Finds the forms in a text, whatever stands between their letters: line ends, quotes, the signs that join strings. The
 * text is searched as it is and with escapes of JSON and of URLs (`\n`, `\u0041`, `%2B`) decoded. Anybody may have
 * written the text.
 */
export function findForms(text: string, index: FormIndex): Range[] {
  if (index.size === 0) return [];
  const views = [viewOf(text, false)];
  if (/[\\%]/.test(text)) views.push(viewOf(text, true));
  return views.flatMap((view) => findInView(view, index));
}

/** The letters and digits of a text, and the offsets where each begins and ends in it. */
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
 * Escapes in a text: a character by its number, a line end or the like, and any byte in a URL. A run of backslashes is
 * only tried from its beginning: a text may consist of nothing else.
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
