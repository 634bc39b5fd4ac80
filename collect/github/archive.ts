import { buffer } from "node:stream/consumers";
import { fromBufferPromise } from "yauzl";
import { messageOf } from "../../core/errors.ts";
import { type Known, known, unknown } from "../../core/known.ts";

/** The most bytes that a file may become, and the most files that an archive is searched for one. */
const limits = { bytes: 30_000_000, files: 100_000 } as const;

/**
 * Reads one file of a ZIP archive as text: the first whose path fits. It becomes as large as the archive's list says,
 * which holds while it is unpacked: a list can lie. Whoever ran the workflow wrote it. Source: PKWARE's APPNOTE 6.3.10.
 */
export async function textInArchive(archive: Buffer, fits: (path: string) => boolean): Promise<Known<string>> {
  try {
    const zip = await fromBufferPromise(archive);
    let seen = 0;
    for await (const entry of zip.eachEntry()) {
      const { fileName, uncompressedSize } = entry;
      seen += 1;
      if (seen > limits.files) return unknown(`the archive holds more than ${limits.files} files`);
      if (!fits(fileName)) continue;
      if (uncompressedSize > limits.bytes)
        return unknown(`${JSON.stringify(fileName)} in the archive becomes more than ${limits.bytes} bytes`);
      return known((await buffer(await zip.openReadStreamPromise(entry))).toString("utf8"));
    }
    return unknown("the archive holds no such file");
  } catch (error) {
    return unknown(`the archive cannot be read: ${messageOf(error)}`);
  }
}

/**
 * Reads all files of a small ZIP archive. It is refused as a whole when it is not what was asked for: a path that does
 * not fit, one that stands twice, a link or a folder's worth of tricks, or more bytes than allowed once unpacked.
 */
export async function filesInArchive(
  archive: Buffer,
  { fits, bytes, files: most }: { fits(path: string): boolean; bytes: number; files: number },
): Promise<Known<Map<string, Buffer>>> {
  try {
    const zip = await fromBufferPromise(archive);
    const files = new Map<string, Buffer>();
    let total = 0;
    for await (const entry of zip.eachEntry()) {
      const { fileName, uncompressedSize, externalFileAttributes } = entry;
      const shown = JSON.stringify(fileName.slice(0, 100));
      const type = (externalFileAttributes >>> 16) & 0o170_000;
      if (type !== 0 && type !== 0o100_000) return unknown(`${shown} in the archive is no plain file`);
      if (!fits(fileName)) return unknown(`the archive holds ${shown}, which belongs to no result`);
      if (files.has(fileName)) return unknown(`the archive holds ${shown} twice`);
      total += uncompressedSize;
      if (total > bytes || files.size >= most)
        return unknown(`the archive becomes more than ${bytes} bytes or ${most} files`);
      files.set(fileName, await buffer(await zip.openReadStreamPromise(entry)));
    }
    return known(files);
  } catch (error) {
    return unknown(`the archive cannot be read: ${messageOf(error)}`);
  }
}
