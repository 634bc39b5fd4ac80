/** Why a fact could not be read; `step` is what the author of the change can do about it, if it takes the author. */
export type Unread = { known: false; why: string; step?: string };

/** A fact that was read, or the reason why it could not be; a fact that is merely missing does not exist. */
export type Known<T> = { known: true; value: T } | Unread;

/** A fact that was read. */
export function known<T>(value: T): Known<T> {
  return { known: true, value };
}

/**
 * A fact that could not be read. `why` is one line for people: what could not be read, where, and what to do about it.
 */
export function unknown<T = never>(why: string, step?: string): Known<T> {
  return { known: false, why, ...(step === undefined ? {} : { step }) };
}

/** Like `find`, where a test can be unknown: null when no item fits, unknown when none certainly fits and one may. */
export function findKnown<T>(items: readonly T[], fits: (item: T) => Known<boolean>): Known<T | null> {
  let unread: Known<never> | null = null;
  for (const item of items) {
    const answer = fits(item);
    if (!answer.known) unread ??= answer;
    else if (answer.value) return known(item);
  }
  return unread ?? known(null);
}
