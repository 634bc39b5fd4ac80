import { inflateRawSync } from "node:zlib";
import { type Known, known, unknown } from "../../core/known.ts";

/** The most bytes that a file may become. */
const maxBytes = 30_000_000;

/** A file in the archive's list: its method of packing, -1 if it is encrypted; bytes; where its own record begins. */
type Entry = { name: string; method: number; packed: number; size: number; at: number };

const unreadable = (why: string) => unknown(`the archive cannot be read: ${why}`);

/**
 * Reads one file of a ZIP archive as text: the first whose path fits. It becomes as large as the archive's list says and
 * no larger than the limit, which holds while it is unpacked: a list can lie. ZIP64 and encryption are not read. Source:
 * PKWARE's APPNOTE 6.3.10. Whoever ran the workflow wrote it.
 */
export function textInArchive(archive: Buffer, fits: (path: string) => boolean): Known<string> {
  const end = archive.lastIndexOf("PK\u0005\u0006", -1, "latin1");
  if (end === -1 || end + 22 > archive.length) return unreadable("it is no ZIP archive");
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  for (let index = 0; index < count; index += 1) {
    if (at + 46 > archive.length || archive.readUInt32LE(at) !== 0x02014b50)
      return unreadable("its list of files is broken");
    const length = archive.readUInt16LE(at + 28);
    const name = archive.toString("utf8", at + 46, at + 46 + length);
    if (fits(name))
      return content(archive, {
        name,
        method: archive.readUInt16LE(at + 8) & 1 ? -1 : archive.readUInt16LE(at + 10),
        packed: archive.readUInt32LE(at + 20),
        size: archive.readUInt32LE(at + 24),
        at: archive.readUInt32LE(at + 42),
      });
    at += 46 + length + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return unknown("the archive holds no such file");
}

function content(archive: Buffer, { name, method, packed, size, at }: Entry): Known<string> {
  const file = JSON.stringify(name);
  if (size > maxBytes) return unknown(`${file} in the archive becomes more than ${maxBytes} bytes`);
  if (at + 30 > archive.length || archive.readUInt32LE(at) !== 0x04034b50) return unreadable(`${file} is not there`);
  const from = at + 30 + archive.readUInt16LE(at + 26) + archive.readUInt16LE(at + 28);
  const bytes = archive.subarray(from, from + packed);
  if (method !== 0 && method !== 8) return unreadable(`${file} is encrypted or packed in a way that is not known`);
  try {
    const text = method === 0 ? bytes : inflateRawSync(bytes, { maxOutputLength: Math.max(size, 1) });
    if (text.length === size) return known(text.toString("utf8"));
  } catch {
    // It is told below: what cannot be unpacked has no size either.
  }
  return unreadable(`${file} does not become the ${size} bytes that the archive's list tells`);
}
