import { waitFor } from "../../app/demo/acting.ts";

/** Waits with patience, because two cores run other tests beside this one. */
export const waitUntil = <T>(what: string, ask: () => Promise<T | null | undefined | false>): Promise<T> =>
  waitFor(what, ask, 120);
