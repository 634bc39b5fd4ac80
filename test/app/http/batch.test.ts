import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { batched } from "../../../app/http/batch.ts";

/** What each of several items that come at once is answered, and the runs that it took. */
async function answersOf(items: readonly string[], run: (items: readonly string[]) => Promise<void>) {
  const runs: string[] = [];
  const ask = batched(async (some: readonly string[]) => {
    runs.push(some.join(""));
    await run(some);
    return (item: string) => item.toUpperCase();
  });
  const settled = await Promise.allSettled(items.map(ask));
  const answers = settled.map((one) => (one.status === "fulfilled" ? one.value : `${one.reason.message}`));
  return { answers, runs };
}

test("what comes together is one run, and each gets its own answer", async () => {
  expect(await answersOf(["a", "b", "c"], async () => undefined)).toEqual({ answers: ["A", "B", "C"], runs: ["abc"] });
});

test("one that cannot be served fails no other", async () => {
  const run = async (items: readonly string[]) => {
    if (items.includes("b")) throw new Error("no b");
  };
  expect(await answersOf(["a", "b", "c"], run)).toEqual({
    answers: ["A", "no b", "C"],
    runs: ["abc", "a", "b", "b", "c"],
  });
});

test("S5: connections that were ended since they were last used cost no delivery, also one that comes alone", async () => {
  const ended = (connections: number) => async () => {
    if (connections-- > 0) throw new Error("Connection terminated unexpectedly");
  };
  expect(await answersOf(["a"], ended(1))).toEqual({ answers: ["A"], runs: ["a", "a"] });
  expect(await answersOf(["a", "b"], ended(1))).toEqual({ answers: ["A", "B"], runs: ["ab", "a", "b"] });
  expect(await answersOf(["a", "b"], ended(2))).toEqual({ answers: ["A", "B"], runs: ["ab", "a", "a", "b"] });
  const broken = async () => {
    throw new Error("no store");
  };
  expect(await answersOf(["a"], broken)).toEqual({ answers: ["no store"], runs: ["a", "a", "a"] });
});

test("S8: a store that hangs is not asked again for each of them", async () => {
  const run = async () => {
    await sleep(1_100);
    throw new Error("no answer");
  };
  expect(await answersOf(["a", "b"], run)).toEqual({ answers: ["no answer", "no answer"], runs: ["ab"] });
});

test("what comes while a run is under way shares the next", async () => {
  const free = Promise.withResolvers<void>();
  const runs: number[] = [];
  const ask = batched(async (items: readonly number[]) => {
    runs.push(items.length);
    if (runs.length === 1) await free.promise;
    return (item: number) => item;
  });
  const first = ask(1);
  await sleep(20);
  const rest = [2, 3, 4].map(ask);
  free.resolve();
  expect(await Promise.all([first, ...rest])).toEqual([1, 2, 3, 4]);
  expect(runs).toEqual([1, 3]);
});
