import { codePoint } from "./file-names.ts";

/** Characters that cannot be seen or that change how their neighbours are shown: they hide text from a reader. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/**
 * Makes what is hidden visible: every control, bidi, zero-width, tag or filler character becomes its code point in
 * brackets. Line breaks stay; the two characters that only join emoji are left out.
 */
export function visible(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll("\t", " ")
    .replace(/[\u200D\uFE0F]/g, "")
    .replace(hidden, (character) => (character === "\n" ? "\n" : `[${codePoint(character)}]`));
}

/** Anybody's text on one line of a terminal or a log, with nothing in it that a terminal would obey. */
export function oneLine(text: string): string {
  return visible(text).replaceAll("\n", " ");
}

/** How much of a longer line is shown: the beginning tells the place, the end what to do. */
const shown = { beginning: 400, end: 250 };

/** A message on one line, and not longer than is read: what it quotes may be of any length, and hold any character. */
export function shortLine(message: string): string {
  const line = oneLine(message);
  if (line.length <= shown.beginning + shown.end) return line;
  return `${line.slice(0, shown.beginning)} … ${line.slice(-shown.end)}`.toWellFormed();
}

/**
 * A value as JSON in which whatever a terminal would obey or hide is written as an escape: it reads back as the same value.
 * `indent` as in JSON.stringify.
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

/** An entity that shows nothing; it stands where GitHub or a bot would otherwise read more than text. */
const apart = "&#8203;";

function entities(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/**
 * Text of anybody, as text and nothing else, for every place where GitHub renders Markdown: no markup, HTML, image,
 * mention, link, reference, closing keyword or command of any bot comes to life, and nothing stays hidden. Line breaks
 * become `<br>`, so it fits a table cell or list item. Source: GitHub Flavored Markdown, GitHub docs "Autolinked references".
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

/** A name, path or other short text of anybody, shown as code on one line; the same care as `plain`. */
export function code(text: string): string {
  const line = visible(text).replaceAll("\n", `[${codePoint("\n")}]`);
  if (line.trim() !== "" && !/[`|\\<>&]/.test(line)) return `\`${line}\``;
  const inside = entities(line).replace(
    /[\\`*_{}[\]()|~!$#@:+]/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
  return `<code>${inside}</code>`;
}

/** A command to copy, as a fenced block that its content cannot end. */
export function block(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${visible(text)}\n${fence}`;
}
