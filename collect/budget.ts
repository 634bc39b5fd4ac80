import type { Unread } from "../core/known.ts";

/** What may be read of one change in all: `bytes` and `objects` of git, `requests` for them, and for how long. */
type Limits = { bytes: number; objects: number; requests: number; milliseconds: number };

const changeLimits: Limits = { bytes: 256_000_000, objects: 60_000, requests: 20, milliseconds: 60_000 };

/**
 * The most bytes of files, and of folders, that are held in memory at one time: what they become takes several times as
 * much.
 */
export const heldBytes = { files: 24_000_000, folders: 12_000_000 };

/** The most files that a change may touch for each to be listed. */
export const maxChangedFiles = 50_000;

/** What is about to be read. */
export type Part = Partial<Pick<Limits, "bytes" | "objects" | "requests">>;

/**
 * Bounds everything that is read to judge a change once, because its author chose how much there is. All its facts
 * share one budget: what one takes, the others lack.
 */
export type Budget = {
  /** Takes a part from what is left; or takes nothing, and says why not. */
  take(part: Part): Unread | null;
  /** Whether that many more requests may be sent. */
  affords(requests: number): boolean;
  /** Whether a part was refused. */
  isSpent(): boolean;
};

/** Opens the budget of one change. `now` gives milliseconds. */
export function openBudget(limits: Partial<Limits> = {}, now: () => number = () => performance.now()): Budget {
  const most = { ...changeLimits, ...limits };
  const left = { ...most };
  const end = now() + most.milliseconds;
  let isSpent = false;
  const refuse = (what: string) => {
    isSpent = true;
    return tooMuch(`the change takes more than ${what} to read`);
  };
  return {
    take({ bytes = 0, objects = 0, requests = 0 }) {
      if (now() > end) return refuse(`${most.milliseconds / 1_000} seconds`);
      if (bytes > left.bytes) return refuse(`${most.bytes} bytes`);
      if (objects > left.objects) return refuse(`${most.objects} files and folders`);
      if (requests > left.requests) return refuse(`${most.requests} requests to GitHub`);
      left.bytes -= bytes;
      left.objects -= objects;
      left.requests -= requests;
      return null;
    },
    affords: (requests) => requests <= left.requests,
    isSpent: () => isSpent,
  };
}

/** No bounds on the whole, for what nobody but the operator chose, such as a branch's own history. */
export const unbounded: Budget = { take: () => null, affords: () => true, isSpent: () => false };

/** What the author of a change that is too large to be read can do. */
export const splitStep = "Split the change into smaller pull requests.";

/** Unknown, because a change is too large for its content to be read. */
export function tooMuch(why: string): Unread {
  return { known: false, why, step: splitStep };
}
