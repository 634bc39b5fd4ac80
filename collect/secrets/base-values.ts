import type { Change } from "../../core/facts.ts";
import { type Known, known } from "../../core/known.ts";
import type { Objects } from "../objects.ts";
import { visitTexts } from "./texts.ts";

/** The most values that are looked for in the base. A change that brings in more is searched no further. */
const maxValues = 100;

/** The most files of the base that are read for it. */
const maxFiles = 100;

/** The text without what a line break in a quoted secret adds. */
export function bare(text: string): string {
  return text.replace(/[\s"'`+\\]+/g, "");
}

/** The longest piece of a secret that any file which holds it has on one line. */
function longestPiece(value: string): string {
  const pieces = value.match(/[0-9A-Za-z/=_.~:@-]+/g) ?? [];
  return pieces.reduce((longest, piece) => (piece.length > longest.length ? piece : longest), "");
}

/**
 * Those of the values that stand in the base already, even with other line breaks: a change that moves or copies them
 * brings in nothing new. A git directory is searched as a whole; at GitHub only the files that the change touches are,
 * because its API cannot search a commit.
 */
export async function valuesInBase(
  objects: Objects,
  { mergeBase, changes }: { mergeBase: Known<string>; changes: Known<Change[]> },
  values: ReadonlySet<string>,
): Promise<Known<ReadonlySet<string>>> {
  const found = new Set<string>();
  if (values.size === 0 || values.size > maxValues) return known(found);
  if (!mergeBase.known) return mergeBase;
  if (!changes.known) return changes;
  const pieces = [...values].map(longestPiece).filter((piece) => piece !== "");
  const touched = changes.value.flatMap(({ before }) =>
    before === null || before.mode === "160000" ? [] : [before.sha],
  );
  const blobs = await objects.holding(mergeBase.value, pieces, touched);
  if (!blobs.known) return blobs;
  const wanted = [...values].map((value) => ({ value, text: bare(value) }));
  const unread = await visitTexts(objects, blobs.value.slice(0, maxFiles), (text) => {
    const old = bare(text);
    for (const { value, text: part } of wanted) if (old.includes(part)) found.add(value);
    return null;
  });
  return unread ?? known(found);
}
