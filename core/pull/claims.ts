import type { Claim } from "../../schemas/entry-parts.ts";
import { maxClaims } from "../../schemas/limits.ts";
import { visible } from "../escape.ts";
import type { CommitFact } from "../facts.ts";
import { sessionLink } from "../people/agents.ts";

/** Limits each text, so that none fills the list alone. */
const maxClaimsPerText = 10;
/** A longer value or line is left out whole: a cut could leave a part of a secret. */
const maxValueLength = 300;
const maxLineLength = 400;

/** A name with one of these words is about tools, models, sessions or prompts. */
const agentWords: ReadonlySet<string> = new Set([
  ...["agent", "ai", "assistant", "assisted", "bot", "generated", "llm", "model", "prompt", "session", "tool"],
  ...["claude", "codex", "copilot", "cursor", "gemini", "jules", "sallyport"],
]);
const coAuthorTrailers: ReadonlySet<string> = new Set(["co-authored-by", "co-developed-by", "on-behalf-of"]);

/** `Name: value`: a git trailer, or a list item or bold text in a description. */
const trailer = /^[ \t*_-]{0,8}([A-Za-z][A-Za-z -]{0,39}?)[*_]{0,2}:[*_]{0,2}[ \t]+(\S.*)$/;
/** The line that some tools append to their text. */
const generatedBy =
  /^[^A-Za-z]{0,16}(?:PR )?((?:generated|written|created|made|assisted)(?: automatically)? (?:with|by))[ \t]+(\S.*)$/i;

/**
 * What the description and the commit messages claim about how a change was made, the description first, each claim
 * once. Few and short: surplus or longer claims are left out. Anyone who pushed the commits or edited the description
 * chose all of it.
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
    const link = sessionLink.exec(line)?.[0];
    if (link !== undefined) found.push({ name: "session-link", value: link });
    if (line.length > maxLineLength || found.length === maxClaimsPerText) continue;
    const [, label = "", rest = ""] = trailer.exec(line) ?? generatedBy.exec(line) ?? [];
    const name = label.trim().toLowerCase().replace(/[ -]+/g, "-");
    const value = visible(rest).trim();
    const namesAgent = coAuthorTrailers.has(name) || name.split("-").some((word) => agentWords.has(word));
    if (value !== "" && value.length <= maxValueLength && (namesAgent || generatedBy.test(line)))
      found.push({ name, value });
  }
  return found;
}
