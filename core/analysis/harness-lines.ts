import { readCode } from "./code-text.ts";
import { testLanguage } from "./test-languages.ts";

/** How a file that judges changes is written; null for what runs nothing: prose and pictures. */
export type HarnessKind = "workflow" | "yaml" | "shell" | "make" | "package" | "program";

/** Tells by its name how a file is written. */
export function harnessKind(path: string): HarnessKind | null {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  if (/^\.github\/workflows\/[^/]+\.ya?ml$/i.test(path)) return "workflow";
  if (/\.ya?ml$/.test(name)) return "yaml";
  if (name === "package.json") return "package";
  if (/^(?:gnu)?makefile|\.mk$/.test(name)) return "make";
  if (/\.(?:md|txt|rst|adoc|png|jpe?g|gif|svg|webp|ico|pdf)$|^(?:licen[cs]e|readme|\.gitignore)$/.test(name))
    return null;
  const isShell = /\.(?:sh|bash|zsh|bats|ps1)$/.test(name);
  return !isShell && testLanguage(name) !== null ? "program" : "shell";
}

/** Cuts a comment off: a `#` at the beginning or after a space, unless it stands in a string that ends on the line. */
function withoutComment(line: string): string {
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at];
    // After an escaped quote nobody can tell by the line alone whether a string goes on.
    if (character === "#" && (at === 0 || /\s/.test(line[at - 1] ?? "")))
      return /\\["']/.test(line.slice(0, at)) ? line : line.slice(0, at);
    if (character === '"' || character === "'") {
      const end = line.indexOf(character, at + 1);
      if (end !== -1) at = end;
    }
  }
  return line;
}

/** What ends a line, and with it a comment, for readers of YAML 1.1, among them GitHub's. */
const yamlLineEnds = /\r\n|[\n\r\u0085\u2028\u2029]/;

/** The scripts of a package by name; null when it cannot be read as what it is. */
function scriptsOf(text: string): [string, string][] | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("scripts" in value)) return [];
    const { scripts } = value;
    if (typeof scripts !== "object" || scripts === null) return [];
    return Object.entries(scripts).flatMap(([name, script]) => (typeof script === "string" ? [[name, script]] : []));
  } catch {
    return null;
  }
}

/**
 * A file's lines without what is no code, each where it was. Of a package there are its scripts, each on the line that
 * names it, as `name: command`; one that is no JSON is taken line by line.
 */
export function harnessLines(path: string, kind: HarnessKind, text: string): string[] {
  const lines = text.split(kind === "workflow" || kind === "yaml" ? yamlLineEnds : "\n");
  const language = kind === "program" ? testLanguage(path) : null;
  if (language !== null) return readCode(text, language.syntax).uncommented.split("\n");
  if (kind !== "package") return lines.map(withoutComment);
  const scripts = scriptsOf(text);
  if (scripts === null) return lines;
  const from = lines.findIndex((line) => /"scripts"\s{0,9}:/.test(line));
  const lineIndexes = new Map<string, number>();
  lines.forEach((line, index) => {
    for (const [, name = ""] of line.matchAll(/"([^"\\]{1,200})"\s{0,9}:\s{0,9}"/g)) {
      if (index >= from && !lineIndexes.has(name)) lineIndexes.set(name, index);
    }
  });
  const shown = lines.map(() => "");
  for (const [name, script] of scripts) {
    const index = lineIndexes.get(name) ?? 0;
    const before = shown[index];
    const said = `${name}: ${script.replaceAll("\n", " ")}`;
    shown[index] = before === "" || before === undefined ? said : `${before} ;; ${said}`;
  }
  return shown;
}
