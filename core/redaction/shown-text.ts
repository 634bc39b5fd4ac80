/** A text as its readers see it on GitHub, and what was taken out because it is hidden there, in words. */
export type ShownText = { text: string; hidden: string[] };

/** What GitHub's rendering hides or folds. An opening without its end hides the rest. */
const hiddenParts: readonly [string, RegExp, string][] = [
  ["HTML comments", /<!--[\s\S]*?(?:-->|$)/g, ""],
  ["folded sections", /<details\b[\s\S]*?(?:<\/details\s*>|$)/gi, ""],
  ["HTML tags", /<\/?[a-z][^<>]*(?:>|$)/gi, ""],
  ["texts of images", /!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])?/g, ""],
  ["titles of links", /(\]\([^\s()]*)\s+(?:"[^"]*"|'[^']*'|\([^)]*\))\s*(?=\))/g, "$1"],
  ["link definitions", /^ {0,3}\[(?!\^)[^\]\n]+\]:.*$/gm, ""],
  ["invisible characters", /(?![\n\t\r])[\p{Cc}\p{Cf}\p{Co}\p{Default_Ignorable_Code_Point}\u2800]/gu, ""],
];

/**
 * Takes out of a Markdown text what its reader cannot see: comments, folded sections, tags, texts of images, and
 * characters without a shape. A planner gets no other text than the person who approves its plan reads. It also takes
 * such marks out of code, where GitHub shows them: too little is read rather than too much. Anybody who can open or
 * edit the issue wrote the text.
 */
export function shownText(markdown: string): ShownText {
  const hidden: string[] = [];
  let text = markdown;
  // Taking one part out can close a gap in another, so it goes on until nothing is found.
  for (let before = ""; before !== text; ) {
    before = text;
    for (const [name, pattern, kept] of hiddenParts) {
      const without = text.replace(pattern, kept);
      if (without !== text && !hidden.includes(name)) hidden.push(name);
      text = without;
    }
  }
  return { text, hidden };
}
