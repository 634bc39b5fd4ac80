/** What the fetches of a worker have shown: which jobs do not wait. */
export type EmptyFetches = {
  /** Whether a fetch that leaves out these groups would find nothing. */
  isInVain(ignoredGroups: readonly string[]): boolean;
  /** A fetch begins; what this gives is told at its end whether it found all that waits but for those groups. */
  begin(ignoredGroups: readonly string[]): (isAll: boolean) => void;
  /** The milliseconds until the next fetch: until what is known here is too old. */
  untilNext(): number;
  /** A job of a group may wait that did not before; null: of any group. */
  mayWait(group: string | null): void;
};

/**
 * Remembers for so many milliseconds that nothing waits. Jobs end more often than new ones are enqueued, and after each
 * end a fetch would be in vain. A job that ends lets the next one of its key wait, which has its group.
 */
export function rememberEmptyFetches(ms: number): EmptyFetches {
  /** Nothing waits but in these groups; until when this holds by a clock that nobody sets. */
  let known: { except: Set<string>; until: number } | null = null;
  let changes = 0;
  return {
    isInVain: (ignoredGroups) =>
      known !== null &&
      performance.now() < known.until &&
      [...known.except].every((one) => ignoredGroups.includes(one)),
    begin(ignoredGroups) {
      const before = changes;
      // From now on what another process enqueues may come too late for it.
      const until = performance.now() + ms;
      return (isAll) => {
        // What came meanwhile may have come too late for the fetch. What was known before holds as long as it did.
        if (isAll && changes === before) known = { except: new Set(ignoredGroups), until };
      };
    },
    untilNext() {
      const left = known === null ? 0 : known.until - performance.now();
      return left > 0 ? Math.ceil(left) : ms;
    },
    mayWait(group) {
      changes++;
      if (group === null) known = null;
      else known?.except.add(group);
    },
  };
}
