import { type Known, known, type Unread, unknown } from "../../core/known.ts";
import { heldBytes } from "../budget.ts";
import type { Objects } from "../objects.ts";

/** How many blobs are read together; those that could be too large together are read one by one. */
const batch = { blobs: 100, size: heldBytes.files / 100 };

/**
 * Gives the texts of blobs to `visit`, as they are searched for secrets and one at a time, so that few are held. Null,
 * or why one was not read, or what `visit` gave in its place.
 */
export async function visitTexts(
  objects: Objects,
  shas: readonly string[],
  visit: (text: string, sha: string) => Promise<Unread | null> | null,
): Promise<Unread | null> {
  for (let at = 0; at < shas.length; at += batch.blobs) {
    const some = shas.slice(at, at + batch.blobs);
    const blobs = await objects.blobs(some, batch.size);
    if (!blobs.known) return blobs;
    for (const sha of some) {
      const content = blobs.value.get(sha)?.content;
      const text = content ? known(textOf(content)) : await readText(objects, sha);
      const refused = text.known ? await visit(text.value, sha) : text;
      if (refused !== null) return refused;
    }
  }
  return null;
}

async function readText(objects: Objects, sha: string): Promise<Known<string>> {
  const blob = await objects.blob(sha, heldBytes.files);
  if (!blob.known) return blob;
  const { content, size } = blob.value;
  if (content !== null) return known(textOf(content));
  const why = `the file with blob ${sha} has ${size} bytes, and at most ${heldBytes.files} are searched for secrets`;
  return unknown(why, "Take it out, or leave it out with `gates.secrets.ignore`.");
}

/**
 * Zero bytes are removed, so that ASCII in UTF-16 can be read; binary content is reduced to its printable characters.
 */
function textOf(content: Buffer): string {
  if (!content.subarray(0, 8_000).includes(0)) return content.toString("utf8").replaceAll("\0", "");
  return content
    .toString("latin1")
    .replaceAll("\0", "")
    .replace(/[^\t\n\r -~]+/g, " ");
}
