/** A fact that was read, or the reason why it could not be; a fact that is merely missing does not exist. */
export type Known<T> = { known: true; value: T } | { known: false; why: string };

export function known<T>(value: T): Known<T> {
  return { known: true, value };
}

/** `why` is one line for people: what could not be read, where, and what to do about it. */
export function unknown<T = never>(why: string): Known<T> {
  return { known: false, why };
}
