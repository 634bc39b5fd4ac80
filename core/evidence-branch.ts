import { createHash } from "node:crypto";

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

The public key stands in \`.github/sallyport.yml\` on the default branch, under \`ledger.keys\`.
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

/** What the branch's files say, in order, or what is wrong with their layout. */
export type BranchReading = { ok: true; lines: string[] } | { ok: false; message: string };

/**
 * Reads the lines of all segments in order. A segment that is missing, short in the middle or not ended by a line end is
 * a fault of layout. Whoever can push to the branch wrote the bytes.
 */
export function readSegments(files: ReadonlyMap<string, Uint8Array>): BranchReading {
  const paths = [...files.keys()].filter((path) => path.startsWith("ledger/")).sort();
  const lines: string[] = [];
  for (const [place, path] of paths.entries()) {
    const expected = segmentPath(place * segmentEntries + 1);
    if (path !== expected)
      return { ok: false, message: `expected the file ${expected} and found ${JSON.stringify(path)}` };
    const bytes = files.get(path) ?? new Uint8Array();
    const text = Buffer.from(bytes).toString("utf8");
    if (!Buffer.from(text, "utf8").equals(bytes)) return { ok: false, message: `${path} is not UTF-8 text` };
    if (!text.endsWith("\n"))
      return { ok: false, message: `${path} does not end with a line end: it was cut` };
    const found = text.slice(0, -1).split("\n");
    if (found.length > segmentEntries || (place < paths.length - 1 && found.length < segmentEntries)) {
      return {
        ok: false,
        message: `${path} holds ${found.length} entries, which is not what stands at this place`,
      };
    }
    lines.push(...found);
  }
  return { ok: true, lines };
}

/** Whether each body is what its name says; gives the names of those that are not. */
export function wrongBodies(files: ReadonlyMap<string, Uint8Array>): string[] {
  return [...files].flatMap(([path, content]) => {
    if (!path.startsWith("bodies/")) return [];
    const sha256 = createHash("sha256").update(content).digest("hex");
    return path === bodyPath(sha256) ? [] : [path];
  });
}
