import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { commitsAbove } from "../../../collect/github/comparison.ts";

const commit = (sha: string, ...parents: string[]) => ({ sha, parents, tree: "", message: "" });

const cases: [string, ReturnType<typeof commit>[], string[] | null][] = [
  ["a line", [commit("a", "start"), commit("head", "a")], ["a", "head"]],
  ["a side branch", [commit("a", "start"), commit("b", "start"), commit("head", "a", "b")], ["a", "b", "head"]],
  ["the start merged in", [commit("a", "start"), commit("head", "a", "start")], ["a", "head"]],
  ["a listing without the head", [commit("a", "start")], null],
  ["a listing that lacks one", [commit("head", "a")], null],
  ["a way past the start", [commit("a", "elder"), commit("head", "a", "start")], null],
  ["another history", [commit("root"), commit("head", "root", "start")], null],
  ["a commit that is not below the head", [commit("x", "start"), commit("head", "start")], ["head"]],
  ["one that the start has", [commit("start", "elder"), commit("head", "start")], ["head"]],
];
test.each(cases)("the commits above a start, of %s", (_, commits, expected) => {
  const found = commitsAbove(commits, "start", "head");
  expect(found?.map(({ sha }) => sha) ?? null).toEqual(expected);
});

test("nothing lies above a head that is the start", () => {
  expect(commitsAbove([commit("start", "elder")], "start", "start")).toEqual([]);
});

test("whatever listing is given, no answer is wrong", () => {
  // Commit n has parents below n; commit 0 is the root.
  const history = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { minLength: 2, maxLength: 10 }).map((rows) =>
    rows.map(([one, other, merges], at) => {
      if (at === 0) return [];
      return [...new Set(merges ? [one % at, other % at] : [at - 1])];
    }),
  );
  const reach = (parents: number[][], from: number): Set<number> => {
    const found = new Set([from]);
    for (const at of found) for (const parent of parents[at] ?? []) found.add(parent);
    return found;
  };
  fc.assert(
    fc.property(history, fc.nat(), fc.nat(), fc.func(fc.boolean()), (parents, one, other, listed) => {
      const [start, head] = [one % parents.length, other % parents.length];
      const all = parents.map((above, at) => commit(String(at), ...above.map(String)));
      const found = commitsAbove(
        all.filter(({ sha }) => listed(sha)),
        String(start),
        String(head),
      );
      if (found === null) return;
      const below = reach(parents, start);
      expect(reach(parents, head).has(start)).toBe(true);
      const above = [...reach(parents, head)].filter((at) => !below.has(at));
      expect(found.map(({ sha }) => Number(sha)).sort()).toEqual(above.sort());
    }),
    { numRuns: 2_000, seed: 5 },
  );
});
