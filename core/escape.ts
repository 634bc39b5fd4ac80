import { codePoint } from "./file-names.ts";

/** Characters that are invisible or change how their neighbours are shown: they hide text from a reader. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/**
 * Makes hidden characters visible: every control, bidi, zero-width, tag or filler character becomes its code point in
 * brackets. Line breaks stay; the two characters that only join emoji are removed.
 */
export function visible(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll("\t", " ")
    .replace(/[\u200D\uFE0F]/g, "")
    .replace(hidden, (character) => (character === "\n" ? "\n" : `[${codePoint(character)}]`));
}

/** Untrusted text on one line of a terminal or a log, without terminal control characters. */
export function oneLine(text: string): string {
  return visible(text).replaceAll("\n", " ");
}

/** How much of a longer line is shown: the beginning gives the location, the end what to do. */
const shown = { beginning: 400, end: 250 };

/** A message on one line, truncated: what it quotes may have any length and hold any character. */
export function shortLine(message: string): string {
  const line = oneLine(message);
  if (line.length <= shown.beginning + shown.end) return line;
  return `${line.slice(0, shown.beginning)} … ${line.slice(-shown.end)}`.toWellFormed();
}

/**
 * A value as JSON with control and hidden characters escaped: it parses to the same value. `indent` as in
 * JSON.stringify.
 */
export function jsonText(value: object, indent = 2): string {
  return JSON.stringify(value, null, indent).replace(hidden, (character) =>
    character === "\n"
      ? character
      : character
          .split("")
          .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
          .join(""),
  );
}

/** An invisible entity that breaks up text which GitHub or a bot would interpret. */
const apart = "&#8203;";

function entities(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/**
 * Escapes untrusted text for every place where GitHub renders Markdown: no markup, HTML, image, mention, link,
 * reference, closing keyword or bot command takes effect, and nothing stays hidden. Line breaks become `<br>`, so it
 * fits a table cell or list item.
 * Source: GitHub Flavored Markdown, GitHub docs "Autolinked references".
 */
export function plain(text: string): string {
  return entities(visible(text).trim())
    .replace(/[\\`*_{}[\]()|~!$+]/g, "\\$&")
    .replace(/#(?=\w)/g, `#${apart}`)
    .replaceAll("@", `@${apart}`)
    .replace(/\b(GH)-(?=[0-9])/gi, `$1${apart}-`)
    .replaceAll("://", `:${apart}//`)
    .replace(/\b(www)\./gi, `$1${apart}.`)
    .replace(/^[^\S\n]*(?=[/#=:-]|[0-9]+[.)])/gm, apart)
    .replace(/\n+/g, (breaks) => "<br>".repeat(Math.min(breaks.length, 2)));
}

/**
 * A sentence of ours that quotes names, escaped as in `plain`; what stands between two backticks and has no character
 * with a meaning of its own is shown as code.
 */
export function sentence(text: string): string {
  return plain(text).replace(/\\`(.+?)\\`/g, (whole, quoted: string) =>
    /^(?:[A-Za-z0-9 .,/=%-]|\\[*_(){}[\]~!$+])+$/.test(quoted) ? `\`${quoted.replace(/\\(.)/g, "$1")}\`` : whole,
  );
}

/** The same as `plain`, of at most so many characters of Markdown: of longer text the beginning. */
export function plainStart(text: string, most: number): string {
  let start = text.slice(0, most).toWellFormed();
  while (plain(start).length > most) start = start.slice(0, Math.floor(start.length * 0.9)).toWellFormed();
  return start === text ? plain(text) : `${plain(start)}…`;
}

/** An untrusted name, path or other short text as code on one line, escaped as in `plain`. */
export function code(text: string): string {
  const line = visible(text).replaceAll("\n", `[${codePoint("\n")}]`);
  if (line.trim() !== "" && !/[`|\\<>&]/.test(line)) return `\`${line}\``;
  const inside = entities(line).replace(/[\\`*_{}[\]()|~!$#@:+]/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<code>${inside}</code>`;
}

/** A text to copy, as a fenced block that its content cannot end. */
export function block(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${visible(text)}\n${fence}`;
}

const characters: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&amp;": "&",
  "<br>": "\n",
  [apart]: "",
};

/** What a reader of GitHub sees of Markdown that `plain` and `code` made: the text itself, for a page that escapes it. */
export function readable(markdown: string): string {
  return markdown.replace(
    /\\([\\`*_{}[\]()|~!$+])|`([^`\n]*)`|&#([0-9]+);|&(?:lt|gt|amp);|<br>|<\/?code>/g,
    (whole, escaped: string | undefined, quoted: string | undefined, digits: string | undefined) =>
      characters[whole] ?? escaped ?? quoted ?? (digits === undefined ? "" : String.fromCodePoint(Number(digits))),
  );
}
