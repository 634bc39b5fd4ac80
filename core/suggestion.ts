/** How many insertions, deletions or replacements of letters turn one word into the other (Levenshtein distance). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const above = row;
    row = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const replaced = (above[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
  }
  return row[other.length] ?? 0;
}

/** The known word that was most likely meant, or null when none is close. Case does not count, nor `_` for `-`. */
export function suggestion(word: string, known: readonly string[]): string | null {
  if (word.length > 60) return null;
  const meant = word.toLowerCase().replaceAll("_", "-");
  const near = known
    .map((one) => ({ one, far: distance(meant, one) }))
    .filter(({ one, far }) => far <= Math.max(1, Math.floor(one.length / 3)))
    .sort((left, right) => left.far - right.far);
  return near[0]?.one ?? null;
}
