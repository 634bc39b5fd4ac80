import type { Change, Content, FileSide, FileText, PolicyReading } from "../../core/facts.ts";
import { pathsToRead } from "../../core/gates/registry.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import type { PullRecord } from "../../core/pull-record.ts";
import type { Blob, Objects, TreeEntry } from "../objects.ts";
import type { readYaml } from "../yaml/yaml.ts";

/** Git's mode of a symbolic link, whose blob is its target. */
const link = "120000";
/** A longer target is not read, in bytes. */
const targetBytes = 1_000;

/** The largest file whose text is read for a gate, in bytes. */
const textBytes = 5_000_000;

/** The two commits, and what is known before any text is read. */
export type TextsSource = {
  mergeBase: Known<string>;
  head: string;
  policy: Known<PolicyReading>;
  changes: Known<Change[]>;
  record: Known<PullRecord>;
};

type Sides = { path: string; before: FileSide | null; after: FileSide | null };

/**
 * Reads the files that the gates need, at the merge base and at the head, whether the change touches them or not. Links
 * are not followed. The author of the change wrote the content at the head.
 */
export async function readTexts(objects: Objects, source: TextsSource): Promise<Known<FileText[]>> {
  const { mergeBase, head, policy, changes, record } = source;
  if (!policy.known) return policy;
  if (!mergeBase.known) return mergeBase;
  if (!changes.known) return changes;
  if (policy.value.state !== "loaded") return known([]);
  const reading = { changes: changes.value, record: record.known ? record.value : null };
  const touched = new Map(changes.value.map((change) => [change.path, change]));
  const wanted: Sides[] = [];
  for (const path of pathsToRead(reading, policy.value)) {
    const change = touched.get(path);
    if (change !== undefined) {
      wanted.push(change);
      continue;
    }
    // Untouched, so it is the same on both sides.
    if (path.endsWith("/")) {
      const listed = await objects.folder(mergeBase.value, path.slice(0, -1));
      if (!listed.known) return listed;
      for (const entry of listed.value) if (!touched.has(entry.path)) wanted.push(untouched(entry.path, entry));
    } else {
      const entry = await objects.entry(mergeBase.value, path);
      if (!entry.known) return entry;
      wanted.push(untouched(path, entry.value));
    }
  }
  const shas = wanted.flatMap(({ before, after }) =>
    [before, after].flatMap((side) => (side !== null && (isRegular(side) || side.mode === link) ? [side.sha] : [])),
  );
  const blobs = await objects.blobs(shas, textBytes);
  if (!blobs.known) return blobs;
  // Most changes touch no YAML, and the parser takes a while to load.
  const readYaml = wanted.some(({ path }) => isYaml(path)) ? (await import("../yaml/yaml.ts")).readYaml : null;
  const texts: FileText[] = [];
  for (const { path, before, after } of wanted) {
    const parse = isYaml(path) ? readYaml : null;
    const [oldContent, newContent] = [contentOf(before, blobs.value, parse), contentOf(after, blobs.value, parse)];
    if (oldContent === null || newContent === null)
      return unknown(`the file ${JSON.stringify(path)} could not be read at ${mergeBase.value} and ${head}`);
    texts.push({ path, before: oldContent, after: newContent });
  }
  return known(texts);
}

function untouched(path: string, entry: TreeEntry | null): Sides {
  const side = entry === null || entry.type === "tree" ? null : { mode: entry.mode, sha: entry.sha };
  return { path, before: side, after: side };
}

function isYaml(path: string): boolean {
  return /\.ya?ml$/i.test(path);
}

function isRegular({ mode }: FileSide): boolean {
  return mode.startsWith("100");
}

function contentOf(
  side: FileSide | null,
  blobs: ReadonlyMap<string, Blob>,
  parse: typeof readYaml | null,
): Content | null {
  if (side === null) return { state: "absent" };
  const blob = blobs.get(side.sha);
  if (side.mode === "160000") return { state: "opaque", why: "submodule" };
  if (!isRegular(side)) {
    const target = blob?.content?.length === undefined || blob.content.length > targetBytes ? null : blob.content;
    return { state: "opaque", why: "link", ...(target === null ? {} : { target: target.toString("utf8") }) };
  }
  if (blob === undefined) return null;
  if (blob.content === null) return { state: "opaque", why: "too-large" };
  // As git detects binary files: a zero byte near the beginning.
  if (blob.content.subarray(0, 8_000).includes(0)) return { state: "opaque", why: "binary" };
  const text = blob.content.toString("utf8").toWellFormed();
  return { state: "text", text, ...(parse === null ? {} : { yaml: parse(text, "lenient") }) };
}
