import type { Objects } from "../../collect/objects.ts";
import { wholeCasefile } from "../../core/contract/casefiles.ts";
import { SallyportError } from "../../core/errors.ts";
import { nameProblem } from "../../core/paths/patterns.ts";
import type { Casefile, Pack } from "../../schemas/step.ts";
import type { EffectOf } from "./context.ts";

/** A casefile as it is to be written. */
export type WholeCasefile = Casefile & { content: string };

/** What stands there already is read up to this size: gates read no larger file either. */
const maxBytes = 4_000_000;

/**
 * The casefiles of a change: what the effect says of each that the pack names, and below it what people wrote, as it
 * stands in the parent. Refused as a whole if one cannot be read, because then it would be written over.
 */
export async function casefilesFor(
  effect: EffectOf<"write-change">,
  pack: Pack,
  objects: Objects,
): Promise<WholeCasefile[]> {
  const files: WholeCasefile[] = [];
  for (const casefile of pack.casefiles ?? []) {
    const { name, path } = casefile;
    const given = effect.casefiles?.find((one) => one.path === path && one.name === name);
    if (given === undefined || nameProblem(path) !== null)
      throw new SallyportError("internal", `the casefile ${JSON.stringify(path)} cannot be written`);
    files.push({
      ...casefile,
      content: wholeCasefile(given.text, await currentText(effect.parent, path, objects)),
    });
  }
  return files;
}

/** The text that stands at a path in the parent; null: nothing. What is no file is refused by the writer. */
async function currentText(parent: string, path: string, objects: Objects): Promise<string | null> {
  const entry = await objects.entry(parent, path);
  if (!entry.known) throw new SallyportError("github", entry.why, { retry: true });
  if (entry.value?.type !== "blob") return null;
  const blob = await objects.blob(entry.value.sha, maxBytes);
  if (!blob.known) throw new SallyportError("github", blob.why, { retry: true });
  const { content } = blob.value;
  const text = content === null ? null : textOf(content);
  if (text !== null) return text;
  throw new SallyportError(
    "bad-input",
    `${JSON.stringify(path)} is a casefile, and what stands there is no text of at most ${maxBytes} bytes; move it away. Nothing was written`,
  );
}

/** Bytes as text that gives the same bytes again; null when they are none. */
function textOf(content: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return null;
  }
}
