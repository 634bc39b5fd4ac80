import { plain } from "./escape.ts";

// Each part is a list of lines that ends with an empty one.

/** Lines of Markdown as a list; nothing where there are none. */
export function list(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [...lines.map((line) => `- ${line}`), ""];
}

/** Texts of anybody as a list under a heading, which is Markdown: `## Risks`; nothing where there are none. */
export function section(heading: string, texts: readonly string[]): string[] {
  return texts.length === 0 ? [] : [heading, "", ...list(texts.map(plain))];
}

/** Rows of cells under the line that names the columns, `| one | two |`; all of it is Markdown. */
export function table(head: string, rows: readonly (readonly (string | number)[])[]): string[] {
  return [head, head.replace(/[^|]+/g, "---"), ...rows.map((cells) => `| ${cells.join(" | ")} |`), ""];
}
