import { zipSync } from "fflate";

/** A ZIP archive that holds one file, packed or (level 0) only stored. */
export function zipOf(name: string, content: string | Buffer, level: 0 | 6 = 6): Buffer {
  return Buffer.from(zipSync({ [name]: Buffer.from(content) }, { level }));
}

/** The archive with one byte of the record that lists its file changed; `at` counts from that record's beginning. */
export function withListByte(archive: Buffer, at: number, byte: number): Buffer {
  const changed = Buffer.from(archive);
  changed[changed.indexOf("PK\u0001\u0002", 0, "latin1") + at] = byte;
  return changed;
}
