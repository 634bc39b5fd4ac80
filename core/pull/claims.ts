import type { Claim } from "../../schemas/entry-parts.ts";
import { maxClaims } from "../../schemas/limits.ts";
import { visible } from "../escape.ts";
import type { CommitFact } from "../facts.ts";

/** No one text may fill the list: the others have their say too. */
const maxClaimsPerText = 10;
/** A longer value or line is left out whole, so that no part of a secret stays behind where it was cut off. */
const maxValueLength = 300;
const maxLineLength = 400;

/** The words of a name that make it one about tools, models, sessions or prompts. */
const agentWords: ReadonlySet<string> = new Set([
  ...[
    "agent",
    "ai",
    "assistant",
    "assisted",
    "bot",
    "generated",
    "llm",
    "model",
    "prompt",
    "session",
    "tool",
  ],
  ...["claude", "codex", "copilot", "cursor", "gemini", "sallyport"],
]);
const coAuthorTrailers: ReadonlySet<string> = new Set(["co-authored-by", "co-developed-by", "on-behalf-of"]);

/** `Name: value`, as git's trailers have it, or as an item of a list or in bold, as descriptions have it. */
const trailer = /^[ \t*_-]{0,8}([A-Za-z][A-Za-z -]{0,39}?)[*_]{0,2}:[*_]{0,2}[ \t]+(\S.*)$/;
/** The line that some tools put below what they wrote. */
const generatedBy = /^[^A-Za-z]{0,16}((?:generated|written|created|made|assisted) (?:with|by))[ \t]+(\S.*)$/i;

/**
 * What commit messages and a description claim about how a change was made, the description's first, each claim once. Few
 * and short: what is more or longer is left out. Whoever pushed the commits and wrote the description chose all of it.
 */
export function claimsOf(commits: readonly CommitFact[], description: string): Claim[] {
  const texts = commits.map(({ sha, message }) => ({ source: `commit ${sha}`, text: message }));
  const ordered = texts.toSorted((one, other) => (one.source < other.source ? -1 : 1));
  const claims = new Map<string, Claim>();
  for (const { source, text } of [{ source: "description", text: description }, ...ordered]) {
    for (const { name, value } of claimsIn(text)) {
      const key = JSON.stringify([name, value]);
      if (claims.size < maxClaims && !claims.has(key)) claims.set(key, { source, name, value });
    }
  }
  return [...claims.values()];
}

function claimsIn(text: string): { name: string; value: string }[] {
  const found: { name: string; value: string }[] = [];
  for (const line of text.split(/\r\n|[\r\n]/)) {
    if (found.length === maxClaimsPerText) break;
    if (line.length > maxLineLength) continue;
    const [, label = "", rest = ""] = trailer.exec(line) ?? generatedBy.exec(line) ?? [];
    const name = label.trim().toLowerCase().replace(/[ -]+/g, "-");
    const value = visible(rest).trim();
    const namesAgent = coAuthorTrailers.has(name) || name.split("-").some((word) => agentWords.has(word));
    if (value !== "" && value.length <= maxValueLength && (namesAgent || generatedBy.test(line)))
      found.push({ name, value });
  }
  return found;
}
