import { sha256 } from "../digest.ts";

/** The branch of the governed repository that holds its ledger: an orphan, written by the App alone. */
export const evidenceBranch = "sallyport/evidence";

/** How many entries one file of the branch holds; a full file is never written again. */
export const segmentEntries = 500;

/** The file that holds an entry, by its place in the chain: `ledger/0001.jsonl` holds the first 500. */
export function segmentPath(seq: number): string {
  return `ledger/${String(Math.ceil(seq / segmentEntries)).padStart(4, "0")}.jsonl`;
}

/** The file of a large body, named by the SHA-256 of its content. */
export function bodyPath(sha256: string): string {
  return `bodies/${sha256.slice(0, 2)}/${sha256}`;
}

/** What people who come across the branch read first. */
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
 * The files of one batched commit that appends entries: the segments that grow, whole, and the new bodies. `open` are
 * the lines of the last segment as it stands on the branch, when it is not full.
 */
export function branchFiles(
  open: readonly string[],
  fresh: readonly { seq: number; line: string }[],
): BranchFile[] {
  const segments = new Map<string, string[]>();
  for (const { seq, line } of fresh) {
    const path = segmentPath(seq);
    const isFirst = !segments.has(path);
    const lines = segments.get(path) ?? [];
    // Only the first of the new entries can continue a segment that is on the branch already.
    if (isFirst && segments.size === 0 && (seq - 1) % segmentEntries !== 0) lines.push(...open);
    lines.push(line);
    segments.set(path, lines);
  }
  return [...segments].map(([path, lines]) => ({ path, content: `${lines.join("\n")}\n` }));
}

/** What is wrong with the layout of a branch's files; `position` is the first place in the chain that cannot be read. */
type LayoutFault = { ok: false; position: number; message: string };

/** How many entries the segments hold, and the segments in order. */
export type BranchLayout = { ok: true; entries: number; segments: string[] } | LayoutFault;

/** What the branch's files say, in order. */
export type BranchReading = { ok: true; lines: string[] } | LayoutFault;

/**
 * Checks all segments. One that is missing, short in the middle, not ended by a line end or not UTF-8, and any other file
 * among them, is a fault of layout. Whoever can push to the branch wrote the bytes.
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
      // What is no UTF-8 is read as a replacement character, and that is written as other bytes.
      if (!Buffer.from(line.toString("utf8"), "utf8").equals(line))
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

/** Each line's bytes without its line end; what follows the last one is no line. */
function* linesOf({ buffer, byteOffset, byteLength }: Uint8Array): Generator<Buffer> {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  let start = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
    yield bytes.subarray(start, end);
    start = end + 1;
  }
}

/** The lines of these segments, whose layout was found to be in order, each made when it is asked for. */
export function* segmentLines(
  files: ReadonlyMap<string, Uint8Array>,
  segments: readonly string[],
): Generator<string> {
  for (const path of segments)
    for (const line of linesOf(files.get(path) ?? new Uint8Array())) yield line.toString("utf8");
}

/** Reads the lines of all segments in order, after their layout was checked. */
export function readSegments(files: ReadonlyMap<string, Uint8Array>): BranchReading {
  const layout = readLayout(files);
  return layout.ok ? { ok: true, lines: [...segmentLines(files, layout.segments)] } : layout;
}

/** The files under `bodies/` whose content is not what their name says. */
export function wrongBodies(files: ReadonlyMap<string, Uint8Array>): string[] {
  return [...files].flatMap(([path, content]) => {
    if (!path.startsWith("bodies/")) return [];
    return path === bodyPath(sha256(content)) ? [] : [path];
  });
}

/** The files that are no part of a ledger. They change nothing, but only the App is meant to write to the branch. */
export function strayFiles(files: ReadonlyMap<string, Uint8Array>): string[] {
  return [...files.keys()].filter((path) => path !== "README.md" && !/^(?:ledger|bodies)\//.test(path));
}
