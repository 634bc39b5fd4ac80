/** A text's parts between the separators that stand in none of its brackets and strings. */
export function partsOf(text: string, separator: RegExp): string[] {
  const found: string[] = [];
  let [depth, from, quote] = [0, 0, ""];
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === "\\") at += 1;
    else if (quote !== "") quote = character === quote ? "" : quote;
    else if ("\"'`".includes(character)) quote = character;
    else if ("([{".includes(character)) depth += 1;
    else if (")]}".includes(character)) depth -= 1;
    const match =
      depth === 0 && quote === "" && ",|=o".includes(character) ? separator.exec(text.slice(at, at + 9)) : null;
    if (match !== null) {
      found.push(text.slice(from, at).trim());
      at += match[0].length - 1;
      from = at + 1;
    }
  }
  return [...found, text.slice(from).trim()];
}

/** What stands between a bracket of a text and its partner. */
export function innerOf(text: string, open: number): string {
  return text.slice(open + 1, text.length - restAfter(text, open).length - 1);
}

/** What follows the partner of a bracket. */
export function restAfter(text: string, open: number): string {
  let depth = 0;
  let quote = "";
  for (let at = open; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === "\\") at += 1;
    else if (quote !== "") quote = character === quote ? "" : quote;
    else if (/["'`]/.test(character)) quote = character;
    else if ("([{".includes(character)) depth += 1;
    else if (")]}".includes(character)) depth -= 1;
    if (depth === 0 && quote === "") return text.slice(at + 1);
  }
  return "";
}
