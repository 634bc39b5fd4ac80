import { hasContent } from "../paths/added-files.ts";

/** The required parts of a remediation trace, in the order in which they are reported. */
export const traceParts = [
  "failure signature",
  "origin",
  "repro command",
  "verification commands run",
  "final status",
] as const;
/** One required part of a remediation trace. */
export type TracePart = (typeof traceParts)[number];

const statuses = ["fixed", "mitigated", "open"] as const;

/** Whether the failure is fixed. */
export type TraceStatus = (typeof statuses)[number];

/**
 * The result of reading a trace. `status` is null if the part is missing or its first line is not one of the three
 * words alone.
 */
export type RemediationTrace = { missing: TracePart[]; status: TraceStatus | null };

type Part = { name: TracePart; text: string };

const titles: Record<TracePart, RegExp> = {
  "failure signature": /^failure signature$/,
  origin: /^origin(?: task)?(?: or)?(?: gate)?(?: id)?$/,
  "repro command": /^repro(?:duction)? commands?$/,
  "verification commands run": /^verification commands?(?: run)?$/,
  "final status": /^final status$/,
};

/**
 * Normalises a title to its words, so that `**Origin task/gate:**`, `origin_task_gate` and `originTaskGate` are equal.
 */
function normalizedWords(text: string): string {
  return text
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

function partOf(title: string): TracePart | null {
  const words = normalizedWords(title).replace(/^[0-9]+ /, "");
  return traceParts.find((name) => titles[name].test(words)) ?? null;
}

function keyLine(line: string): Part | null {
  const colon = line.indexOf(":");
  const name = colon === -1 ? null : partOf(line.slice(0, colon));
  return name === null ? null : { name, text: line.slice(colon + 1) };
}

/** The depth of Markdown's deepest heading. */
const maxDepth = 6;

function headingLine(line: string): { depth: number; part: Part | null } | null {
  const [, signs, title = ""] = /^ {0,3}(#{1,6})\s(.*)$/.exec(line) ?? [];
  if (signs === undefined) return null;
  const name = partOf(title);
  return { depth: signs.length, part: name === null ? null : { name, text: "" } };
}

/**
 * The parts of a Markdown text. A heading's part ends at the next part and at the next heading of its depth or above; a
 * `key:` line's part at the next part or heading. A code fence's content is text, and comments are dropped.
 */
function markdownParts(text: string): Part[] {
  const shown = text.replaceAll("\r\n", "\n").replace(/<!--[\s\S]*?(?:-->|$)/g, "");
  const parts: Part[] = [];
  let open: { part: Part; depth: number } | null = null;
  let fence: string | null = null;
  for (const line of shown.split("\n")) {
    const mark = /^ {0,3}(```+|~~~+)/.exec(line)?.[1];
    if (mark !== undefined && (fence === null || mark.startsWith(fence))) {
      fence = fence === null ? mark : null;
      continue;
    }
    const heading = fence === null ? headingLine(line) : null;
    const key = fence === null && heading === null ? keyLine(line) : null;
    const begun = key ?? heading?.part ?? null;
    if (begun !== null) {
      parts.push(begun);
      open = { part: begun, depth: heading?.depth ?? maxDepth };
    } else if (heading === null) {
      if (open !== null) open.part.text += `\n${line}`;
    } else if (open !== null && heading.depth <= open.depth) open = null;
  }
  return parts;
}

/** A value's text: a string, a number, or those inside lists and objects, two levels down; otherwise empty. */
function textOf(value: unknown, depth = 2): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  if (typeof value !== "object" || value === null || depth === 0) return "";
  return Object.values(value)
    .map((one) => textOf(one, depth - 1))
    .join("\n");
}

/** The parts of a JSON object, by its keys; null if the text is not a JSON object. */
function jsonParts(text: string): Part[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return Object.entries(value).flatMap(([key, inner]): Part[] => {
    const name = partOf(key);
    return name === null ? [] : [{ name, text: textOf(inner) }];
  });
}

/** The status in a part's first line; null if that line is not exactly one of the words. */
function statusOf(text: string): TraceStatus | null {
  const first = normalizedWords(text.split("\n").find(hasContent) ?? "");
  return statuses.find((status) => status === first) ?? null;
}

/**
 * Reads a remediation trace, as JSON if its name ends in `.json`, else as Markdown; null if the JSON is not an object.
 * Of several statuses in one file the worst counts. The author of the change wrote all of it: it is a claim that a
 * person can check, not a proof.
 */
export function readTrace(path: string, text: string): RemediationTrace | null {
  const parts = /\.json$/i.test(path) ? jsonParts(text) : markdownParts(text);
  if (parts === null) return null;
  const filled = parts.filter((part) => hasContent(part.text));
  const missing = traceParts.filter((name) => !filled.some((part) => part.name === name));
  const found = filled.filter((part) => part.name === "final status").map((part) => statusOf(part.text));
  const status = found.includes("open") ? "open" : found.includes(null) ? null : (found.at(-1) ?? null);
  return { missing, status };
}
