import { valueOrThrow } from "../../collect/github/request.ts";
import type { Objects } from "../../collect/objects.ts";
import { wholeCasefile } from "../../core/contract/casefiles.ts";
import { SallyportError } from "../../core/errors.ts";
import { nameProblem } from "../../core/paths/patterns.ts";
import type { Casefile, Pack } from "../../schemas/step.ts";
import type { EffectOf } from "./context.ts";

/** A casefile with the content that will be written. */
export type WholeCasefile = Casefile & { content: string };

/** Existing files are read up to this size: gates read no larger file either. */
const maxBytes = 4_000_000;

/**
 * The casefiles of a change: the effect's text for each that the pack names, and below it people's own text from the
 * parent. If one cannot be read, all are refused, because its text would be overwritten.
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
    files.push({ ...casefile, content: wholeCasefile(given.text, await currentText(effect.parent, path, objects)) });
  }
  return files;
}

/** The text at a path in the parent, or null. The writer refuses anything that is not a file. */
async function currentText(parent: string, path: string, objects: Objects): Promise<string | null> {
  const entry = valueOrThrow(await objects.entry(parent, path));
  if (entry?.type !== "blob") return null;
  const { content } = valueOrThrow(await objects.blob(entry.sha, maxBytes));
  const text = content === null ? null : textOf(content);
  if (text !== null) return text;
  throw new SallyportError(
    "bad-input",
    `${JSON.stringify(path)} is a casefile, and what stands there is no text of at most ${maxBytes} bytes; move it away. Nothing was written`,
  );
}

/** Bytes as text that encodes to the same bytes; null if they are not UTF-8. */
function textOf(content: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return null;
  }
}
