import type { LineRange } from "../../core/evidence/agent-trace.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { addedRanges } from "../lines.ts";
import type { Objects } from "../objects.ts";

/** The largest file whose lines are compared, in bytes. */
const fileBytes = 2_000_000;

/**
 * The lines that a commit added to each of these files, compared with another commit; files that it deleted, and those
 * that are no text, have none and are left out. Whoever pushed the commits wrote their content.
 */
export async function readAddedLines(
  objects: Pick<Objects, "entry" | "blob">,
  { base, commit }: { base: string; commit: string },
  paths: readonly string[],
): Promise<Known<{ path: string; ranges: LineRange[] }[]>> {
  const content = async (at: string, path: string): Promise<Known<Uint8Array | null>> => {
    const entry = await objects.entry(at, path);
    if (!entry.known) return entry;
    if (entry.value?.type !== "blob" || entry.value.mode === "120000") return known(null);
    const blob = await objects.blob(entry.value.sha, fileBytes);
    if (!blob.known) return blob;
    return blob.value.content === null ? unknown(`${JSON.stringify(path)} is too large`) : known(blob.value.content);
  };
  const files: { path: string; ranges: LineRange[] }[] = [];
  for (const path of paths) {
    const [before, after] = [await content(base, path), await content(commit, path)];
    if (!before.known) return before;
    if (!after.known) return after;
    const ranges = after.value === null ? [] : addedRanges(before.value, after.value);
    if (ranges.length > 0) files.push({ path, ranges });
  }
  return known(files);
}
