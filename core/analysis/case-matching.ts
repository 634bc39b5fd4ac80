import type { TestCase } from "./test-reading.ts";

/** A case of one side of a change, with the file that holds it. */
export type Placed = { path: string; one: TestCase };

/** A case before and after a change. */
export type Match = { before: Placed; after: Placed };

/** How often each text occurs. */
export type Multiset = Map<string, number>;

/** Counts texts. */
export function multisetOf(texts: Iterable<string>): Multiset {
  const multiset: Multiset = new Map();
  for (const text of texts) multiset.set(text, (multiset.get(text) ?? 0) + 1);
  return multiset;
}

/** Removes one occurrence of a text; false if there is none left. */
export function takeOne(multiset: Multiset, text: string): boolean {
  const count = multiset.get(text) ?? 0;
  if (count > 0) multiset.set(text, count - 1);
  return count > 0;
}

/** Takes the first of the cases that are left under a key. */
function taker(cases: Iterable<Placed>, keyOf: (placed: Placed) => string) {
  const byKey = new Map<string, Placed[]>();
  for (const placed of cases) {
    const key = keyOf(placed);
    const others = byKey.get(key);
    if (others === undefined) byKey.set(key, [placed]);
    else others.push(placed);
  }
  for (const list of byKey.values()) list.reverse();
  return (placed: Placed) => byKey.get(keyOf(placed))?.pop();
}

/** Pairs the cases of two sides that share a key, in order; returns what is left of both. */
function pair(
  before: Placed[],
  after: Placed[],
  keyOf: (placed: Placed) => string,
  matches: Match[],
): [Placed[], Placed[]] {
  const take = taker(after, keyOf);
  const left = before.filter((placed) => {
    const found = take(placed);
    if (found !== undefined) matches.push({ before: placed, after: found });
    return found === undefined;
  });
  const taken = new Set(matches.map((match) => match.after));
  return [left, after.filter((placed) => !taken.has(placed))];
}

/** Words that tests of all kinds have. */
const usual =
  /^(?:expect|assert\w*|to[A-Z]\w*|XCT\w+|require|describe|test\w?|it|const|let|var|await|async|self|this|return|func|function|def|equals?|[Nn]one|null|nil|true|false|True|False|void|public|throws?|new|end|do|not)$/;

/** A case without a title of its own is known by its line, which says nothing in another file. */
const hasTitle = ({ one }: Placed) => !/[({,]$/.test(one.name);

const words = (placed: Placed) =>
  new Set(
    [...`${hasTitle(placed) ? placed.one.name : ""} ${placed.one.body()}`.matchAll(/[A-Za-z_$][\w$]{2,}|\d{2,}/g)]
      .map(([word]) => word)
      .filter((word) => !usual.test(word)),
  );

/** How much of the words of the shorter of two cases the other one has: 0 to 1. */
function likeness(own: ReadonlySet<string>, other: ReadonlySet<string>): number {
  let shared = 0;
  for (const word of own) if (other.has(word)) shared += 1;
  return shared / Math.max(1, Math.min(own.size, other.size));
}

/** The words of a case's name, as in `returns_null_when_blank` or `returnsNullWhenBlank`. */
const nameWords = ({ one }: Placed) =>
  new Set(one.name.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+/g)?.map((word) => word.toLowerCase()));
/** Names of fewer words are alike by chance. */
const minNameWords = 5;

/** How much of a name's words another name has, of which neither is short: 0 to 1. */
function nameLikeness(own: ReadonlySet<string>, other: ReadonlySet<string>): number {
  if (Math.min(own.size, other.size) < minNameWords) return 0;
  const all = new Set([...own, ...other]).size;
  return (own.size + other.size - all) / Math.max(own.size, other.size);
}

/** How alike a case and what stands for it under another name must be. */
const minLikeness = 0.5;
const minNameLikeness = 0.8;
/** Shorter code may stand in several cases by chance. */
const minCode = 40;
/** So many comparisons of words are made at most; in a larger change cases that are renamed and rewritten count as gone. */
const maxComparisons = 40_000;

/** A name that is almost the same in the same file stands for a case that is written anew. */
const rate = (body: number, name: number, isSameFile: boolean) =>
  isSameFile ? Math.max(body, name >= minNameLikeness ? name : 0) + 0.05 : body;

/**
 * Pairs cases that are renamed and changed with the most alike of the new ones. One with a table stands for as many as
 * it has rows.
 */
function pairAlike(before: Placed[], after: Placed[], matches: Match[]): Placed[] {
  if (before.length * after.length > maxComparisons) return before;
  const proves = after.filter(
    ({ one }) => one.assertions.length > 0 || before.every((placed) => placed.one.assertions.length === 0),
  );
  const candidates = proves.map((placed) => ({
    placed,
    words: words(placed),
    name: nameWords(placed),
    room: placed.one.rows,
  }));
  return before.filter((placed) => {
    const [own, ownName] = [words(placed), nameWords(placed)];
    const rated = candidates
      .filter(({ room }) => room > 0)
      .map((candidate) => ({
        candidate,
        rate: rate(
          likeness(own, candidate.words),
          nameLikeness(ownName, candidate.name),
          candidate.placed.path === placed.path,
        ),
      }));
    const best = rated.reduce<(typeof rated)[number] | null>(
      (most, one) => (one.rate > (most?.rate ?? 0) ? one : most),
      null,
    );
    if (best === null || best.rate < minLikeness) return true;
    best.candidate.room -= Math.max(1, Math.min(placed.one.rows, best.candidate.room));
    matches.push({ before: placed, after: best.candidate.placed });
    return false;
  });
}

/**
 * Pairs the cases of a change's two sides: by file and name, by name, by code, by likeness. Returns the pairs and the
 * cases that are gone.
 */
export function matchCases(
  before: Placed[],
  after: Placed[],
): { matches: Match[]; alike: Match[]; gone: Placed[]; fresh: Placed[] } {
  const [matches, alike]: [Match[], Match[]] = [[], []];
  const name = ({ one }: Placed) =>
    one.name
      .replace(/^test[ _]?(?=.)/i, "")
      .replace(/[^a-z0-9]/gi, "")
      .toLowerCase() || one.name;
  const code = ({ one }: Placed) => (one.body().length < minCode ? `${one.name}\n${one.line}` : one.body());
  let [left, right] = pair(before, after, ({ path, one }) => `${path}\n${one.name}\n${one.body()}`, matches);
  [left, right] = pair(left, right, (placed) => `${placed.path}\n${code(placed)}`, matches);
  [left, right] = pair(left, right, (placed) => `${placed.path}\n${name(placed)}`, matches);
  const anywhere = (placed: Placed) => `${hasTitle(placed) ? "" : placed.path}\n${name(placed)}`;
  [left, right] = pair(left, right, anywhere, matches);
  [left, right] = pair(left, right, ({ one }) => one.body(), matches);
  const copy = ({ path, one }: Placed) => `${path}\n${one.body()}`;
  const copies = new Set(after.map(copy));
  const gone = pairAlike(
    left.filter((placed) => !copies.has(copy(placed))),
    right,
    alike,
  );
  return { matches, alike, gone, fresh: right };
}
