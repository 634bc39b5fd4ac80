import { sha256 } from "../digest.ts";

/** The branch of the governed repository that holds its ledger: an orphan branch, written only by the App. */
export const evidenceBranch = "sallyport/evidence";

/** The number of entries in a full file of the branch; a full file is never written again. */
export const segmentEntries = 500;

/** The file of an entry, by its sequence number: `ledger/0001.jsonl` holds the first 500. */
export function segmentPath(seq: number): string {
  return `ledger/${String(Math.ceil(seq / segmentEntries)).padStart(4, "0")}.jsonl`;
}

/** The file of a large body, named by the SHA-256 of its content. */
export function bodyPath(sha256: string): string {
  return `bodies/${sha256.slice(0, 2)}/${sha256}`;
}

/** The README of the branch. */
export const branchReadme = `# The ledger of this repository

Written by Sallyport, one signed entry a line: who asked for each change by an AI agent, who approved which plan, what
the agent was told and what it answered, what the gates found, who tried it by hand, and what was merged.

Each line is a DSSE envelope over an in-toto statement and names the SHA-256 of the line before it. To check all of it in
a clone, without this server and without a token:

    npx sallyport ledger verify . --key <public key>

The public key stands in \`.github/sallyport.yml\` on the default branch, under \`ledger.keys\`; without \`--key\` it is
taken from there.
`;

/** One file to be written to the branch. */
export type BranchFile = { path: string; content: string | Uint8Array };

/**
 * The segments that a commit of new entries writes, each whole. `open` are the lines of the branch's last segment, if
 * it is not full.
 */
export function branchFiles(open: readonly string[], fresh: readonly { seq: number; line: string }[]): BranchFile[] {
  const segments = new Map<string, string[]>();
  for (const { seq, line } of fresh) {
    const path = segmentPath(seq);
    // Only the first new entry can continue a segment that is on the branch already.
    const lines = segments.get(path) ?? (segments.size === 0 ? [...open] : []);
    lines.push(line);
    segments.set(path, lines);
  }
  return [...segments].map(([path, lines]) => ({ path, content: `${lines.join("\n")}\n` }));
}

/** What is wrong with the layout of a branch's files; `position` is the first entry that cannot be read. */
type LayoutFault = { ok: false; position: number; message: string };

/** The number of entries, and the paths of the segments in order. */
export type BranchLayout = { ok: true; entries: number; segments: string[] } | LayoutFault;

/** The lines of the branch's files, in order. */
export type BranchReading = { ok: true; lines: string[] } | LayoutFault;

/**
 * Checks all segments. A segment that is missing, short before the last one, cut off before its line end or not UTF-8
 * is a fault, and so is any other file under `ledger/`. Whoever can push to the branch wrote the bytes.
 */
export function readLayout(files: ReadonlyMap<string, Uint8Array>): BranchLayout {
  const unread = new Set([...files.keys()].filter((path) => path.startsWith("ledger/")));
  const segments: string[] = [];
  let entries = 0;
  while (unread.size > 0) {
    const path = segmentPath(entries + 1);
    const fault = (message: string, before = 0): LayoutFault => ({
      ok: false,
      position: entries + before + 1,
      message,
    });
    const bytes = files.get(path);
    if (bytes === undefined)
      return fault(`expected the file ${path} and found ${JSON.stringify([...unread].sort()[0])}`);
    unread.delete(path);
    let found = 0;
    for (const line of linesOf(bytes)) {
      // Invalid UTF-8 is decoded to a replacement character, which encodes to other bytes.
      if (!Buffer.from(line.toString()).equals(line))
        return fault(`${path} is not UTF-8 text in line ${found + 1}`, found);
      found += 1;
    }
    if (bytes.length > 0 && bytes.at(-1) !== 0x0a)
      return fault(`${path} does not end with a line end: it was cut`, found);
    if (found > segmentEntries)
      return fault(`${path} holds ${found} entries; at most ${segmentEntries} belong there`, segmentEntries);
    if (found === 0 || (found < segmentEntries && unread.size > 0))
      return fault(`${path} holds ${found} entries and is not the last file`, found);
    segments.push(path);
    entries += found;
  }
  return { ok: true, entries, segments };
}

/** Each line's bytes without its line end; text after the last line end is ignored. */
function* linesOf({ buffer, byteOffset, byteLength }: Uint8Array): Generator<Buffer> {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  let start = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
    yield bytes.subarray(start, end);
    start = end + 1;
  }
}

/** The lines of segments whose layout was checked, decoded lazily. */
export function* segmentLines(files: ReadonlyMap<string, Uint8Array>, segments: readonly string[]): Generator<string> {
  for (const path of segments) for (const line of linesOf(files.get(path) ?? new Uint8Array())) yield line.toString();
}

/** Reads the lines of all segments in order, after their layout was checked. */
export function readSegments(files: ReadonlyMap<string, Uint8Array>): BranchReading {
  const layout = readLayout(files);
  return layout.ok ? { ok: true, lines: [...segmentLines(files, layout.segments)] } : layout;
}

/** The files under `bodies/` whose content does not match the digest in their name. */
export function wrongBodies(files: ReadonlyMap<string, Uint8Array>): string[] {
  return [...files].flatMap(([path, content]) => {
    if (!path.startsWith("bodies/")) return [];
    return path === bodyPath(sha256(content)) ? [] : [path];
  });
}

/** The files that do not belong to a ledger. They change nothing, but only the App is meant to write to the branch. */
export function strayFiles(files: ReadonlyMap<string, Uint8Array>): string[] {
  return [...files.keys()].filter((path) => path !== "README.md" && !/^(?:ledger|bodies)\//.test(path));
}
