import { visible } from "../../core/escape.ts";

/** The most characters that GitHub takes for a comment, and for the text of a check run. */
export const maxTextLength = 65_535;

const invisible = "\u200b";

/**
 * Defuses a text that a model may have written, and keeps its look: it can ping nobody, close no issue, give no bot a
 * command, show no HTML or remote image, hide nothing and forge no marker of ours. Applied again here, at the last
 * place before GitHub, to every text that an agent can influence: titles, prompts, commits.
 */
export function sanitize(text: string): string {
  return visible(text)
    .replace(/@(?=[\p{L}\p{N}_-])/gu, `@${invisible}`)
    .replace(
      /\b(c|f|r)(lose[sd]?|ix(?:e[sd])?|esolve[sd]?)(?=\s*(?::\s*)?(?:[\w.-]{1,100}\/[\w.-]{1,100})?(?:#|GH-|https?:\/\/))/gi,
      `$1${invisible}$2`,
    )
    .replace(/^((?:[^\S\n]|[>*+-])*)(?=\/[a-z]|bors\b)/gim, `$1${invisible}`)
    .replace(/<(?!br>)(?=[a-z/!?])/gi, `<${invisible}`)
    .replaceAll("![", `!${invisible}[`);
}

/** Truncates a text that is too long for GitHub, and says so; a required end, such as a marker, is kept. */
export function truncated(text: string, end = ""): string {
  if (text.length + end.length <= maxTextLength) return text + end;
  const notice = "\n\n… The rest is too long for GitHub. `sallyport check` shows all of it.";
  const room = maxTextLength - notice.length - end.length;
  // Not inside a surrogate pair.
  const cut = text.slice(0, room).replace(/[\uD800-\uDBFF]$/, "");
  return cut + notice + end;
}

/** A title in one line, no longer than GitHub allows. */
export function title(text: string): string {
  return [...sanitize(text.replace(/\s+/g, " ").trim())].slice(0, 250).join("");
}
