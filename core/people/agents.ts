import type { CommitFact, PullText } from "../facts.ts";

/** Agents of others that open pull requests: their accounts by number, as GitHub states them, and the marks they leave. */
type KnownAgent = { name: string; accounts: readonly number[]; marks: RegExp };

/** The address in a trailer by which a tool names itself. Anybody may have written it. */
const trailer = (addresses: string) =>
  `^[ \\t]*(?:co-authored-by|co-developed-by|assisted-by|generated-by):[^\\n]*(?:${addresses})`;
const marks = (...parts: string[]) => new RegExp(parts.join("|"), "im");

/**
 * Where tools show a session of theirs: `https://…/<id>`, without its query.
 * Source of this and the table: pull requests and commits of these tools in public repositories, 2025 and 2026.
 */
export const sessionLink =
  /https:\/\/(?:chatgpt\.com\/codex\/tasks|jules\.google\.com\/task|cursor\.com\/agents|claude\.ai\/code)\/[\w/-]{1,200}/i;

const known: readonly KnownAgent[] = [
  {
    name: "GitHub Copilot",
    accounts: [198982749, 167198135],
    marks: marks(trailer("\\+copilot(?:\\[bot\\])?@users\\.noreply|copilot@github\\.com"), "^Agent-Logs-Url: https://"),
  },
  {
    name: "Claude Code",
    accounts: [209825114, 208546643, 215619710],
    marks: marks(
      trailer("noreply@anthropic\\.com|\\+(?:anthropic-)?claude(?:-code-action)?\\[bot\\]@users\\.noreply"),
      "Generated with \\[Claude Code\\]\\(",
      "https://claude\\.ai/code/",
    ),
  },
  {
    name: "Codex",
    accounts: [199175422, 215057067],
    marks: marks(
      trailer("(?:noreply|codex)@openai\\.com|\\+(?:chatgpt-codex-connector|openai-codex)\\[bot\\]@users\\.noreply"),
      "https://chatgpt\\.com/codex/tasks/",
    ),
  },
  {
    name: "Cursor",
    accounts: [206951365, 201670782],
    marks: marks(
      trailer("cursoragent@cursor\\.com|\\+cursor\\[bot\\]@users\\.noreply"),
      "Made with \\[Cursor\\]\\(",
      "https://cursor\\.com/agents/",
    ),
  },
  {
    name: "Jules",
    accounts: [161369871],
    marks: marks(
      trailer("\\+google-labs-jules\\[bot\\]@users\\.noreply"),
      "PR created automatically by Jules for task",
    ),
  },
];

/** An agent of others that had part in a change. `by` account: GitHub says so; text: a claim, at the named place. */
export type ForeignAgent = { name: string } & ({ by: "account" } | { by: "text"; at: string });

/**
 * The agent of others behind a pull request: the one that opened it, or the first that its commits or its description
 * name. A text only ever adds to what is asked of a change: who wants to hide an agent leaves it out. Null: none.
 */
export function foreignAgent(
  { author, body }: Pick<PullText, "author" | "body">,
  commits: readonly CommitFact[],
): ForeignAgent | null {
  const opened = known.find(({ accounts }) => accounts.includes(author.id));
  if (opened !== undefined) return { name: opened.name, by: "account" };
  const texts = [
    { at: "its description", text: body },
    ...commits.map(({ sha, message }) => ({ at: `the commit ${sha}`, text: message })),
  ];
  for (const { at, text } of texts) {
    const named = known.find((agent) => agent.marks.test(text));
    if (named !== undefined) return { name: named.name, by: "text", at };
  }
  return null;
}
