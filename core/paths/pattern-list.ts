/** One list of path patterns in a policy, and what a match means. */
export type PatternList = {
  /** The dotted path of its key, such as `roles.web.allow`. */
  key: string;
  patterns: readonly string[];
  /** How it is matched: `deny` takes look-alike names too. */
  mode: "allow" | "deny";
  /** The consequence for a matching path, as the rest of a sentence about that path. */
  meaning: string;
  /** The files may not exist yet, so a pattern that matches none is no warning. */
  mayBeAbsent: boolean;
};

/** Two lists of patterns: a change of a file in `when` needs a change of a file in `need`. */
type Pair = { when: readonly string[]; need: readonly string[] };

/** The list under a key; empty if the policy has none. */
export function patternList(
  key: string,
  mode: PatternList["mode"],
  patterns: readonly string[] | undefined,
  meaning: string,
): PatternList {
  return { key, mode, patterns: patterns ?? [], meaning, mayBeAbsent: false };
}

/** The two lists of each pair under a key; `says` returns the meanings of a match in `when` and in `need`. */
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

/** A list of patterns for use in a sentence. */
export function anyOf(patterns: readonly string[]): string {
  return patterns.map((pattern) => `\`${pattern}\``).join(" or ");
}
