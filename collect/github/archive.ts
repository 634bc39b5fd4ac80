import { inflateRawSync } from "node:zlib";
import { type Known, known, unknown } from "../../core/known.ts";

/** The most entries that are looked at, and the most bytes that one may become. */
const limits = { entries: 5_000, bytes: 30_000_000 };

type Entry = { name: string; method: number; size: number; at: number };

const unreadable = (why: string) => unknown(`the archive cannot be read: ${why}`);

/**
 * Reads one file of a ZIP archive as text: the first whose path fits. Encrypted entries, ZIP64 and methods but "stored"
 * and "deflated" are not read; neither is more than the limits. Source: PKWARE's APPNOTE 6.3.10. Whoever ran the workflow
 * wrote it.
 */
export function textInArchive(archive: Buffer, fits: (path: string) => boolean): Known<string> {
  const end = archive.lastIndexOf("PK\u0005\u0006", -1, "latin1");
  if (end === -1 || end + 22 > archive.length) return unreadable("it is no ZIP archive");
  const [count, start] = [archive.readUInt16LE(end + 10), archive.readUInt32LE(end + 16)];
  if (count > limits.entries) return unreadable(`it holds ${count} files`);
  let at = start;
  for (let index = 0; index < count; index += 1) {
    if (at + 46 > archive.length || archive.readUInt32LE(at) !== 0x02014b50)
      return unreadable("its list of files is broken");
    const length = archive.readUInt16LE(at + 28);
    const entry = {
      name: archive.toString("utf8", at + 46, at + 46 + length),
      method: archive.readUInt16LE(at + 8) & 1 ? -1 : archive.readUInt16LE(at + 10),
      size: archive.readUInt32LE(at + 20),
      at: archive.readUInt32LE(at + 42),
    };
    if (fits(entry.name)) return content(archive, entry);
    at += 46 + length + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return unknown("the archive holds no such file");
}

function content(archive: Buffer, { name, method, size, at }: Entry): Known<string> {
  if (at + 30 > archive.length || archive.readUInt32LE(at) !== 0x04034b50) return unreadable("an entry is not there");
  const from = at + 30 + archive.readUInt16LE(at + 26) + archive.readUInt16LE(at + 28);
  const packed = archive.subarray(from, from + size);
  if (packed.length !== size || size > limits.bytes) return unreadable(`${JSON.stringify(name)} is cut or too large`);
  if (method === 0) return known(packed.toString("utf8"));
  if (method !== 8) return unreadable(`${JSON.stringify(name)} is encrypted or packed in a way that is not known`);
  try {
    return known(inflateRawSync(packed, { maxOutputLength: limits.bytes }).toString("utf8"));
  } catch {
    return unreadable(`${JSON.stringify(name)} is broken or becomes more than ${limits.bytes} bytes`);
  }
}
