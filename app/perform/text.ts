import { visible } from "../../core/escape.ts";

/** The most characters that GitHub takes for a comment, and for the text of a check run. */
export const maxTextLength = 65_535;

const invisible = "\u200b";

/**
 * Takes the effects out of a text that a model may have written and leaves its look: nobody is pinged, no issue is
 * closed, no bot takes a line for a command, no HTML or remote image is shown, nothing is hidden, no mark of ours is
 * forged. It is done
 * here again, at the last place before GitHub, for all that an agent can put words into: titles, prompts, commits.
 */
export function sanitize(text: string): string {
  return visible(text)
    .replace(/@(?=[\p{L}\p{N}_-])/gu, `@${invisible}`)
    .replace(
      /\b(c|f|r)(lose[sd]?|ix(?:e[sd])?|esolve[sd]?)(?=\s*(?::\s*)?(?:[\w.-]{1,100}\/[\w.-]{1,100})?(?:#|GH-|https?:\/\/))/gi,
      `$1${invisible}$2`,
    )
    .replace(/^((?:[^\S\n]|[>*+-])*)(?=\/[a-z]|bors\b)/gim, `$1${invisible}`)
    .replace(/<(?=[a-z/!?])/gi, `<${invisible}`)
    .replaceAll("![", `!${invisible}[`);
}

/** Cuts what GitHub would refuse as too long, and says so; an end that must stay, such as a mark, is kept. */
export function truncated(text: string, end = ""): string {
  if (text.length + end.length <= maxTextLength) return text + end;
  const notice = "\n\n… The rest is too long for GitHub. `sallyport check` shows all of it.";
  const room = maxTextLength - notice.length - end.length;
  // Not in the middle of a character.
  const cut = text.slice(0, room).replace(/[\uD800-\uDBFF]$/, "");
  return cut + notice + end;
}

/** A title in one line, as long as GitHub takes it. */
export function title(text: string): string {
  return [...sanitize(text.replace(/\s+/g, " ").trim())].slice(0, 250).join("");
}
