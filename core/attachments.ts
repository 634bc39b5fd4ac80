import type { Known } from "./known.ts";

/** Where GitHub keeps what people upload: such an address never gets another content. Source: GitHub docs, "Attaching files". */
const upload =
  /https:\/\/(?:github\.com\/(?:user-attachments\/(?:assets|files)\/[\w-]+|[\w.-]+\/[\w.-]+\/(?:assets|files)\/\d+\/[\w-]+)|user-images\.githubusercontent\.com\/\d+\/[\w-]+)/g;

/** The number of different files that people uploaded to a text. What a reader cannot see, in HTML comments, does not count. */
export function countUploads(text: string): number {
  return new Set(visible(text).match(upload)).size;
}

/**
 * What stands below a heading of any level, up to the next one of the same or a higher level; the first heading of that
 * name counts. Empty if nothing was filled in: hidden comments, unticked boxes and GitHub's `_No response_` are nothing.
 * Null: there is no such heading.
 */
export function filledSection(text: string, name: string): string | null {
  let level = 0;
  let fenced = false;
  const found: string[] = [];
  for (const line of visible(text).split("\n")) {
    if (/^\s{0,3}(?:```|~~~)/.test(line)) fenced = !fenced;
    const [, marks, title] = (fenced ? null : /^(#{1,6})[ \t]+([^\n]*)$/.exec(line)) ?? [];
    if (level > 0 && marks !== undefined && marks.length <= level) break;
    if (level > 0) found.push(line);
    else if (marks !== undefined && sameTitle(title ?? "", name)) level = marks.length;
  }
  if (level === 0) return null;
  const isBlank = (line: string) => /^\s*(?:[-*+][ \t]+\[ \].*|#{1,6}.*|_No response_)?\s*$/.test(line);
  return found.every(isBlank) ? "" : found.join("\n").trim();
}

/** Anyone may end a heading in marks or a colon. */
function sameTitle(title: string, name: string): boolean {
  const plain = (one: string) =>
    one
      .trim()
      .replace(/[\s:#]+$/, "")
      .toLowerCase();
  return plain(title) === plain(name);
}

function visible(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(/<!--[\s\S]*?(?:-->|$)/g, "");
}

/** An artifact that a run of a workflow uploaded for the head. Whoever may change the workflow chose name and content. */
export type Artifact = {
  name: string;
  digest: string | null;
  expired: boolean;
  workflow: string;
  /** The report of coverage in it, where the policy asks for one: by the name of the file, `""` for any that looks like one. */
  reports?: Record<string, Known<string>>;
};

/** The artifacts of a name, those of the wanted workflow, and of them the newest that can still be read: listed first. */
export function findArtifact<T extends Artifact>(
  { name, workflow }: { name: string; workflow?: string | undefined },
  artifacts: readonly T[],
): { named: T[]; fitting: T[]; found: T | undefined } {
  const named = artifacts.filter((one) => one.name === name);
  const fitting = named.filter((one) => workflow === undefined || one.workflow === workflow);
  return { named, fitting, found: fitting.find(({ expired }) => !expired) };
}

/** A file that does not fit its JSON Schema; one line for people. */
export type SchemaProblem = { path: string; schema: string; problem: string };
