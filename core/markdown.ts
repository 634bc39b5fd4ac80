import { plain } from "./escape.ts";

// Each part is a list of lines that ends with an empty one.

/** Lines of Markdown as a list; empty without lines. */
export function list(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [...lines.map((line) => `- ${line}`), ""];
}

/** Untrusted texts as a list under a Markdown heading such as `## Risks`; empty without texts. */
export function section(heading: string, texts: readonly string[]): string[] {
  return texts.length === 0 ? [] : [heading, "", ...list(texts.map(plain))];
}

/** A table: its head line, `| one | two |`, and rows of cells; all of it is Markdown. */
export function table(head: string, rows: readonly (readonly (string | number)[])[]): string[] {
  return [head, head.replace(/[^|]+/g, "---"), ...rows.map((cells) => `| ${cells.join(" | ")} |`), ""];
}
