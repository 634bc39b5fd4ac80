import { type Known, known, unknown } from "../../core/known.ts";
import type { Objects } from "../objects.ts";

/** Blobs up to `small` bytes are read in batches, larger ones one by one; blobs over `large` are not read at all. */
const sizes = { small: 1_000_000, large: 100_000_000 };

/** The texts of blobs by their ids, as they are searched for secrets; unknown if one is too large to read. */
export async function readTexts(objects: Objects, shas: readonly string[]): Promise<Known<Map<string, string>>> {
  const blobs = await objects.blobs(shas, sizes.small);
  if (!blobs.known) return blobs;
  const texts = new Map<string, string>();
  for (const sha of shas) {
    const small = blobs.value.get(sha)?.content;
    const whole =
      small === null || small === undefined ? await objects.blob(sha, sizes.large) : known({ content: small });
    if (!whole.known) return whole;
    if (whole.value.content === null)
      return unknown(`the file with blob ${sha} is larger than ${sizes.large} bytes and is not searched for secrets`);
    texts.set(sha, textOf(whole.value.content));
  }
  return known(texts);
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
