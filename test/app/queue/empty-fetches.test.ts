import { expect, jest, test } from "@jest/globals";
import { type EmptyFetches, rememberEmptyFetches } from "../../../app/queue/empty-fetches.ts";

const ms = 500;

/** What was fetched before, what happened since, and whether a fetch that leaves out these groups is in vain. */
type Case = [string, { isAll: boolean; since?: (fetches: EmptyFetches) => void; ignored: string[]; isInVain: boolean }];

test.each<Case>([
  ["after one that found fewer than it asked for", { isAll: true, ignored: ["a"], isInVain: true }],
  ["after one that found as many", { isAll: false, ignored: ["a"], isInVain: false }],
  ["that leaves out more", { isAll: true, ignored: ["b", "a"], isInVain: true }],
  ["that looks at a group which the other left out", { isAll: true, ignored: [], isInVain: false }],
  ["after a job of a group ended", { isAll: true, since: (one) => one.mayWait("b"), ignored: ["a"], isInVain: false }],
  [
    "that leaves that group out",
    { isAll: true, since: (one) => one.mayWait("b"), ignored: ["a", "b"], isInVain: true },
  ],
  [
    "after something was enqueued",
    { isAll: true, since: (one) => one.mayWait(null), ignored: ["a", "b"], isInVain: false },
  ],
  [
    "once another process may have enqueued something",
    { isAll: true, since: () => jest.advanceTimersByTime(ms), ignored: ["a"], isInVain: false },
  ],
  [
    "once it may, also where the clock was set back meanwhile",
    {
      isAll: true,
      since: () => {
        jest.setSystemTime(Date.now() - 3_600_000);
        jest.advanceTimersByTime(ms);
      },
      ...{ ignored: ["a"], isInVain: false },
    },
  ],
])("a fetch %s", (_, { isAll, since, ignored, isInVain }) => {
  jest.useFakeTimers();
  try {
    const fetches = rememberEmptyFetches(ms);
    fetches.begin(["a"])(isAll);
    since?.(fetches);
    expect(fetches.isInVain(ignored)).toBe(isInVain);
  } finally {
    jest.useRealTimers();
  }
});

test("what comes while a fetch is under way may have come too late for it", () => {
  const fetches = rememberEmptyFetches(ms);
  const ended = fetches.begin([]);
  fetches.mayWait("a");
  ended(true);
  expect(fetches.isInVain([])).toBe(false);
});

test("a fetch that found as many as it asked for changes nothing of what was known", () => {
  const fetches = rememberEmptyFetches(ms);
  fetches.begin(["a"])(true);
  fetches.begin([])(false);
  expect([fetches.isInVain(["a"]), fetches.isInVain([])]).toEqual([true, false]);
});
