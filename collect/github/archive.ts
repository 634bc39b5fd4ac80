import { type UnzipFileInfo, unzipSync } from "fflate";
import { messageOf } from "../../core/errors.ts";
import { type Known, known, unknown } from "../../core/known.ts";

/** The most bytes that a file may become. */
const maxBytes = 30_000_000;

/**
 * Reads one file of a ZIP archive as text: the first whose path fits. It never becomes more than the archive's list says,
 * nor more than the limit. Source: PKWARE's APPNOTE 6.3.10. Whoever ran the workflow wrote it.
 */
export function textInArchive(archive: Buffer, fits: (path: string) => boolean): Known<string> {
  const found: UnzipFileInfo[] = [];
  const filter = (file: UnzipFileInfo) => {
    if (found.length > 0 || !fits(file.name)) return false;
    found.push(file);
    return file.originalSize <= maxBytes;
  };
  try {
    const [content] = Object.values(unzipSync(archive, { filter }));
    if (found.length === 0) return unknown("the archive holds no such file");
    if (content !== undefined) return known(Buffer.from(content).toString("utf8"));
    return unknown(`${JSON.stringify(found[0]?.name)} in the archive becomes more than ${maxBytes} bytes`);
  } catch (error) {
    return unknown(`the archive cannot be read: ${messageOf(error)}`);
  }
}
