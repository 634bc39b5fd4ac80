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
