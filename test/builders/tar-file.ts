import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";

/** One entry of a tar archive as an attacker may write it; `size` is claimed in its header, whatever the content has. */
export type Packed = {
  name: string;
  content?: string;
  size?: number;
  type?: "file" | "link" | "symlink" | "directory" | "fifo" | "character-device";
  linkname?: string;
  pax?: Record<string, string>;
};

/** The bytes of an archive with these entries, in this order. */
export async function tarOf(entries: readonly Packed[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (const { content = "", size, type = "file", ...more } of entries) {
    const archive = pack();
    archive.entry({ ...more, type, mode: 0o644, mtime: new Date(0) }, content);
    archive.finalize();
    const bytes = await buffer(archive);
    // Two blocks of zeros end an archive; here another entry may follow.
    const entry = bytes.subarray(0, bytes.length - 1_024);
    parts.push(size === undefined ? entry : withSize(entry, size));
  }
  return Buffer.concat([...parts, Buffer.alloc(1_024)]);
}

/** Another size in the first header, with the checksum that goes with it. Source: POSIX, "ustar Interchange Format". */
function withSize(entry: Buffer, size: number): Buffer {
  const header = Buffer.from(entry.subarray(0, 512));
  header.write(`${size.toString(8).padStart(11, "0")}\0`, 124, "latin1");
  header.fill(" ", 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return Buffer.concat([header, entry.subarray(512)]);
}
