/** One list of path patterns in a policy, and what a match means. */
export type PatternList = {
  /** The dotted path of its key, such as `roles.web.allow`. */
  key: string;
  patterns: readonly string[];
  /** How it is matched: `deny` takes look-alike names too. */
  mode: "allow" | "deny";
  /** What holds for a path that is matched, as the rest of a sentence about that path. */
  meaning: string;
  /** Its files may be yet to be written, so a pattern without a file says nothing about the pattern. */
  mayBeAbsent: boolean;
};

/** Two lists of patterns: when a file of the one changes, a file of the other is needed. */
type Pair = { when: readonly string[]; need: readonly string[] };

/** The list under a key; an empty one where the policy has none. */
export function patternList(
  key: string,
  mode: PatternList["mode"],
  patterns: readonly string[] | undefined,
  meaning: string,
): PatternList {
  return { key, mode, patterns: patterns ?? [], meaning, mayBeAbsent: false };
}

/** The two lists of each pair under a key; `says` gives what a match of either means, from both as people read them. */
export function pairLists(
  key: string,
  pairs: readonly Pair[] | undefined,
  says: (when: string, need: string) => [string, string],
): PatternList[] {
  return (pairs ?? []).flatMap(({ when, need }, index) => {
    const [ofWhen, ofNeed] = says(anyOf(when), anyOf(need));
    return [
      patternList(`${key}.${index}.when`, "deny", when, ofWhen),
      patternList(`${key}.${index}.need`, "allow", need, ofNeed),
    ];
  });
}

/** Patterns as people read them in a sentence. */
export function anyOf(patterns: readonly string[]): string {
  return patterns.map((pattern) => `\`${pattern}\``).join(" or ");
}
